package eventbridge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/listen"
	"github.com/rehearse-dev/rehearse/steps"
)

const (
	shownMisses  = 5
	shownMatches = 3
	shownDetail  = 160 // characters
	foreign      = 100 // what a field weighs that tells this case from others
)

// explainer gives what tells more about a failure; it is worked out only when
// somebody asks.
func (r *reception) explainer() func() steps.Explanation {
	selected := r.selected
	return func() steps.Explanation {
		all := r.watch.All()
		arrived := len(all)
		others := slices.DeleteFunc(all, func(a *listen.Arrival) bool { return r.params.selects(a.Doc) })
		x := steps.Explanation{Summary: matched(len(selected)), Nothing: len(selected) == 0, Arrived: &arrived}
		for _, a := range selected[:min(len(selected), shownMatches)] {
			x.Matched = append(x.Matched, summary(a, r.clock)+": "+detail(a))
		}
		switch {
		case len(selected) == 0:
			x.Misses = r.nearest(others)
		case len(r.params.InOrder.partials) > 0:
			x.Misses = r.nearest(orderOf(r.params.InOrder.partials, selected).leftOut(others))
		}
		return x
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
func (r *reception) nearest(events []*listen.Arrival) []steps.Miss {
	type miss struct {
		event  *listen.Arrival
		diff   []assertions.Difference
		weight int
	}
	all := make([]miss, 0, len(events))
	for _, a := range events {
		diff := r.params.differences(a.Doc)
		all = append(all, miss{a, diff, r.weight(diff)})
	}
	slices.SortStableFunc(all, func(a, b miss) int { return a.weight - b.weight })
	out := make([]steps.Miss, 0, shownMisses)
	for _, m := range all[:min(len(all), shownMisses)] {
		out = append(out, steps.Miss{Summary: summary(m.event, r.clock), Diff: m.diff})
	}
	return out
}

// weight is how far an event is from what was asked for. One that differs in
// what names this attempt is most likely another case's.
func (r *reception) weight(diff []assertions.Difference) int {
	n := len(diff)
	for _, d := range diff {
		if r.scenario != "" && strings.Contains(fmt.Sprint(d.Expected), r.scenario) { // text, or a list of a pattern's values
			n += foreign
		}
	}
	return n
}

// detail is an event's detail in a line.
func detail(a *listen.Arrival) string {
	event, _ := a.Doc.(map[string]any)
	b, err := json.Marshal(event["detail"])
	if err != nil {
		return ""
	}
	if text := []rune(string(b)); len(text) > shownDetail {
		return string(text[:shownDetail]) + "…"
	}
	return string(b)
}

// differences says in which fields an event is not what match, pattern and
// where ask for.
func (p receivedParams) differences(event any) []assertions.Difference {
	var out []assertions.Difference
	if p.Match.Set() {
		out = p.Match.Match(event)
	}
	if p.Pattern.Set() {
		for _, reason := range p.Pattern.Explain(event) {
			d := reason.Difference
			d.Message = reason.Message
			out = append(out, d)
		}
	}
	_, unmet := p.Where.Run(event)
	for _, m := range unmet {
		out = append(out, m.Difference())
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
