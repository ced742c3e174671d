package sandbox

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// statesService is Step Functions with STANDARD state machines.
type statesService struct {
	home *home

	mu         sync.Mutex
	machines   map[string]*machine   // by ARN
	executions map[string]*execution // by ARN
}

// execution is guarded by the service's mutex but for what never changes.
type execution struct {
	arn, name, input, traceHeader string
	machine                       *machine
	started                       time.Time
	now                           func() time.Time
	cancel                        context.CancelFunc

	status                types.ExecutionStatus
	stopped               time.Time
	output, failed, cause *string
	history               []types.HistoryEvent
}

func newStates(h *home) *statesService {
	return &statesService{home: h, machines: map[string]*machine{}, executions: map[string]*execution{}}
}

func (s *statesService) count(counts map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts["state_machines"] += len(s.machines)
	running := 0
	for _, e := range s.executions {
		if e.status == types.ExecutionStatusRunning {
			running++
		}
	}
	counts["executions_running"] += running
}

// create makes a state machine and gives its ARN.
func (s *statesService) create(name, definition, role string, traced bool) (string, error) {
	m, err := parseMachine([]byte(definition))
	if err != nil {
		return "", err
	}
	m.traced = traced
	m.name, m.arn, m.role, m.definition, m.created = name, s.home.arn("states", "stateMachine:"+name), role, definition, s.home.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.machines[m.arn] != nil {
		return "", refuse("StateMachineAlreadyExists", "State Machine Already Exists: '%s'", m.arn)
	}
	s.machines[m.arn] = m
	return m.arn, nil
}

// machine finds a state machine. The mutex must be held.
func (s *statesService) machine(ref *string) (*machine, error) {
	if !strings.HasPrefix(aws.ToString(ref), "arn:aws:states:") {
		return nil, refuse("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: %s'", aws.ToString(ref))
	}
	if m := s.machines[*ref]; m != nil {
		return m, nil
	}
	return nil, refuse("StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'", *ref)
}

// execution finds an execution. The mutex must be held.
func (s *statesService) execution(ref *string) (*execution, error) {
	if !strings.HasPrefix(aws.ToString(ref), "arn:aws:states:") {
		return nil, refuse("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: %s'", aws.ToString(ref))
	}
	if e := s.executions[*ref]; e != nil {
		return e, nil
	}
	return nil, refuse("ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", *ref)
}

func (s *statesService) StartExecution(ctx context.Context, in *sfn.StartExecutionInput) (*sfn.StartExecutionOutput, error) {
	input := aws.ToString(in.Input)
	if in.Input == nil {
		input = "{}"
	}
	doc, err := parseJSON([]byte(input))
	if err != nil {
		return nil, refuse("InvalidExecutionInput", "Invalid State Machine Execution Input: '%v'", err)
	}
	name := aws.ToString(in.Name)
	if in.Name == nil {
		name = newID()
	}
	if name == "" || len(name) > 80 || strings.ContainsAny(name, " \t\n<>{}[]?*\"#%\\^|~`$&,;:/") {
		return nil, refuse("InvalidName", "Invalid Name: '%s'", name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.machine(in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	id := s.home.arn("states", "execution:"+m.name+":"+name)
	if old := s.executions[id]; old != nil {
		if old.status != types.ExecutionStatusRunning || old.input != input {
			return nil, refuse("ExecutionAlreadyExists", "Execution Already Exists: '%s'", id)
		}
		return &sfn.StartExecutionOutput{ExecutionArn: &old.arn, StartDate: &old.started}, nil
	}
	e := &execution{
		arn: id, name: name, input: input, machine: m, started: s.home.now(), now: s.home.now, status: types.ExecutionStatusRunning,
		traceHeader: cmp.Or(aws.ToString(in.TraceHeader), tracedBy(ctx)), cancel: func() {},
	}
	s.executions[id] = e
	s.launch(e, doc)
	return &sfn.StartExecutionOutput{ExecutionArn: &e.arn, StartDate: &e.started}, nil
}

// launch runs an execution in the background. The mutex must be held.
func (s *statesService) launch(e *execution, input any) {
	ctx, cancel := context.WithCancel(s.home.ctx)
	if limit := e.machine.TimeoutSeconds; limit > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, time.Duration(limit)*time.Second, errMachineTimeout)
		e.cancel = func() { stop(); cancel() }
	} else {
		e.cancel = cancel
	}
	s.home.spawn(func(context.Context) {
		defer e.cancel()
		i := &interpreter{service: s, execution: e, trace: s.record(e)}
		i.run(ctx, input)
		i.end()
	})
}

func (s *statesService) DescribeExecution(_ context.Context, in *sfn.DescribeExecutionInput) (*sfn.DescribeExecutionOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.execution(in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	out := &sfn.DescribeExecutionOutput{
		ExecutionArn: &e.arn, Name: &e.name, StateMachineArn: &e.machine.arn, Status: e.status, StartDate: &e.started, Input: &e.input,
		InputDetails: &types.CloudWatchEventsExecutionDataDetails{Included: true}, TraceHeader: optional(e.traceHeader),
		Output: e.output, Error: e.failed, Cause: e.cause, RedriveCount: aws.Int32(0),
	}
	if e.output != nil {
		out.OutputDetails = &types.CloudWatchEventsExecutionDataDetails{Included: true}
	}
	if e.status != types.ExecutionStatusRunning {
		out.StopDate = &e.stopped
	}
	return out, nil
}

func (s *statesService) StopExecution(_ context.Context, in *sfn.StopExecutionInput) (*sfn.StopExecutionOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.execution(in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	if e.status == types.ExecutionStatusRunning {
		e.finish(types.ExecutionStatusAborted, nil, in.Error, in.Cause, types.HistoryEvent{
			Type: types.HistoryEventTypeExecutionAborted, ExecutionAbortedEventDetails: &types.ExecutionAbortedEventDetails{Error: in.Error, Cause: in.Cause},
		})
		e.cancel()
	}
	return &sfn.StopExecutionOutput{StopDate: &e.stopped}, nil
}

// finish ends an execution once. The service's mutex must be held.
func (e *execution) finish(status types.ExecutionStatus, output, failed, cause *string, last types.HistoryEvent) {
	if e.status != types.ExecutionStatusRunning {
		return
	}
	e.record(last)
	e.status, e.stopped, e.output, e.failed, e.cause = status, e.now(), output, failed, cause
}

// record appends an event to the history of a running execution. The service's mutex must be held.
func (e *execution) record(event types.HistoryEvent) {
	if e.status != types.ExecutionStatusRunning {
		return
	}
	event.Id = int64(len(e.history) + 1)
	event.PreviousEventId = int64(len(e.history))
	event.Timestamp = aws.Time(e.now())
	e.history = append(e.history, event)
}

func (s *statesService) GetExecutionHistory(_ context.Context, in *sfn.GetExecutionHistoryInput) (*sfn.GetExecutionHistoryOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.execution(in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	events := slices.Clone(e.history)
	if in.IncludeExecutionData != nil && !*in.IncludeExecutionData {
		return nil, invalid("the sandbox always includes the execution data")
	}
	if in.ReverseOrder {
		slices.Reverse(events)
	}
	events, next, err := page(events, in.MaxResults, 1000, in.NextToken)
	if err != nil {
		return nil, refuse("InvalidToken", "Invalid Token: 'Invalid token'")
	}
	if events == nil {
		events = []types.HistoryEvent{}
	}
	return &sfn.GetExecutionHistoryOutput{Events: events, NextToken: next}, nil
}

func (s *statesService) DescribeStateMachine(_ context.Context, in *sfn.DescribeStateMachineInput) (*sfn.DescribeStateMachineOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.machine(in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	return &sfn.DescribeStateMachineOutput{
		StateMachineArn: &m.arn, Name: &m.name, Definition: &m.definition, RoleArn: &m.role, CreationDate: &m.created,
		Type: types.StateMachineTypeStandard, Status: types.StateMachineStatusActive,
	}, nil
}

func (s *statesService) ListStateMachines(_ context.Context, in *sfn.ListStateMachinesInput) (*sfn.ListStateMachinesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []types.StateMachineListItem{}
	for _, id := range slices.Sorted(maps.Keys(s.machines)) {
		m := s.machines[id]
		found = append(found, types.StateMachineListItem{StateMachineArn: &m.arn, Name: &m.name, CreationDate: &m.created, Type: types.StateMachineTypeStandard})
	}
	found, next, err := page(found, in.MaxResults, 1000, in.NextToken)
	if err != nil {
		return nil, refuse("InvalidToken", "Invalid Token: 'Invalid token'")
	}
	return &sfn.ListStateMachinesOutput{StateMachines: found, NextToken: next}, nil
}

func (s *statesService) ListExecutions(_ context.Context, in *sfn.ListExecutionsInput) (*sfn.ListExecutionsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.machine(in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	var all []*execution
	for _, e := range s.executions {
		if e.machine == m && (in.StatusFilter == "" || in.StatusFilter == e.status) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *execution) int { return cmp.Or(b.started.Compare(a.started), cmp.Compare(a.arn, b.arn)) }) // newest first
	all, next, err := page(all, in.MaxResults, 1000, in.NextToken)
	if err != nil {
		return nil, refuse("InvalidToken", "Invalid Token: 'Invalid token'")
	}
	out := &sfn.ListExecutionsOutput{Executions: []types.ExecutionListItem{}, NextToken: next}
	for _, e := range all {
		item := types.ExecutionListItem{ExecutionArn: &e.arn, Name: &e.name, StateMachineArn: &m.arn, Status: e.status, StartDate: &e.started}
		if e.status != types.ExecutionStatusRunning {
			item.StopDate = aws.Time(e.stopped)
		}
		out.Executions = append(out.Executions, item)
	}
	return out, nil
}
