package local

import (
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// Parallel runs steps at the same time.
var Parallel = steps.Define("parallel", steps.Def[[]schema.Step, struct{}]{
	Summary: "Runs a list of steps at the same time, all of them to their end.",
	Doc: `A step that uses the result of one before it in the list waits for it. The ids of the steps are seen by everything after the
list. Fields such as within and expect belong to the steps inside. A for_each runs the whole list for each element; then the ids are
seen inside only.`,
	Example: `act:
  - parallel:
      - put_event: {bus: "${suite.app.BusName}", source: shop.web, detail_type: order.placed, detail: {order: "${scenario.id}-a"}}
        id: first
      - put_event: {bus: "${suite.app.BusName}", source: shop.web, detail_type: order.placed, detail: {order: "${scenario.id}-b"}}
        id: second
assert:
  - check: first.event_id != second.event_id
`,
	Control: true, Unbounded: true,
})
