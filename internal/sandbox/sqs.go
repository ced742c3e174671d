package sandbox

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// sqsService has standard queues; FIFO queues are refused.
type sqsService struct {
	home *home

	mu      sync.Mutex
	queues  map[string]*queue    // by name
	deleted map[string]time.Time // when a name was given up
}

// queue is guarded by the service's mutex.
type queue struct {
	name, arn  string
	attributes map[string]string // what was set
	tags       map[string]string
	created    time.Time
	modified   time.Time
	messages   []*message // in the order they were sent
	wake       chan struct{}
}

type message struct {
	id         string
	body       string
	attributes map[string]types.MessageAttributeValue
	system     map[string]string
	sent       time.Time
	visible    time.Time // hidden until then
	first      time.Time
	receives   int
	handle     string
}

const (
	longestPoll   = 20 * time.Second
	renameBarrier = 60 * time.Second // a deleted queue's name is not free before
)

var queueDefaults = map[string]string{
	"VisibilityTimeout": "30", "DelaySeconds": "0", "MessageRetentionPeriod": "345600", "MaximumMessageSize": "1048576",
	"ReceiveMessageWaitTimeSeconds": "0", "SqsManagedSseEnabled": "true",
}

var queueName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

func newSQS(h *home) *sqsService {
	return &sqsService{home: h, queues: map[string]*queue{}, deleted: map[string]time.Time{}}
}

func (s *sqsService) count(counts map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts["queues"] += len(s.queues)
}

func (s *sqsService) url(name string) string { return URL + "/" + s.home.account + "/" + name }

// queue finds a queue by its URL. The mutex must be held.
func (s *sqsService) queue(url *string) (*queue, error) {
	if aws.ToString(url) == "" {
		return nil, refuse("MissingParameter", "The request must contain the parameter QueueUrl.")
	}
	if q := s.queues[afterLast(*url, "/")]; q != nil && strings.HasSuffix("/"+*url, "/"+s.home.account+"/"+q.name) {
		return q, nil
	}
	return nil, noSuchQueue()
}

func noSuchQueue() error {
	return &apiError{
		Code: "QueueDoesNotExist", Message: "The specified queue does not exist.",
		Query: "AWS.SimpleQueueService.NonExistentQueue",
	}
}

// stir wakes everyone who waits for the queue. The mutex must be held.
func (q *queue) stir() {
	close(q.wake)
	q.wake = make(chan struct{})
}

func (q *queue) setting(name string) string {
	if v, ok := q.attributes[name]; ok {
		return v
	}
	return queueDefaults[name]
}

func (q *queue) seconds(name string) time.Duration {
	n, _ := strconv.Atoi(q.setting(name)) // checked when it was set
	return time.Duration(n) * time.Second
}

// checkQueueAttributes refuses what SQS refuses, and what the sandbox would have to ignore.
func (s *sqsService) checkQueueAttributes(attributes map[string]string) error {
	for name, value := range attributes {
		switch name {
		case "Policy":
			if value != "" && !json.Valid([]byte(value)) {
				return refuse("InvalidAttributeValue", "Invalid value for the parameter Policy.")
			}
		case "RedrivePolicy":
			if _, _, err := redrive(value); err != nil {
				return err
			}
		case "VisibilityTimeout", "DelaySeconds", "MessageRetentionPeriod", "MaximumMessageSize", "ReceiveMessageWaitTimeSeconds":
			if n, err := strconv.Atoi(value); err != nil || n < 0 || (name == "ReceiveMessageWaitTimeSeconds" && n > 20) {
				return refuse("InvalidAttributeValue", "Invalid value for the parameter %s.", name)
			}
		case "SqsManagedSseEnabled", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "RedriveAllowPolicy":
		default:
			return refuse("InvalidAttributeName", "Unknown Attribute %s.", name)
		}
	}
	return nil
}

func redrive(policy string) (deadLetters string, limit int, err error) {
	if policy == "" {
		return "", 0, nil
	}
	var p struct {
		Target string      `json:"deadLetterTargetArn"`
		Limit  json.Number `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal([]byte(policy), &p); err == nil {
		if n, err := strconv.Atoi(p.Limit.String()); err == nil && n > 0 && p.Target != "" {
			return afterLast(p.Target, ":"), n, nil
		}
	}
	return "", 0, refuse("InvalidParameterValue", "Value %s for parameter RedrivePolicy is invalid.", policy)
}

func (s *sqsService) CreateQueue(_ context.Context, in *sqs.CreateQueueInput) (*sqs.CreateQueueOutput, error) {
	name := aws.ToString(in.QueueName)
	if strings.HasSuffix(name, ".fifo") || in.Attributes["FifoQueue"] != "" {
		return nil, refuse("UnsupportedOperation", "the sandbox has no FIFO queues")
	}
	if !queueName.MatchString(name) {
		return nil, refuse("InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	if err := s.checkQueueAttributes(in.Attributes); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if q := s.queues[name]; q != nil {
		for k, v := range in.Attributes {
			if q.setting(k) != v {
				return nil, &apiError{
					Code: "QueueNameExists", Query: "QueueAlreadyExists",
					Message: "A queue already exists with the same name and a different value for attribute " + k,
				}
			}
		}
		return &sqs.CreateQueueOutput{QueueUrl: aws.String(s.url(name))}, nil
	}
	if at, ok := s.deleted[name]; ok && now.Sub(at) < renameBarrier {
		return nil, &apiError{
			Code: "QueueDeletedRecently", Query: "AWS.SimpleQueueService.QueueDeletedRecently",
			Message: "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
		}
	}
	q := &queue{name: name, arn: s.home.arn("sqs", name), attributes: map[string]string{}, tags: map[string]string{}, created: now, modified: now, wake: make(chan struct{})}
	maps.Copy(q.attributes, in.Attributes)
	maps.Copy(q.tags, in.Tags)
	s.queues[name] = q
	return &sqs.CreateQueueOutput{QueueUrl: aws.String(s.url(name))}, nil
}

func (s *sqsService) GetQueueUrl(_ context.Context, in *sqs.GetQueueUrlInput) (*sqs.GetQueueUrlOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[aws.ToString(in.QueueName)]
	if q == nil {
		return nil, noSuchQueue()
	}
	return &sqs.GetQueueUrlOutput{QueueUrl: aws.String(s.url(q.name))}, nil
}

func (s *sqsService) ListQueues(_ context.Context, in *sqs.ListQueuesInput) (*sqs.ListQueuesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name := range s.queues {
		if strings.HasPrefix(name, aws.ToString(in.QueueNamePrefix)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	names, next, err := page(names, aws.ToInt32(in.MaxResults), 1000, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &sqs.ListQueuesOutput{NextToken: next}
	for _, name := range names {
		out.QueueUrls = append(out.QueueUrls, s.url(name))
	}
	return out, nil
}

func (s *sqsService) GetQueueAttributes(_ context.Context, in *sqs.GetQueueAttributesInput) (*sqs.GetQueueAttributesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	all := q.document(s.home.options.Skew)
	out := map[string]string{}
	for _, name := range in.AttributeNames {
		if name == types.QueueAttributeNameAll {
			maps.Copy(out, all)
		} else if v, ok := all[string(name)]; ok {
			out[string(name)] = v
		} else if !slices.Contains(types.QueueAttributeName("").Values(), name) {
			return nil, refuse("InvalidAttributeName", "Unknown Attribute %s.", name)
		}
	}
	return &sqs.GetQueueAttributesOutput{Attributes: out}, nil
}

// document is every attribute that the queue has. The mutex must be held.
func (q *queue) document(skew time.Duration) map[string]string {
	now := time.Now()
	visible, hidden, delayed := 0, 0, 0
	for _, m := range q.messages {
		switch {
		case !m.visible.After(now):
			visible++
		case m.receives == 0:
			delayed++
		default:
			hidden++
		}
	}
	all := maps.Clone(queueDefaults)
	maps.Copy(all, q.attributes)
	all["QueueArn"] = q.arn
	all["CreatedTimestamp"] = strconv.FormatInt(q.created.Add(skew).Unix(), 10)
	all["LastModifiedTimestamp"] = strconv.FormatInt(q.modified.Add(skew).Unix(), 10)
	all["ApproximateNumberOfMessages"] = strconv.Itoa(visible)
	all["ApproximateNumberOfMessagesNotVisible"] = strconv.Itoa(hidden)
	all["ApproximateNumberOfMessagesDelayed"] = strconv.Itoa(delayed)
	return all
}

func (s *sqsService) SetQueueAttributes(_ context.Context, in *sqs.SetQueueAttributesInput) (*sqs.SetQueueAttributesOutput, error) {
	if err := s.checkQueueAttributes(in.Attributes); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	for k, v := range in.Attributes {
		if v == "" {
			delete(q.attributes, k)
		} else {
			q.attributes[k] = v
		}
	}
	q.modified = time.Now()
	return &sqs.SetQueueAttributesOutput{}, nil
}

func (s *sqsService) DeleteQueue(_ context.Context, in *sqs.DeleteQueueInput) (*sqs.DeleteQueueOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	delete(s.queues, q.name)
	s.deleted[q.name] = time.Now()
	q.stir()
	return &sqs.DeleteQueueOutput{}, nil
}

func (s *sqsService) TagQueue(_ context.Context, in *sqs.TagQueueInput) (*sqs.TagQueueOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	maps.Copy(q.tags, in.Tags)
	return &sqs.TagQueueOutput{}, nil
}

func (s *sqsService) ListQueueTags(_ context.Context, in *sqs.ListQueueTagsInput) (*sqs.ListQueueTagsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return &sqs.ListQueueTagsOutput{Tags: maps.Clone(q.tags)}, nil
}

func checksum(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// page cuts one page out of a list; tokens are positions.
func page[T any](all []T, size, most int32, token *string) ([]T, *string, error) {
	if size <= 0 || size > most {
		size = most
	}
	start := 0
	if token != nil && *token != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(*token, "page-"))
		if err != nil || n < 0 || n > len(all) {
			return nil, nil, invalid("the token %q is not valid", *token)
		}
		start = n
	}
	end := start + int(size)
	if end >= len(all) {
		return all[start:], nil, nil
	}
	return all[start:end], aws.String(fmt.Sprintf("page-%d", end)), nil
}
