package runner

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/runner/probe"
	"github.com/rehearse-dev/rehearse/steps"
)

// begin is how a step begins.
type begin struct {
	clock  time.Time // where its clocks start
	late   bool      // it could not begin at its clock's start, so patience counts from its own
	waited []string  // ids of the steps it waited for
}

// outcome is how a list of steps ended.
type outcome struct {
	status   event.Status // Skipped when none of them ran
	bad      *plan.Step   // the one that stopped them
	finished []*event.StepFinish
}

// oneByOne runs steps one after the other and stops at the first that does not
// pass. In assert the clocks of the first start where b says, those of the
// others, as everywhere else, at their own start.
func (g *stage) oneByOne(ctx context.Context, list []*plan.Step, b begin) outcome {
	var o outcome
	for i, x := range list {
		one := begin{clock: time.Now()}
		if x.Phase == "assert" && i == 0 {
			one = begin{clock: b.clock, late: b.late}
		}
		one.clock = g.clockOf(x, one.clock)
		f, _ := g.step(ctx, x, one)
		o.finished = append(o.finished, f)
		if bad(f) {
			o.bad = x
			g.notRun("", list[i+1:]...)
			break
		}
	}
	o.status = worst(o.finished)
	return o
}

// together starts steps at the same time; one that uses another's result waits
// for it. All of them finish.
func (g *stage) together(ctx context.Context, list []*plan.Step, b begin) []*event.StepFinish {
	done := map[string]chan struct{}{}
	for _, x := range list {
		c := make(chan struct{})
		for _, id := range x.IDs() {
			done[id] = c
		}
	}
	finished := make([]*event.StepFinish, len(list))
	var all sync.WaitGroup
	for i, x := range list {
		all.Go(func() {
			finished[i] = g.waiting(ctx, x, b, done)
			if ids := x.IDs(); len(ids) > 0 {
				close(done[ids[0]])
			}
		})
	}
	all.Wait()
	return finished
}

// waiting runs one of several steps when those it needs have passed.
func (g *stage) waiting(ctx context.Context, x *plan.Step, b begin, done map[string]chan struct{}) *event.StepFinish {
	var waited []string
	for _, id := range x.Uses {
		c := done[id]
		if c == nil {
			continue
		}
		waited = append(waited, id)
		<-c // it ends with ctx
		if s := g.scope.end(id).status; s == event.Failed || s == event.Errored || s == event.NotRun {
			f := &event.StepFinish{Status: event.NotRun, Summary: fmt.Sprintf("it waits for %s, which did not pass", id)}
			g.notRun(f.Summary, x)
			return f
		}
	}
	one := begin{clock: time.Now(), waited: waited}
	if x.Phase == "assert" {
		one.clock, one.late = g.clockOf(x, b.clock), b.late || len(waited) > 0
	}
	f, _ := g.step(ctx, x, one)
	return f
}

// clockOf is where the clocks of a step of assert start: at the end of the step
// it comes after, else where they would without one.
func (g *stage) clockOf(x *plan.Step, otherwise time.Time) time.Time {
	if x.Common.After != "" {
		return g.scope.end(x.Common.After).at
	}
	return otherwise
}

func bad(f *event.StepFinish) bool { return f.Status == event.Failed || f.Status == event.Errored }

// worst is how several steps ended together: skipped when none of them ran.
func worst(finished []*event.StepFinish) event.Status {
	total, ran := event.Passed, false
	for _, f := range finished {
		if f.Status != event.Skipped {
			ran = true
			total = event.Worse(total, f.Status)
		}
	}
	if !ran {
		return event.Skipped
	}
	return total
}

// parallel runs the steps inside a step together.
func (g *stage) parallel(ctx context.Context, x *plan.Step, b begin) (*event.StepFinish, any) {
	r, err := g.scope.resolve(ctx, x)
	if err != nil {
		g.missing(x, event.NotRun)
		return unable(err), nil
	}
	ctx, cancel := bounded(ctx, x, r)
	defer cancel()
	inner := *g
	inner.announce, inner.keep = true, g.keep || r.common.Keep
	finished := inner.together(ctx, x.Together, b)
	return summed(finished, func(i int) string { return x.Together[i].Label() }), map[string]any{}
}

// bounded bounds everything inside a step by its attempt_timeout.
func bounded(ctx context.Context, x *plan.Step, r resolved) (context.Context, context.CancelFunc) {
	if d := r.common.AttemptTimeout; d != nil {
		return withTimeout(ctx, *d, "the attempt_timeout of %s of %s is used up", *d, x.Label())
	}
	return ctx, func() {}
}

// summed is how a step ended that others make up; what they found they have
// told themselves.
func summed(finished []*event.StepFinish, label func(i int) string) *event.StepFinish {
	f := &event.StepFinish{Status: worst(finished)}
	var broken []string
	for i, x := range finished {
		if !bad(x) {
			continue
		}
		broken = append(broken, label(i))
		if f.Cause == "" || x.Status == f.Status && f.Status == event.Errored {
			f.Cause = x.Cause
		}
	}
	const named = 5
	switch {
	case len(broken) > named:
		f.Summary = fmt.Sprintf("%d of %d did not pass: %s, and %d more", len(broken), len(finished), strings.Join(broken[:named], ", "), len(broken)-named)
	case len(broken) > 0:
		f.Summary = fmt.Sprintf("%d of %d did not pass: %s", len(broken), len(finished), strings.Join(broken, ", "))
	case f.Status == event.Skipped:
		f.Summary = "everything in it was skipped"
	}
	return f
}

// use runs a block and gives what it calls its result.
func (g *stage) use(ctx context.Context, x *plan.Step, b begin) (*event.StepFinish, any) {
	r, err := g.scope.resolve(ctx, x)
	if err != nil {
		return unable(err), nil
	}
	with, _ := r.params.Get("with")
	params, err := g.scope.params(ctx, x, with.Value)
	if err != nil {
		return unable(err), nil
	}
	ctx, cancel := bounded(ctx, x, r)
	defer cancel()
	inner := *g
	inner.scope = g.scope.ofBlock(params)
	inner.announce, inner.keep = true, g.keep || r.common.Keep
	g.blocks.push(&inner, x)
	list := make([]*plan.Step, len(x.Block.Steps))
	for i, y := range x.Block.Steps {
		list[i] = y.Within(x.Place())
	}
	o := inner.oneByOne(ctx, list, b)
	// A block that skipped all its steps still has its result where that needs
	// none of them; what is expected of it is looked at in any case.
	if o.status == event.Skipped && (!r.expect.Empty() || x.Phase != "assert" && inner.skippedNeeds(x) == "") {
		o.status = event.Passed
	}
	if o.status != event.Passed {
		f := summed(o.finished, func(i int) string { return list[i].Label() })
		if o.bad != nil {
			f.Summary = fmt.Sprintf("step %d of %s did not pass: %s", o.bad.Index+1, x.Block.Name, o.bad.Label())
		}
		return f, nil
	}
	if id := inner.skippedNeeds(x); id != "" {
		return unable(fmt.Errorf("the result of %s needs %s, and that step was skipped", x.Block.Name, id)), nil
	}
	doc, err := inner.scope.document(ctx, x.Block.Result, x.Block.File, x.Place()+"/result")
	if err != nil {
		return unable(fmt.Errorf("the result of %s: %w", x.Block.Name, err)), nil
	}
	pol := probe.Policy{Since: b.clock}
	if err := g.bindSchemas(ctx, g.env(x, pol, false), g.suite.Defaults.StepTimeout, r.expect.Schemas()); err != nil {
		return unable(err), nil
	}
	look := steps.Probe[any]{Look: func(context.Context) (steps.Seen[any], error) { return steps.Seen[any]{Doc: doc, At: time.Now()}, nil }}
	v := probe.Run(ctx, pol, look, r.expect.Run, func(event.Probe) {})
	if !r.expect.Empty() {
		g.checks(x)
	}
	return finished(v), doc
}

// skippedNeeds names a skipped step that the result of a block needs.
func (g *stage) skippedNeeds(x *plan.Step) string {
	for _, id := range x.Block.Needs {
		if g.scope.end(id).status == event.Skipped {
			return id
		}
	}
	return ""
}

// checks notes that a step of assert looks at something.
func (g *stage) checks(x *plan.Step) {
	if x.Phase == "assert" && g.checked != nil { // a suite's own steps have no assert
		g.checked.Store(true)
	}
}

// usedBlocks are the blocks that an attempt has used, whose clean-up is due.
type usedBlocks struct {
	mu   sync.Mutex
	list []usedBlock
}

type usedBlock struct {
	stage   *stage
	cleanup []*plan.Step
}

func (u *usedBlocks) push(g *stage, x *plan.Step) {
	if len(x.Block.Cleanup) == 0 {
		return
	}
	list := make([]*plan.Step, len(x.Block.Cleanup))
	for i, y := range x.Block.Cleanup {
		list[i] = y.Within(x.Place() + "/cleanup")
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.list = append(u.list, usedBlock{g, list})
}

func (u *usedBlocks) pop() (usedBlock, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.list) == 0 {
		return usedBlock{}, false
	}
	last := u.list[len(u.list)-1]
	u.list = u.list[:len(u.list)-1]
	return last, true
}

func (u *usedBlocks) any() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.list) > 0
}
