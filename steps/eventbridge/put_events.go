package eventbridge

import (
	"context"

	"github.com/rehearse-dev/rehearse/steps"
)

type putEventsParams struct {
	Bus     string    `json:"bus" default:"default" doc:"Name or ARN of the bus."`
	Entries entryList `json:"entries" required:"true" doc:"The events: each {source, detail_type, detail, resources, time}, or a whole event."`
}

type putEventsResult struct {
	EventIDs []string `json:"event_ids" doc:"The ids that EventBridge gave the events, in their order."`
}

// PutEvents puts any number of events on a bus.
var PutEvents = steps.Define("put_events", steps.Def[putEventsParams, putEventsResult]{
	Summary: "Puts any number of events on a bus.",
	Doc: `They are sent in their order, in calls of at most 10 events and 1 MB. EventBridge may fail some events of a call and take the others:
those that it throttles are put again, after the others of their call; any other failure makes the step an error that names the entries, and says how many were put.`,
	Example: `arrange:
  - listen: {event_bus: "${suite.app.BusName}", rule: "${suite.app.RuleName}"}
    id: orders
act:
  - put_events:
      bus: ${suite.app.BusName}
      entries:
        - {source: shop, detail_type: order-placed, detail: {run: "${scenario.id}", order: 1}}
        - {source: shop, detail_type: order-placed, detail: {run: "${scenario.id}", order: 2}}
assert:
  - received: {from: orders, match: {detail: {run: "${scenario.id}"}}, count: 2}
    within: 20s
`,
	Do:    doPutEvents,
	Needs: func(p putEventsParams) []steps.Permission { return putNeeds(p.Bus) },
})

func doPutEvents(ctx context.Context, env *steps.Env, p putEventsParams) (putEventsResult, error) {
	bus, err := target(ctx, env, p.Bus)
	if err != nil {
		return putEventsResult{}, err
	}
	ids, err := put(ctx, env, bus, p.Entries)
	return putEventsResult{EventIDs: ids}, err
}
