package eventbridge

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/listen"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

type receivedParams struct {
	From    steps.Listener          `json:"from" required:"true" doc:"The id of a listen step, or suite.ID."`
	Match   assertions.Partial      `json:"match" doc:"A partial document: the events that have all its fields."`
	Pattern assertions.EventPattern `json:"pattern" doc:"An EventBridge event pattern, as a document or as JSON text: the events that it lets through."`
	Where   assertions.Checks       `json:"where" doc:"Checks by path: the events for which all hold."`
	InOrder inOrder                 `json:"in_order" doc:"Partial documents: among the events selected there is one for each, in this order; others may come between, and none counts twice. The order is that of the events' own time, and of their arrival where that is the same or missing."`
	Count   *Number                 `json:"count" doc:"Exactly so many."`
	AtLeast *Positive               `json:"at_least" doc:"So many or more (default: 1)."`
	AtMost  *Number                 `json:"at_most" doc:"So many or fewer."`
	None    Yes                     `json:"none" doc:"None at all."`
}

type receivedResult struct {
	Events     []any `json:"events" doc:"The events selected, in the order of their arrival."`
	Count      int   `json:"count" doc:"How many these are; an event delivered twice counts once."`
	LatencyMS  int64 `json:"latency_ms" doc:"Milliseconds from the start of the clock to the last arrival; 0 when it was there before."`
	Deliveries int   `json:"deliveries" doc:"How often these events were delivered, doubles included."`
}

// Received looks at what a listener got.
var Received = steps.Define("received", steps.Def[receivedParams, receivedResult]{
	Summary: "Looks at the events that a listener received.",
	Doc: `match, pattern and where select, together, among the events that arrived since the listener began; a listener of the suite shows a case
what arrived since the case began. Name something of this very case in them (scenario.id, a step's result): another case's event could satisfy the step.
EventBridge promises no order of delivery, so in_order goes by the time that stands in the events. That has whole seconds; of events of the
same second the one that arrived first counts as first.
Exactly so many, at most so many and none are only believed while the listener lives: rule, queue and target are looked at, a last canary must come
back, and so must those that are sent every 5 seconds while a case listens. An outage that was over in less can go unseen.`,
	Example: `arrange:
  - listen: {event_bus: "${suite.app.BusName}", all: true}
    id: everything
act:
  - put_event: {bus: "${suite.app.BusName}", source: shop, detail_type: order-placed, detail: {run: "${scenario.id}", total: 12}}
  - wait: 1s
  - put_event: {bus: "${suite.app.BusName}", source: shop, detail_type: order-paid, detail: {run: "${scenario.id}", total: 12}}
assert:
  - received:
      from: everything
      match: {detail-type: order-placed, detail: {run: "${scenario.id}"}}
      where: {detail.total: {gte: 10}}
      count: 1
    within: 20s
    expect:
      $.events[0].source: shop
  - received:
      from: everything
      pattern: {detail-type: [{prefix: order-}], detail: {run: ["${scenario.id}"], total: [{numeric: [">", 10]}]}}
      in_order:
        - {detail-type: order-placed}
        - {detail-type: order-paid}
    within: 20s
  - received: {from: everything, match: {detail-type: order-cancelled, detail: {run: "${scenario.id}"}}, none: true}
    throughout: 2s
`,
	Watch:   watchReceived,
	Selects: &eventFields,
	Rules:   []steps.Rule{steps.AtMostOne("count", "at_least", "at_most", "none")},
	Check:   checkOrder,
	Success: func(p receivedParams) assertions.Checks {
		if op, _ := p.demand(); op != "" {
			return assertions.Checks{}
		}
		return assertions.Rule("count", "gte", 1)
	},
	Demands: func(p receivedParams) assertions.Checks {
		op, n := p.demand()
		if op == "" {
			return assertions.Checks{}
		}
		return assertions.Rule("count", op, n)
	},
})

// demand is what the parameters ask of the count; op is "" where they do not.
func (p receivedParams) demand() (op string, n int) {
	switch {
	case p.Count != nil:
		return "equals", int(*p.Count)
	case p.AtLeast != nil:
		return "gte", int(*p.AtLeast)
	case p.AtMost != nil:
		return "lte", int(*p.AtMost)
	case bool(p.None):
		return "equals", 0
	}
	return "", 0
}

// tooMany says that so many can never satisfy the step again: events are not
// taken back.
func (p receivedParams) tooMany(count int) bool {
	op, n := p.demand()
	return (op == "equals" || op == "lte") && count > n
}

// reception is what one received step has seen of its listener.
type reception struct {
	params   receivedParams
	handle   *listen.Handle
	watch    *listen.Watch
	clock    time.Time
	scenario string    // scenario.id
	since    time.Time // what arrived earlier is not looked at
	selected []*listen.Arrival
	copies   int       // deliveries of the selected
	last     time.Time // arrival of the last one selected
	changed  time.Time // when the result became what it is
	service  bool      // changed is the queue's own time
}

func watchReceived(ctx context.Context, env *steps.Env, p receivedParams) (steps.Probe[receivedResult], error) {
	h, err := listen.Find(ctx, env.Run, string(p.From))
	if err != nil {
		return steps.Probe[receivedResult]{}, steps.Final(err)
	}
	since := h.Began
	if env.Started.After(since) {
		since = env.Started
	}
	r := &reception{params: p, handle: h, watch: h.Log.Watch(since, literal(p.Match, env.ScenarioID)), clock: env.Clock, scenario: env.ScenarioID, since: since}
	return steps.Probe[receivedResult]{Look: r.look, Wake: r.watch.Wake(), Close: r.watch.Close}, nil
}

// literal chooses, of the texts that an event must have, the one that the
// fewest events will have: the one with the scenario's id, else the longest.
func literal(match assertions.Partial, scenario string) *listen.Literal {
	var best *listen.Literal
	weight := func(text string) int {
		if scenario != "" && strings.Contains(text, scenario) {
			return len(text) + 1<<20
		}
		return len(text)
	}
	var walk func(v any, path []string)
	walk = func(v any, path []string) {
		switch x := v.(type) {
		case string:
			if best == nil || weight(x) > weight(best.Text) || weight(x) == weight(best.Text) && slices.Compare(path, best.Path) < 0 {
				best = &listen.Literal{Path: slices.Clone(path), Text: x}
			}
		case map[string]any:
			for name, inner := range x {
				walk(inner, append(path, name))
			}
		}
	}
	walk(match.Value(), nil)
	return best
}

func (r *reception) look(context.Context) (steps.Seen[receivedResult], error) {
	r.read()
	if err := r.handle.Log.Dead(); err != nil {
		return steps.Seen[receivedResult]{}, steps.Final(err)
	}
	if err := r.handle.Log.Err(); err != nil && !r.enough() {
		return steps.Seen[receivedResult]{}, err
	}
	return steps.Seen[receivedResult]{
		Doc: r.result(), At: r.changed, ByService: r.service, Unmet: r.order().unmet(), Final: r.params.tooMany(len(r.selected)),
		Confirm: func(ctx context.Context) error { return r.handle.Confirm(ctx, r.since) }, Explain: r.explainer(),
	}, nil
}

// enough says that at_least and in_order are satisfied, whatever can be read
// by now: more events change neither.
func (r *reception) enough() bool {
	op, n := r.params.demand()
	switch {
	case op == "gte" && len(r.selected) >= n, op == "" && len(r.params.InOrder.partials) > 0:
		return r.order().holds()
	}
	return false
}

// read takes up what is new.
func (r *reception) read() {
	before := len(r.selected)
	for _, a := range r.watch.Next() {
		if r.params.selects(a.Doc) {
			r.selected = append(r.selected, a)
			r.last, r.changed, r.service = a.At, a.At, a.ByService
		}
	}
	copies := r.watch.Deliveries(r.selected)
	if copies > r.copies && len(r.selected) == before {
		r.changed, r.service = time.Now(), false // a double of what was there
	}
	r.copies = copies
}

func (p receivedParams) selects(event any) bool {
	return (!p.Match.Set() || len(p.Match.Match(event)) == 0) && (!p.Pattern.Set() || p.Pattern.Matches(event)) && p.Where.Holds(event)
}

func (r *reception) result() receivedResult {
	out := receivedResult{Events: make([]any, 0, len(r.selected)), Count: len(r.selected), Deliveries: r.copies}
	for _, a := range r.selected {
		out.Events = append(out.Events, a.Doc)
	}
	if len(r.selected) > 0 {
		out.LatencyMS = max(0, r.last.Sub(r.clock).Milliseconds())
	}
	return out
}

// Number is how many: a whole number, not negative.
type Number int

// ReadNode reads the number.
func (c *Number) ReadNode(n *schema.Node, p *schema.Problems) {
	if n.Hole() {
		return
	}
	i, err := strconv.Atoi(n.Scalar)
	switch {
	case n.Kind != schema.Number || err != nil:
		p.Add(n.Pos, "expected a whole number, found %s", shown(n))
	case i < 0:
		p.Add(n.Pos, "%d: there cannot be fewer than 0", i)
	default:
		*c = Number(i)
	}
}

func (Number) String() string { return "a whole number, not negative" }

// EditorSchema describes the parameter to editors.
func (Number) EditorSchema() map[string]any {
	return schema.OrExpression(map[string]any{"type": "integer", "minimum": 0})
}

// Positive is a Number of at least 1.
type Positive Number

// ReadNode reads the number.
func (c *Positive) ReadNode(n *schema.Node, p *schema.Problems) {
	before := p.Errors()
	(*Number)(c).ReadNode(n, p)
	if *c == 0 && !n.Open() && p.Errors() == before {
		p.Add(n.Pos, "0 or more is always so; ask for at least 1, or for none")
	}
}

func (Positive) String() string { return "a whole number from 1 on" }

// EditorSchema describes the parameter to editors.
func (Positive) EditorSchema() map[string]any {
	return schema.OrExpression(map[string]any{"type": "integer", "minimum": 1})
}
