package runner_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
	play "github.com/rehearse-dev/rehearse/steps/stage"
)

// TestTimeUsedUpBetweenPhasesIsNoPass: a scenario whose time ends just when a
// phase does has not come to its checks.
func TestTimeUsedUpBetweenPhasesIsNoPass(t *testing.T) {
	for _, phase := range []string{"arrange", "act"} {
		for range 8 { // which of two things that are due at once is first is open
			synctest.Test(t, func(t *testing.T) {
				r := perform(t, "scenario: S\ntimeout: 2s\n"+phase+":\n  - wait: 2s\nassert:\n  - check: 1 == 2\n")
				if f := r.finish(t); r.code != runner.ExitFailed || f.Status == event.Errored && f.Cause != event.CauseTimeout {
					t.Errorf("%s: exit code %d, %s\n%s", phase, r.code, f.Cause, r.text)
				}
			})
		}
	}
}

// TestInterruptBetweenPhasesIsNoPass: likewise for an interrupt.
func TestInterruptBetweenPhasesIsNoPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, "scenario: S\narrange:\n  - wait: 2s\nassert:\n  - check: 1 == 2\n", func(s *stage) {
			time.AfterFunc(2*time.Second, func() { close(s.stop) })
		})
		// Both come in the same moment: the case may get to its check, which does not hold.
		if n := r.finished().Counts; r.code == runner.ExitPassed || n.Passed > 0 {
			t.Errorf("exit code %d, %+v", r.code, n)
		}
	})
}

// TestFailFastIsNotHeldUpByThoseThatWait: a case that did not pass gets its
// slot for the clean-up before those that have not begun.
func TestFailFastIsNotHeldUpByThoseThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text strings.Builder
		for i := range 50 {
			fmt.Fprintf(&text, "---\nscenario: S%d\nact:\n  - wait: 1s\nassert:\n  - check: 1 == 2\n    within: 2s\n", i)
		}
		r := perform(t, text.String(), func(s *stage) {
			s.parallel = 2
			s.change = func(o *runner.Options) { o.FailFast = true }
		})
		if n := r.finished().Counts; n.Skipped < 35 {
			t.Errorf("%+v", n)
		}
	})
}

// TestSlotWaitIsNoPartOfACasesTime: nor is that for the clean-up.
func TestSlotWaitIsNoPartOfACasesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, `
scenario: A
act:
  - wait: 1s
assert:
  - wait: 1s
  - check: 1 == 1
---
scenario: B
act:
  - wait: 10s
assert:
  - check: 1 == 1
---
scenario: C
act:
  - wait: 10s
assert:
  - check: 1 == 1
`, func(s *stage) { s.parallel = 2 })
		for _, e := range r.events {
			if b, ok := e.Body.(*event.ScenarioFinish); ok && strings.HasSuffix(e.Case, "#A") && b.MS != 2000 {
				t.Errorf("%s took %d ms", e.Case, b.MS)
			}
		}
	})
}

// TestInterruptedWhileEnding: an interrupt counts until the run is over.
func TestInterruptedWhileEnding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, sandbox.Options{}, files(t, map[string]string{
			"a.scenario.yaml": "scenario: S\nassert:\n  - check: 1 == 1\n",
			"rehearse.yaml":   "cleanup:\n  - wait: 10s\n",
		}))
		s.watch = func(e event.Event) {
			if e.Type == event.ScenarioFinished {
				time.AfterFunc(time.Second, func() { close(s.stop) })
			}
		}
		if r := s.run(); r.code != runner.ExitInterrupted {
			t.Errorf("exit code %d", r.code)
		}
	})
}

// TestARateTakesNoPatienceAway: a turn that a rate holds back has all of the
// time that a look may take by default.
func TestARateTakesNoPatienceAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trouble := between(90*time.Second, 105*time.Second, serverError)
		r := performWith(t, sandbox.Options{Intercept: func(ctx context.Context, service, op string) error {
			if op == "HeadObject" {
				return trouble(ctx, service, op)
			}
			return nil
		}}, `
scenario: S
timeout: 5m
act:
  - upload_object: {bucket: "${suite.app.BucketName}", key: "${scenario.id}", text: x}
    id: up
assert:
  - for_each: {items: [1, 2, 3], rate: 0.02}
    object: {bucket: "${suite.app.BucketName}", key: "${up.key}"}
`)
		if r.code != runner.ExitPassed {
			t.Error(r.text)
		}
	})
}

// TestSharedWorkEndsBeforeItIsTakenBack: what the run shares and is still being
// made when the run ends is taken back as well.
func TestSharedWorkEndsBeforeItIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := performWith(t, sandbox.Options{Answer: func(_ context.Context, _, op string) error {
			switch op {
			case "CreateQueue":
				time.Sleep(1500 * time.Millisecond)
			case "GetQueueUrl":
				time.Sleep(2 * time.Second)
			}
			return nil
		}}, "scenario: S\ntimeout: 1s\narrange:\n  - listen: {event_bus: default, all: true}\n    id: l\nassert:\n  - received: {from: l}\n")
		r.clean(t)
	})
}

// TestACreationOnItsWayIsTakenBack: a call that was cut off may still be carried
// out after its case was cleaned up for the first time.
func TestACreationOnItsWayIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, sandbox.Options{Functions: play.Functions(), Intercept: func(_ context.Context, _, op string) error {
			if op == "PutItem" {
				time.Sleep(3 * time.Second)
			}
			return nil
		}}, files(t, map[string]string{
			"a.scenario.yaml": "scenario: S\ntimeout: 1s\nact:\n  - put_item: {table: play-table, item: {pk: \"${scenario.id}\"}}\n",
			"rehearse.yaml":   "cleanup:\n  - wait: 20s\n",
		}))
		deployPlay(t, s.sandbox)
		s.run().clean(t)
	})
}

// TestNoDiagnosisWithoutTime: where the run's time is used up there is none left
// to look around.
func TestNoDiagnosisWithoutTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, "scenario: S\nact:\n  - wait: 1m\ndiagnose:\n  - stack_outputs: {stack: play}\n", func(s *stage) {
			s.change = func(o *runner.Options) { o.Timeout = 4 * time.Second }
		})
		if strings.Contains(r.text, "diagnose") {
			t.Error(r.text)
		}
	})
}
