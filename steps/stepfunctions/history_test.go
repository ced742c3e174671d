package stepfunctions

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/google/go-cmp/cmp"
)

// event makes one event; previous is the id of the one that led to it.
func event(previous int64, t types.HistoryEventType, name string) types.HistoryEvent {
	e := types.HistoryEvent{Type: t, PreviousEventId: previous}
	switch t {
	case types.HistoryEventTypeTaskStateExited, types.HistoryEventTypeParallelStateExited, types.HistoryEventTypePassStateExited:
		e.StateExitedEventDetails = &types.StateExitedEventDetails{Name: &name, Output: aws.String(`"out ` + name + `"`)}
	case types.HistoryEventTypeTaskStateEntered, types.HistoryEventTypeParallelStateEntered, types.HistoryEventTypePassStateEntered:
		e.StateEnteredEventDetails = &types.StateEnteredEventDetails{Name: &name}
	case types.HistoryEventTypeTaskFailed:
		e.TaskFailedEventDetails = &types.TaskFailedEventDetails{Error: &name}
	}
	return e
}

func TestStates(t *testing.T) {
	const (
		entered, exited         = types.HistoryEventTypeTaskStateEntered, types.HistoryEventTypeTaskStateExited
		parallel, parallelEnd   = types.HistoryEventTypeParallelStateEntered, types.HistoryEventTypeParallelStateExited
		scheduled, failed, done = types.HistoryEventTypeTaskScheduled, types.HistoryEventTypeTaskFailed, types.HistoryEventTypeTaskSucceeded
	)
	for _, c := range []struct {
		name   string
		events []types.HistoryEvent
		want   []string // name: output, error
	}{
		{"a retry that succeeds", []types.HistoryEvent{
			event(0, types.HistoryEventTypeExecutionStarted, ""), event(0, entered, "A"), event(2, scheduled, ""), event(3, failed, "E"),
			event(4, scheduled, ""), event(5, done, ""), event(6, exited, "A"),
		}, []string{"A: out A, "}},
		{"an error that is caught", []types.HistoryEvent{
			event(0, types.HistoryEventTypeExecutionStarted, ""), event(0, entered, "A"), event(2, scheduled, ""), event(3, failed, "E"),
			event(4, exited, "A"), event(5, entered, "B"), event(6, exited, "B"),
		}, []string{"A: out A, E", "B: out B, "}},
		{"branches side by side", []types.HistoryEvent{
			event(0, types.HistoryEventTypeExecutionStarted, ""), event(0, parallel, "P"), event(2, types.HistoryEventTypeParallelStateStarted, ""),
			event(3, entered, "L"), event(3, entered, "R"), event(5, scheduled, ""), event(6, failed, "E"), event(4, exited, "L"),
			event(7, parallelEnd, "P"),
		}, []string{"P: out P, ", "L: out L, ", "R: -, E"}},
		{"the same state twice", []types.HistoryEvent{
			event(0, types.HistoryEventTypeExecutionStarted, ""), event(0, entered, "A"), event(2, exited, "A"), event(3, entered, "A"),
		}, []string{"A: out A, ", "A: -, "}},
		{"an emulator that does not say what led to what", []types.HistoryEvent{
			event(0, entered, "A"), event(0, exited, "A"), event(0, entered, "B"), event(0, failed, "E"),
		}, []string{"A: out A, ", "B: -, E"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := history{events: c.events}
			for i := range h.events {
				h.events[i].Id = int64(i + 1)
			}
			var got []string
			for _, s := range h.states() {
				output := "-"
				if s.Output != nil {
					output, _ = (*s.Output).(string)
				}
				got = append(got, s.Name+": "+output+", "+aws.ToString(s.Error))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
