package cloudformation

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// ResourceParams are the parameters of stack_resource.
type ResourceParams struct {
	Stack     string `json:"stack" required:"true" doc:"The stack's name or ARN."`
	LogicalID string `json:"logical_id" required:"true" doc:"The resource's name in the template."`
}

// ResourceResult is a resource of a stack.
type ResourceResult struct {
	PhysicalID string `json:"physical_id" doc:"The resource's own name, ARN or id."`
	Type       string `json:"type" doc:"Its type, such as AWS::SQS::Queue."`
	Status     string `json:"status" doc:"Its status, such as CREATE_COMPLETE."`
}

// StackResource reads one resource of a stack.
var StackResource = steps.Define("stack_resource", steps.Def[ResourceParams, ResourceResult]{
	Summary: "Finds a resource of a CloudFormation stack by its name in the template.",
	Doc:     "A stack that is being deployed is waited for. The resources of a stack are read once a run.",
	Example: `arrange:
  - stack_resource: {stack: play, logical_id: Bucket}
    id: bucket
assert:
  - check: ${bucket.physical_id == suite.app.BucketName}
`,
	Do: resource,
	Needs: func(p ResourceParams) []steps.Permission {
		return []steps.Permission{
			{Action: "cloudformation:DescribeStacks", Resource: p.Stack},
			{Action: "cloudformation:ListStackResources", Resource: p.Stack},
		}
	},
	Idempotent: true,
})

func resource(ctx context.Context, env *steps.Env, p ResourceParams) (ResourceResult, error) {
	all, err := resources(ctx, env, p.Stack)
	if err != nil {
		return ResourceResult{}, err
	}
	ids := make([]string, 0, len(all))
	for _, r := range all {
		id := aws.ToString(r.LogicalResourceId)
		if id == p.LogicalID {
			return ResourceResult{PhysicalID: aws.ToString(r.PhysicalResourceId), Type: aws.ToString(r.ResourceType), Status: string(r.ResourceStatus)}, nil
		}
		ids = append(ids, id)
	}
	return ResourceResult{}, steps.Finalf("stack %q has no resource %q; it has: %s%s", p.Stack, p.LogicalID, schema.KnownNames(ids), schema.DidYouMean(p.LogicalID, ids))
}

// resources gives all resources of a settled stack, read once a run.
func resources(ctx context.Context, env *steps.Env, stack string) ([]types.StackResourceSummary, error) {
	if _, err := settled(ctx, env, stack); err != nil {
		return nil, err
	}
	place := env.AWS
	return steps.Share(ctx, env.Run, shareKey("resources", place, stack), func(ctx context.Context) ([]types.StackResourceSummary, error) {
		var all []types.StackResourceSummary
		pages := cfn.NewListStackResourcesPaginator(place.CloudFormation(), &cfn.ListStackResourcesInput{StackName: &stack})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("the resources of stack %q cannot be read: %w", stack, err)
			}
			all = append(all, page.StackResourceSummaries...)
		}
		return all, nil
	})
}
