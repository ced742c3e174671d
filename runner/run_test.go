package runner_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
	play "github.com/rehearse-dev/rehearse/steps/stage"
)

// perform runs one scenario file against the small application.
func perform(t *testing.T, scenario string, change ...func(*stage)) result {
	t.Helper()
	return performWith(t, sandbox.Options{}, scenario, change...)
}

func performWith(t *testing.T, o sandbox.Options, scenario string, change ...func(*stage)) result {
	t.Helper()
	o.Functions = play.Functions()
	s := newStage(t, o, files(t, map[string]string{
		"a.scenario.yaml": scenario,
		"rehearse.yaml":   "arrange:\n  - stack_outputs: {stack: play}\n    id: app\n",
	}))
	deployPlay(t, s.sandbox)
	for _, c := range change {
		c(s)
	}
	return s.run()
}

func TestTwentySecondsOfVirtualTime(t *testing.T) {
	real := time.Now()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := perform(t, `
scenario: Waits
act:
  - wait: 20s
assert:
  - check: 1 == 1
`)
		if took := time.Since(start); r.code != runner.ExitPassed || took < 20*time.Second {
			t.Errorf("exit code %d after %s\n%s", r.code, took, r.text)
		}
	})
	t.Logf("20 s of virtual time took %s", time.Since(real))
}

func TestPhases(t *testing.T) {
	for _, c := range []struct {
		name, scenario string
		code           int
		status         event.Status
		cause          event.Cause
		steps          map[string]event.Status
		says           []string
	}{
		{
			name: "a failure in act keeps assert from running, and cleanup runs",
			scenario: `
scenario: S
act:
  - set: {a: 1}
    expect: {a: 2}
  - set: {a: 1}
assert:
  - check: 1 == 1
cleanup:
  - set: {a: 1}
`,
			code: runner.ExitFailed, status: event.Failed, cause: event.CauseCheck,
			steps: map[string]event.Status{"act/0": event.Failed, "act/1": event.NotRun, "assert/0": event.NotRun, "cleanup/0": event.Passed},
			says:  []string{"a: expected equals 2, found 1"},
		},
		{
			name: "whatever goes wrong in arrange is an error",
			scenario: `
scenario: S
arrange:
  - set: {a: 1}
    expect: {a: 2}
assert:
  - check: 1 == 1
`,
			code: runner.ExitFailed, status: event.Errored, cause: event.CauseArrange,
			steps: map[string]event.Status{"arrange/0": event.Errored, "assert/0": event.NotRun},
		},
		{
			name: "all of assert finishes, and who waits for a failure is not run",
			scenario: `
scenario: S
assert:
  - set: {a: 1}
    id: one
    expect: {a: 2}
  - check: one.a == 1
  - check: 1 == 1
  - check: 1 == 2
`,
			code: runner.ExitFailed, status: event.Failed, cause: event.CauseCheck,
			steps: map[string]event.Status{"assert/0": event.Failed, "assert/1": event.NotRun, "assert/2": event.Passed, "assert/3": event.Failed},
			says:  []string{"waits for one, which did not pass"},
		},
		{
			name: "an error outweighs a failure",
			scenario: `
scenario: S
assert:
  - check: 1 == 2
  - object: {bucket: no-such-bucket, key: k}
`,
			code: runner.ExitFailed, status: event.Errored, cause: event.CauseStep,
			steps: map[string]event.Status{"assert/0": event.Failed, "assert/1": event.Errored},
			says:  []string{"no-such-bucket"},
		},
		{
			name: "a case whose assert steps are all skipped is skipped",
			scenario: `
scenario: S
assert:
  - check: 1 == 1
    when: 1 == 2
`,
			code: runner.ExitPassed, status: event.Skipped,
			steps: map[string]event.Status{"assert/0": event.Skipped},
			says:  []string{"every selected case was skipped"},
		},
		{
			name: "the result of a skipped step cannot be used",
			scenario: `
scenario: S
act:
  - set: {a: 1}
    id: one
    when: false
assert:
  - check: one.a == 1
  - check: default(one.a, 7) == 7
`,
			code: runner.ExitFailed, status: event.Errored, cause: event.CauseStep,
			steps: map[string]event.Status{"act/0": event.Skipped, "assert/0": event.Errored, "assert/1": event.Passed},
			says:  []string{"it uses the result of one, and that step was skipped"},
		},
		{
			name: "cleanup runs every step, and skips what refers to a step that never ran",
			scenario: `
scenario: S
act:
  - check: 1 == 2
  - set: {a: 1}
    id: never
assert:
  - check: 1 == 1
cleanup:
  - set: {a: "${never.a}"}
  - set: {a: 2}
`,
			code: runner.ExitFailed, status: event.Failed, cause: event.CauseCheck,
			steps: map[string]event.Status{"cleanup/0": event.Skipped, "cleanup/1": event.Passed},
		},
		{
			name: "the scenario's timeout is an error and says so",
			scenario: `
scenario: S
timeout: 3s
act:
  - wait: 1m
assert:
  - check: 1 == 1
`,
			code: runner.ExitFailed, status: event.Errored, cause: event.CauseTimeout,
			steps: map[string]event.Status{"act/0": event.Errored, "assert/0": event.NotRun},
			says:  []string{"the scenario's timeout of 3s is used up"},
		},
		{
			name: "after starts a step when another has passed",
			scenario: `
scenario: S
assert:
  - wait: 5s
    id: first
  - set: {a: 1}
    after: first
`,
			code: runner.ExitPassed, status: event.Passed,
			steps: map[string]event.Status{"assert/1": event.Passed},
		},
		{
			name: "diagnose runs after a failure and never changes the verdict",
			scenario: `
scenario: S
assert:
  - check: 1 == 2
diagnose:
  - object: {bucket: no-such-bucket, key: k}
  - set: {seen: what a person would look at}
`,
			code: runner.ExitFailed, status: event.Failed, cause: event.CauseCheck,
			steps: map[string]event.Status{"diagnose/0": event.Errored, "diagnose/1": event.Passed},
			says:  []string{"what a person would look at"},
		},
		{
			name: "a check that only the run can tell to hold on nothing is an error",
			scenario: `
scenario: S
vars: {n: "${number('0')}"}
assert:
  - log_events: {log_group: "${suite.app.LogGroupName}"}
    expect: {count: "${vars.n}"}
`,
			code: runner.ExitFailed, status: event.Errored, cause: event.CauseStep,
			steps: map[string]event.Status{"assert/0": event.Errored},
			says:  []string{"hold on an empty answer"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := perform(t, c.scenario)
				f := r.finish(t)
				if r.code != c.code || f.Status != c.status || f.Cause != c.cause {
					t.Errorf("exit code %d, %s, %s; want %d, %s, %s", r.code, f.Status, f.Cause, c.code, c.status, c.cause)
				}
				got := r.steps()
				for place, want := range c.steps {
					if got[place] == nil || got[place].Status != want {
						t.Errorf("%s ended as %+v, want %s", place, got[place], want)
					}
				}
				wants(t, r.text, c.says...)
				if t.Failed() {
					t.Log(r.text)
				}
				r.clean(t)
			})
		})
	}
}

const creates = `
scenario: Creates
arrange:
  - upload_object: {bucket: "${suite.app.BucketName}", key: "${scenario.id}/1", text: one}
  - put_item: {table: "${suite.app.TableName}", item: {pk: "${scenario.id}"}}
  - upload_object: {bucket: "${suite.app.BucketName}", key: "${scenario.id}/2", text: two}
    keep: %KEEP%
act:
  - wait: 10s
assert:
  - check: 1 == 1
`

func TestTakesBackInReverseOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, strings.ReplaceAll(creates, "%KEEP%", "false"))
		var order []string
		for _, e := range r.events {
			if b, ok := e.Body.(*event.ResourceChange); ok {
				order = append(order, string(b.Status)+" "+b.Resource.Kind)
			}
		}
		want := "created s3.object, created dynamodb.item, created s3.object, released s3.object, released dynamodb.item, released s3.object"
		if got := strings.Join(order, ", "); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		r.clean(t)
	})
}

func TestKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, strings.ReplaceAll(creates, "%KEEP%", "true"))
		if r.code != runner.ExitPassed || r.after["objects"] != 1 || r.after["items"] != 0 {
			t.Errorf("exit code %d, %v", r.code, r.after)
		}
	})
}

func TestInterruptCleansUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := perform(t, strings.ReplaceAll(creates, "%KEEP%", "false"), func(s *stage) {
			s.watch = func(e event.Event) {
				if e.Type == event.StepStarted && e.Step == "act/0" {
					close(s.stop)
				}
			}
		})
		f := r.finish(t)
		if r.code != runner.ExitInterrupted || f.Status != event.Errored || f.Cause != event.CauseInterrupted {
			t.Errorf("exit code %d, %s, %s\n%s", r.code, f.Status, f.Cause, r.text)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("the interrupt took %s", took)
		}
		r.clean(t)
	})
}

func TestInterruptSkipsWhatHasNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, strings.ReplaceAll(creates, "%KEEP%", "false")+"---\nscenario: Second\nassert:\n  - check: 1 == 1\n", func(s *stage) {
			s.parallel = 1
			s.watch = func(e event.Event) {
				if e.Type == event.StepStarted && e.Step == "act/0" {
					close(s.stop)
				}
			}
		})
		if ends := r.ends(); ends["Second"] != event.Skipped {
			t.Errorf("%v", ends)
		}
	})
}

func TestCleanUpThatFailsIsExitCode4(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deny := func(_ context.Context, service, operation string) error {
			if service == "s3" && operation == "DeleteObject" {
				return &smithy.GenericAPIError{Code: "AccessDenied", Message: "Access Denied", Fault: smithy.FaultClient}
			}
			return nil
		}
		r := performWith(t, sandbox.Options{Intercept: deny}, strings.ReplaceAll(creates, "%KEEP%", "false"))
		if r.code != runner.ExitLeft || r.finish(t).Status != event.Passed {
			t.Errorf("exit code %d, %s", r.code, r.finish(t).Status)
		}
		wants(t, r.text, "Left behind", "s3.object", "AccessDenied")
		wants(t, string(r.junit), "Creates (cleanup)")
	})
}

func TestSuiteThatCannotBeArranged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, sandbox.Options{}, files(t, map[string]string{
			"a.scenario.yaml": "scenario: One\nassert:\n  - check: 1 == 1\n---\nscenario: Two\nassert:\n  - check: 1 == 1\n",
			"rehearse.yaml":   "suite: shop\narrange:\n  - stack_outputs: {stack: nowhere}\n    id: app\n",
		}))
		r := s.run()
		ends := r.ends()
		if r.code != runner.ExitFailed || ends["One"] != event.Errored || ends["Two"] != event.Errored {
			t.Errorf("exit code %d, %v", r.code, ends)
		}
		wants(t, r.text, "the suite's arrange failed", "nowhere", "rehearse.yaml:3:5")
	})
}

func TestSuiteIsArrangedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		count := func(_ context.Context, _, operation string) error {
			if operation == "DescribeStacks" {
				calls.Add(1)
			}
			return nil
		}
		r := performWith(t, sandbox.Options{Intercept: count}, "scenario: S\nassert:\n  - check: ${suite.app.BucketName != ''}\n"+
			"---\nscenario: T\nassert:\n  - check: length(suite.app.BucketName) > 0\n")
		if r.code != runner.ExitPassed || calls.Load() != 1 {
			t.Errorf("exit code %d, %d calls\n%s", r.code, calls.Load(), r.text)
		}
	})
}

func TestNoTwoCasesOverlapWithOneSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open, most := 0, 0
		text := ""
		for _, n := range []string{"A", "B", "C"} {
			text += "---\nscenario: " + n + "\nact:\n  - wait: 1s\nassert:\n  - wait: 1s\n"
		}
		r := perform(t, text, func(s *stage) {
			s.parallel = 1
			s.watch = func(e event.Event) {
				switch e.Type {
				case event.ScenarioStarted:
					open++
				case event.ScenarioFinished:
					open--
				}
				most = max(most, open)
			}
		})
		if r.code != runner.ExitPassed || most != 1 {
			t.Errorf("exit code %d, %d cases at once", r.code, most)
		}
	})
}

func TestProbingHoldsNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := ""
		for _, n := range strings.Split("ABCDEFGHIJ", "") {
			text += "---\nscenario: " + n + "\nact:\n  - set: {a: 1}\nassert:\n  - wait: 20s\n"
		}
		start := time.Now()
		r := perform(t, text, func(s *stage) { s.parallel = 2 })
		if took := time.Since(start); r.code != runner.ExitPassed || took > 25*time.Second {
			t.Errorf("exit code %d after %s", r.code, took)
		}
	})
}

func TestThrottlingIsLivedThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		throttle := func(_ context.Context, service, _ string) error {
			if service != "sts" && time.Since(start) < 4*time.Second {
				return &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded", Fault: smithy.FaultClient}
			}
			return nil
		}
		r := performWith(t, sandbox.Options{Intercept: throttle}, strings.ReplaceAll(creates, "%KEEP%", "false"))
		if r.code != runner.ExitPassed {
			t.Errorf("exit code %d\n%s", r.code, r.text)
		}
		r.clean(t)
	})
}

func TestSecretsLeaveInNoEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, `
scenario: Secret
act:
  - set: {token: "opensesame-${1 + 1}", list: ["opensesame-2", x]}
    id: login
    mask: [token]
  - set: {url: "https://x/?t=${login.token}", again: "${base64(login.token)}"}
assert:
  - check: login.token == "other"
`, func(s *stage) { s.secrets = []string{"hunter2hunter2"} })
		for _, secret := range []string{"opensesame-2", "b3BlbnNlc2FtZS0y", "hunter2hunter2"} {
			for what, text := range map[string]string{"stream": string(r.json), "junit": string(r.junit), "console": r.text} {
				if strings.Contains(text, secret) {
					t.Errorf("%s stands in the %s:\n%s", secret, what, text)
				}
			}
		}
		wants(t, string(r.json), "***")
	})
}
