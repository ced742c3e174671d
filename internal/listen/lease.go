package listen

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

const (
	lease      = time.Hour        // how long a harness is not swept by others without news of its run
	renewEvery = 20 * time.Minute // two calls each: a third of the lease, so that some may fail
	renewAgain = time.Minute      // after a failure
)

// leaseUntil is the value of the tag that says until when a harness is in use.
func leaseUntil(end time.Time) string { return end.UTC().Format(time.RFC3339) }

// keepLease renews the lease until ctx ends, so that a sweep on another
// machine leaves the harness of a long run alone. A failure is told once, and
// renewing is tried again until it works.
func (h *harness) keepLease(ctx context.Context, end time.Time, warn func(string, ...any)) {
	for wait, told := renewEvery, false; steps.Pause(ctx, wait) == nil; {
		next := time.Now().Add(lease)
		err := h.renew(ctx, next)
		switch {
		case err == nil:
			wait, told, end = renewEvery, false, next
			continue
		case ctx.Err() != nil:
			return
		case !told && warn != nil:
			warn("the lease of the listener's rule and queue %s cannot be renewed: %s; a sweep on another machine may remove them after %s UTC; it is tried again every minute",
				h.name, awsclient.Explain(err), end.UTC().Format("15:04"))
			told = true
		}
		wait = renewAgain
	}
}

func (h *harness) renew(ctx context.Context, end time.Time) error {
	_, err := h.place.SQS().TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: aws.String(h.queueURL), Tags: map[string]string{tagLease: leaseUntil(end)}})
	if err != nil {
		return fmt.Errorf("the queue's tag cannot be set: %w", err)
	}
	_, err = h.place.EventBridge().TagResource(ctx, &eventbridge.TagResourceInput{
		ResourceARN: aws.String(h.ruleARN), Tags: []ebtypes.Tag{{Key: aws.String(tagLease), Value: aws.String(leaseUntil(end))}},
	})
	if err != nil {
		return fmt.Errorf("the rule's tag cannot be set: %w", err)
	}
	return nil
}
