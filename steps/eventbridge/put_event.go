package eventbridge

import (
	"context"

	"github.com/rehearse-dev/rehearse/steps"
)

type putEventParams struct {
	Bus        string      `json:"bus" default:"default" doc:"Name or ARN of the bus."`
	Source     string      `json:"source" doc:"The event's source."`
	DetailType string      `json:"detail_type" doc:"The event's detail-type."`
	Detail     Document    `json:"detail" doc:"The event's detail, a document or JSON text."`
	Resources  []string    `json:"resources" doc:"ARNs the event is about."`
	Time       Time        `json:"time" doc:"When it happened (default: now)."`
	Event      *wholeEvent `json:"event" doc:"A whole event instead, with the keys source, detail-type and detail."`
}

type putEventResult struct {
	EventID string `json:"event_id" doc:"The id that EventBridge gave the event."`
}

// PutEvent puts one event on a bus.
var PutEvent = steps.Define("put_event", steps.Def[putEventParams, putEventResult]{
	Summary: "Puts one event on a bus.",
	Doc: `Give source, detail_type and detail, or a whole event. The bus must exist: EventBridge takes events for one that does not, and loses them.
An event that EventBridge refuses is an error with its reason; one that it throttles is put again.`,
	Example: `arrange:
  - listen: {event_bus: "${suite.app.BusName}", pattern: {source: [shop]}}
    id: orders
act:
  - put_event:
      bus: ${suite.app.BusName}
      source: shop
      detail_type: order-placed
      detail: {run: "${scenario.id}", total: 12.50}
    id: order
assert:
  - received: {from: orders, match: {id: "${order.event_id}"}, count: 1}
    within: 20s
    expect:
      $.events[0]['detail-type']: order-placed
      $.events[0].detail.total: 12.50
`,
	Do: doPutEvent,
	Rules: []steps.Rule{
		steps.OneOf("source", "event"), steps.OneOf("detail_type", "event"), steps.OneOf("detail", "event"),
		steps.AtMostOne("resources", "event"), steps.AtMostOne("time", "event"),
	},
	Needs: func(p putEventParams) []steps.Permission { return putNeeds(p.Bus) },
})

func doPutEvent(ctx context.Context, env *steps.Env, p putEventParams) (putEventResult, error) {
	bus, err := target(ctx, env, p.Bus)
	if err != nil {
		return putEventResult{}, err
	}
	event := parts{Source: p.Source, DetailType: p.DetailType, Detail: p.Detail, Resources: p.Resources, Time: p.Time}
	if p.Event != nil {
		event = p.Event.parts()
	}
	ids, err := put(ctx, env, bus, []parts{event})
	if err != nil {
		return putEventResult{}, err
	}
	return putEventResult{EventID: ids[0]}, nil
}

func putNeeds(bus string) []steps.Permission {
	return []steps.Permission{{Action: "events:PutEvents", Resource: bus}, {Action: "events:DescribeEventBus", Resource: bus}}
}
