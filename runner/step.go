package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/trace"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/ledger"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/runner/probe"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// stage is where steps run: an attempt of a case, or a suite's own steps.
type stage struct {
	run      *run
	suite    *plan.Suite
	scope    *scope
	ledger   *ledger.Scope
	owner    string
	name     string // of the case or the suite, for people
	id       string // scenario.id, "" for a suite's own steps
	caseID   string // of the events
	number   int    // of the attempt
	prefix   string // of the step's name in events
	file     string // of the case, "" for a suite's own steps
	announce bool   // the steps stand in no plan that was told before
	keep     bool   // what the steps create is not taken back
	blocks   *usedBlocks
	checked  *atomic.Bool    // whether a step of assert has looked at something
	life     context.Context // of an attempt's arrange, act and assert; nil for a suite's own steps
	trace    trace.Header    // of an attempt; zero for a suite's own steps
	started  time.Time
	actStart time.Time // zero before act
}

func (g *stage) emit(x *plan.Step, t event.Type, b event.Body) {
	e := event.Event{Type: t, Case: g.caseID, Attempt: g.number, Body: b}
	if x != nil {
		e.Step = g.prefix + x.Place()
	}
	g.run.stream.emit(e)
}

// step runs one step to its end and tells of it.
func (g *stage) step(ctx context.Context, x *plan.Step, b begin) (f *event.StepFinish, result any) {
	start := time.Now()
	defer func() {
		if r := recover(); r != nil { // ours to mend, and no reason to take the other cases down
			f, result = unable(fmt.Errorf("internal error: %v; please report it", r)), nil
			g.scope.set(x.Common.ID, f.Status, nil)
			g.emit(x, event.StepFinished, f)
		}
	}()
	if x.Phase == "act" { // what is arranged, looked at and cleaned up is no part of the trace
		ctx = trace.With(ctx, g.trace)
	}
	place := g.place(x)
	g.tellStart(x, &event.StepStart{Phase: x.Phase, Account: place.Account, Region: place.Region, WaitedFor: b.waited})
	f, result = g.carryOut(ctx, x, b)
	f.MS = time.Since(start).Milliseconds()
	if x.ForEach == nil {
		g.warnOfUselessMasks(x, f, result)
	}
	if f.Status != event.Passed {
		if f.Status != event.Failed || ctx.Err() == nil { // what failed did so before its time was used up
			f.Cause = phaseCause(ctx, x, f.Cause)
		}
		if x.Phase == "arrange" && f.Status == event.Failed {
			f.Status = event.Errored // nothing was tested yet
		}
	}
	g.scope.set(x.Common.ID, f.Status, result)
	if x.Together != nil && f.Status == event.Skipped {
		g.missing(x, f.Status)
	}
	g.emit(x, event.StepFinished, f)
	return f, result
}

func (g *stage) tellStart(x *plan.Step, begun *event.StepStart) {
	if g.announce {
		p := plannedStep(x, g.file)
		begun.Plan = &p
	}
	g.emit(x, event.StepStarted, begun)
}

// missing notes that a step, and those inside it, have no result.
func (g *stage) missing(x *plan.Step, s event.Status) {
	for _, id := range x.IDs() {
		g.scope.set(id, s, nil)
	}
}

// notRun tells of steps that are not reached, and why.
func (g *stage) notRun(why string, list ...*plan.Step) {
	for _, x := range list {
		g.missing(x, event.NotRun)
		if !g.announce { // else nobody knows of it
			g.emit(x, event.StepFinished, &event.StepFinish{Status: event.NotRun, Summary: why})
		}
	}
}

// phaseCause refines a cause by where it happened.
func phaseCause(ctx context.Context, x *plan.Step, c event.Cause) event.Cause {
	switch {
	case ctx.Err() != nil:
		return timeCause(ctx)
	case x.Phase == "arrange":
		return event.CauseArrange
	case x.Phase == "cleanup":
		return event.CauseCleanup
	}
	return c
}

// timeCause says what ended a context.
func timeCause(ctx context.Context) event.Cause {
	if errors.Is(context.Cause(ctx), errInterrupted) {
		return event.CauseInterrupted
	}
	return event.CauseTimeout
}

// carryOut resolves a step's expressions and probes or acts.
func (g *stage) carryOut(ctx context.Context, x *plan.Step, b begin) (f *event.StepFinish, result any) {
	defer func() {
		if r := recover(); r != nil { // ours to mend, and no reason to take the other cases down
			f, result = unable(fmt.Errorf("internal error in %s: %v; please report it", x.Kind.Name, r)), nil
		}
	}()
	if err := g.usable(x); err != nil {
		return unable(err), nil
	}
	if x.ForEach == nil || !x.WhenEach {
		run, err := g.scope.when(ctx, x)
		switch {
		case err != nil:
			return unable(err), nil
		case !run:
			return &event.StepFinish{Status: event.Skipped, Summary: "when is false"}, nil
		}
	}
	switch {
	case x.ForEach != nil:
		return g.turns(ctx, x, b)
	case x.Together != nil:
		return g.parallel(ctx, x, b)
	case x.Block != nil:
		return g.use(ctx, x, b)
	}
	return g.carryOutOne(ctx, x, b)
}

// carryOutOne probes or acts.
func (g *stage) carryOutOne(ctx context.Context, x *plan.Step, b begin) (f *event.StepFinish, result any) {
	r, err := g.scope.resolve(ctx, x)
	if err != nil {
		return unable(err), nil
	}
	var p schema.Problems
	bound := x.Kind.Bind(r.params, &p)
	if err := p.Err(); err != nil {
		return unable(err), nil
	}
	checks := plan.Checks(bound.Success, bound.Demands, r.expect)
	breakable := plan.Checks(assertions.Checks{}, bound.Demands, r.expect).BreakableByMore()
	pol := g.policy(x, r.common, bound.Watch != nil, breakable, b)
	env := g.env(x, pol, g.keep || r.common.Keep)
	if err := g.bindSchemas(ctx, env, pol.AttemptTimeout, bound.Schemas, r.expect.Schemas()); err != nil {
		return unable(err), nil
	}
	if bound.Watch != nil && x.Phase == "assert" && !plan.MustHold(r.common) && plan.HoldsOnNothing(x, checks) {
		return unable(errors.New("its checks hold on an empty answer, so the first look would pass before anything could happen; write throughout or hold")), nil
	}
	pol.Confirm = bound.Watch != nil && (breakable || plan.HoldsOnNothing(x, checks))
	env.Wanted, env.Checked = wanted(x, checks), x.Common.ID != "" || !r.expect.Empty()
	look, err := g.open(ctx, x, r.common, bound, env)
	if err != nil {
		f = unable(err)
		f.Attempts = 1
		return f, nil
	}
	if look.Close != nil {
		defer look.Close()
	}
	look.Look = g.masked(x, look.Look)
	if x.Kind.Settles && pol.Hold > 0 { // the user wants to see whether more comes than the kind waited for
		look.Look = lasting(look.Look)
	}
	v := probe.Run(ctx, pol, look, checks.Run, func(e event.Probe) { g.emit(x, event.ProbeAttempt, &e) })
	if x.Looks() {
		g.checks(x)
	}
	f = finished(v)
	if x.Kind.Condition != "" && f.Status == event.Failed {
		f.Summary += g.scope.explain(x)
	}
	return f, v.Last.Doc
}

// lasting takes no answer for the last one.
func lasting(look func(context.Context) (steps.Seen[any], error)) func(context.Context) (steps.Seen[any], error) {
	return func(ctx context.Context) (steps.Seen[any], error) {
		seen, err := look(ctx)
		seen.Final = false
		return seen, err
	}
}

// wanted says which parts of a step's result its checks look at; nil where
// others may look at it too.
func wanted(x *plan.Step, checks assertions.Checks) func(key string) bool {
	if x.Common.ID != "" || len(x.Common.Mask) > 0 {
		return nil
	}
	keys := map[string]bool{}
	for _, p := range checks.Paths() {
		names := p.Path.Leading()
		if len(names) == 0 {
			return nil
		}
		keys[names[0]] = true
	}
	return func(key string) bool { return keys[key] }
}

// usable says whether what the step refers to is there.
func (g *stage) usable(x *plan.Step) error {
	for _, id := range x.Needs {
		switch g.scope.end(id).status {
		case event.Skipped:
			return fmt.Errorf("it uses the result of %s, and that step was skipped", id)
		case "", event.NotRun:
			return fmt.Errorf("it uses the result of %s, and that step has not run", id)
		}
	}
	return nil
}

// open makes a probe of what the step does; an act is looked at by doing it.
func (g *stage) open(ctx context.Context, x *plan.Step, c schema.StepFields, b steps.Bound, env *steps.Env) (steps.Probe[any], error) {
	if b.Watch != nil && x.Kind.Condition != "" && (c.Within != nil || plan.MustHold(c)) {
		return g.again(x, env), nil
	}
	if b.Watch != nil {
		return b.Watch(ctx, env)
	}
	return steps.Probe[any]{Look: func(ctx context.Context) (steps.Seen[any], error) {
		seen, err := b.Do(ctx, env)
		if err != nil && !x.Kind.Idempotent && awsclient.Transient(err) && !awsclient.SurelyNotDone(err) {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			err = steps.Final(fmt.Errorf("%w; it may have happened, so it is not sent again", err))
		}
		seen.At, seen.Final = time.Now(), !x.Kind.Idempotent
		return seen, err
	}}, nil
}

// again probes a condition by evaluating it anew at each look: it may ask for the time.
func (g *stage) again(x *plan.Step, env *steps.Env) steps.Probe[any] {
	return steps.Probe[any]{Look: func(ctx context.Context) (steps.Seen[any], error) {
		r, err := g.scope.resolve(ctx, x)
		if err != nil {
			return steps.Seen[any]{}, err
		}
		var p schema.Problems
		b := x.Kind.Bind(r.params, &p)
		if err := p.Err(); err != nil {
			return steps.Seen[any]{}, err
		}
		once, err := b.Watch(ctx, env)
		if err != nil {
			return steps.Seen[any]{}, err
		}
		seen, err := once.Look(ctx)
		seen.Final = false
		return seen, err
	}}
}

// place is where a step runs.
func (g *stage) place(x *plan.Step) *awsclient.Place { return g.run.Places.Of(g.suite, x.Common.In) }

func (g *stage) env(x *plan.Step, pol probe.Policy, keep bool) *steps.Env {
	at := func(account string) *awsclient.Place {
		place := g.run.Places.Of(g.suite, account)
		if pol.Within == 0 && pol.Throughout == 0 {
			place = place.Steady() // nothing looks again
		}
		return place
	}
	since := g.actStart
	if since.IsZero() {
		since = g.started
	}
	return &steps.Env{
		AWS: at(x.Common.In), Account: func(name steps.AccountName) *awsclient.Place { return at(string(name)) }, HTTP: g.run.HTTP, RunID: g.run.ID, ScenarioID: g.id, Step: x.Place(), Owner: g.owner,
		Seed: g.scope.seeds.fresh(x.Place() + "/seed").Int64(), Trace: g.trace, Since: since, Started: g.started, Clock: pol.Since, Keep: keep,
		Suite:  steps.SuiteEnv{Name: g.suite.Label, Tags: g.suite.Tags, CanarySource: g.suite.CanarySource, Settle: g.suite.Defaults.Settle},
		Ledger: g.ledger.Keeping(keep), Run: g.run.shared, Life: g.life,
		Hide: g.run.stream.hide,
		Warn: func(format string, args ...any) {
			g.emit(x, event.Message, &event.Note{Level: "warning", Text: fmt.Sprintf(format, args...), File: x.Pos.File, Line: x.Pos.Line})
		},
	}
}

// policy decides how a step is probed.
func (g *stage) policy(x *plan.Step, c schema.StepFields, reads, breakable bool, b begin) probe.Policy {
	d := g.suite.Defaults
	p := probe.Policy{Random: g.scope.pauses(x), Since: b.clock, Every: value(c.Every, d.Every), Throughout: value(c.Throughout, 0), WarnAfter: value(c.WarnAfter, 0)}
	switch {
	case c.Within != nil:
		p.Within, p.SLA = *c.Within, true
	case x.Phase == "assert" && reads && c.Throughout == nil:
		p.Within = cmp.Or(x.Kind.Within, d.Within)
		if b.late && c.After == "" {
			p.Since = time.Now() // patience counts from where the step could begin
		}
	}
	switch {
	case c.Hold != nil:
		p.Hold = *c.Hold
	case reads && p.Within > 0 && breakable && !x.Kind.Settles:
		p.Hold = d.Hold
	}
	switch {
	case c.AttemptTimeout != nil:
		p.AttemptTimeout = *c.AttemptTimeout
	case !x.Kind.Unbounded:
		p.AttemptTimeout = d.StepTimeout
	}
	return p
}

func value(d *time.Duration, otherwise time.Duration) time.Duration {
	if d == nil {
		return otherwise
	}
	return *d
}
