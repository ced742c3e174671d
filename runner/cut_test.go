package runner_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
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
		if n := r.finished().Counts; r.code != runner.ExitInterrupted || n.Passed > 0 {
			t.Errorf("exit code %d, %+v", r.code, n)
		}
	})
}

