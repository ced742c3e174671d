package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

var errMachineTimeout = errors.New("the state machine's TimeoutSeconds are over")

// interpreter runs one execution.
type interpreter struct {
	service   *statesService
	execution *execution
	context   map[string]any // the context object, $$
	trace     *machineTrace  // nil when the execution is not traced
}

func (i *interpreter) record(e types.HistoryEvent) {
	i.service.mu.Lock()
	defer i.service.mu.Unlock()
	i.execution.record(e)
}

func (i *interpreter) finish(status types.ExecutionStatus, output, failed, cause *string, last types.HistoryEvent) {
	i.service.mu.Lock()
	defer i.service.mu.Unlock()
	i.execution.finish(status, output, failed, cause, last)
}

// run goes from state to state until one ends the execution.
func (i *interpreter) run(ctx context.Context, input any) {
	e := i.execution
	i.context = map[string]any{
		"Execution": map[string]any{
			"Id": e.arn, "Name": e.name, "Input": input, "RoleArn": e.machine.role, "StartTime": e.started.UTC().Format("2006-01-02T15:04:05.000Z"),
		},
		"StateMachine": map[string]any{"Id": e.machine.arn, "Name": e.machine.name},
	}
	i.record(types.HistoryEvent{Type: types.HistoryEventTypeExecutionStarted, ExecutionStartedEventDetails: &types.ExecutionStartedEventDetails{
		Input: &e.input, InputDetails: included, RoleArn: &e.machine.role,
	}})
	doc, name := input, e.machine.StartAt
	for name != "" {
		var err error
		doc, name, err = i.step(ctx, name, doc)
		if err != nil {
			i.failed(ctx, err)
			return
		}
	}
	output := compactJSON(doc)
	i.finish(types.ExecutionStatusSucceeded, &output, nil, nil, types.HistoryEvent{
		Type:                           types.HistoryEventTypeExecutionSucceeded,
		ExecutionSucceededEventDetails: &types.ExecutionSucceededEventDetails{Output: &output, OutputDetails: included},
	})
}

var included = &types.HistoryEventExecutionDataDetails{Truncated: false}

// failed ends the execution with an error. After a stop it changes nothing: the execution is over already.
func (i *interpreter) failed(ctx context.Context, err error) {
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), errMachineTimeout) {
		i.finish(types.ExecutionStatusTimedOut, nil, aws.String("States.Timeout"), nil, types.HistoryEvent{
			Type: types.HistoryEventTypeExecutionTimedOut, ExecutionTimedOutEventDetails: &types.ExecutionTimedOutEventDetails{Error: aws.String("States.Timeout")},
		})
		return
	}
	se := asStateError(err)
	i.finish(types.ExecutionStatusFailed, nil, optional(se.name), optional(se.cause), types.HistoryEvent{
		Type: types.HistoryEventTypeExecutionFailed, ExecutionFailedEventDetails: &types.ExecutionFailedEventDetails{Error: optional(se.name), Cause: optional(se.cause)},
	})
}

func asStateError(err error) *stateError {
	var se *stateError
	if errors.As(err, &se) {
		return se
	}
	return &stateError{name: "States.Runtime", cause: err.Error()}
}

// step runs one state: it gives the next document and the next state's name, "" at the end.
func (i *interpreter) step(ctx context.Context, name string, doc any) (any, string, error) {
	s := i.execution.machine.States[name]
	i.context["State"] = map[string]any{"Name": name, "EnteredTime": i.service.home.now().UTC().Format("2006-01-02T15:04:05.000Z"), "RetryCount": json.Number("0")}
	input := compactJSON(doc)
	i.record(types.HistoryEvent{
		Type:                     types.HistoryEventType(s.Type + "StateEntered"),
		StateEnteredEventDetails: &types.StateEnteredEventDetails{Name: &name, Input: &input, InputDetails: included},
	})
	out, next, err := i.perform(ctx, s, doc)
	if ctx.Err() != nil {
		return nil, "", ctx.Err()
	}
	if err != nil && s.Type != "Fail" {
		out, next, err = i.caught(s, doc, asStateError(err))
	}
	if err != nil {
		return nil, "", err
	}
	output := compactJSON(out)
	i.record(types.HistoryEvent{
		Type:                    types.HistoryEventType(s.Type + "StateExited"),
		StateExitedEventDetails: &types.StateExitedEventDetails{Name: &name, Output: &output, OutputDetails: included},
	})
	return out, next, nil
}

// caught finds the catcher for an error.
func (i *interpreter) caught(s *state, doc any, failure *stateError) (any, string, error) {
	for _, c := range s.Catch {
		if !failure.named(c.ErrorEquals) {
			continue
		}
		info := map[string]any{"Error": failure.name, "Cause": failure.cause}
		out, err := place(c.ResultPath, doc, info)
		return out, c.Next, err
	}
	return nil, "", failure
}

// place puts a result where a ResultPath says: it replaces the document when there is no path, is dropped when it is null.
func place(p optionalPath, doc, result any) (any, error) {
	switch {
	case !p.set:
		return result, nil
	case p.null:
		return doc, nil
	}
	out, err := p.path.set(doc, result)
	if err != nil {
		return nil, fails("States.ResultPathMatchFailure", "%v", err)
	}
	return out, nil
}

// selected applies an InputPath or OutputPath.
func (i *interpreter) selected(p optionalPath, doc any) (any, error) {
	switch {
	case !p.set:
		return doc, nil
	case p.null:
		return map[string]any{}, nil
	}
	v, ok := p.from(doc, i.context)
	if !ok {
		return nil, fails("States.Runtime", "Invalid path '%s': No results for path", p.path.text)
	}
	return v, nil
}

func (i *interpreter) perform(ctx context.Context, s *state, doc any) (any, string, error) {
	in, err := i.selected(s.InputPath, doc)
	if err != nil {
		return nil, "", err
	}
	switch s.Type {
	case "Pass", "Task":
		return i.work(ctx, s, doc, in)
	case "Choice":
		return i.choose(s, in)
	case "Wait":
		return i.wait(ctx, s, in)
	case "Fail":
		return nil, "", i.fail(s, in)
	}
	out, err := i.selected(s.OutputPath, in) // Succeed
	return out, "", err
}

// work performs a Pass or Task state.
func (i *interpreter) work(ctx context.Context, s *state, doc, in any) (any, string, error) {
	effective, err := in, error(nil)
	if s.Parameters != nil {
		if effective, err = s.Parameters.fill(in, i.context); err != nil {
			return nil, "", err
		}
	}
	result := effective
	if s.Type == "Pass" && s.Result != nil {
		result = s.result
	}
	if s.Type == "Task" {
		if result, err = i.retrying(ctx, s, effective); err != nil {
			return nil, "", err
		}
	}
	if s.ResultSelector != nil {
		if result, err = s.ResultSelector.fill(result, i.context); err != nil {
			return nil, "", err
		}
	}
	placed, err := place(s.ResultPath, doc, result) // into the raw input, whatever InputPath chose
	if err != nil {
		return nil, "", err
	}
	out, err := i.selected(s.OutputPath, placed)
	return out, s.Next, err
}

func (i *interpreter) choose(s *state, in any) (any, string, error) {
	next := s.Default
	for _, c := range s.Choices {
		ok, err := c.test(in, i.context)
		if err != nil {
			return nil, "", err
		}
		if ok {
			next = c.Next
			break
		}
	}
	if next == "" {
		return nil, "", fails("States.NoChoiceMatched", "No choice matched and the state has no Default.")
	}
	out, err := i.selected(s.OutputPath, in)
	return out, next, err
}

func (i *interpreter) wait(ctx context.Context, s *state, in any) (any, string, error) {
	var seconds float64
	if s.Seconds != nil {
		seconds = float64(*s.Seconds)
	} else {
		v, _ := s.SecondsPath.from(in, i.context)
		n, ok := v.(json.Number)
		if !ok {
			return nil, "", fails("States.Runtime", "The SecondsPath parameter does not reference an input value: %s", s.SecondsPath.path.text)
		}
		seconds, _ = n.Float64()
	}
	if !pause(ctx, time.Duration(seconds*float64(time.Second))) {
		return nil, "", ctx.Err()
	}
	out, err := i.selected(s.OutputPath, in)
	return out, s.Next, err
}

func (i *interpreter) fail(s *state, in any) error {
	out := &stateError{name: s.Error, cause: s.Cause}
	for _, f := range []struct {
		path optionalPath
		into *string
	}{{s.ErrorPath, &out.name}, {s.CausePath, &out.cause}} {
		if !f.path.set {
			continue
		}
		v, ok := f.path.from(in, i.context)
		text, isText := v.(string)
		if !ok || !isText {
			return fails("States.Runtime", "The path '%s' of the Fail state does not lead to a text.", f.path.path.text)
		}
		*f.into = text
	}
	return out
}

// retrying performs a task again as its retriers say.
func (i *interpreter) retrying(ctx context.Context, s *state, in any) (any, error) {
	used := map[*retrier]int{}
	for {
		inside, ended := i.traced(ctx)
		out, err := i.task(inside, s, in)
		ended(err)
		if err == nil || ctx.Err() != nil {
			return out, err
		}
		failure := asStateError(err)
		again, wait := s.again(failure, used)
		if !again {
			return nil, failure
		}
		if !pause(ctx, wait) {
			return nil, ctx.Err()
		}
	}
}

// again finds the retrier for an error and how long it waits.
func (s *state) again(failure *stateError, used map[*retrier]int) (bool, time.Duration) {
	for _, r := range s.Retry {
		if !failure.named(r.ErrorEquals) {
			continue
		}
		most, interval, rate := 3, 1, 2.0
		if r.MaxAttempts != nil {
			most = *r.MaxAttempts
		}
		if r.IntervalSeconds != nil {
			interval = *r.IntervalSeconds
		}
		if r.BackoffRate != nil {
			rate = *r.BackoffRate
		}
		n := used[r]
		used[r]++
		seconds := float64(interval) * math.Pow(rate, float64(n))
		if r.MaxDelaySeconds > 0 {
			seconds = min(seconds, float64(r.MaxDelaySeconds))
		}
		return n < most, time.Duration(seconds * float64(time.Second))
	}
	return false, 0
}
