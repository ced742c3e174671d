package runner

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestLongResultsStayDocumentsWhereTheyCan(t *testing.T) {
	of := func(n, size int) []any {
		l := make([]any, n)
		for i := range l {
			l[i] = map[string]any{"text": strings.Repeat("x", size)}
		}
		return l
	}
	for _, c := range []struct {
		name        string
		doc         map[string]any
		long, short int // elements that remain
		text        bool
	}{
		{"the longest list ends early", map[string]any{"long": of(700, 200), "short": of(30, 200), "id": "x"}, 278, 30, false},
		{"two lists do", map[string]any{"long": of(3, 30000), "short": of(2, 30000), "id": "x"}, 1, 1, false},
		{"a long text cannot", map[string]any{"long": of(3, 10), "id": strings.Repeat("x", maxResult)}, 0, 0, true},
		{"one long element cannot", map[string]any{"long": of(1, maxResult), "id": "x"}, 0, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, _ := json.Marshal(c.doc)
			got, cut := shortened(c.doc)
			m, isDoc := got.(map[string]any)
			if !cut || isDoc == c.text {
				t.Fatalf("cut %v, %T", cut, got)
			}
			if after, _ := json.Marshal(c.doc); string(after) != string(before) {
				t.Error("the result itself was changed")
			}
			if c.text {
				return
			}
			long, _ := m["long"].([]any)
			short, _ := m["short"].([]any)
			if b, _ := json.Marshal(m); len(long) != c.long || len(short) != c.short || m["id"] != "x" || len(b) > maxResult {
				t.Errorf("%d and %d elements, id %v, %d bytes", len(long), len(short), m["id"], len(b))
			}
		})
	}
	if got, cut := shortened(map[string]any{"a": 1}); cut {
		t.Errorf("a short one was cut: %v", got)
	}
}
