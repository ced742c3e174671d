package stepfunctions

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// State is what one visit of a state did.
type State struct {
	Name      string  `json:"name" doc:"The state's name."`
	Type      string  `json:"type" doc:"Its type, such as Task or Choice."`
	Input     *any    `json:"input,omitempty" doc:"What it was given."`
	Output    *any    `json:"output,omitempty" doc:"What it gave; missing while it runs and when it failed."`
	EnteredAt string  `json:"entered_at" doc:"When it was entered, in RFC 3339."`
	Error     *string `json:"error,omitempty" doc:"The name of its last error, when no retry succeeded after it."`
}

// history is what is known of an execution's events: all up to the last one,
// by their ids, which count from 1.
type history struct{ events []types.HistoryEvent }

// read adds what happened since the last reading: the newest pages first, back
// to what is known.
func (h *history) read(ctx context.Context, client *sfn.Client, arn string) error {
	known := int64(len(h.events))
	var fresh []types.HistoryEvent
	in := &sfn.GetExecutionHistoryInput{ExecutionArn: &arn, ReverseOrder: true, MaxResults: 1000, IncludeExecutionData: aws.Bool(true)}
	for {
		page, err := client.GetExecutionHistory(ctx, in)
		if err != nil {
			return err
		}
		reached := len(page.Events) == 0
		for _, e := range page.Events {
			if e.Id > known {
				fresh = append(fresh, e)
			} else {
				reached = true
			}
		}
		if reached || page.NextToken == nil {
			break
		}
		in.NextToken = page.NextToken
	}
	slices.SortFunc(fresh, func(a, b types.HistoryEvent) int { return int(a.Id - b.Id) })
	for i, e := range fresh {
		if e.Id != known+int64(i)+1 {
			return errors.New("its events are not numbered from 1 without gaps")
		}
	}
	h.events = append(h.events, fresh...)
	return nil
}

// ended says whether the history shows how the execution ended.
func (h *history) ended() bool {
	if len(h.events) == 0 {
		return false
	}
	switch h.events[len(h.events)-1].Type {
	case types.HistoryEventTypeExecutionSucceeded, types.HistoryEventTypeExecutionFailed,
		types.HistoryEventTypeExecutionAborted, types.HistoryEventTypeExecutionTimedOut:
		return true
	}
	return false
}

// visit is a state's visit while the history is read.
type visit struct {
	state  State
	exited bool
}

// states are the visits of states in the order they were entered.
func (h *history) states() []State {
	var visits []*visit
	entered := map[int64]*visit{} // by the id of the event that entered it
	for _, e := range h.events {
		switch {
		case e.StateEnteredEventDetails != nil:
			d := e.StateEnteredEventDetails
			v := &visit{state: State{
				Name: aws.ToString(d.Name), Type: strings.TrimSuffix(string(e.Type), "StateEntered"),
				Input: parsed(d.Input), EnteredAt: stamp(e.Timestamp),
			}}
			visits, entered[e.Id] = append(visits, v), v
		case e.StateExitedEventDetails != nil:
			if v := h.owner(e, entered, aws.ToString(e.StateExitedEventDetails.Name)); v != nil {
				v.exited, v.state.Output = true, parsed(e.StateExitedEventDetails.Output)
			}
		case failure(e) != nil:
			if v := h.owner(e, entered, ""); v != nil {
				v.state.Error = failure(e)
			}
		case recovered(e.Type):
			if v := h.owner(e, entered, ""); v != nil {
				v.state.Error = nil
			}
		}
	}
	states := make([]State, len(visits))
	for i, v := range visits {
		states[i] = v.state
	}
	return states
}

// owner is the visit that an event belongs to: the nearest one, back along the
// events that led to it, that has not ended and has the name, if one is given.
func (h *history) owner(e types.HistoryEvent, entered map[int64]*visit, name string) *visit {
	for id := e.PreviousEventId; id > 0 && id <= int64(len(h.events)); {
		if v := entered[id]; v != nil && !v.exited && (name == "" || v.state.Name == name) {
			return v
		}
		previous := h.events[id-1].PreviousEventId
		if previous >= id {
			break
		}
		id = previous
	}
	for id := e.Id - 1; id > 0; id-- { // a history whose events do not say what led to them
		v := entered[id]
		if v == nil || v.exited {
			continue
		}
		if v.state.Name == name || name == "" && e.PreviousEventId == 0 {
			return v
		}
	}
	return nil
}

// recovered says that what a state waited for succeeded, at a later try perhaps.
func recovered(t types.HistoryEventType) bool {
	switch t {
	case types.HistoryEventTypeTaskSucceeded, types.HistoryEventTypeLambdaFunctionSucceeded, types.HistoryEventTypeActivitySucceeded,
		types.HistoryEventTypeMapStateSucceeded, types.HistoryEventTypeParallelStateSucceeded, types.HistoryEventTypeMapRunSucceeded:
		return true
	}
	return false
}

// failure is the name of the error that an event tells of, nil when it tells of none.
func failure(e types.HistoryEvent) *string {
	switch {
	case e.TaskFailedEventDetails != nil:
		return e.TaskFailedEventDetails.Error
	case e.TaskTimedOutEventDetails != nil:
		return e.TaskTimedOutEventDetails.Error
	case e.TaskStartFailedEventDetails != nil:
		return e.TaskStartFailedEventDetails.Error
	case e.TaskSubmitFailedEventDetails != nil:
		return e.TaskSubmitFailedEventDetails.Error
	case e.LambdaFunctionFailedEventDetails != nil:
		return e.LambdaFunctionFailedEventDetails.Error
	case e.LambdaFunctionTimedOutEventDetails != nil:
		return e.LambdaFunctionTimedOutEventDetails.Error
	case e.LambdaFunctionScheduleFailedEventDetails != nil:
		return e.LambdaFunctionScheduleFailedEventDetails.Error
	case e.LambdaFunctionStartFailedEventDetails != nil:
		return e.LambdaFunctionStartFailedEventDetails.Error
	case e.ActivityFailedEventDetails != nil:
		return e.ActivityFailedEventDetails.Error
	case e.ActivityTimedOutEventDetails != nil:
		return e.ActivityTimedOutEventDetails.Error
	case e.ActivityScheduleFailedEventDetails != nil:
		return e.ActivityScheduleFailedEventDetails.Error
	case e.MapRunFailedEventDetails != nil:
		return e.MapRunFailedEventDetails.Error
	case e.EvaluationFailedEventDetails != nil:
		return e.EvaluationFailedEventDetails.Error
	case e.ExecutionFailedEventDetails != nil:
		return e.ExecutionFailedEventDetails.Error
	}
	return nil
}
