package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	smithymiddleware "github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/internal/trace"
)

const tracedTemplate = `
Resources:
  Active:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: Active, Role: r, TracingConfig: {Mode: Active}}
  Silent:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: Silent, Role: r}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [shop]}
      Targets:
        - {Id: active, Arn: !GetAtt Active.Arn}
        - {Id: queue, Arn: !GetAtt Queue.Arn}
        - {Id: machine, Arn: !GetAtt Machine.Arn, RoleArn: r}
        - {Id: bus, Arn: !GetAtt Bus.Arn}
  Permission:
    Type: AWS::Lambda::Permission
    Properties: {FunctionName: !Ref Active, Action: lambda:InvokeFunction, Principal: events.amazonaws.com}
  Bus:
    Type: AWS::Events::EventBus
    Properties: {Name: second}
  OnSecond:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {source: [shop]}
      Targets: [{Id: active, Arn: !GetAtt Active.Arn}]
  Queue:
    Type: AWS::SQS::Queue
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument: {Statement: {Effect: Allow, Principal: "*", Action: "sqs:SendMessage"}}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: Machine
      RoleArn: r
      TracingConfiguration: {Enabled: true}
      Definition:
        StartAt: Wait
        States:
          Wait: {Type: Wait, Seconds: 1, Next: Call}
          Call: {Type: Task, Resource: !GetAtt Active.Arn, ResultPath: null, End: true}
Outputs:
  Queue: {Value: !Ref Queue}
  Machine: {Value: !Ref Machine}
`

// flow is a sandbox whose functions tell the trace header they got, and fail when their event says so.
type flow struct {
	*clients
	header trace.Header
	got    chan string // name and header of each call
}

func tracedFlow(t *testing.T, f func(*flow)) {
	t.Helper()
	var got chan string // made in the bubble
	body := func(ctx context.Context, c *sandbox.Call) (any, error) {
		got <- c.FunctionName + " " + c.TraceHeader
		event, _ := c.Event.(map[string]any)
		if event["late"] != nil {
			c.TraceLate = 8 * time.Second
		}
		<-time.After(time.Second)
		if event["fail"] != nil {
			return nil, &sandbox.Failure{Type: "ValueError", Message: "no"}
		}
		if event["ask"] != nil {
			_, err := sqs.NewFromConfig(c.Config).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(event["ask"].(string)), MessageBody: aws.String("x")})
			return nil, err
		}
		return nil, nil
	}
	synctest.Test(t, func(t *testing.T) {
		got = make(chan string, 100)
		c := start(t, sandbox.Options{Functions: map[string]sandbox.Function{"s/Active": body, "s/Silent": body}})
		defer c.Close()
		if err := c.Deploy(c.ctx, "s", "s", []byte(tracedTemplate), nil); err != nil {
			t.Fatal(err)
		}
		f(&flow{c, trace.New(time.Now()), got})
	})
}

// carry makes a call carry a header, as callers do that take part in a trace.
func carry(header string) func(*smithymiddleware.Stack) error {
	return smithyhttp.AddHeaderValue(trace.HeaderName, header)
}

func (f *flow) invoke(function, event, header string) {
	f.t.Helper()
	in := &lambda.InvokeInput{FunctionName: &function, Payload: []byte(event)}
	must[*lambda.InvokeOutput](f.t)(f.lambda.Invoke(f.ctx, in, func(o *lambda.Options) { o.APIOptions = append(o.APIOptions, carry(header)) }))
}

// calls are the functions that were called, with the parent they were told: "root" for the flow's own, or the id.
func (f *flow) calls() (list []string) {
	for {
		select {
		case call := <-f.got:
			name, header, _ := strings.Cut(call, " ")
			h, err := trace.Parse(header)
			switch {
			case header == "":
				name += " untraced"
			case err != nil || h.Trace != f.header.Trace:
				name += " " + header
			case h.Parent == f.header.Parent:
				name += " root"
			default:
				name += " " + h.Parent
			}
			list = append(list, name)
		default:
			slices.Sort(list)
			return list
		}
	}
}

type document struct {
	ID, Name, Origin string
	TraceID          string  `json:"trace_id"`
	ParentID         string  `json:"parent_id"`
	Start            float64 `json:"start_time"`
	End              float64 `json:"end_time"`
	InProgress       bool    `json:"in_progress"`
	Fault            bool
	Type             string
	Cause            struct {
		Exceptions []struct{ Type, Message string }
	}
	AWS struct {
		Account string `json:"account_id"`
	}
	Subsegments []document
}

// documents are the segments of the flow's trace, by origin and name.
func (f *flow) documents() map[string]document {
	f.t.Helper()
	out := must[*xray.BatchGetTracesOutput](f.t)(f.xray.BatchGetTraces(f.ctx, &xray.BatchGetTracesInput{TraceIds: []string{f.header.Trace}}))
	found := map[string]document{}
	for _, tr := range out.Traces {
		for _, s := range tr.Segments {
			var d document
			if err := json.Unmarshal([]byte(*s.Document), &d); err != nil {
				f.t.Fatal(err)
			}
			key := strings.TrimSpace(d.Origin + " " + d.Name)
			if _, twice := found[key]; twice {
				f.t.Errorf("%s is there twice", key)
			}
			found[key] = d
		}
	}
	return found
}

func (f *flow) sub(d document, name string) document {
	f.t.Helper()
	i := slices.IndexFunc(d.Subsegments, func(s document) bool { return s.Name == name })
	if i < 0 {
		f.t.Fatalf("%s has no subsegment %s: %+v", d.Name, name, d.Subsegments)
	}
	return d.Subsegments[i]
}

func TestFunctionsAreTraced(t *testing.T) {
	tracedFlow(t, func(f *flow) {
		f.invoke("Active", `{}`, f.header.String())
		docs := f.documents()
		service, function := docs["AWS::Lambda Active"], docs["AWS::Lambda::Function Active"]
		if len(docs) != 2 || service.ParentID != f.header.Parent || function.ParentID != service.ID || service.Fault || function.Fault || service.AWS.Account != sandbox.Account {
			t.Errorf("segments %+v", docs)
		}
		run := f.sub(function, "Invocation")
		if run.End-run.Start != 1 || function.End-function.Start != 1 {
			t.Errorf("a function of one second took %v, its segment %v", run.End-run.Start, function.End-function.Start)
		}
		f.sub(function, "Overhead")
		if got := f.calls(); !slices.Equal(got, []string{"Active " + run.ID}) {
			t.Errorf("calls %v, want one under %s", got, run.ID)
		}
	})
}

func TestFailuresAreTraced(t *testing.T) {
	tracedFlow(t, func(f *flow) {
		f.invoke("Active", `{"fail": true}`, f.header.String())
		docs := f.documents()
		function := docs["AWS::Lambda::Function Active"]
		if !docs["AWS::Lambda Active"].Fault || !function.Fault || len(function.Cause.Exceptions) != 1 || function.Cause.Exceptions[0] != (struct{ Type, Message string }{"ValueError", "no"}) {
			t.Errorf("segments %+v", docs)
		}
	})
}

// TestNothingIsTracedUnasked holds that without sampling, header or active tracing nothing is written, and that the
// header goes on all the same.
func TestNothingIsTracedUnasked(t *testing.T) {
	tracedFlow(t, func(f *flow) {
		f.invoke("Silent", `{}`, f.header.String())
		f.invoke("Active", `{}`, strings.Replace(f.header.String(), "Sampled=1", "Sampled=0", 1))
		f.invoke("Active", `{}`, "Root=nonsense;Sampled=1")
		if got := f.calls(); !slices.Equal(got, []string{"Active root", "Active untraced", "Silent root"}) {
			t.Errorf("calls %v", got)
		}
		if docs := f.documents(); len(docs) != 0 {
			t.Errorf("segments %v", docs)
		}
	})
}

// headers are the trace headers of the messages that wait.
func (f *flow) headers(url string) (list []string) {
	f.t.Helper()
	out := must[*sqs.ReceiveMessageOutput](f.t)(f.sqs.ReceiveMessage(f.ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: 10, MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"AWSTraceHeader"},
	}))
	for _, m := range out.Messages {
		list = append(list, m.Attributes["AWSTraceHeader"])
	}
	return list
}

func TestMessagesKeepTheirTrace(t *testing.T) {
	tracedFlow(t, func(f *flow) {
		url := f.outputs("s")["Queue"]
		f.invoke("Active", `{"ask": "`+url+`"}`, f.header.String()) // carries on by itself
		run := f.sub(f.documents()["AWS::Lambda::Function Active"], "Invocation")
		own := trace.New(time.Now()).String()
		must[*sqs.SendMessageOutput](t)(f.sqs.SendMessage(f.ctx, &sqs.SendMessageInput{
			QueueUrl: &url, MessageBody: aws.String("x"),
			MessageSystemAttributes: map[string]sqstypes.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: aws.String("String"), StringValue: &own}},
		}, func(o *sqs.Options) { o.APIOptions = append(o.APIOptions, carry(f.header.String())) }))
		want := []string{trace.Header{Trace: f.header.Trace, Parent: run.ID}.String(), own}
		if got := f.headers(url); !slices.Equal(got, want) {
			t.Errorf("messages of %q, want %q", got, want)
		}
	})
}

func (f *flow) put(entry, header string) {
	f.t.Helper()
	e := eb.PutEventsRequestEntry{Source: aws.String("shop"), DetailType: aws.String("sold"), Detail: aws.String("{}")}
	if entry != "" {
		e.TraceHeader = &entry
	}
	must[*eventbridge.PutEventsOutput](f.t)(f.events.PutEvents(f.ctx, &eventbridge.PutEventsInput{Entries: []eb.PutEventsRequestEntry{e}},
		func(o *eventbridge.Options) {
			if header != "" {
				o.APIOptions = append(o.APIOptions, carry(header))
			}
		}))
	f.settle()
}

// TestEventsCarryTheirTrace holds that every sort of target gets the header: of the entry, or else of the call.
func TestEventsCarryTheirTrace(t *testing.T) {
	for name, put := range map[string]func(*flow){
		"of the entry":                  func(f *flow) { f.put(f.header.String(), "") },
		"of the call":                   func(f *flow) { f.put("", f.header.String()) },
		"of the entry, before the call": func(f *flow) { f.put(f.header.String(), trace.New(time.Now()).String()) },
	} {
		t.Run(name, func(t *testing.T) {
			tracedFlow(t, func(f *flow) {
				put(f)
				if got := f.headers(f.outputs("s")["Queue"]); !slices.Equal(got, []string{f.header.String()}) {
					t.Errorf("the queue got %q", got)
				}
				out := must[*xray.BatchGetTracesOutput](t)(f.xray.BatchGetTraces(f.ctx, &xray.BatchGetTracesInput{TraceIds: []string{f.header.Trace}}))
				origins := map[string]int{}
				for _, s := range out.Traces[0].Segments {
					var d document
					if err := json.Unmarshal([]byte(*s.Document), &d); err != nil {
						t.Fatal(err)
					}
					origins[d.Origin]++
					if d.Origin == "AWS::Lambda" && d.ParentID == f.header.Parent && f.sub(d, "Attempt #1").ID == "" {
						t.Error("an attempt without an id")
					}
				}
				// The rule, the machine's task and the second bus each call Active.
				if want := map[string]int{"AWS::Lambda": 3, "AWS::Lambda::Function": 3, "AWS::StepFunctions::StateMachine": 1}; fmt.Sprint(origins) != fmt.Sprint(want) {
					t.Errorf("segments %v, want %v; lost %v", origins, want, f.Lost())
				}
			})
		})
	}
}

func TestStateMachinesAreTraced(t *testing.T) {
	tracedFlow(t, func(f *flow) {
		machine := f.outputs("s")["Machine"]
		in := &sfn.StartExecutionInput{StateMachineArn: &machine, Input: aws.String(`{"fail": true}`), TraceHeader: aws.String(f.header.String())}
		must[*sfn.StartExecutionOutput](t)(f.states.StartExecution(f.ctx, in))
		f.settle()
		docs := f.documents()
		m := docs["AWS::StepFunctions::StateMachine Machine"]
		task := f.sub(m, "Call")
		if m.ParentID != f.header.Parent || !m.Fault || !task.Fault || m.End-m.Start != 2 || task.End-task.Start != 1 || m.AWS.Account != sandbox.Account || len(m.Subsegments) != 1 {
			t.Errorf("the machine's segment %+v", m)
		}
		if service := docs["AWS::Lambda Active"]; service.ParentID != task.ID || len(service.Subsegments) != 0 {
			t.Errorf("the function's segment %+v, want it under %s", service, task.ID)
		}
	})
}

func TestExecutionsTakeTheTraceOfTheirCall(t *testing.T) {
	tracedFlow(t, func(f *flow) {
		machine := f.outputs("s")["Machine"]
		must[*sfn.StartExecutionOutput](t)(f.states.StartExecution(f.ctx, &sfn.StartExecutionInput{StateMachineArn: &machine},
			func(o *sfn.Options) { o.APIOptions = append(o.APIOptions, carry(f.header.String())) }))
		f.settle()
		if m := f.documents()["AWS::StepFunctions::StateMachine Machine"]; m.ParentID != f.header.Parent || m.Fault {
			t.Errorf("the machine's segment %+v", m)
		}
	})
}

// TestSegmentsComeLate holds what a function that says so makes of its trace: pieces, some without their parent.
func TestSegmentsComeLate(t *testing.T) {
	tracedFlow(t, func(f *flow) {
		f.invoke("Active", `{"late": true}`, f.header.String())
		f.invoke("Silent", `{}`, "") // nothing of it is seen
		var seen []string
		look := func(after time.Duration) {
			<-time.After(after)
			synctest.Wait()
			var names []string
			for name, d := range f.documents() {
				if d.InProgress {
					name += " in progress"
				}
				names = append(names, name)
			}
			slices.Sort(names)
			seen = append(seen, strings.Join(names, ", "))
		}
		look(0)
		look(3 * time.Second) // the call of Silent took one
		look(4 * time.Second)
		want := []string{
			"AWS::Lambda Active in progress",
			"AWS::Lambda Active in progress, Invocation, Overhead",
			"AWS::Lambda Active, AWS::Lambda::Function Active, Invocation, Overhead",
		}
		if !slices.Equal(seen, want) {
			t.Errorf("saw %q\nwant %q", seen, want)
		}
	})
}

// TestTracesStayInTheirAccount holds that segments go where the function is.
func TestTracesStayInTheirAccount(t *testing.T) {
	body := func(context.Context, *sandbox.Call) (any, error) { return nil, nil }
	bubble(t, sandbox.Options{Functions: map[string]sandbox.Function{"s/Active": body, "s/Silent": body}}, func(c *clients) {
		if err := c.Deploy(c.ctx, "s", "s", []byte("Metadata: {Sandbox: {Account: \"111122223333\"}}"+tracedTemplate), nil); err != nil {
			t.Fatal(err)
		}
		home, there := &flow{clients: c, header: trace.New(time.Now())}, &flow{clients: c.in(other, sandbox.Region)}
		there.header = home.header
		if err := c.route("default", "arn:aws:events:us-east-1:111122223333:event-bus/second"); err != nil {
			t.Fatal(err)
		}
		home.put(home.header.String(), "")
		if docs := there.documents(); len(docs) != 2 || docs["AWS::Lambda Active"].AWS.Account != other || docs["AWS::Lambda Active"].ParentID != home.header.Parent {
			t.Errorf("segments there: %+v; lost %v", docs, c.Lost())
		}
		if docs := home.documents(); len(docs) != 0 {
			t.Errorf("segments here: %+v", docs)
		}
	})
}
