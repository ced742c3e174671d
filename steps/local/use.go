package local

import (
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

type useParams struct {
	Steps string                  `json:"steps" required:"true" doc:"A steps file and a name in it: orders.steps.yaml#place_order; the path counts from this file."`
	With  map[string]*schema.Node `json:"with" doc:"The definition's params."`
}

// Use runs steps that are defined once in a steps file.
var Use = steps.Define("use", steps.Def[useParams, map[string]any]{
	Summary: "Runs steps that a steps file defines under a name.",
	Doc: `The steps run in their order and stop at the first that does not pass. They see params, the ids of one another, vars, env, run, suite,
scenario and case; the outside sees only what the definition calls its result. Its cleanup joins the scenario's, and runs when the steps were begun.
Fields such as within belong to the steps inside; expect looks at the result. A failure inside names the step and the place that uses it.
In assert the clocks of the first step start at the end of act, those of each further step where the one before it has ended.`,
	Example: `act:
  - use: {steps: "orders.steps.yaml#place_order", with: {order: "${scenario.id}"}}
    id: placed
assert:
  - check: placed.event != ""
`,
	Beside: map[string]string{"orders.steps.yaml": `place_order:
  params: {order: {required: true}, kind: {default: order.placed}}
  steps:
    - put_event: {bus: "${suite.app.BusName}", source: shop.web, detail_type: "${params.kind}", detail: {order: "${params.order}"}}
      id: put
  result: {event: "${put.event_id}"}
`},
	Control: true, Unbounded: true, FreeResult: true,
})
