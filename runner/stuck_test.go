package runner_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// blocked is an output that nobody reads.
type blocked struct{ until <-chan struct{} }

func (b blocked) Emit(event.Event) { <-b.until }

// TestStuckOutput: nobody reads the output. The run is not held up by that, and
// a second signal ends it although not everything could be told.
func TestStuckOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		hard, end := context.WithCancelCause(t.Context())
		start := time.Now()
		perform(t, "scenario: S\nact:\n  - wait: 2s\nassert:\n  - check: 1 == 1\n", func(s *stage) {
			s.context, s.broken = hard, runner.ErrStuck
			s.change = func(o *runner.Options) {
				o.Sinks = []event.Sink{blocked{release}}
				time.AfterFunc(time.Minute, func() { end(errors.New("stopped at once by a second signal")) })
			}
		})
		if took := time.Since(start); took < time.Minute || took > 70*time.Second {
			t.Errorf("ended after %s", took)
		}
	})
}
