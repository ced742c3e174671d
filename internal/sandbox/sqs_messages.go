package sandbox

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func (s *sqsService) SendMessage(ctx context.Context, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) {
	if aws.ToString(in.MessageBody) == "" {
		return nil, refuse("MissingParameter", "The request must contain the parameter MessageBody.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	delay := q.seconds("DelaySeconds")
	if in.DelaySeconds > 0 {
		delay = time.Duration(in.DelaySeconds) * time.Second
	}
	system := systemAttributes(ctx)
	for k, v := range in.MessageSystemAttributes {
		system[k] = aws.ToString(v.StringValue)
	}
	m := q.put(*in.MessageBody, in.MessageAttributes, system, delay)
	return &sqs.SendMessageOutput{MessageId: aws.String(m.id), MD5OfMessageBody: aws.String(checksum(m.body))}, nil
}

// put appends a message. The mutex must be held.
func (q *queue) put(body string, attributes map[string]types.MessageAttributeValue, system map[string]string, delay time.Duration) *message {
	now := time.Now()
	m := &message{id: newID(), body: body, attributes: attributes, system: system, sent: now, visible: now.Add(delay)}
	q.messages = append(q.messages, m)
	q.stir()
	return m
}

// systemAttributes are those that the way of a message gives it.
func systemAttributes(ctx context.Context) map[string]string {
	if header := tracedBy(ctx); header != "" {
		return map[string]string{string(types.MessageSystemAttributeNameAWSTraceHeader): header}
	}
	return map[string]string{}
}

// accept puts a message that another service sends, if the queue's policy lets it: sender is the service
// ("events.amazonaws.com"), source the ARN of what sends.
func (s *sqsService) accept(ctx context.Context, name, body, sender, source string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[name]
	if q == nil {
		return noSuchQueue()
	}
	if !allows(q.attributes["Policy"], "sqs:SendMessage", sender, source, s.home.account) {
		return refuse("AccessDenied", "the policy of queue %s does not let %s send messages for %s", name, sender, source)
	}
	system := systemAttributes(ctx)
	system["SenderId"] = sender
	q.put(body, nil, system, q.seconds("DelaySeconds"))
	return nil
}

func (s *sqsService) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
	if in.MaxNumberOfMessages < 0 || in.MaxNumberOfMessages > 10 {
		return nil, refuse("InvalidParameterValue",
			"Value %d for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.", in.MaxNumberOfMessages)
	}
	if in.WaitTimeSeconds < 0 || in.WaitTimeSeconds > 20 {
		return nil, refuse("InvalidParameterValue",
			"Value %d for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.", in.WaitTimeSeconds)
	}
	wait := time.Duration(in.WaitTimeSeconds) * time.Second
	start := time.Now()
	for first := true; ; first = false {
		s.mu.Lock()
		q, err := s.queue(in.QueueUrl)
		if err != nil {
			s.mu.Unlock()
			return nil, err
		}
		if first && wait == 0 {
			wait = q.seconds("ReceiveMessageWaitTimeSeconds")
		}
		left := min(wait, longestPoll) - time.Since(start)
		got, next := s.take(q, in)
		wake := q.wake
		s.mu.Unlock()
		if len(got) > 0 || left <= 0 {
			return &sqs.ReceiveMessageOutput{Messages: got}, nil
		}
		if !next.IsZero() {
			left = min(left, time.Until(next))
		}
		timer := time.NewTimer(left)
		select {
		case <-wake:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
		timer.Stop()
	}
}

// take receives what is visible and says when the next message will be. The mutex must be held.
func (s *sqsService) take(q *queue, in *sqs.ReceiveMessageInput) (got []types.Message, next time.Time) {
	now := time.Now()
	hide := q.seconds("VisibilityTimeout")
	if in.VisibilityTimeout > 0 { // the SDK's input cannot tell 0 from absent
		hide = time.Duration(in.VisibilityTimeout) * time.Second
	}
	deadLetters, limit, _ := redrive(q.attributes["RedrivePolicy"]) // checked when it was set
	retention := q.seconds("MessageRetentionPeriod")
	kept := q.messages[:0:0]
	for _, m := range q.messages {
		if now.Sub(m.sent) >= retention {
			continue
		}
		if m.visible.After(now) {
			kept = append(kept, m)
			if next.IsZero() || m.visible.Before(next) {
				next = m.visible
			}
			continue
		}
		if dead := s.queues[deadLetters]; dead != nil && m.receives >= limit {
			m.visible, m.receives = now, 0
			dead.messages = append(dead.messages, m)
			dead.stir()
			continue
		}
		kept = append(kept, m)
		if len(got) < int(max(1, in.MaxNumberOfMessages)) {
			got = append(got, m.receive(now, hide, in, s.home.options.Skew))
		}
	}
	q.messages = kept
	return got, next
}

func (m *message) receive(now time.Time, hide time.Duration, in *sqs.ReceiveMessageInput, skew time.Duration) types.Message {
	m.receives++
	m.visible = now.Add(hide)
	m.handle = newID()
	if m.first.IsZero() {
		m.first = now
	}
	out := types.Message{
		MessageId: aws.String(m.id), ReceiptHandle: aws.String(m.handle), Body: aws.String(m.body), MD5OfBody: aws.String(checksum(m.body)),
	}
	out.Attributes = m.wanted(in, skew)
	for name, v := range m.attributes {
		if slices.Contains(in.MessageAttributeNames, "All") || slices.Contains(in.MessageAttributeNames, ".*") || slices.Contains(in.MessageAttributeNames, name) {
			if out.MessageAttributes == nil {
				out.MessageAttributes = map[string]types.MessageAttributeValue{}
			}
			out.MessageAttributes[name] = v
		}
	}
	return out
}

// wanted are the system attributes that a receiver asked for.
func (m *message) wanted(in *sqs.ReceiveMessageInput, skew time.Duration) map[string]string {
	names := map[string]bool{}
	for _, n := range in.MessageSystemAttributeNames {
		names[string(n)] = true
	}
	//lint:ignore SA1019 the older name of the same, which clients still send
	for _, n := range in.AttributeNames {
		names[string(n)] = true
	}
	all := map[string]string{
		"SenderId":                         "AIDASANDBOXSANDBOXSA",
		"SentTimestamp":                    strconv.FormatInt(m.sent.Add(skew).UnixMilli(), 10),
		"ApproximateReceiveCount":          strconv.Itoa(m.receives),
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.first.Add(skew).UnixMilli(), 10),
	}
	for k, v := range m.system {
		all[k] = v
	}
	var out map[string]string
	for k, v := range all {
		if names["All"] || names[k] {
			if out == nil {
				out = map[string]string{}
			}
			out[k] = v
		}
	}
	return out
}

func (s *sqsService) DeleteMessage(_ context.Context, in *sqs.DeleteMessageInput) (*sqs.DeleteMessageOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if err := q.remove(aws.ToString(in.ReceiptHandle)); err != nil {
		return nil, err
	}
	return &sqs.DeleteMessageOutput{}, nil
}

// remove deletes a message by its last receipt handle; an old or used handle is no error, as in SQS. The mutex must be held.
func (q *queue) remove(handle string) error {
	if len(handle) != len("00000000-0000-0000-0000-000000000000") {
		return refuse("ReceiptHandleIsInvalid", "The input receipt handle %q is not a valid receipt handle.", handle)
	}
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return m.handle == handle })
	return nil
}

func (s *sqsService) PurgeQueue(_ context.Context, in *sqs.PurgeQueueInput) (*sqs.PurgeQueueOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	q.messages = nil
	return &sqs.PurgeQueueOutput{}, nil
}

func (s *sqsService) DeleteMessageBatch(_ context.Context, in *sqs.DeleteMessageBatchInput) (*sqs.DeleteMessageBatchOutput, error) {
	if err := checkBatch(len(in.Entries)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	out := &sqs.DeleteMessageBatchOutput{Successful: []types.DeleteMessageBatchResultEntry{}, Failed: []types.BatchResultErrorEntry{}}
	for _, e := range in.Entries {
		if err := q.remove(aws.ToString(e.ReceiptHandle)); err != nil {
			a, _ := answerFor(err)
			out.Failed = append(out.Failed, types.BatchResultErrorEntry{
				Id: e.Id, Code: aws.String(a.code), Message: aws.String(a.message), SenderFault: true,
			})
			continue
		}
		out.Successful = append(out.Successful, types.DeleteMessageBatchResultEntry{Id: e.Id})
	}
	return out, nil
}

func checkBatch(entries int) error {
	switch {
	case entries == 0:
		return &apiError{
			Code: "EmptyBatchRequest", Query: "AWS.SimpleQueueService.EmptyBatchRequest",
			Message: "There should be at least one DeleteMessageBatchRequestEntry in the request.",
		}
	case entries > 10:
		return &apiError{
			Code: "TooManyEntriesInBatchRequest", Query: "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
			Message: fmt.Sprintf("Maximum number of entries per request are 10. You have sent %d.", entries),
		}
	}
	return nil
}

func (s *sqsService) ChangeMessageVisibility(_ context.Context, in *sqs.ChangeMessageVisibilityInput) (*sqs.ChangeMessageVisibilityOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	for _, m := range q.messages {
		if m.handle == aws.ToString(in.ReceiptHandle) && m.visible.After(time.Now()) {
			m.visible = time.Now().Add(time.Duration(in.VisibilityTimeout) * time.Second)
			q.stir()
			return &sqs.ChangeMessageVisibilityOutput{}, nil
		}
	}
	return nil, refuse("InvalidParameterValue", "Value %s for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.", aws.ToString(in.ReceiptHandle))
}
