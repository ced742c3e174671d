package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

const integration = "arn:aws:states:::"

// integrations are the resources of tasks that call another service's operation, with the prefix of its errors.
var integrations = map[string]struct{ target, operation, errors string }{
	"events:putEvents":    {"AWSEvents", "PutEvents", "EventBridge."},
	"dynamodb:putItem":    {"DynamoDB_20120810", "PutItem", "DynamoDB."},
	"dynamodb:getItem":    {"DynamoDB_20120810", "GetItem", "DynamoDB."},
	"dynamodb:deleteItem": {"DynamoDB_20120810", "DeleteItem", "DynamoDB."},
	"sqs:sendMessage":     {"AmazonSQS", "SendMessage", "SQS."},
}

func checkResource(resource string) error {
	name, ok := strings.CutPrefix(resource, integration)
	switch {
	case ok && name == "lambda:invoke":
		return nil
	case ok && integrations[name].target != "":
		return nil
	case arnService(resource) == "lambda":
		return nil
	}
	return fmt.Errorf("the sandbox has no task resource %q", resource)
}

// task performs one attempt of a Task state and writes its part of the history.
func (i *interpreter) task(ctx context.Context, s *state, in any) (any, error) {
	if s.TimeoutSeconds > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(s.TimeoutSeconds)*time.Second)
		defer cancel()
	}
	if name, ok := strings.CutPrefix(s.Resource, integration); ok {
		return i.integrated(ctx, name, in)
	}
	i.record(types.HistoryEvent{Type: types.HistoryEventTypeLambdaFunctionScheduled, LambdaFunctionScheduledEventDetails: &types.LambdaFunctionScheduledEventDetails{
		Resource: &s.Resource, Input: aws.String(compactJSON(in)), InputDetails: included,
	}})
	i.record(types.HistoryEvent{Type: types.HistoryEventTypeLambdaFunctionStarted})
	out, err := i.call(ctx, s.Resource, in)
	if err != nil {
		i.record(types.HistoryEvent{Type: types.HistoryEventTypeLambdaFunctionFailed, LambdaFunctionFailedEventDetails: &types.LambdaFunctionFailedEventDetails{
			Error: &err.name, Cause: &err.cause,
		}})
		return nil, err
	}
	i.record(types.HistoryEvent{Type: types.HistoryEventTypeLambdaFunctionSucceeded, LambdaFunctionSucceededEventDetails: &types.LambdaFunctionSucceededEventDetails{
		Output: aws.String(compactJSON(out)), OutputDetails: included,
	}})
	return out, nil
}

// integrated performs a task through another service's operation.
func (i *interpreter) integrated(ctx context.Context, name string, in any) (any, error) {
	service, operation, _ := strings.Cut(name, ":")
	i.record(types.HistoryEvent{Type: types.HistoryEventTypeTaskScheduled, TaskScheduledEventDetails: &types.TaskScheduledEventDetails{
		Resource: &operation, ResourceType: &service, Region: &i.service.home.region, Parameters: aws.String(compactJSON(in)),
	}})
	i.record(types.HistoryEvent{Type: types.HistoryEventTypeTaskStarted, TaskStartedEventDetails: &types.TaskStartedEventDetails{Resource: &operation, ResourceType: &service}})
	var out any
	var err *stateError
	if name == "lambda:invoke" {
		out, err = i.invoke(ctx, in)
	} else {
		out, err = i.operate(ctx, name, in)
	}
	if err != nil {
		i.record(types.HistoryEvent{Type: types.HistoryEventTypeTaskFailed, TaskFailedEventDetails: &types.TaskFailedEventDetails{
			Resource: &operation, ResourceType: &service, Error: &err.name, Cause: &err.cause,
		}})
		return nil, err
	}
	i.record(types.HistoryEvent{Type: types.HistoryEventTypeTaskSucceeded, TaskSucceededEventDetails: &types.TaskSucceededEventDetails{
		Resource: &operation, ResourceType: &service, Output: aws.String(compactJSON(out)), OutputDetails: included,
	}})
	return out, nil
}

// call invokes a function and gives its result.
func (i *interpreter) call(ctx context.Context, ref string, in any) (any, *stateError) {
	l := i.service.home.lambda
	f, err := l.find(ref)
	if err != nil {
		a, _ := answerFor(err)
		return nil, fails("Lambda."+a.code, "%s", a.message)
	}
	done := l.invoke(ctx, f, []byte(compactJSON(in)), false)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, fails("States.Timeout", "")
	}
	if done.err != nil {
		return nil, &stateError{name: done.err.Type, cause: done.payload}
	}
	out, err := parseJSON([]byte(done.payload))
	if err != nil {
		return nil, fails("States.Runtime", "the function's result is not JSON: %v", err)
	}
	return out, nil
}

func (i *interpreter) invoke(ctx context.Context, in any) (any, *stateError) {
	m, _ := in.(map[string]any)
	name, ok := m["FunctionName"].(string)
	if !ok {
		return nil, fails("States.Runtime", "The Parameters of lambda:invoke lack a FunctionName.")
	}
	for field := range m {
		if field != "FunctionName" && field != "Payload" {
			return nil, fails("States.Runtime", "the sandbox does not know %s of lambda:invoke", field)
		}
	}
	event := m["Payload"]
	if event == nil {
		event = map[string]any{}
	}
	out, err := i.call(ctx, name, event)
	if err != nil {
		return nil, err
	}
	return map[string]any{"ExecutedVersion": "$LATEST", "Payload": out, "StatusCode": json.Number("200")}, nil
}

// operate calls an operation of a service with the task's parameters as its input.
func (i *interpreter) operate(ctx context.Context, name string, in any) (any, *stateError) {
	to := integrations[name]
	endpoint := i.service.home.routes.targets[to.target]
	if name == "events:putEvents" {
		in = i.entries(in)
	}
	if m, ok := in.(map[string]any); ok && name == "sqs:sendMessage" {
		if _, isText := m["MessageBody"].(string); !isText && m["MessageBody"] != nil {
			in = with(m, "MessageBody", compactJSON(m["MessageBody"]))
		}
	}
	out, err := endpoint.invoke(ctx, endpoint.operations[to.operation], to.operation, in)
	if err != nil {
		a, _ := answerFor(err)
		return nil, fails(to.errors+a.code, "%s (Service: %s; Status Code: %d; Error Code: %s)", a.message, endpoint.service, a.status, a.code)
	}
	m, _ := out.(map[string]any)
	if name == "events:putEvents" && textOf(m["FailedEntryCount"]) != "0" {
		return nil, fails("EventBridge.FailedEntry", "%s", compactJSON(m))
	}
	return out, nil
}

// entries turns the details of a task's events into text and names the execution among their resources, as Step Functions does.
func (i *interpreter) entries(in any) any {
	m, ok := in.(map[string]any)
	list, isList := m["Entries"].([]any)
	if !ok || !isList {
		return in
	}
	out := make([]any, len(list))
	for n, e := range list {
		entry, ok := e.(map[string]any)
		if !ok {
			out[n] = e
			continue
		}
		if _, isText := entry["Detail"].(string); !isText && entry["Detail"] != nil {
			entry = with(entry, "Detail", compactJSON(entry["Detail"]))
		}
		resources, _ := entry["Resources"].([]any)
		out[n] = with(entry, "Resources", append(append([]any{}, resources...), i.execution.arn, i.execution.machine.arn))
	}
	return with(m, "Entries", out)
}

// with is a copy of a map with one field set.
func with(m map[string]any, field string, v any) map[string]any {
	out := make(map[string]any, len(m)+1)
	for k, x := range m {
		out[k] = x
	}
	out[field] = v
	return out
}
