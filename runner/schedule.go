package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/plan"
)

// errRunTimeout ends a run that takes longer than it may.
var errRunTimeout = errors.New("the run's time is used up")

// cases runs every case; each waits for its locks and for a slot of its own.
func (r *run) cases() {
	var all sync.WaitGroup
	queued := time.Now()
	for _, c := range r.Plan.Cases {
		if c.Skip != "" {
			r.skip(c, c.Skip)
			continue
		}
		if r.Parallel == 1 { // in their order, none overlapping
			r.runCase(c, r.locks.ask(c.Locks), time.Now())
			continue
		}
		turn := r.locks.ask(c.Locks) // here, so that the order is that of the files
		all.Go(func() { r.runCase(c, turn, queued) })
	}
	all.Wait()
}

// runCase waits for the case's turn and for a slot, sets up the suite and runs
// the case until an attempt passes or there are no more.
func (r *run) runCase(c *plan.Case, turn *waiter, queued time.Time) {
	if err := r.locks.wait(r.starts, turn); err != nil {
		r.skip(c, "not begun: "+err.Error())
		return
	}
	defer r.locks.leave(turn)
	locked := time.Now()
	s := &slot{run: r}
	if err := s.begin(r.starts); err != nil {
		r.skip(c, "not begun: "+err.Error())
		return
	}
	defer s.give()
	waited := event.ScenarioStart{LockWaitMS: locked.Sub(queued).Milliseconds(), QueuedMS: time.Since(locked).Milliseconds()}
	suite := r.suites[c.Suite]
	unready := suite.setUp(r.work)
	// The end of work is the end of starts, but a moment earlier.
	if err := cmp.Or(context.Cause(r.work), context.Cause(r.starts)); err != nil {
		r.skip(c, "not begun: "+err.Error())
		return
	}
	for n := 1; ; n++ {
		a := r.newAttempt(c, n, suite, waited)
		waited = event.ScenarioStart{}
		if f := a.perform(s, unready); f.Final {
			r.ended(c, f, n > 1)
			return
		}
	}
}

// ended counts a case that has had its last attempt, and stops the beginning
// of others where the first that does not pass is to end the run.
func (r *run) ended(c *plan.Case, f *event.ScenarioFinish, retried bool) {
	r.count(f.Status)
	switch {
	case f.Status == event.Passed && retried:
		r.mu.Lock()
		r.counts.Flaky++
		r.mu.Unlock()
	case r.FailFast && (f.Status == event.Failed || f.Status == event.Errored):
		r.noMore(fmt.Errorf("%s did not pass, and --fail-fast is given", c.Name))
	}
}

// final says whether a case has had its last attempt: it passed or was
// skipped, may not be tried again, or something of it was left behind that
// another attempt could meet.
func (r *run) final(c *plan.Case, n int, s event.Status, clean bool) bool {
	return s == event.Passed || s == event.Skipped || n > c.Retries || !clean || r.work.Err() != nil
}

// slot is a case's right to work: to arrange, act and clean up. While it only
// probes it gives the slot back, but where only one case runs at a time.
type slot struct {
	run  *run
	held bool
}

// begin takes the slot for a case that has not begun. Of those only one at a
// time waits for a slot itself, so that nobody who wants it back for a clean-up
// stands behind all of them.
func (s *slot) begin(ctx context.Context) error {
	if s.run.door.Acquire(ctx, 1) != nil {
		return context.Cause(ctx)
	}
	defer s.run.door.Release(1)
	return s.take(ctx)
}

func (s *slot) take(ctx context.Context) error {
	if s.held {
		return nil
	}
	if s.run.slots.Acquire(ctx, 1) != nil {
		return context.Cause(ctx)
	}
	s.held = true
	return nil
}

func (s *slot) give() {
	if s.held {
		s.run.slots.Release(1)
		s.held = false
	}
}

// probing gives the slot back for as long as the case only looks.
func (s *slot) probing() {
	if s.run.Parallel > 1 {
		s.give()
	}
}
