package local

import (
	"context"
	"fmt"
	"strings"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// CheckParams are the parameters of check.
type CheckParams struct {
	Expression *schema.Node `json:"expression" required:"true" doc:"An expression that must be true, with or without ${}."`
}

// CheckResult is what a check found.
type CheckResult struct {
	Value bool `json:"value" doc:"What the expression is."`
}

// Check wants an expression to be true.
var Check = steps.Define("check", steps.Def[CheckParams, CheckResult]{
	Summary: "Checks that an expression is true.",
	Doc:     "The expression sees the results of all earlier steps. It must be true or false; a text, a number or null is an error, never taken for one of them.",
	Example: `act:
  - set: {total: 30, items: [10, 20]}
    id: order
assert:
  - check: order.total == sum(order.items)
  - check: {expression: "${length(order.items) == 2}"}
`,
	Watch: func(_ context.Context, _ *steps.Env, p CheckParams) (steps.Probe[CheckResult], error) {
		return steps.Probe[CheckResult]{Look: func(context.Context) (steps.Seen[CheckResult], error) {
			return evaluate(p.Expression)
		}}, nil
	},
	Success:   func(CheckParams) assertions.Checks { return assertions.Rule("value", "equals", true) },
	Shorthand: "expression", Condition: "expression", Pure: true,
})

// evaluate judges an expression whose value is known. Looking again changes nothing.
func evaluate(n *schema.Node) (steps.Seen[CheckResult], error) {
	if n.Kind != schema.Bool {
		return steps.Seen[CheckResult]{}, steps.Finalf("%s is %s, not true or false; put the whole comparison into ${…}, or leave ${} out", written(n), n.Kind)
	}
	seen := steps.Seen[CheckResult]{Doc: CheckResult{Value: n.Scalar == "true"}, Final: true}
	seen.Explain = func() steps.Explanation {
		return steps.Explanation{Summary: fmt.Sprintf("%s is %t", written(n), seen.Doc.Value)}
	}
	return seen, nil
}

// written is the expression as its user wrote it, in ${}.
func written(n *schema.Node) string {
	source := n.Source
	if source == "" {
		source = n.Scalar
	}
	if strings.Contains(source, "${") {
		return source
	}
	return "${" + source + "}"
}
