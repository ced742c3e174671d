package runner_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// whole is a run that uses listeners, items, objects, executions, logs and http.
const whole = `
scenario: Events
arrange:
  - listen: {event_bus: play-bus, rule: play-rule}
    id: l
act:
  - put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {run: "${scenario.id}", n: 1}}
    id: put
  - wait: 2s
  - put_event: {bus: play-bus, source: shop, detail_type: paid, detail: {run: "${scenario.id}", n: 2}}
assert:
  - received: {from: l, match: {id: "${put.event_id}"}, count: 1}
  - received: {from: l, match: {detail: {run: "${scenario.id}"}}, in_order: [{detail-type: placed}, {detail-type: paid}], count: 2}
  - received: {from: l, match: {detail-type: refused, detail: {run: "${scenario.id}"}}, none: true}
    throughout: 5s
  - log_events: {log_group: play-log, match: {json: {detail: {run: "${scenario.id}", n: 1}}}}
---
scenario: Things
arrange:
  - upload_object: {bucket: play-bucket, key: "${scenario.id}", text: hello}
  - put_item: {table: play-table, item: {pk: "${scenario.id}", n: 1}}
act:
  - start_execution: {state_machine: play-machine, input: {run: "${scenario.id}"}}
    id: started
  - upload_object: {bucket: play-bucket, key: "${scenario.id}-2", text: world}
  - put_item: {table: play-table, item: {pk: "${scenario.id}-2", n: 2}}
assert:
  - execution: {arn: "${started.execution_arn}"}
    expect: {output.run: "${scenario.id}"}
  - object: {bucket: play-bucket, key: "${scenario.id}-2", content: text}
    expect: {content: world}
  - item: {table: play-table, key: {pk: "${scenario.id}-2"}}
    expect: {item.n: 2}
  - http_request: {url: "http://aws.sandbox.localhost/play-bucket/${scenario.id}"}
    expect: {body: hello}
  - wait: 20s # so that clean-up begins when the other case is over
    id: late
  - start_execution: {state_machine: play-slow, input: {}, name: "${scenario.id}-slow"} # and has something to stop
    after: late
cleanup:
  - delete_item: {table: play-table, key: {pk: "${scenario.id}"}}
  - delete_object: {bucket: play-bucket, key: "${scenario.id}"}
`

// intercept decides what becomes of a call.
type intercept = func(ctx context.Context, service, operation string) error

func serverError(string) error {
	return &smithy.GenericAPIError{Code: "InternalFailure", Message: "An internal error has occurred", Fault: smithy.FaultServer}
}

func denied(action string) error {
	return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "User: arn:aws:iam::000000000000:user/play is not authorized to perform: " + action, Fault: smithy.FaultClient}
}

var errCut = errors.New("the connection is cut")

// between lets something happen for a time only. The clock starts with the
// first call, so that setting the sandbox up is not part of it.
func between(from, to time.Duration, what func(service string) error) intercept {
	var first atomic.Pointer[time.Time]
	return func(_ context.Context, service, _ string) error {
		if service == "sts" { // Connect, before the run
			return nil
		}
		now := time.Now()
		first.CompareAndSwap(nil, &now)
		if d := now.Sub(*first.Load()); d >= from && d < to {
			return what(service)
		}
		return nil
	}
}

// slow holds every call back.
func slow(d time.Duration) intercept {
	return func(ctx context.Context, service, _ string) error {
		if service == "sts" {
			return nil
		}
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
		return nil
	}
}

// nth makes something happen to one call of an operation, counted from 1.
func nth(service, operation string, which int64, what func(context.Context) error) intercept {
	var n atomic.Int64
	return func(ctx context.Context, s, o string) error {
		if s == service && o == operation && n.Add(1) == which {
			return what(ctx)
		}
		return nil
	}
}

// says wants texts in what the console shows, however its lines are broken.
func says(t *testing.T, r result, parts ...string) {
	t.Helper()
	flat := strings.Join(strings.Fields(r.text), " ")
	for _, p := range parts {
		if !strings.Contains(flat, p) {
			t.Errorf("want %q in:\n%s", p, r.text)
		}
	}
}

// passesBy fails the test when a run did not pass, or left something.
func passesBy(t *testing.T, r result) {
	t.Helper()
	if r.code != runner.ExitPassed {
		t.Errorf("exit code %d, want 0\n%s", r.code, r.text)
	}
	r.clean(t)
}

// TestFaultsThatPassBy: a run survives what passes by itself, with the same
// verdict as without it, and leaves nothing.
func TestFaultsThatPassBy(t *testing.T) {
	cut := func(string) error { return errCut }
	for _, c := range []struct {
		name    string
		options func() sandbox.Options
	}{
		{"nothing goes wrong", func() sandbox.Options { return sandbox.Options{} }},
		{"throttling for 10 s from the first call on", func() sandbox.Options {
			return sandbox.Options{Intercept: between(0, 10*time.Second, sandbox.Throttling)}
		}},
		{"throttling for 10 s from the middle on", func() sandbox.Options {
			return sandbox.Options{Intercept: between(2*time.Second, 12*time.Second, sandbox.Throttling)}
		}},
		{"5xx for 3 s at the start", func() sandbox.Options { return sandbox.Options{Intercept: between(0, 3*time.Second, serverError)} }},
		{"5xx in assert for 10 s", func() sandbox.Options {
			return sandbox.Options{Intercept: between(2100*time.Millisecond, 12*time.Second, serverError)}
		}},
		{"no connection survives in assert for 10 s", func() sandbox.Options {
			return sandbox.Options{Intercept: between(2100*time.Millisecond, 12*time.Second, cut)}
		}},
		{"each call takes 3 s", func() sandbox.Options { return sandbox.Options{Intercept: slow(3 * time.Second)} }},
		{"doubles", func() sandbox.Options { return sandbox.Options{Delivery: sandbox.Delivery{Twice: true}} }},
		{"5 s late", func() sandbox.Options { return sandbox.Options{Delivery: sandbox.Delivery{Delay: 5 * time.Second}} }},
		{"out of order", func() sandbox.Options {
			return sandbox.Options{Unkind: sandbox.Unkind{Seed: 1, Jitter: 8 * time.Second, Twice: .5}}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				passesBy(t, performWith(t, c.options(), whole))
			})
		})
	}
}

// TestAnswersCutInTheMiddle: what reads, creates and removes is carried out
// again, or found to be done.
func TestAnswersCutInTheMiddle(t *testing.T) {
	for _, operation := range []string{
		"sqs ReceiveMessage", "sqs DeleteMessageBatch", "logs FilterLogEvents", "s3 GetObject", "s3 HeadObject",
		"states DescribeExecution", "states GetExecutionHistory", "sqs DeleteQueue", "events ListTargetsByRule", "events DeleteRule",
		"s3 DeleteObject", "dynamodb DeleteItem", "states StopExecution", "sqs GetQueueUrl", "events RemoveTargets",
		"cloudformation DescribeStacks", "events DescribeEventBus", "events DescribeRule", "dynamodb DescribeTable", "dynamodb GetItem",
		"sqs CreateQueue", "events PutRule", "events PutTargets", "states StartExecution",
	} {
		t.Run(operation, func(t *testing.T) { cutInTheMiddle(t, operation) })
	}
}

// cutInTheMiddle runs everything with the first answer to an operation cut: it
// must pass as without, and leave nothing.
func cutInTheMiddle(t *testing.T, what string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		r := performWith(t, sandbox.Options{Unkind: sandbox.Unkind{CutAnswer: func(service, operation string) bool {
			return service+" "+operation == what && n.Add(1) == 1
		}}}, whole)
		if n.Load() == 0 {
			t.Fatal("the run never asked for it")
		}
		passesBy(t, r)
	})
}

// TestCreationsCutInTheMiddle may have happened: sent again they could find
// what they made themselves. What they made is taken back.
func TestCreationsCutInTheMiddle(t *testing.T) {
	for _, what := range []string{"s3 PutObject", "dynamodb PutItem"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := performWith(t, sandbox.Options{Unkind: sandbox.Unkind{CutAnswer: func(service, operation string) bool {
					return service+" "+operation == what
				}}}, whole)
				if ends := r.ends(); r.code != runner.ExitFailed || ends["Things"] != event.Errored || ends["Events"] != event.Passed {
					t.Errorf("exit code %d, %v\n%s", r.code, ends, r.text)
				}
				says(t, r, "it may have happened, so it is not sent again")
				r.clean(t)
			})
		})
	}
}

// stimulus does one thing in act and looks at nothing else.
const stimulus = `
scenario: Stimulus
arrange:
  - listen: {event_bus: play-bus, all: true, ready: settle}
act:
  - %s
assert:
  - check: 1 == 1
`

// TestStimuliThatMayHaveHappened are not sent again, and the message says so.
func TestStimuliThatMayHaveHappened(t *testing.T) {
	for _, c := range []struct {
		name, act, operation string
		what                 func() error
	}{
		{"an event whose answer is cut", `put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {}}`, "events PutEvents", nil},
		{"an event answered with 5xx", `put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {}}`, "events PutEvents", func() error { return serverError("events") }},
		{"an event on a connection that broke", `put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {}}`, "events PutEvents", func() error { return errCut }},
		{"events whose answer is cut", `put_events: {bus: play-bus, entries: [{source: shop, detail_type: placed, detail: {}}]}`, "events PutEvents", nil},
		{"a request whose answer is cut", `http_request: {url: "http://aws.sandbox.localhost/play-bucket/k", method: DELETE}`, "s3 DeleteObject", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n atomic.Int64
				hit := func(service, operation string) bool { return service+" "+operation == c.operation && n.Add(1) == 1 }
				o := sandbox.Options{Unkind: sandbox.Unkind{CutAnswer: func(service, operation string) bool { return c.what == nil && hit(service, operation) }}}
				if c.what != nil {
					o.Intercept = func(_ context.Context, service, operation string) error {
						if hit(service, operation) {
							return c.what()
						}
						return nil
					}
				}
				r := performWith(t, o, strings.Replace(stimulus, "%s", c.act, 1))
				f := r.finish(t)
				if r.code != runner.ExitFailed || f.Status != event.Errored || f.Cause != event.CauseStep || f.FailedStep != "act/0" || n.Load() != 1 {
					t.Errorf("exit code %d, %s, %s at %s after %d calls", r.code, f.Status, f.Cause, f.FailedStep, n.Load())
				}
				says(t, r, "it may have happened, so it is not sent again")
				r.clean(t)
			})
		})
	}
}
