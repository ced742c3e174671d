package xray_test

import (
	"testing"
	"time"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// What comes after the limit is never taken for what came in time because our own
// pause made the last look late.
func TestTooLateIsNoPass(t *testing.T) {
	const limit = 4800 * time.Millisecond // between two looks, readings and searches
	for _, c := range []struct {
		name, params string
		comes        time.Duration
		status       event.Status
		says         string
	}{
		{"found by an annotation, in time", "{annotation: {order: x}, visits: [Orders]}", limit - 100*time.Millisecond, event.Passed, ""},
		{"found by an annotation, late", "{annotation: {order: x}, visits: [Orders]}", limit + 600*time.Millisecond, event.Failed, "the limit is 4.8s"},
		{"well in time", "{id: OWN, visits: [Orders]}", 4 * second, event.Passed, ""},
		{"while the last look waits for its turn", "{id: OWN, visits: [Orders]}", limit + 100*time.Millisecond, event.Errored, "whether it came within 4.8s is not known"},
		{"late", "{id: OWN, visits: [Orders]}", limit + 600*time.Millisecond, event.Failed, "came after 5.5s, the limit is 4.8s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, sandbox.Options{}, func(s *scene) {
				s.later(c.comes, func() { s.put(s.segment(1, "Orders", doc{"annotations": doc{"order": "x"}})) })
				s.judge(c.params, how{within: limit, sla: true}).is(t, c.status, c.comes, limit*3/2, c.says)
			})
		})
	}
}
