package listen

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

const (
	longPoll    = 20 * time.Second // the longest that SQS knows
	batch       = 10               // the most messages that SQS gives at once
	retryPause  = time.Second
	queueAppear = 15 * time.Second // a new queue may be unknown for a moment
)

// receiver empties one queue of the harness into its log.
type receiver struct {
	place *awsclient.Place
	url   string
	queue string // its name
	log   *Log
	clock *steps.Clock
	// take is called for every event with the message it came in, when that was
	// received, and when the queue got it.
	take func(event map[string]any, message string, at, came time.Time)
	seen atomic.Bool // the queue has answered: it exists
}

// run receives, in any number of goroutines, until ctx ends or the queue is no longer usable.
func (r *receiver) run(ctx context.Context) {
	wait, began := longPoll, time.Now()
	for ctx.Err() == nil && r.log.Dead() == nil {
		err := r.receive(ctx, wait)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			wait = longPoll
			r.seen.Store(true)
			r.log.Troubled(nil)
			continue
		case noQueue(err) && r.seen.Load(), noQueue(err) && time.Since(began) > queueAppear:
			r.log.Fail(fmt.Errorf("the listener's queue %s was deleted while the run needed it: nothing that was sent since can be known", r.queue))
			return
		case !noQueue(err) && !awsclient.Transient(err):
			r.log.Fail(fmt.Errorf("the listener cannot read its queue %s: %s", r.queue, awsclient.Explain(err)))
			return
		}
		if !awsclient.SurelyNotDone(err) {
			r.log.Lost(time.Now().Add(hiding+time.Second), err)
		}
		// Short polls, so that the end of the trouble is soon known.
		wait = time.Second
		r.log.Troubled(fmt.Errorf("the listener's queue %s cannot be read just now: %w", r.queue, err))
		_ = steps.Pause(ctx, retryPause) // the loop ends with ctx
	}
}

// receive takes one batch: first stored, then deleted.
func (r *receiver) receive(ctx context.Context, wait time.Duration) error {
	called := time.Now()
	out, err := r.place.SQS().ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: aws.String(r.url), MaxNumberOfMessages: batch, WaitTimeSeconds: int32(wait.Seconds()),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameSentTimestamp},
	})
	if err != nil || len(out.Messages) == 0 {
		return err
	}
	at := time.Now()
	r.clock.Saw(out.ResultMetadata, called)
	gone := make([]types.DeleteMessageBatchRequestEntry, 0, len(out.Messages))
	for i, m := range out.Messages {
		event, err := readEvent(aws.ToString(m.Body))
		if err != nil {
			r.log.Stranger(fmt.Errorf("the listener's queue %s got a message that is no event of a bus (message id %s: %w): somebody else sends to it, or changed the rule's target for a while, "+
				"so neither silence nor a count proves anything", r.queue, aws.ToString(m.MessageId), err))
		} else {
			r.take(event, aws.ToString(m.MessageId), at, r.came(m))
		}
		gone = append(gone, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
	}
	// A message that could not be deleted comes again and is known by its
	// message id: what failed does not matter, if it passes.
	_, err = r.place.SQS().DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: aws.String(r.url), Entries: gone})
	if awsclient.Transient(err) {
		return nil
	}
	return err
}

// came is when the queue got a message, on our clock; zero where it does not say.
func (r *receiver) came(m types.Message) time.Time {
	ms, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64)
	if err != nil {
		return time.Time{}
	}
	return r.clock.Ours(time.UnixMilli(ms))
}

func readEvent(body string) (map[string]any, error) {
	doc, err := schema.ParseJSON([]byte(body))
	if err != nil {
		return nil, err
	}
	event, _ := doc.(map[string]any)
	for _, name := range []string{"id", "source", "detail-type"} {
		if text, _ := event[name].(string); text == "" {
			return nil, fmt.Errorf("it has no %s", name)
		}
	}
	return event, nil
}

// noQueue says whether an error means that a queue does not exist, in the
// names of both protocols of SQS.
func noQueue(err error) bool {
	return awsclient.Is(err, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")
}
