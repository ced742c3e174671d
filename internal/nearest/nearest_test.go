package nearest

import "testing"

func TestName(t *testing.T) {
	known := []string{"put_event", "put_events", "put_item", "status", "states", "equals"}
	for wrong, want := range map[string]string{"put_evnt": "put_event", "putEvent": "put_event", "put-item": "put_item", "statsu": "status", "equal": "equals", "frobnicate": "", "x": "", "": ""} {
		if got := Name(wrong, known); got != want {
			t.Errorf("%s: got %q, want %q", wrong, got, want)
		}
	}
}
