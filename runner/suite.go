package runner

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/plan"
)

// suiteRun is what a suite does once a run.
type suiteRun struct {
	stage
	plan    *plan.Suite
	begun   chan struct{} // a token: who takes it sets up
	ready   chan struct{} // closed when that is over
	setting bool
	err     error
}

func newSuiteRun(r *run, s *plan.Suite) *suiteRun {
	x := &suiteRun{plan: s, begun: make(chan struct{}, 1), ready: make(chan struct{})}
	x.begun <- struct{}{}
	x.stage = stage{run: r, suite: s, owner: "run", name: "suite " + s.Label, prefix: "suite/" + s.Label + "/", ledger: r.scope, announce: true, blocks: new(usedBlocks)}
	r.hidePlanned(s)
	return x
}

// setUp runs the suite's arrange for the first case that asks; the others wait.
func (s *suiteRun) setUp(ctx context.Context) error {
	select {
	case <-s.begun:
		s.err = s.arrange(ctx)
		close(s.ready)
	case <-s.ready:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return s.err
}

func (s *suiteRun) arrange(ctx context.Context) error {
	s.setting = true
	s.started = time.Now()
	s.scope = newScope(s.plan.Vars, map[string]any{"run": s.runNames(), "suite": map[string]any{}}, s.run.seeds("suite/"+s.plan.Label, 1))
	s.hideVars(s.plan.Vars)
	ctx, cancel := withTimeout(ctx, s.plan.Defaults.Timeout, "the suite's timeout of %s is used up", s.plan.Defaults.Timeout)
	defer cancel()
	for _, x := range s.plan.Arrange {
		f, _ := s.step(ctx, x, begin{clock: time.Now()})
		if f.Status != event.Passed && f.Status != event.Skipped {
			return fmt.Errorf("step %d, %s (%s): %s", x.Index+1, x.Label(), x.Pos, why(f))
		}
		for _, id := range x.IDs() {
			s.scope.nest("suite", id)
		}
	}
	return nil
}

// cleanUp runs the suite's cleanup when its arrange was begun.
func (s *suiteRun) cleanUp() {
	if !s.setting {
		return
	}
	s.run.addLeft(s.cleanUpSteps(s.plan.Cleanup, s.plan.Defaults.CleanupTimeout))
}

// runNames is what ${run…} gives.
func (s *suiteRun) runNames() map[string]any {
	var environment any
	if s.plan.Env != "" {
		environment = s.plan.Env
	}
	return map[string]any{
		"id": s.run.ID, "started_at": s.run.stream.start.UTC().Format("2006-01-02T15:04:05.000Z"), "environment": environment,
	}
}

// results is what ${suite…} gives to the cases.
func (s *suiteRun) results() map[string]any {
	if s.scope == nil {
		return map[string]any{}
	}
	s.scope.mu.Lock()
	defer s.scope.mu.Unlock()
	return maps.Clone(s.scope.names["suite"].(map[string]any))
}

// why says in a sentence what a step that did not pass ended with.
func why(f *event.StepFinish) string {
	said := f.Summary
	for _, c := range f.Checks {
		if !c.OK {
			said = strings.TrimPrefix(said+"; "+c.Message, "; ")
		}
	}
	return said
}
