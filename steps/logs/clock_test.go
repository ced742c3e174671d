package logs

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

// TestAServiceWithAnotherClock writes entries with the service's time right
// before and after the start of act, and far before it.
func TestAServiceWithAnotherClock(t *testing.T) {
	for _, skew := range []time.Duration{0, 5 * time.Minute, -5 * time.Minute, 90 * time.Second, -7500 * time.Millisecond} {
		t.Run(skew.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := stage.New(t, sandbox.Options{Skew: skew})
				put := func(message string) { write(t, s, "a", message, time.Now().Add(skew)) }
				put("long before")
				time.Sleep(10*time.Minute + 300*time.Millisecond)
				put("before")
				time.Sleep(1100 * time.Millisecond)
				look := s.Watch(LogEvents, "{log_group: play-log}") // act begins
				put("at once")
				for n := range 4 {
					time.Sleep(1300 * time.Millisecond)
					put(fmt.Sprint("later ", n))
					seen, err := look()
					if err != nil {
						t.Fatal(err)
					}
					events := seen.Doc.(map[string]any)["events"].([]any)
					if len(events) != n+2 || events[0].(map[string]any)["message"] != "at once" {
						t.Fatalf("look %d found %v", n, events)
					}
					if d := time.Until(seen.At); d > 0 || d < -time.Second {
						t.Errorf("the last entry came %s from now", d)
					}
				}
			})
		})
	}
}
