package eventbridge

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/rehearse-dev/rehearse/internal/listen"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

const (
	mostEntries = 10        // of one PutEvents call
	mostBytes   = 1_000_000 // of all entries of a call (EventBridge quotas: 1 MB)
)

// wholeEvent is an event in the form in which EventBridge delivers it.
type wholeEvent struct {
	Source     string   `json:"source" required:"true" doc:"The event's source."`
	DetailType string   `json:"detail-type" required:"true" doc:"The event's detail-type."`
	Detail     Document `json:"detail" required:"true" doc:"The event's detail."`
	Resources  []string `json:"resources" doc:"ARNs the event is about."`
	Time       Time     `json:"time" doc:"When it happened (default: now)."`

	// What EventBridge sets by itself may stand there.
	Version any `json:"version" doc:"Set by EventBridge; ignored."`
	ID      any `json:"id" doc:"Set by EventBridge; ignored."`
	Account any `json:"account" doc:"Set by EventBridge; ignored."`
	Region  any `json:"region" doc:"Set by EventBridge; ignored."`
}

// parts is an event in the names of the step's parameters.
type parts struct {
	Source     string   `json:"source" required:"true" doc:"The event's source."`
	DetailType string   `json:"detail_type" required:"true" doc:"The event's detail-type."`
	Detail     Document `json:"detail" required:"true" doc:"The event's detail."`
	Resources  []string `json:"resources" doc:"ARNs the event is about."`
	Time       Time     `json:"time" doc:"When it happened (default: now)."`
}

func (w wholeEvent) parts() parts {
	return parts{Source: w.Source, DetailType: w.DetailType, Detail: w.Detail, Resources: w.Resources, Time: w.Time}
}

func (e parts) request(bus string) types.PutEventsRequestEntry {
	r := types.PutEventsRequestEntry{
		EventBusName: aws.String(bus), Source: aws.String(e.Source), DetailType: aws.String(e.DetailType),
		Detail: aws.String(e.Detail.Text), Resources: e.Resources,
	}
	if !e.Time.IsZero() {
		r.Time = aws.Time(e.Time.Time)
	}
	return r
}

// size counts as EventBridge does (User Guide, "Calculating PutEvents event entry size").
func (e parts) size() int {
	n := len(e.Source) + len(e.DetailType) + len(e.Detail.Text)
	if !e.Time.IsZero() {
		n += 14
	}
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

// target is the bus to put events on, which must exist: EventBridge loses
// events for one that does not without a word. Another account's bus cannot be
// looked up from here.
func target(ctx context.Context, env *steps.Env, ref string) (string, error) {
	if listen.ElsewhereBus(env.AWS, ref) {
		return ref, nil
	}
	bus, err := listen.FindBus(ctx, env, ref)
	return bus.Name, err
}

// batchSize is how many of these events one call takes.
func batchSize(events []parts) int {
	n, bytes := 0, 0
	for n < len(events) && n < mostEntries {
		if bytes += events[n].size(); bytes > mostBytes && n > 0 {
			break
		}
		n++
	}
	return n
}

// entryList is what put_events takes: at least one event.
type entryList []parts

// ReadNode reads the list; each event stands in the names of the parameters or
// as a whole event.
func (l *entryList) ReadNode(n *schema.Node, p *schema.Problems) {
	switch {
	case n.Hole():
		return
	case n.Kind != schema.List:
		p.Add(n.Pos, "expected a list of events, found %s", n.Kind)
		return
	case len(n.Items) == 0:
		p.Add(n.Pos, "entries is empty: nothing would be put")
		return
	}
	*l = make(entryList, len(n.Items))
	for i, x := range n.Items {
		(*l)[i] = readEntry(x, p)
	}
}

func readEntry(n *schema.Node, p *schema.Problems) parts {
	if n.Hole() {
		return parts{}
	}
	if _, whole := n.Get("detail-type"); whole {
		var w wholeEvent
		schema.ShapeOf(reflect.TypeFor[wholeEvent]()).Fill(n, "key", &w, p)
		return w.parts()
	}
	var e parts
	schema.ShapeOf(reflect.TypeFor[parts]()).Fill(n, "key", &e, p)
	return e
}

func (entryList) String() string { return "a list of events" }

// EditorSchema describes the parameter to editors.
func (entryList) EditorSchema() map[string]any {
	part, whole := schema.ShapeOf(reflect.TypeFor[parts]()), schema.ShapeOf(reflect.TypeFor[wholeEvent]())
	one := map[string]any{"anyOf": []any{part.EditorSchema(), whole.EditorSchema()}}
	return map[string]any{"type": "array", "minItems": 1, "items": schema.OrExpression(one)}
}
