package listen

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

const (
	longestPattern = 2048             // characters (EventBridge quotas)
	retention      = "3600"           // seconds: nobody reads the queue after the run
	hiding         = 4 * time.Second  // until a message that was not deleted comes again: what a lost answer hides is not hidden for long
	targetID       = "rehearse-queue" // of the rule's one target
)

// create makes queue, rule and target, each recorded before its call.
func (h *harness) create(ctx context.Context, env *steps.Env, tags map[string]string) error {
	queue := steps.Resource{Type: QueueType, ID: h.name, ARN: h.queueARN}
	err := env.Create(ctx, queue, func(ctx context.Context) (steps.Resource, error) {
		out, err := h.place.SQS().CreateQueue(ctx, &sqs.CreateQueueInput{
			QueueName: aws.String(h.name), Tags: tags,
			Attributes: map[string]string{"Policy": h.policy, "MessageRetentionPeriod": retention, "VisibilityTimeout": strconv.Itoa(int(hiding.Seconds()))},
		})
		if err == nil {
			h.queueURL = aws.ToString(out.QueueUrl)
		}
		return queue, err
	})
	if err != nil {
		return fmt.Errorf("cannot create the queue of the listener on %s: %w", h.chosen.source, err)
	}
	rule := steps.Resource{Type: RuleType, ID: h.name, ARN: h.ruleARN, Data: map[string]string{"bus": h.chosen.bus.Name}}
	err = env.Create(ctx, rule, func(ctx context.Context) (steps.Resource, error) { return rule, h.putRule(ctx, tags) })
	if err != nil {
		return fmt.Errorf("cannot create the rule of the listener on %s: %w", h.chosen.source, err)
	}
	return h.putTarget(ctx)
}

func (h *harness) putRule(ctx context.Context, tags map[string]string) error {
	err := h.tryRule(ctx, h.pattern, tags)
	if !awsclient.Is(err, "InvalidEventPatternException") {
		return err
	}
	if flat, ok := flatten(h.chosen.pattern, h.canaries.pattern()); ok && h.tryRule(ctx, flat, tags) == nil {
		h.pattern = flat // not every emulator knows a $or inside a $or; this says the same
		return nil
	}
	return fmt.Errorf("the pattern is put together with the listener's own as {\"$or\": [pattern, canaries]}, and that is refused: %w", err)
}

func (h *harness) tryRule(ctx context.Context, pattern string, tags map[string]string) error {
	in := &eventbridge.PutRuleInput{
		Name: aws.String(h.name), EventBusName: aws.String(h.chosen.bus.Name), EventPattern: aws.String(pattern), State: h.chosen.state,
		Description: aws.String("A listener of a rehearse run; removed at its end."),
	}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		in.Tags = append(in.Tags, ebtypes.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	out, err := h.place.EventBridge().PutRule(ctx, in)
	if err != nil {
		return err
	}
	if got := aws.ToString(out.RuleArn); got != h.ruleARN {
		return steps.Finalf("the rule has the ARN %s, but the queue's policy lets only %s send", got, h.ruleARN)
	}
	return nil
}

// flatten joins two patterns without nesting, where the first is nothing but
// a list of alternatives.
func flatten(pattern, other string) (string, bool) {
	var top map[string][]json.RawMessage
	if json.Unmarshal([]byte(pattern), &top) != nil || len(top) != 1 || top["$or"] == nil {
		return "", false
	}
	alternatives := make([]string, 0, len(top["$or"])+1)
	for _, a := range top["$or"] {
		alternatives = append(alternatives, string(a))
	}
	return `{"$or":[` + strings.Join(append(alternatives, other), ",") + `]}`, true
}

func (h *harness) putTarget(ctx context.Context) error {
	out, err := h.place.EventBridge().PutTargets(ctx, &eventbridge.PutTargetsInput{
		Rule: aws.String(h.name), EventBusName: aws.String(h.chosen.bus.Name),
		Targets: []ebtypes.Target{{Id: aws.String(targetID), Arn: aws.String(h.queueARN)}},
	})
	if err != nil {
		return fmt.Errorf("cannot set the target of the listener on %s: %w", h.chosen.source, err)
	}
	if out.FailedEntryCount > 0 {
		e := out.FailedEntries[0]
		return fmt.Errorf("cannot set the target of the listener on %s: %s: %s", h.chosen.source, aws.ToString(e.ErrorCode), aws.ToString(e.ErrorMessage))
	}
	return nil
}

// queuePolicy lets one rule send, and nobody else.
func queuePolicy(queueARN, ruleARN string) string {
	b, _ := json.Marshal(map[string]any{ // text always has a JSON form
		"Version": "2012-10-17",
		"Statement": []any{map[string]any{
			"Effect":    "Allow",
			"Principal": map[string]string{"Service": "events.amazonaws.com"},
			"Action":    "sqs:SendMessage",
			"Resource":  queueARN,
			"Condition": map[string]any{"ArnEquals": map[string]string{"aws:SourceArn": ruleARN}},
		}},
	})
	return string(b)
}

// harnessTags say whose a resource is and until when; the suite's own come along.
func harnessTags(suite map[string]string, runID string) map[string]string {
	now := time.Now()
	tags := maps.Clone(suite)
	if tags == nil {
		tags = map[string]string{}
	}
	tags[tagRun] = runID
	tags[tagCreated] = now.UTC().Format(time.RFC3339)
	tags[tagLease] = leaseUntil(now.Add(lease))
	return tags
}
