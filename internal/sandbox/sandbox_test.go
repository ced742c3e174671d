package sandbox_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/smithy-go"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
)

// clients are the SDK's clients of one sandbox.
type clients struct {
	t   *testing.T
	ctx context.Context
	*sandbox.Sandbox
	account, region string

	sqs    *sqs.Client
	events *eventbridge.Client
	states *sfn.Client
	dynamo *dynamodb.Client
	logs   *cloudwatchlogs.Client
	stacks *cloudformation.Client
	lambda *lambda.Client
	s3     *s3.Client
	sts    *sts.Client
	xray   *xray.Client
}

// start runs a sandbox until the test ends. Inside a bubble the caller must close it itself, before the bubble ends.
func start(t *testing.T, o sandbox.Options) *clients {
	t.Helper()
	s, err := sandbox.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return clientsOf(t, s, sandbox.Account, sandbox.Region, s.Config())
}

// in are the clients of another account and region.
func (c *clients) in(account, region string) *clients {
	return clientsOf(c.t, c.Sandbox, account, region, c.ConfigFor(account, region))
}

func clientsOf(t *testing.T, s *sandbox.Sandbox, account, region string, c aws.Config) *clients {
	c.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return &clients{
		t: t, ctx: t.Context(), Sandbox: s, account: account, region: region,
		sqs: sqs.NewFromConfig(c), events: eventbridge.NewFromConfig(c), states: sfn.NewFromConfig(c), dynamo: dynamodb.NewFromConfig(c),
		logs: cloudwatchlogs.NewFromConfig(c), stacks: cloudformation.NewFromConfig(c), lambda: lambda.NewFromConfig(c), sts: sts.NewFromConfig(c), xray: xray.NewFromConfig(c),
		s3: s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true }),
	}
}

// bubble runs a test with a sandbox inside a synctest bubble: its waits cost no time, and what it leaves running hangs.
func bubble(t *testing.T, o sandbox.Options, f func(*clients)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := start(t, o)
		defer func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}()
		f(c)
	})
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// code is the AWS error code of an error, or its text.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func (c *clients) queue(name string) string {
	c.t.Helper()
	out := must[*sqs.CreateQueueOutput](c.t)(c.sqs.CreateQueue(c.ctx, &sqs.CreateQueueInput{QueueName: &name}))
	return *out.QueueUrl
}

// receive long-polls for up to ten messages.
func (c *clients) receive(url string, seconds int32) []string {
	c.t.Helper()
	out := must[*sqs.ReceiveMessageOutput](c.t)(c.sqs.ReceiveMessage(c.ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &url, WaitTimeSeconds: seconds, MaxNumberOfMessages: 10,
	}))
	var bodies []string
	for _, m := range out.Messages {
		bodies = append(bodies, *m.Body)
	}
	return bodies
}

func (c *clients) put(source, detailType, detail string) {
	c.t.Helper()
	out := must[*eventbridge.PutEventsOutput](c.t)(c.events.PutEvents(c.ctx, &eventbridge.PutEventsInput{Entries: []eb.PutEventsRequestEntry{
		{Source: &source, DetailType: &detailType, Detail: &detail},
	}}))
	if out.FailedEntryCount != 0 {
		c.t.Fatalf("PutEvents failed: %s", *out.Entries[0].ErrorMessage)
	}
}

// settle waits, in a bubble, until nothing moves any more, retries included.
func (c *clients) settle() {
	<-time.After(time.Minute)
	synctest.Wait()
}

func text(s string) ddb.AttributeValue { return &ddb.AttributeValueMemberS{Value: s} }

func TestExampleSystemsDeploy(t *testing.T) {
	bubble(t, sandbox.Options{Templates: os.DirFS("../../scenarios")}, func(c *clients) {
		out := must[*cloudformation.DescribeStacksOutput](t)(c.stacks.DescribeStacks(c.ctx, &cloudformation.DescribeStacksInput{}))
		if len(out.Stacks) < 3 {
			t.Errorf("%d stacks, want the three example systems", len(out.Stacks))
		}
	})
}

func TestLongPollEndsAfterTwentySeconds(t *testing.T) {
	bubble(t, sandbox.Options{}, func(c *clients) {
		url := c.queue("empty")
		began := time.Now()
		if got := c.receive(url, 20); len(got) > 0 {
			t.Errorf("received %v from an empty queue", got)
		}
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("an empty long poll took %v, want 20s", took)
		}
	})
}
