package awsclient

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/rehearse-dev/rehearse/internal/trace"
)

func TestCallsCarryTheirTrace(t *testing.T) {
	h := trace.Header{Trace: "1-581cf771-a006649127e371903a2de979", Parent: "53995c3f42cd8ad8"}
	const own = "Root=1-00000000-000000000000000000000000;Sampled=0"
	message := aws.String("m")
	cases := []struct {
		name     string
		call     func(context.Context, *Place) error
		body     string // what the request's body names the trace by; "": nothing does
		attached int    // how often it does
	}{
		{"a call that starts nothing", func(ctx context.Context, p *Place) error {
			_, err := p.Lambda().Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f")})
			return err
		}, "", 0},
		{"events", func(ctx context.Context, p *Place) error {
			in := &eventbridge.PutEventsInput{Entries: []eb.PutEventsRequestEntry{{Detail: message}, {Detail: message, TraceHeader: aws.String(own)}, {Detail: message}}}
			_, err := p.Once().EventBridge().PutEvents(ctx, in)
			if in.Entries[0].TraceHeader != nil {
				t.Error("the caller's own entries were changed")
			}
			return err
		}, `"TraceHeader":"`, 2},
		{"an execution", func(ctx context.Context, p *Place) error {
			_, err := p.SFN().StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: aws.String("arn:aws:states:eu-west-1:111122223333:stateMachine:m")})
			return err
		}, `"traceHeader":"`, 1},
		{"a message", func(ctx context.Context, p *Place) error {
			_, err := p.SQS().SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String("http://emulator.test/q"), MessageBody: message})
			return err
		}, `"AWSTraceHeader":{"DataType":"String","StringValue":"`, 1},
		{"messages", func(ctx context.Context, p *Place) error {
			mine := map[string]sqstypes.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(own)}}
			_, err := p.SQS().SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: aws.String("http://emulator.test/q"), Entries: []sqstypes.SendMessageBatchRequestEntry{
				{Id: aws.String("1"), MessageBody: message},
				{Id: aws.String("2"), MessageBody: message, MessageSystemAttributes: mine},
			}})
			return err
		}, `"AWSTraceHeader":{"DataType":"String","StringValue":"`, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var header, body, signed string
			p := placeAt(t, emulator, func(w http.ResponseWriter, r *http.Request) error {
				header, body, signed = r.Header.Get(trace.HeaderName), "", r.Header.Get("Authorization")
				if r.Body != nil {
					b, err := io.ReadAll(r.Body)
					if err != nil {
						return err
					}
					body = string(b)
				}
				return done(w, r)
			}, nil)
			_ = c.call(t.Context(), p) // what the answers lack is no matter here
			if signed == "" {
				t.Fatal("nothing was sent")
			}
			if header != "" || strings.Contains(body, h.Trace) {
				t.Errorf("outside a trace: header %q, body %s", header, body)
			}
			_ = c.call(trace.With(t.Context(), h), p)
			if header != h.String() {
				t.Errorf("header %q, want %q", header, h)
			}
			if strings.Contains(strings.ToLower(signed), "x-amzn-trace-id") {
				t.Errorf("the signature covers a header that is changed on the way: %s", signed)
			}
			if n := strings.Count(body, c.body+h.String()); c.body != "" && n != c.attached || c.body == "" && strings.Contains(body, h.Trace) {
				t.Errorf("the trace stands in the body %d times, want %d: %s", n, c.attached, body)
			}
			_ = c.call(trace.Without(trace.With(t.Context(), h)), p)
			if header != "" || strings.Contains(body, h.Trace) {
				t.Errorf("taken out of the trace: header %q, body %s", header, body)
			}
		})
	}
}
