package xray

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/trace"
	"github.com/rehearse-dev/rehearse/steps"
)

// keeps is how long X-Ray keeps traces.
// https://docs.aws.amazon.com/general/latest/gr/xray.html
const keeps = 30 * 24 * time.Hour

// nothing is what is seen while no service has appeared in a trace: it names
// what that usually comes from.
func (w *watcher) nothing(v view) steps.Seen[trace.Result] {
	return steps.Seen[trace.Result]{
		Doc:   v.tree.Result(),
		Unmet: []assertions.Mismatch{{Op: "arrived", Message: "likely causes: " + strings.Join(w.causes(v), "; ")}},
		Explain: func() steps.Explanation {
			text := "no service has appeared in trace " + v.id
			if at, ok := trace.Began(v.id); ok {
				text += ", which began at " + at.UTC().Format(time.RFC3339) + " by its id,"
			}
			return steps.Explanation{Summary: text, Nothing: true}
		},
	}
}

func (w *watcher) causes(v view) []string {
	var l []string
	at, _ := trace.Began(v.id)
	switch {
	case len(v.unprocessed) > 0:
		l = append(l, "X-Ray has not processed it yet, or knows no such trace")
	case time.Since(at) > keeps:
		l = append(l, "the trace is older than the 30 days for which X-Ray keeps traces")
	case time.Until(at) > time.Hour:
		l = append(l, "by its id the trace begins in the future: the id, or the clock of whoever made it, is wrong")
	}
	if strings.Contains(strings.ReplaceAll(w.ID, " ", ""), "Sampled=0") {
		l = append(l, "the header says Sampled=0, so nobody records the trace")
	}
	l = append(l,
		"active tracing is off on the first service that is called (functions, APIs and state machines have a switch of their own)",
		"whatever is called first does not pass the trace header on, or its sampling leaves the trace out",
	)
	if !slices.ContainsFunc(v.segments, func(s *trace.Segment) bool { return trace.IsOwn(s, "") }) { // else it is the right place
		l = append(l, fmt.Sprintf("the trace is in another account or region than %s (in and accounts name others)", w.gathering.places()))
	}
	if v.unsure != "" {
		l = append(l, "CloudWatch Transaction Search is on, and that cannot be known without the permission xray:GetTraceSegmentDestination ("+v.unsure+")")
	}
	return l
}
