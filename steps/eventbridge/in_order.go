package eventbridge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/listen"
	"github.com/rehearse-dev/rehearse/schema"
)

// inOrder is what received takes as in_order: at least one partial document.
type inOrder struct{ partials []assertions.Partial }

// ReadNode reads the list.
func (o *inOrder) ReadNode(n *schema.Node, p *schema.Problems) {
	switch {
	case n.Hole():
		return
	case n.Kind != schema.List:
		p.Add(n.Pos, "in_order takes a list of partial documents, found %s", n.Kind)
		return
	case len(n.Items) == 0:
		p.Add(n.Pos, "in_order is empty: name the events that must come")
		return
	}
	o.partials = make([]assertions.Partial, len(n.Items))
	for i, x := range n.Items {
		if !x.Hole() && x.Kind != schema.Map {
			p.Add(x.Pos, "in_order[%d] takes a document with the fields that the event must have, found %s", i, x.Kind)
			continue
		}
		o.partials[i].ReadNode(x, p)
	}
}

func (inOrder) String() string { return "a list of partial documents" }

// EditorSchema describes the parameter to editors.
func (inOrder) EditorSchema() map[string]any {
	item := map[string]any{"type": "object", "minProperties": 1}
	return map[string]any{"type": "array", "minItems": 1, "items": schema.OrExpression(item)}
}

// checkOrder refuses numbers that leave no room for what in_order names.
func checkOrder(n *schema.Node, p *schema.Problems) {
	e, ok := n.Get("in_order")
	if !ok || e.Value.Hole() {
		return
	}
	if _, none := n.Get("none"); none {
		p.Add(e.KeyPos, "in_order asks for events and none for no event; leave one of them out")
	}
	for _, name := range []string{"count", "at_most"} {
		most, ok := n.Get(name)
		if !ok || most.Value.Hole() {
			continue
		}
		if i, err := strconv.Atoi(most.Value.Scalar); err == nil && i < len(e.Value.Items) {
			p.Add(most.Value.Pos, "in_order names %d events, more than %s: %d allows", len(e.Value.Items), name, i)
		}
	}
}

// An order is how far in_order has come true.
type order struct {
	partials []assertions.Partial
	events   []*listen.Arrival // the selected, in the order that counts
	taken    []int             // for each partial document that was found, in events
}

// order is what in_order has come to by now.
func (r *reception) order() order { return orderOf(r.params.InOrder.partials, r.selected) }

// orderOf looks for the partial documents one after the other. Each takes the
// first event that has its fields behind the one before: that leaves the most
// for those to come, and no event is taken twice.
func orderOf(partials []assertions.Partial, selected []*listen.Arrival) order {
	o := order{partials: partials}
	if len(partials) == 0 {
		return o
	}
	o.events = byTime(selected)
	next := 0
	for _, p := range o.partials {
		at := slices.IndexFunc(o.events[next:], func(a *listen.Arrival) bool { return len(p.Match(a.Doc)) == 0 })
		if at < 0 {
			break
		}
		o.taken = append(o.taken, next+at)
		next += at + 1
	}
	return o
}

// leftOut gives those of the events that were not selected that have the fields
// of the first partial document that is missing.
func (o order) leftOut(others []*listen.Arrival) []*listen.Arrival {
	var out []*listen.Arrival
	for _, a := range others {
		if !o.holds() && len(o.partials[len(o.taken)].Match(a.Doc)) == 0 {
			out = append(out, a)
		}
	}
	return out
}

func (o order) holds() bool { return len(o.taken) == len(o.partials) }

// byTime orders events by the time that stands in them; where one has none, all
// stay in the order in which they arrived.
func byTime(events []*listen.Arrival) []*listen.Arrival {
	times := make(map[*listen.Arrival]time.Time, len(events))
	for _, a := range events {
		t, ok := eventTime(a)
		if !ok {
			return events
		}
		times[a] = t
	}
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b *listen.Arrival) int { return times[a].Compare(times[b]) })
	return sorted
}

func eventTime(a *listen.Arrival) (time.Time, bool) {
	event, _ := a.Doc.(map[string]any)
	text, _ := event["time"].(string)
	t, err := time.Parse(time.RFC3339Nano, text)
	return t, err == nil
}

// unmet says which of the partial documents is missing, and what came instead.
func (o order) unmet() []assertions.Mismatch {
	if o.holds() {
		return nil
	}
	i := len(o.taken)
	missing := o.partials[i]
	behind := 0
	after := ""
	if i > 0 {
		behind = o.taken[i-1] + 1
		after = fmt.Sprintf(" after in_order[%d]", i-1)
	}
	m := assertions.Mismatch{Path: fmt.Sprintf("in_order[%d]", i), Op: "in_order", Expected: missing.Value(), Missing: true}
	m.Message = fmt.Sprintf("%s: no event with these fields came%s%s; %s", m.Path, after, o.elsewhere(missing, behind), o.came())
	for _, a := range o.events[behind:] {
		if d := missing.Match(a.Doc); m.Diff == nil || len(d) < len(m.Diff) {
			m.Diff = d
		}
	}
	return []assertions.Mismatch{m}
}

// elsewhere says that an event would fit, had it not come too early or been
// taken already.
func (o order) elsewhere(missing assertions.Partial, behind int) string {
	taken := ""
	for at, a := range o.events[:behind] {
		if len(missing.Match(a.Doc)) > 0 {
			continue
		}
		k := slices.Index(o.taken, at)
		if k < 0 {
			return " (one came before it)"
		}
		taken = fmt.Sprintf(" (the only one stands for in_order[%d] already)", k)
	}
	return taken
}

// came lists what came, in the order that counts.
func (o order) came() string {
	const most = 10
	if len(o.events) == 0 {
		return "no event was selected"
	}
	var said []string
	for at, a := range o.events[:min(len(o.events), most)] {
		text := short(a)
		if k := slices.Index(o.taken, at); k >= 0 {
			text += fmt.Sprintf(" = in_order[%d]", k)
		}
		said = append(said, text)
	}
	if more := len(o.events) - most; more > 0 {
		said = append(said, fmt.Sprintf("and %d more", more))
	}
	return "in this order came: " + strings.Join(said, ", ")
}

// short names an event in a few words.
func short(a *listen.Arrival) string {
	event, _ := a.Doc.(map[string]any)
	name := "an event"
	if s, ok := event["detail-type"].(string); ok {
		name = fmt.Sprintf("%q", s)
	}
	if t, ok := eventTime(a); ok {
		name += " at " + t.UTC().Format("15:04:05.999")
	}
	return name
}
