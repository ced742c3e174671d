package listen

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

const aliveBound = 25 * time.Second // shorter than what one attempt of a step may take by default

// proveAlive says whether silence means that nothing was sent: queue, rule and
// target are still ours and unchanged, and, where canaries made the listener
// ready, one more comes back.
func (h *harness) proveAlive(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, aliveBound)
	defer cancel()
	if err := h.unchanged(ctx); err != nil {
		return err
	}
	if !h.proven.Load() {
		return h.log.Err()
	}
	// A canary that comes back shows that the queue can be read, whatever some
	// receives ended with meanwhile.
	_, err := h.canaries.prove(ctx, 1, closingBound)
	switch {
	case errors.Is(err, errNoCanary):
		if trouble := h.log.Err(); trouble != nil {
			return trouble
		}
		return steps.Finalf("the listener on %s is no longer live: a closing canary event did not come back in %s, so silence proves nothing", h.chosen.source, closingBound)
	case errors.Is(err, errDied):
		return steps.Final(h.log.Dead())
	case err != nil:
		return err
	}
	if err := h.log.Dead(); err != nil {
		return steps.Final(err)
	}
	return nil
}

func (h *harness) queueUnchanged(ctx context.Context) error {
	out, err := h.place.SQS().GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: aws.String(h.queueURL), AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNamePolicy},
	})
	switch {
	case noQueue(err):
		return steps.Finalf("the listener's queue %s was deleted while the run needed it", h.name)
	case err != nil:
		return fmt.Errorf("cannot see whether the listener's queue %s is unchanged: %w", h.name, err)
	case !sameJSON(out.Attributes["Policy"], h.policy):
		return steps.Finalf("the policy of the listener's queue %s was changed while the run needed it", h.name)
	}
	return nil
}

func (h *harness) ruleUnchanged(ctx context.Context) error {
	out, err := h.place.EventBridge().DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String(h.name), EventBusName: aws.String(h.chosen.bus.Name)})
	switch {
	case awsclient.Is(err, "ResourceNotFoundException"):
		return steps.Finalf("the listener's rule %s was deleted while the run needed it", h.name)
	case err != nil:
		return fmt.Errorf("cannot see whether the listener's rule %s is unchanged: %w", h.name, err)
	case out.State == types.RuleStateDisabled:
		return steps.Finalf("the listener's rule %s was disabled while the run needed it", h.name)
	case !sameJSON(aws.ToString(out.EventPattern), h.pattern):
		return steps.Finalf("the pattern of the listener's rule %s was changed while the run needed it", h.name)
	}
	return nil
}

func (h *harness) targetUnchanged(ctx context.Context) error {
	out, err := h.place.EventBridge().ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String(h.name), EventBusName: aws.String(h.chosen.bus.Name)})
	switch {
	case awsclient.Is(err, "ResourceNotFoundException"):
		return steps.Finalf("the listener's rule %s was deleted while the run needed it", h.name)
	case err != nil:
		return fmt.Errorf("cannot see whether the target of the listener's rule %s is unchanged: %w", h.name, err)
	}
	for _, t := range out.Targets {
		plain := t.Input == nil && t.InputPath == nil && t.InputTransformer == nil
		if aws.ToString(t.Id) == targetID && aws.ToString(t.Arn) == h.queueARN && plain {
			return nil
		}
	}
	return steps.Finalf("the target of the listener's rule %s was removed or changed while the run needed it", h.name)
}

func sameJSON(a, b string) bool {
	x, err1 := schema.ParseJSON([]byte(a))
	y, err2 := schema.ParseJSON([]byte(b))
	return err1 == nil && err2 == nil && expr.Equal(x, y) // every digit counts
}
