package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
)

func TestCallerIdentity(t *testing.T) {
	bubble(t, sandbox.Options{}, func(c *clients) {
		out := must[*sts.GetCallerIdentityOutput](t)(c.sts.GetCallerIdentity(c.ctx, &sts.GetCallerIdentityInput{}))
		if *out.Account != sandbox.Account {
			t.Errorf("account %s", *out.Account)
		}
	})
}

func (c *clients) logGroup(name string) {
	c.t.Helper()
	must[*cloudwatchlogs.CreateLogGroupOutput](c.t)(c.logs.CreateLogGroup(c.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name}))
	must[*cloudwatchlogs.CreateLogStreamOutput](c.t)(c.logs.CreateLogStream(c.ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &name, LogStreamName: aws.String("s")}))
}

// TestLongAnswers reads answers of many kilobytes, which a connection that is cut too early would lose.
func TestLongAnswers(t *testing.T) {
	bubble(t, sandbox.Options{}, func(c *clients) {
		c.logGroup("g")
		in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")}
		for n := range 50 {
			in.LogEvents = append(in.LogEvents, logtypes.InputLogEvent{Timestamp: aws.Int64(time.Now().UnixMilli()), Message: aws.String(fmt.Sprintf("%02d %s", n, strings.Repeat("x", 500)))})
		}
		must[*cloudwatchlogs.PutLogEventsOutput](t)(c.logs.PutLogEvents(c.ctx, in))
		for range 100 {
			if got := c.messages("g"); len(got) != 50 {
				t.Fatalf("%d messages", len(got))
			}
		}
	})
}

func TestLogs(t *testing.T) {
	bubble(t, sandbox.Options{}, func(c *clients) {
		c.logGroup("g")
		now := time.Now().UnixMilli()
		for n := range 3 {
			must[*cloudwatchlogs.PutLogEventsOutput](t)(c.logs.PutLogEvents(c.ctx, &cloudwatchlogs.PutLogEventsInput{
				LogGroupName: aws.String("g"), LogStreamName: aws.String("s"),
				LogEvents: []logtypes.InputLogEvent{{Timestamp: aws.Int64(now + int64(n)), Message: aws.String(fmt.Sprint(n))}},
			}))
		}
		var got []string
		pages := cloudwatchlogs.NewFilterLogEventsPaginator(c.logs, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g"), StartTime: aws.Int64(now + 1), Limit: aws.Int32(1)})
		for pages.HasMorePages() {
			for _, e := range must[*cloudwatchlogs.FilterLogEventsOutput](t)(pages.NextPage(c.ctx)).Events {
				got = append(got, *e.Message)
			}
		}
		if strings.Join(got, "") != "12" {
			t.Errorf("events %v", got)
		}
		all := must[*cloudwatchlogs.GetLogEventsOutput](t)(c.logs.GetLogEvents(c.ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")}))
		if len(all.Events) != 3 {
			t.Errorf("events %v", all.Events)
		}
		groups := must[*cloudwatchlogs.DescribeLogGroupsOutput](t)(c.logs.DescribeLogGroups(c.ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("g")}))
		streams := must[*cloudwatchlogs.DescribeLogStreamsOutput](t)(c.logs.DescribeLogStreams(c.ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String("g")}))
		if len(groups.LogGroups) != 1 || len(streams.LogStreams) != 1 || *streams.LogStreams[0].LastEventTimestamp != now+2 {
			t.Errorf("groups %v, streams %v", groups.LogGroups, streams.LogStreams)
		}
		_, err := c.logs.FilterLogEvents(c.ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("nope")})
		if code(err) != "ResourceNotFoundException" || !strings.Contains(err.Error(), "The specified log group does not exist.") {
			t.Errorf("a group that is not there: %v", err)
		}
	})
}

func TestFunctions(t *testing.T) {
	body := func(ctx context.Context, c *sandbox.Call) (any, error) {
		switch c.Event.(map[string]any)["do"] {
		case "fail":
			return nil, errors.New("no")
		case "panic":
			panic("help")
		case "sleep":
			<-ctx.Done()
			return nil, ctx.Err()
		}
		c.Log("env " + c.Env["A"])
		return map[string]any{"got": c.Event}, nil
	}
	const template = `
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: f, Role: r, Timeout: 5, Environment: {Variables: {A: b}}, Code: {ZipFile: ""}}
`
	bubble(t, sandbox.Options{Functions: map[string]sandbox.Function{"s/F": body}}, func(c *clients) {
		if err := c.Deploy(c.ctx, "s", "s", []byte(template), nil); err != nil {
			t.Fatal(err)
		}
		if n := c.Inventory()["log_groups"]; n != 0 {
			t.Errorf("%d log groups before the first line", n)
		}
		for payload, want := range map[string]string{
			`{"n":9007199254740993}`: `{"got":{"n":9007199254740993}}`,
			`{"do":"fail"}`:          `Unhandled {"errorMessage":"no","errorType":"errors.errorString","stackTrace":[]}`,
			`{"do":"panic"}`:         `Unhandled {"errorMessage":"help","errorType":"Runtime.Panic","stackTrace":[]}`,
			`{"do":"sleep"}`:         `Task timed out after 5.00 seconds`,
		} {
			out := must[*lambda.InvokeOutput](t)(c.lambda.Invoke(c.ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(payload), LogType: lambdatypes.LogTypeTail}))
			got := strings.TrimSpace(aws.ToString(out.FunctionError) + " " + string(out.Payload))
			if !strings.Contains(got, want) || aws.ToString(out.LogResult) == "" {
				t.Errorf("%s: %s, log %q", payload, got, aws.ToString(out.LogResult))
			}
		}
		out := must[*lambda.InvokeOutput](t)(c.lambda.Invoke(c.ctx, &lambda.InvokeInput{FunctionName: aws.String("arn:aws:lambda:us-east-1:000000000000:function:f"), InvocationType: lambdatypes.InvocationTypeEvent, Payload: []byte(`{"do":"fail"}`)}))
		if out.StatusCode != http.StatusAccepted {
			t.Errorf("status %d", out.StatusCode)
		}
		c.settle()
		if lines := strings.Join(c.messages("/aws/lambda/f"), "\n"); strings.Count(lines, "[ERROR] errors.errorString: no") != 2 || !strings.Contains(lines, "env b") {
			t.Errorf("log:\n%s", lines)
		}
		f := must[*lambda.GetFunctionOutput](t)(c.lambda.GetFunction(c.ctx, &lambda.GetFunctionInput{FunctionName: aws.String("f")}))
		if f.Configuration.Environment.Variables["A"] != "b" || *f.Configuration.LoggingConfig.LogGroup != "/aws/lambda/f" {
			t.Errorf("configuration %+v", f.Configuration)
		}
		must[*lambda.ListEventSourceMappingsOutput](t)(c.lambda.ListEventSourceMappings(c.ctx, &lambda.ListEventSourceMappingsInput{FunctionName: aws.String("f")}))
		if _, err := c.lambda.GetFunction(c.ctx, &lambda.GetFunctionInput{FunctionName: aws.String("nope")}); code(err) != "ResourceNotFoundException" {
			t.Errorf("a function that is not there: %v", err)
		}
		if _, err := c.lambda.ListFunctions(c.ctx, &lambda.ListFunctionsInput{}); code(err) != "UnknownOperationException" && code(err) != "ResourceNotFoundException" {
			t.Errorf("an operation that is not there: %v", err)
		}
	})
}

func TestIntercept(t *testing.T) {
	var calls atomic.Int32
	var reply atomic.Pointer[error]
	intercept := func(_ context.Context, service, operation string) error {
		if service == "sqs" && operation == "ListQueues" || service == "s3" && operation == "ListBuckets" {
			calls.Add(1)
			return *reply.Load()
		}
		return nil
	}
	for name, tt := range map[string]struct {
		reply error
		want  string
	}{
		"kind":      {nil, ""},
		"throttled": {&smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}, "ThrottlingException"},
		"broken":    {&smithy.GenericAPIError{Code: "InternalFailure", Message: "sorry", Fault: smithy.FaultServer}, "InternalFailure"},
		"cut":       {errors.New("reset"), "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			calls.Store(0)
			reply.Store(&tt.reply)
			bubble(t, sandbox.Options{Intercept: intercept}, func(c *clients) {
				_, err := c.sqs.ListQueues(c.ctx, &sqs.ListQueuesInput{})
				_, err2 := c.s3.ListBuckets(c.ctx, &s3.ListBucketsInput{})
				if !strings.HasSuffix(code(err), tt.want) || !strings.HasSuffix(code(err2), tt.want) || calls.Load() != 2 {
					t.Errorf("%d calls: %v; %v", calls.Load(), err, err2)
				}
			})
		})
	}
}

// TestMalformedRequests sends what no client would: the answer is always an AWS error, never a cut connection.
func TestMalformedRequests(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for _, tt := range []struct{ target, contentType, path, body, want string }{
		{"AmazonSQS.CreateQueue", "", "/", `{"QueueName":`, "SerializationException"},
		{"AmazonSQS.CreateQueue", "", "/", `[]`, "SerializationException"},
		{"AmazonSQS.CreateQueue", "", "/", `null`, "InvalidParameterValue"},
		{"AmazonSQS.CreateQueue", "", "/", `{"QueueName":1}`, "SerializationException"},
		{"AmazonSQS.CreateQueue", "", "/", `{"QueueName":"a","Attributes":[1]}`, "SerializationException"},
		{"AmazonSQS.ReceiveMessage", "", "/", `{"QueueUrl":"a","WaitTimeSeconds":"x"}`, "SerializationException"},
		{"AmazonSQS.ReceiveMessage", "", "/", `{"QueueUrl":"a","WaitTimeSeconds":99999999999}`, "SerializationException"},
		{"AmazonSQS.ReceiveMessage", "", "/", ``, "MissingParameter"},
		{"AmazonSQS.Nope", "", "/", `{}`, "UnknownOperationException"},
		{"AmazonSQS", "", "/", `{}`, "UnknownOperationException"},
		{"Nope.Nope", "", "/", `{}`, "UnknownOperationException"},
		{"DynamoDB_20120810.PutItem", "", "/", `{"TableName":"t","Item":{"a":{"S":1}}}`, "SerializationException"},
		{"DynamoDB_20120810.PutItem", "", "/", `{"TableName":"t","Item":{"a":{}}}`, "ValidationException"},
		{"DynamoDB_20120810.PutItem", "", "/", `{"TableName":"t","Item":{"a":{"L":[{"M":{"b":{"NS":[1]}}}]}}}`, "SerializationException"},
		{"DynamoDB_20120810.PutItem", "", "/", `{"TableName":"t","Item":{"a":null}}`, "ValidationException"},
		{"AWSEvents.PutEvents", "", "/", `{"Entries":[{"Time":"yesterday"}]}`, "SerializationException"},
		{"AWSEvents.PutTargets", "", "/", `{"Rule":"r","Targets":[{}]}`, "ValidationException"},
		{"AWSStepFunctions.StartExecution", "", "/", `{}`, "InvalidArn"},
		{"Logs_20140328.PutLogEvents", "", "/", `{}`, "InvalidParameterException"},
		{"", form, "/", "Action=Nope", "UnknownOperationException"},
		{"", form, "/", "x=%zz", "MalformedQueryString"},
		{"", form, "/", "", "MissingAction"},
		{"", "", "/2015-03-31/nope", "", "UnknownOperationException"},
		{"", "", "/2015-03-31/functions/%2F/invocations", "{", "ResourceNotFoundException"},
		{"", "", "/bucket/key?acl", "", "NotImplemented"},
		{"", "", "/bucket?delete", "<", "NoSuchBucket"},
	} {
		t.Run(tt.target+tt.path+tt.body, func(t *testing.T) {
			bubble(t, sandbox.Options{}, func(c *clients) {
				r := must[*http.Request](t)(http.NewRequestWithContext(c.ctx, http.MethodPost, sandbox.URL+tt.path, strings.NewReader(tt.body)))
				r.Header.Set("Content-Type", tt.contentType)
				if tt.target != "" {
					r.Header.Set("X-Amz-Target", tt.target)
				}
				resp := must[*http.Response](t)(c.Config().HTTPClient.Do(r))
				defer resp.Body.Close()
				body := string(must[[]byte](t)(io.ReadAll(resp.Body)))
				if resp.StatusCode < 400 || !strings.Contains(body+resp.Header.Get("X-Amzn-Errortype"), tt.want) {
					t.Errorf("%s: %s; want %s", resp.Status, body, tt.want)
				}
			})
		})
	}
}

// TestCloseStopsEverything closes a sandbox while a poll, a function and an execution wait.
func TestCloseStopsEverything(t *testing.T) {
	const waits = `{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":999999,"End":true}}}`
	var polled, invoked error
	done := make(chan struct{}, 2)
	sleeper := func(ctx context.Context, _ *sandbox.Call) (any, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	bubble(t, sandbox.Options{Functions: map[string]sandbox.Function{"s/Flaky": sleeper}}, func(c *clients) {
		done = make(chan struct{}, 2)
		if err := c.Deploy(c.ctx, "s", "s", machineTemplate(waits), nil); err != nil {
			t.Fatal(err)
		}
		c.execute(`{}`)
		url := c.queue("q")
		go func() {
			_, polled = c.sqs.ReceiveMessage(c.ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
			done <- struct{}{}
		}()
		go func() {
			_, invoked = c.lambda.Invoke(c.ctx, &lambda.InvokeInput{FunctionName: aws.String("flaky")})
			done <- struct{}{}
		}()
		<-time.After(time.Second)
		began := time.Now()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		<-done
		<-done
		if polled == nil || time.Since(began) != 0 {
			t.Errorf("after %v: poll %v, invocation %v", time.Since(began), polled, invoked)
		}
		if _, err := c.Dial(c.ctx, "tcp", "x:80"); err == nil {
			t.Error("a closed sandbox takes connections")
		}
	})
}
