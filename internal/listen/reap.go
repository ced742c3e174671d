package listen

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

// The types of what listeners create, as the ledger knows them.
const (
	QueueType = "sqs.queue"   // ID: the queue's name
	RuleType  = "events.rule" // ID: the rule's name; Data["bus"]: its bus
)

// Reapers remove what listeners create. They need the intent alone.
func Reapers() []steps.Reaper {
	return []steps.Reaper{
		{Type: QueueType, Remove: removeQueue},
		{Type: RuleType, Remove: removeRule},
	}
}

func removeQueue(ctx context.Context, place *awsclient.Place, r steps.Resource) error {
	found, err := place.SQS().GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(r.ID)})
	if err == nil {
		_, err = place.SQS().DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: found.QueueUrl})
	}
	if noQueue(err) {
		return nil
	}
	return err
}

// removeRule removes the targets first: EventBridge deletes no rule that has some.
func removeRule(ctx context.Context, place *awsclient.Place, r steps.Resource) error {
	bus := aws.String(cmp.Or(r.Data["bus"], DefaultBus))
	ids, err := targetIDs(ctx, place, bus, aws.String(r.ID))
	if err == nil && len(ids) > 0 {
		var out *eventbridge.RemoveTargetsOutput
		out, err = place.EventBridge().RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String(r.ID), EventBusName: bus, Ids: ids})
		if err == nil && out.FailedEntryCount > 0 {
			e := out.FailedEntries[0]
			return fmt.Errorf("target %s of rule %s cannot be removed: %s: %s", aws.ToString(e.TargetId), r.ID, aws.ToString(e.ErrorCode), aws.ToString(e.ErrorMessage))
		}
	}
	if err == nil {
		_, err = place.EventBridge().DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: aws.String(r.ID), EventBusName: bus})
	}
	if awsclient.Is(err, "ResourceNotFoundException") {
		return nil
	}
	return err
}

func targetIDs(ctx context.Context, place *awsclient.Place, bus, rule *string) ([]string, error) {
	var ids []string
	in := &eventbridge.ListTargetsByRuleInput{Rule: rule, EventBusName: bus}
	for {
		out, err := place.EventBridge().ListTargetsByRule(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, t := range out.Targets {
			ids = append(ids, aws.ToString(t.Id))
		}
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			return ids, nil
		}
	}
}
