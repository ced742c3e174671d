package runner_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// many writes n scenarios of the same steps.
func many(n int, steps string) string {
	text := ""
	for i := range n {
		text += fmt.Sprintf("---\nscenario: S%d\n%s", i, steps)
	}
	return text
}

// TestPacingMakesNobodyLate: thirty executions end after three seconds and may
// be looked at once a second only. The service says when they ended, so none
// is late, and the waiting is told apart.
func TestPacingMakesNobodyLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, many(30, `timeout: 10m
act:
  - start_execution: {state_machine: play-slow}
    id: started
assert:
  - execution: {arn: "${started.execution_arn}"}
    within: 6s
`), func(s *stage) {
			s.limits = awsclient.Limits{"states.DescribeExecution": {Rate: 1, Burst: 1}}
		})
		if r.code != runner.ExitPassed {
			t.Errorf("exit code %d\n%s", r.code, r.text)
		}
		held := int64(0)
		for _, e := range r.events {
			if b, ok := e.Body.(*event.StepFinish); ok && b.SLA != nil {
				held += b.PacingMS
				if b.SLA.ObservedMS < 3000 || b.SLA.ObservedMS > 4000 {
					t.Errorf("%s observed %+v", e.Case, b.SLA)
				}
			}
		}
		if held < 60_000 {
			t.Errorf("only %d ms of pacing were told", held)
		}
	})
}

// TestPacingIsNoFailure: an object is there after a second, but our own pacing
// lets most of the looks come after the limit. Nobody knows then whether it
// was in time: an error, and not the application's failure.
func TestPacingIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, many(10, `timeout: 10m
act:
  - upload_object: {bucket: "${suite.app.BucketName}", key: "${scenario.id}", text: x}
    id: object
assert:
  - object: {bucket: "${suite.app.BucketName}", key: "${object.key}"}
    within: 3s
`), func(s *stage) {
			s.limits = awsclient.Limits{"s3.HeadObject": {Rate: 1, Burst: 10}}
		})
		for name, end := range r.ends() {
			if end == event.Failed {
				t.Errorf("%s failed", name)
			}
		}
		if f := r.finished(); f.Counts.Errors == 0 || f.Counts.Passed == 0 {
			t.Errorf("%+v", f.Counts)
		}
		wants(t, r.text, "whether it came within 3s is not known", "limits in rehearse.yaml")
		r.clean(t)
	})
}

// TestAttemptTimeoutDoesNotCountPacing: a look that waits for its turn longer
// than one attempt may take keeps its place and comes to its turn.
func TestAttemptTimeoutDoesNotCountPacing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := perform(t, many(5, `timeout: 10m
act:
  - start_execution: {state_machine: play-machine}
    id: started
assert:
  - execution: {arn: "${started.execution_arn}"}
    attempt_timeout: 2s
    within: 5m
`), func(s *stage) {
			s.limits = awsclient.Limits{"states.DescribeExecution": {Rate: 0.1, Burst: 1}}
		})
		if r.code != runner.ExitPassed || time.Since(start) > 2*time.Minute {
			t.Errorf("exit code %d after %s\n%s", r.code, time.Since(start), r.text)
		}
	})
}

// TestCleanUpGoesAhead: the clean-up of one case does not queue behind the
// looks of forty others.
func TestCleanUpGoesAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const probes = `timeout: %s
act:
  - wait: %s
  - start_execution: {state_machine: play-slow}
    id: started
assert:
  - execution: {arn: "${started.execution_arn}"}
    within: 10m
`
		var took time.Duration // of a case that waits behind all the others
		r := perform(t, many(40, fmt.Sprintf(probes, "10m", "1s"))+"---\nscenario: Short\n"+fmt.Sprintf(probes, "5s", "2s"), func(s *stage) {
			s.limits = awsclient.Limits{"states.DescribeExecution": {Rate: 0.5, Burst: 1}}
			start := time.Now()
			s.watch = func(e event.Event) {
				if e.Type == event.ScenarioFinished && strings.HasSuffix(e.Case, "#Short") {
					took = e.Time.Sub(start)
				}
			}
		})
		if took < 5*time.Second || took > 20*time.Second { // in its turn it would come after more than a minute
			t.Errorf("the case with a timeout of 5s was cleaned up after %s", took)
		}
		wants(t, r.text, "the scenario's timeout of 5s is used up; ", "waiting for our own pace")
		r.clean(t)
	})
}

// TestPacedAtTheDeadline: a look held back by our own pacing tells nothing about
// the limit where, sent at once, it would have been in time: that its answer
// takes a moment as well, or that the look before broke off, changes nothing.
func TestPacedAtTheDeadline(t *testing.T) {
	const scenario = `
scenario: S
act:
  - upload_object: {bucket: "${suite.app.BucketName}", key: "${scenario.id}", text: x}
    id: object
assert:
  - object: {bucket: "${suite.app.BucketName}", key: "${object.key}"}
    within: 3s
`
	for _, c := range []struct {
		name  string
		slow  time.Duration // each look
		burst int           // one of them is for the upload, which looks too
	}{
		{"the look before broke off", 0, 1},
		{"the answer takes a moment as well", 2500 * time.Millisecond, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broken := nth("s3", "HeadObject", 2, func(context.Context) error { return serverError("") })
				r := performWith(t, sandbox.Options{Intercept: func(ctx context.Context, service, op string) error {
					if op == "HeadObject" {
						time.Sleep(c.slow)
					}
					return broken(ctx, service, op)
				}}, scenario, func(s *stage) {
					s.limits = awsclient.Limits{"s3.HeadObject": {Rate: 0.05, Burst: c.burst}}
				})
				if got := r.finish(t); got.Status != event.Errored {
					t.Errorf("ended %s\n%s", got.Status, r.text)
				}
				wants(t, r.text, "whether it came within 3s is not known")
			})
		})
	}
}
