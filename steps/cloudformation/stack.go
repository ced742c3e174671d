// Package cloudformation holds the kinds of steps that look at stacks. It must
// not know what the resources of a stack are or do.
package cloudformation

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

// settlePause is the time between two looks at a stack that is being changed:
// DescribeStacks allows a few calls a second for the whole account.
const settlePause = 5 * time.Second

// settled gives a stack in which nothing moves, once a run: whoever else asks
// for the same stack gets what was read then. Its errors say what a stack
// lacks to be tested.
func settled(ctx context.Context, env *steps.Env, name string) (types.Stack, error) {
	place := env.AWS
	return steps.Share(ctx, env.Run, shareKey("stack", place, name), func(ctx context.Context) (types.Stack, error) {
		for {
			s, err := describe(ctx, place, name)
			if err != nil {
				return s, err
			}
			done, err := verdict(name, s)
			if done || err != nil {
				return s, err
			}
			if err := steps.Pause(ctx, settlePause); err != nil {
				return s, err
			}
		}
	})
}

func shareKey(what string, place *awsclient.Place, name string) string {
	return fmt.Sprintf("cloudformation.%s %s %s %s", what, place.Account, place.Region, name)
}

func describe(ctx context.Context, place *awsclient.Place, name string) (types.Stack, error) {
	out, err := place.CloudFormation().DescribeStacks(ctx, &cfn.DescribeStacksInput{StackName: &name})
	switch {
	case missing(err) || err == nil && len(out.Stacks) == 0:
		return types.Stack{}, noStack(ctx, place, name)
	case err != nil:
		return types.Stack{}, fmt.Errorf("stack %q cannot be read: %w", name, err)
	}
	return out.Stacks[0], nil
}

// missing recognises a stack that is not there: CloudFormation has no code of
// its own for it.
func missing(err error) bool {
	return awsclient.Is(err, "StackNotFoundException") || awsclient.Is(err, "ValidationError") && strings.Contains(err.Error(), "does not exist")
}

// noStack says that a stack does not exist, and which do.
func noStack(ctx context.Context, place *awsclient.Place, name string) error {
	pages := cfn.NewDescribeStacksPaginator(place.CloudFormation(), &cfn.DescribeStacksInput{})
	others := steps.Known(ctx, name, "stacks", func(ctx context.Context) ([]string, bool, error) {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, false, err
		}
		var names []string
		for _, s := range page.Stacks {
			names = append(names, aws.ToString(s.StackName))
		}
		return names, pages.HasMorePages(), nil
	})
	return steps.Finalf("there is no stack %q in account %s, region %s%s", name, place.Account, place.Region, others)
}

// verdict says whether a stack has settled, and what is wrong when it settled badly.
func verdict(name string, s types.Stack) (bool, error) {
	status := string(s.StackStatus)
	switch s.StackStatus {
	case types.StackStatusCreateComplete, types.StackStatusUpdateComplete, types.StackStatusImportComplete:
		return true, nil
	case types.StackStatusReviewInProgress:
		return true, steps.Finalf("stack %q was never deployed: its first change set waits to be executed", name)
	case types.StackStatusDeleteComplete:
		return true, steps.Finalf("stack %q is deleted", name)
	}
	if strings.HasSuffix(status, "_IN_PROGRESS") {
		return false, nil
	}
	reason := ""
	if r := aws.ToString(s.StackStatusReason); r != "" {
		reason = ": " + r
	}
	return true, steps.Finalf("stack %q is %s%s; its last deployment did not succeed, so there is nothing sound to test", name, status, reason)
}
