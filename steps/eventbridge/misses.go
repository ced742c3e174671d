package eventbridge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/listen"
	"github.com/rehearse-dev/rehearse/steps"
)

const shownMisses = 5

// explainer gives what tells more about a failure, as of now; it is worked out
// only when somebody asks.
func (r *reception) explainer() func() steps.Explanation {
	arrived, selected, others := len(r.arrived), len(r.selected), r.others
	return func() steps.Explanation {
		return steps.Explanation{Summary: matched(selected), Nothing: selected == 0, Arrived: &arrived, Misses: r.params.nearest(others, r.clock)}
	}
}

func matched(n int) string {
	switch n {
	case 0:
		return "no event matched"
	case 1:
		return "1 event matched"
	}
	return fmt.Sprintf("%d events matched", n)
}

// nearest lists the events that were not selected, those with the fewest
// differing fields first, the earlier first among equals.
func (p receivedParams) nearest(events []*listen.Arrival, clock time.Time) []steps.Miss {
	type miss struct {
		event *listen.Arrival
		diff  []assertions.Difference
	}
	all := make([]miss, 0, len(events))
	for _, a := range events {
		all = append(all, miss{a, p.differences(a.Doc)})
	}
	slices.SortStableFunc(all, func(a, b miss) int { return len(a.diff) - len(b.diff) })
	out := make([]steps.Miss, 0, shownMisses)
	for _, m := range all[:min(len(all), shownMisses)] {
		out = append(out, steps.Miss{Summary: summary(m.event, clock), Diff: m.diff})
	}
	return out
}

// differences says in which fields an event is not what match and where ask for.
func (p receivedParams) differences(event any) []assertions.Difference {
	var out []assertions.Difference
	if p.Match.Set() {
		out = p.Match.Match(event)
	}
	_, unmet := p.Where.Run(event)
	for _, m := range unmet {
		kind := assertions.Changed
		if m.Missing {
			kind = assertions.Missing
		}
		expected := m.Expected
		if m.Op != "equals" {
			expected = map[string]any{m.Op: m.Expected}
		}
		out = append(out, assertions.Difference{Path: m.Path, Expected: expected, Found: m.Found, Kind: kind})
	}
	return out
}

// summary names an event in a line.
func summary(a *listen.Arrival, clock time.Time) string {
	event, _ := a.Doc.(map[string]any)
	var said []string
	for _, key := range []string{"source", "detail-type"} {
		if s, ok := event[key].(string); ok {
			said = append(said, fmt.Sprintf("%s %q", key, s))
		}
	}
	if id, ok := event["id"].(string); ok {
		said = append(said, "id "+id)
	}
	when := a.At.Sub(clock).Seconds()
	if when < 0 {
		said = append(said, fmt.Sprintf("%.1fs before the clock's start", -when))
	} else {
		said = append(said, fmt.Sprintf("%.1fs after the clock's start", when))
	}
	return strings.Join(said, ", ")
}
