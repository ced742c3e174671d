package runner

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/trace"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/plan"
)

// attempt is one run of a case from its start to its clean-up.
type attempt struct {
	stage
	c      *plan.Case
	actEnd time.Time

	mu     sync.Mutex
	status event.Status
	cause  event.Cause
	failed string // the first step that did not pass
}

// newAttempt begins the n-th attempt of a case.
func (r *run) newAttempt(c *plan.Case, n int, suite *suiteRun, waited event.ScenarioStart) *attempt {
	now := time.Now()
	header := trace.New(now)
	a := &attempt{c: c, status: event.Passed}
	a.stage = stage{
		run: r, suite: c.Suite, owner: c.ID, name: c.Name, caseID: c.ID, number: n, id: r.names.attempt(), started: now,
		file: c.File, blocks: new(usedBlocks), checked: new(atomic.Bool),
	}
	a.trace = header
	a.ledger = r.Ledger.Scope(c.ID, r.resourceChanged(a))
	names := map[string]any{
		"run":   suite.runNames(),
		"suite": suite.results(),
		"scenario": map[string]any{
			"id": a.id, "name": c.Scenario, "started_at": now.UTC().Format("2006-01-02T15:04:05.000Z"),
			"trace_id": header.Trace, "trace_header": header.String(),
		},
		"case": map[string]any{"name": c.CaseName},
	}
	if c.Row != nil {
		names["row"] = c.Row
	}
	a.scope = newScope(c.Vars, names, r.seeds(filepath.Base(c.File)+"#"+c.Name, n))
	a.hideVars(c.Vars)
	waited.ScenarioID, waited.TraceID = a.id, header.Trace
	a.emit(nil, event.ScenarioStarted, &waited)
	return a
}

// perform runs the attempt to its end, clean-up included. unready is why the suite
// could not be set up, nil when it was.
func (a *attempt) perform(s *slot, unready error) *event.ScenarioFinish {
	cleanup, reason, queued := &event.Cleanup{Status: event.Passed}, "", time.Duration(0)
	if unready != nil {
		a.note(event.Errored, event.CauseArrange, "")
		reason = "the suite's arrange failed: " + unready.Error()
	} else {
		reason = a.guarded(func() string { return a.phases(s) })
		ended := time.Now()
		_ = s.take(a.run.base) // that it ended means: at once, and clean-up says what is left
		queued = time.Since(ended)
		if a.status == event.Failed || a.status == event.Errored {
			a.diagnose()
		}
		cleanup = a.cleanUp()
	}
	clean := cleanup.Status == event.Passed
	if !clean {
		a.run.addLeft(cleanup.Left)
	}
	f := &event.ScenarioFinish{
		Status: a.status, Cause: a.cause, Reason: reason, FailedStep: a.failed,
		MS: (time.Since(a.started) - queued).Milliseconds(), Cleanup: cleanup,
		Final: unready != nil || a.run.final(a.c, a.number, a.status, clean),
	}
	a.emit(nil, event.ScenarioFinished, f)
	return f
}

// guarded makes a panic of ours an error of this case alone, which is cleaned
// up like any other.
func (a *attempt) guarded(work func() string) (reason string) {
	defer func() {
		if r := recover(); r != nil {
			a.note(event.Errored, event.CauseStep, "")
			reason = fmt.Sprintf("internal error: %v; please report it", r)
		}
	}()
	return work()
}

// phases runs arrange, act and assert within the case's timeout. It gives a
// reason when what went wrong belongs to no single step.
func (a *attempt) phases(s *slot) string {
	ctx, cancel := withTimeout(a.run.work, a.c.Timeout, "the scenario's timeout of %s is used up", a.c.Timeout)
	defer cancel()
	a.life = ctx
	p := a.c.Steps
	if !a.inOrder(ctx, "arrange", p.Arrange) {
		a.notRun("", slices.Concat(p.Act, p.Assert)...)
		return a.cutShort(ctx)
	}
	a.actStart = time.Now()
	acted := a.inOrder(ctx, "act", p.Act)
	if len(p.Act) > 0 {
		a.putRoot()
	}
	if !acted {
		a.notRun("", p.Assert...)
		return a.cutShort(ctx)
	}
	a.actEnd = time.Now()
	s.probing()
	return a.assert(ctx, p.Assert)
}

// cutShort is why a case did not come to its checks although no step of it went
// wrong: its time was used up between two of them.
func (a *attempt) cutShort(ctx context.Context) string {
	if a.status != event.Passed {
		return ""
	}
	a.note(event.Errored, timeCause(ctx), "")
	return context.Cause(ctx).Error()
}

// inOrder runs the steps of a phase one after the other and stops at the first
// that does not pass.
func (a *attempt) inOrder(ctx context.Context, phase string, list []*plan.Step) bool {
	if len(list) == 0 {
		return ctx.Err() == nil
	}
	start := time.Now()
	o := a.oneByOne(ctx, list, begin{})
	if o.bad != nil {
		a.noteStep(o.bad, o.finished[len(o.finished)-1])
	}
	if o.status == event.Skipped {
		o.status = event.Passed
	}
	a.phaseFinished(phase, start, o.status)
	return o.status == event.Passed
}

func (a *attempt) phaseFinished(phase string, start time.Time, s event.Status) {
	a.emit(nil, event.PhaseFinished, &event.PhaseFinish{
		Phase: phase, StartMS: start.Sub(a.run.stream.start).Milliseconds(), MS: time.Since(start).Milliseconds(), Status: s,
	})
}

// assert starts the steps together. It gives a reason when nothing was asserted.
func (a *attempt) assert(ctx context.Context, list []*plan.Step) string {
	if len(list) == 0 {
		return ""
	}
	start := time.Now()
	finished := a.together(ctx, list, begin{clock: a.actEnd})
	total := worst(finished)
	for i, f := range finished {
		if f.Status == event.Failed || f.Status == event.Errored {
			a.noteStep(list[i], f)
		}
	}
	reason := ""
	switch {
	case total == event.Skipped:
		reason = "every step of assert was skipped, so nothing was checked"
	case total == event.Passed && !a.checked.Load() && slices.ContainsFunc(list, (*plan.Step).Looks):
		total, reason = event.Skipped, "every step of assert that checks something was skipped, so nothing was checked"
	}
	if total == event.Skipped {
		a.note(event.Skipped, "", "")
	}
	a.phaseFinished("assert", start, total)
	return reason
}

// noteStep makes a step's end the attempt's.
func (a *attempt) noteStep(x *plan.Step, f *event.StepFinish) {
	a.note(f.Status, f.Cause, x.Place())
}

func (a *attempt) note(s event.Status, cause event.Cause, step string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if event.Worse(a.status, s) != a.status {
		a.status, a.cause = s, cause
	}
	if a.failed == "" {
		a.failed = step
	}
}

// diagnoseTimeout is what looking around after a failure may take.
const diagnoseTimeout = 30 * time.Second

// diagnose shows what a person would look at next; it never changes the verdict.
func (a *attempt) diagnose() {
	if len(a.c.Steps.Diagnose) == 0 || a.run.work.Err() != nil { // interrupted, or out of time
		return
	}
	ctx, cancel := withTimeout(a.run.work, diagnoseTimeout, "diagnose may take %s", diagnoseTimeout)
	defer cancel()
	start := time.Now()
	for _, x := range a.c.Steps.Diagnose {
		a.step(ctx, x, begin{clock: time.Now()})
	}
	a.phaseFinished("diagnose", start, event.Passed)
}

// cleanUp runs every cleanup step and takes back what the steps created. It
// derives from the run's context: an interrupt does not keep it from working.
func (a *attempt) cleanUp() *event.Cleanup {
	out := &event.Cleanup{Status: event.Passed}
	start := time.Now()
	if list := a.c.Steps.Cleanup; len(list) > 0 || a.blocks.any() {
		out.Left = a.cleanUpSteps(list, a.c.Suite.Defaults.CleanupTimeout)
		if len(out.Left) > 0 {
			out.Status = event.Errored
		}
		a.phaseFinished("cleanup", start, out.Status)
	}
	start = time.Now()
	taken := event.Passed
	ctx, cancel := withTimeout(awsclient.Urgent(a.run.base), takeBackTimeout, "the minute for taking back is over")
	defer cancel()
	left := a.ledger.TakeBack(ctx, a.run.Reapers, a.run.Places.At)
	if len(left) > 0 {
		out.Status, taken = event.Errored, event.Errored
		out.Left = append(out.Left, left...)
	}
	a.phaseFinished("take_back", start, taken)
	return out
}

// cleanUpSteps runs all of the steps, and then those of the blocks that were
// used, the latest first. It says which did not do their work.
func (g *stage) cleanUpSteps(list []*plan.Step, timeout time.Duration) (left []string) {
	ctx, cancel := withTimeout(awsclient.Urgent(g.run.base), timeout, "cleanup_timeout of %s is used up", timeout)
	defer cancel()
	left = g.cleanUpList(ctx, list)
	for {
		b, ok := g.blocks.pop()
		if !ok {
			return left
		}
		left = append(left, b.stage.cleanUpList(ctx, b.cleanup)...)
	}
}

func (g *stage) cleanUpList(ctx context.Context, list []*plan.Step) (left []string) {
	for _, x := range list {
		if id := g.neverRan(x); id != "" {
			g.missing(x, event.Skipped)
			if g.announce {
				g.tellStart(x, &event.StepStart{Phase: x.Phase})
			}
			g.emit(x, event.StepFinished, &event.StepFinish{Status: event.Skipped, Summary: id + " never ran, so there is nothing to clean up"})
			continue
		}
		if f, _ := g.step(ctx, x, begin{clock: time.Now()}); f.Status == event.Failed || f.Status == event.Errored {
			left = append(left, fmt.Sprintf("cleanup step %d of %s (%s, %s) did not succeed", x.Index+1, g.name, x.Label(), x.Pos))
		}
	}
	return left
}

// neverRan names a step that this one refers to and that has no result.
func (g *stage) neverRan(x *plan.Step) string {
	for _, id := range x.Needs {
		switch g.scope.end(id).status {
		case "", event.NotRun, event.Skipped:
			return id
		}
		if !g.scope.has(id) {
			return id
		}
	}
	return ""
}
