package xray

import (
	"testing"
	"time"

	"github.com/rehearse-dev/rehearse/internal/trace"
)

// TestWhatWasSeenStays: an answer that lacks what an earlier one had does not undo it.
func TestWhatWasSeenStays(t *testing.T) {
	start := time.Unix(1e9, 0)
	began := &trace.Segment{TraceID: "t", ID: "1", Name: "Orders", Start: start, InProgress: true}
	ended := &trace.Segment{TraceID: "t", ID: "1", Name: "Orders", Start: start, End: start.Add(time.Second)}
	fault := &trace.Segment{TraceID: "t", ID: "2", ParentID: "1", Name: "Payment", Start: start, End: start.Add(time.Second), Fault: true}
	other := &trace.Segment{TraceID: "u", ID: "2", Name: "Elsewhere", Start: start, End: start.Add(time.Second)}
	g := gathering{seen: map[segmentKey]*trace.Segment{}}
	for i, look := range []struct {
		segments []*trace.Segment
		services int
		missing  int
	}{
		{[]*trace.Segment{began}, 1, 1},
		{[]*trace.Segment{ended, fault}, 2, 0},
		{[]*trace.Segment{began, ended}, 2, 0},
		{nil, 2, 0},
		{[]*trace.Segment{other}, 3, 0},
	} {
		out := gathered{ids: []string{"t"}, segments: look.segments}
		g.remember(&out)
		tree := out.tree("t", "")
		if r := tree.Result(); len(r.Services) != look.services || len(tree.Missing()) != look.missing || look.services > 1 && len(r.Errors) != 1 {
			t.Errorf("look %d: %d services, %d errors, missing %q", i+1, len(r.Services), len(r.Errors), tree.Missing())
		}
	}
}
