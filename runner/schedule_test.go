package runner_test

import (
	"context"
	"errors"
	"fmt"
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

// attempts lists how each attempt of each case ended, in the order of their ends.
func (r result) attempts() []string {
	var l []string
	names := map[string]string{}
	for _, e := range r.events {
		switch b := e.Body.(type) {
		case *event.CasePlan:
			names[e.Case] = b.Name
		case *event.ScenarioFinish:
			l = append(l, fmt.Sprintf("%s %d %s", names[e.Case], e.Attempt, b.Status))
		}
	}
	return l
}

// finished is the end of the run.
func (r result) finished() *event.RunFinish {
	return r.events[len(r.events)-1].Body.(*event.RunFinish)
}

// TestThousandScenarios waits for twenty seconds in each of a thousand
// scenarios: the run takes twenty seconds, and a few real ones.
func TestThousandScenarios(t *testing.T) {
	real := time.Now()
	synctest.Test(t, func(t *testing.T) {
		var text strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&text, "---\nscenario: S%d\nact:\n  - set: {a: 1}\n    id: x\nassert:\n  - wait: 20s\n  - check: x.a == 1\n", i)
		}
		start := time.Now()
		r := perform(t, text.String())
		if took := time.Since(start); r.code != runner.ExitPassed || took > 20*time.Second || r.finished().Counts.Passed != 1000 {
			t.Errorf("exit code %d after %s: %+v", r.code, took, r.finished().Counts)
		}
	})
	t.Logf("1000 x 20 s of virtual time took %s", time.Since(real))
}

// flaky fails as often as told, and then works: for bucket names in the
// parameters of an operation there is nothing simpler.
func failing(operation string, times int64) sandbox.Options {
	var calls atomic.Int64
	return sandbox.Options{Intercept: func(_ context.Context, _, op string) error {
		if op == operation && calls.Add(1) <= times {
			return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not now", Fault: smithy.FaultClient}
		}
		return nil
	}}
}

const retried = `
scenario: S
retries: 2
arrange:
  - upload_object: {bucket: "${suite.app.BucketName}", key: "${scenario.id}", text: x}
act:
  - start_execution: {state_machine: play-machine, input: {}}
    id: started
assert:
  - execution: {arn: "${started.execution_arn}"}
`

func TestRetries(t *testing.T) {
	for _, c := range []struct {
		name     string
		scenario string
		sandbox  sandbox.Options
		change   func(*stage)
		code     int
		attempts string
		flaky    int
		says     string
	}{
		{
			name: "a later pass is flaky", scenario: retried, sandbox: failing("StartExecution", 2),
			code: runner.ExitPassed, attempts: "S 1 error, S 2 error, S 3 passed", flaky: 1, says: "1 passed, 0 failed, 1 flaky",
		},
		{
			name: "and may fail the run", scenario: retried, sandbox: failing("StartExecution", 1),
			change: func(s *stage) { s.change = func(o *runner.Options) { o.FailOnFlaky = true } },
			code:   runner.ExitFailed, attempts: "S 1 error, S 2 passed", flaky: 1, says: "1 case passed only when tried again, and --fail-on-flaky is given",
		},
		{
			name: "none is left", scenario: retried, sandbox: failing("StartExecution", 3),
			code: runner.ExitFailed, attempts: "S 1 error, S 2 error, S 3 error",
		},
		{
			name: "the command line says how many", scenario: retried, sandbox: failing("StartExecution", 3),
			change: func(s *stage) { n := 0; s.chosen.Retries = &n },
			code:   runner.ExitFailed, attempts: "S 1 error",
		},
		{
			name: "repetitions turn them off", scenario: retried, sandbox: failing("StartExecution", 1),
			change: func(s *stage) { s.chosen.Repeat, s.parallel = 2, 1 },
			code:   runner.ExitFailed, attempts: "S (1/2) 1 error, S (2/2) 1 passed",
		},
		{
			name: "not after a clean-up that failed", scenario: retried + "cleanup:\n  - check: 1 == 2\n", sandbox: failing("StartExecution", 1),
			code: runner.ExitFailed, attempts: "S 1 error", says: "cleanup step 1",
		},
		{
			name: "not when something could not be taken back", scenario: retried,
			sandbox: sandbox.Options{Intercept: func(_ context.Context, _, op string) error {
				if op == "StartExecution" || op == "DeleteObject" {
					return &smithy.GenericAPIError{Code: "AccessDenied", Message: "never", Fault: smithy.FaultClient}
				}
				return nil
			}},
			code: runner.ExitFailed, attempts: "S 1 error", says: "Left behind",
		},
		{
			name: "a failure is tried again too", scenario: "scenario: S\nretries: 1\nassert:\n  - check: 1 == 2\n",
			code: runner.ExitFailed, attempts: "S 1 failed, S 2 failed",
		},
		{
			name: "not what is skipped", scenario: "scenario: S\nretries: 1\nassert:\n  - check: 1 == 2\n    when: false\n",
			code: runner.ExitPassed, attempts: "S 1 skipped",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var changes []func(*stage)
				if c.change != nil {
					changes = append(changes, c.change)
				}
				r := performWith(t, c.sandbox, c.scenario, changes...)
				if got := strings.Join(r.attempts(), ", "); r.code != c.code || got != c.attempts || r.finished().Counts.Flaky != c.flaky {
					t.Errorf("exit code %d, %s, %+v; want %d, %s, %d flaky\n%s", r.code, got, r.finished().Counts, c.code, c.attempts, c.flaky, r.text)
				}
				wants(t, r.text, c.says)
			})
		})
	}
}

// TestAttemptsAreApart: every attempt has names of its own, and what the one
// before created is gone when the next begins.
func TestAttemptsAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := performWith(t, failing("StartExecution", 1), retried)
		var order []string
		ids := map[string]bool{}
		for _, e := range r.events {
			switch b := e.Body.(type) {
			case *event.ScenarioStart:
				ids[b.ScenarioID], ids[b.TraceID] = true, true
				order = append(order, "start")
			case *event.ResourceChange:
				order = append(order, b.Status)
			case *event.ScenarioFinish:
				order = append(order, "end")
			}
		}
		if got := strings.Join(order, " "); len(ids) < 3 || got != "start created released end start created created released released end" {
			t.Errorf("%d ids, %s", len(ids), got)
		}
		r.clean(t)
	})
}

// TestRetriesKeepSlotAndLocks: nobody comes between two attempts of a case.
func TestRetriesKeepSlotAndLocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := ""
		for _, name := range []string{"A", "B"} {
			text += "---\nscenario: " + name + "\nretries: 2\nlocks: [one]\nact:\n  - wait: 1s\nassert:\n  - check: 1 == 2\n"
		}
		r := perform(t, text)
		if got := strings.Join(r.attempts(), ", "); got != "A 1 failed, A 2 failed, A 3 failed, B 1 failed, B 2 failed, B 3 failed" {
			t.Error(got)
		}
	})
}

func TestFailFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, `
scenario: First
retries: 1
act:
  - wait: 1s
assert:
  - check: 1 == 2
---
scenario: Second
locks: [a]
act:
  - wait: 10s
assert:
  - check: 1 == 1
---
scenario: Third
locks: [a]
assert:
  - check: 1 == 1
`, func(s *stage) { s.change = func(o *runner.Options) { o.FailFast = true } })
		if got := strings.Join(r.attempts(), ", "); r.code != runner.ExitFailed || got != "First 1 failed, First 2 failed, Third 1 skipped, Second 1 passed" {
			t.Errorf("exit code %d, %s", r.code, got)
		}
		wants(t, r.text, "not begun: First did not pass, and --fail-fast is given")
	})
}

func TestRunTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := perform(t, strings.ReplaceAll(creates, "%KEEP%", "false")+`---
scenario: Waits for a lock
locks: ["*"]
assert:
  - check: 1 == 1
`, func(s *stage) { s.change = func(o *runner.Options) { o.Timeout = 4 * time.Second } })
		if got := strings.Join(r.attempts(), ", "); r.code != runner.ExitFailed || time.Since(start) > 6*time.Second || got != "Waits for a lock 1 skipped, Creates 1 error" {
			t.Errorf("exit code %d after %s, %s", r.code, time.Since(start), got)
		}
		wants(t, r.text, "the run's time is used up: --run-timeout is 4s", "not begun: the run's time is used up")
		r.clean(t)
	})
}

// TestRunTimeoutIsNoPass: nothing began at all, which must not look like success.
func TestRunTimeoutIsNoPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, sandbox.Options{}, files(t, map[string]string{
			"a.scenario.yaml": "scenario: S\nassert:\n  - check: 1 == 1\n",
			"rehearse.yaml":   "arrange:\n  - wait: 1m\n",
		}))
		s.change = func(o *runner.Options) { o.Timeout = time.Second }
		r := s.run()
		if got := strings.Join(r.attempts(), ", "); r.code != runner.ExitFailed || got != "S 1 skipped" {
			t.Errorf("exit code %d, %s\n%s", r.code, got, r.text)
		}
	})
}

// TestLockWaitIsBeforeEveryClock: waiting for a lock is told apart and uses up
// nobody's timeout.
func TestLockWaitIsBeforeEveryClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := ""
		for i := range 5 {
			text += fmt.Sprintf("---\nscenario: S%d\nlocks: [one]\ntimeout: 15s\nact:\n  - wait: 10s\nassert:\n  - check: 1 == 1\n    within: 1s\n", i)
		}
		r := perform(t, text)
		var waits []int64
		for _, e := range r.events {
			if b, ok := e.Body.(*event.ScenarioStart); ok {
				waits = append(waits, b.LockWaitMS)
			}
		}
		if r.code != runner.ExitPassed || fmt.Sprint(waits) != "[0 10000 20000 30000 40000]" {
			t.Errorf("exit code %d, lock waits %v\n%s", r.code, waits, r.text)
		}
	})
}

// TestSeed: the same seed gives the same numbers, in vars and steps, whatever
// the order in which steps come to run; another one gives others.
func TestSeed(t *testing.T) {
	const scenario = `
scenario: S
vars: {a: "${random_int(1, 1000000)}", b: "${random_int(1, 1000000)}"}
act:
  - set: {x: "${random_int(1, 1000000)}", y: "${vars.b}"}
  - for_each: {items: [1, 2, 3], concurrency: 3}
    set: {x: "${random_int(1, 1000000)}"}
assert:
  - set: {x: "${random_int(1, 1000000)}", y: "${vars.a}"}
  - set: {x: "${random_int(1, 1000000)}", y: "${vars.b}"}
`
	drawn := func(t *testing.T, seed int64) (text string) {
		synctest.Test(t, func(t *testing.T) {
			r := perform(t, scenario, func(s *stage) {
				s.chosen.Repeat = 3
				s.change = func(o *runner.Options) { o.Seed = seed }
			})
			m := map[string]any{}
			for _, e := range r.events {
				if b, ok := e.Body.(*event.StepFinish); ok && e.Case != "" {
					m[e.Case[strings.Index(e.Case, "@"):]+" "+e.Step] = b.Result
				}
			}
			text = fmt.Sprint(m)
		})
		return text
	}
	one, again, other := drawn(t, 7), drawn(t, 7), drawn(t, 8)
	if one != again || one == other {
		t.Errorf("seed 7:\n%s\nagain:\n%s\nseed 8:\n%s", one, again, other)
	}
}

// TestInterruptEndsRetries: an interrupted case is not tried again, and those
// that wait for locks or slots are skipped.
func TestInterruptEndsRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, "scenario: A\nretries: 5\nlocks: [x]\nact:\n  - wait: 1m\nassert:\n  - check: 1 == 1\n---\nscenario: B\nlocks: [x]\nassert:\n  - check: 1 == 1\n", func(s *stage) {
			s.watch = func(e event.Event) {
				if e.Type == event.ScenarioStarted {
					close(s.stop)
				}
			}
		})
		if got := strings.Join(r.attempts(), ", "); r.code != runner.ExitInterrupted || got != "B 1 skipped, A 1 error" && got != "A 1 error, B 1 skipped" {
			t.Errorf("exit code %d, %s", r.code, got)
		}
		wants(t, r.text, "the run was interrupted")
	})
}

// TestStopAtOnce: the second signal leaves what there is, and says so.
func TestStopAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancelCause(t.Context())
		defer stop(nil)
		r := perform(t, "scenario: A\nact:\n  - upload_object: {bucket: play-bucket, key: k, text: x}\n  - wait: 1m\nassert:\n  - check: 1 == 1\n", func(s *stage) {
			s.context = ctx
			s.watch = func(e event.Event) {
				if e.Type == event.StepStarted && e.Step == "act/1" {
					stop(errors.New("stopped at once by a second signal"))
				}
			}
		})
		if r.code != runner.ExitInterrupted || len(r.finished().Left) != 1 {
			t.Errorf("exit code %d, left %v", r.code, r.finished().Left)
		}
		wants(t, r.text, "Left behind", "s3.object play-bucket/k", "stopped at once")
	})
}
