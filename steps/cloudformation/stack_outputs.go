package cloudformation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// OutputsParams are the parameters of stack_outputs.
type OutputsParams struct {
	Stack   string   `json:"stack" required:"true" doc:"The stack's name or ARN."`
	Outputs []string `json:"outputs" doc:"Outputs that the stack must have; the result has all outputs in any case."`
}

// StackOutputs reads the outputs of a stack.
var StackOutputs = steps.Define("stack_outputs", steps.Def[OutputsParams, map[string]any]{
	Summary: "Reads the outputs of a CloudFormation stack.",
	Doc:     "Each output stands under its own key. A stack that is being deployed is waited for; one whose last deployment failed or was rolled back is an error. A stack is read once a run.",
	Example: `arrange:
  - stack_outputs: {stack: play, outputs: [BucketName]}
    id: app
assert:
  - check: ${app.BucketName == suite.app.BucketName}
`,
	Do: outputs,
	Needs: func(p OutputsParams) []steps.Permission {
		return []steps.Permission{{Action: "cloudformation:DescribeStacks", Resource: p.Stack}}
	},
	Idempotent: true, Unbounded: true, FreeResult: true,
})

func outputs(ctx context.Context, env *steps.Env, p OutputsParams) (map[string]any, error) {
	s, err := settled(ctx, env, p.Stack)
	if err != nil {
		return nil, err
	}
	found := map[string]any{}
	for _, o := range s.Outputs {
		found[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	var lacking []string
	for _, name := range p.Outputs {
		if _, ok := found[name]; !ok {
			lacking = append(lacking, name)
		}
	}
	if len(lacking) > 0 {
		return nil, lacks(p.Stack, lacking, slices.Collect(maps.Keys(found)))
	}
	return found, nil
}

func lacks(stack string, lacking, existing []string) error {
	names := make([]string, len(lacking))
	for i, name := range lacking {
		names[i] = fmt.Sprintf("%q", name)
	}
	word := "output"
	if len(names) > 1 {
		word = "outputs"
	}
	return steps.Finalf("stack %q has no %s %s; it has: %s%s", stack, word, strings.Join(names, ", "),
		schema.KnownNames(existing), schema.DidYouMean(lacking[0], existing))
}
