package sandbox

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/rehearse-dev/rehearse/internal/trace"
)

// machineTrace is what Step Functions records of one execution of a machine with tracing: a segment with a subsegment
// for every attempt of a task.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html
type machineTrace struct {
	segment
	tasks []any
}

// record begins the segment of an execution; nil when nothing is written.
func (s *statesService) record(e *execution) *machineTrace {
	h, ok := sampled(e.traceHeader)
	if !ok || !e.machine.traced {
		return nil
	}
	t := newSegment(e.machine.name, e.started).in(h, "AWS::StepFunctions::StateMachine")
	t["resource_arn"] = e.machine.arn
	t["aws"] = map[string]any{"account_id": s.home.account, "execution_arn": e.arn, "resource_names": []any{e.machine.name}}
	return &machineTrace{segment: t}
}

// end writes the segment of an execution that is over.
func (i *interpreter) end() {
	if i.trace == nil {
		return
	}
	s := i.service
	s.mu.Lock()
	stopped, failed, cause := i.execution.stopped, i.execution.failed, i.execution.cause
	s.mu.Unlock()
	var failure *Failure
	if failed != nil {
		failure = &Failure{Type: *failed, Message: aws.ToString(cause)}
	}
	i.trace.end(stopped, failure)
	i.trace.segment["subsegments"] = i.trace.tasks
	s.home.xray.put(i.trace.segment)
}

// traced makes an attempt of the current state's task part of the execution's trace; ended ends its subsegment.
func (i *interpreter) traced(ctx context.Context) (inside context.Context, ended func(error)) {
	if i.trace == nil {
		return traced(ctx, i.execution.traceHeader), func(error) {}
	}
	name, _ := field(i.context, "State", "Name").(string)
	task := newSegment(name, i.service.home.now())
	i.trace.tasks = append(i.trace.tasks, task)
	h := trace.Header{Trace: i.trace.segment["trace_id"].(string), Parent: task.id()}
	return traced(ctx, h.String()), func(err error) {
		var failure *Failure
		if err != nil {
			se := asStateError(err)
			failure = &Failure{Type: se.name, Message: se.cause}
		}
		task.end(i.service.home.now(), failure)
	}
}
