package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/runner/probe"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// turns runs a step once for each element of its for_each and gives the list
// of their results. In arrange and act no turn begins after one that did not
// pass; elsewhere all of them run, so that a report shows every failure.
func (g *stage) turns(ctx context.Context, x *plan.Step, b begin) (*event.StepFinish, any) {
	each, err := g.scope.items(ctx, x)
	switch {
	case err != nil:
		return unable(err), nil
	case each.Items.Kind != schema.List:
		return unable(fmt.Errorf("for_each takes a list, and its expression gave %s", each.Items.Kind)), nil
	case len(each.Items.Items) == 0 && x.Phase == "assert":
		return unable(errors.New("for_each has an empty list, so nothing would be checked")), nil
	}
	t := &turning{stage: g, x: x, begin: b, items: each.Items.Items, stop: x.Phase == "arrange" || x.Phase == "act"}
	t.all(ctx, concurrency(each, x.Phase), each.Rate)
	f := summed(t.finished, func(i int) string { return fmt.Sprintf("[%d]", i) })
	if len(t.items) == 0 {
		f = &event.StepFinish{Status: event.Passed, Summary: "for_each had an empty list, so nothing was done"}
	}
	if t.late != nil {
		f.Summary, f.Error = t.late.Error(), probe.ErrorOf(t.late)
	}
	if f.Status != event.Passed {
		return f, nil
	}
	f.Result, f.Truncated = shortened(t.results)
	return f, t.results
}

// concurrency is how many turns run at once.
func concurrency(each schema.ForEach, phase string) int {
	switch {
	case each.Concurrency != nil:
		return *each.Concurrency
	case phase == "assert" || each.Rate != nil:
		return len(each.Items.Items)
	}
	return 1
}

// turning is a for_each under way.
type turning struct {
	*stage
	x        *plan.Step
	begin    begin
	items    []*schema.Node
	stop     bool // at the first turn that does not pass
	broken   atomic.Bool
	late     error // why not all turns began
	finished []*event.StepFinish
	results  []any
}

func (t *turning) all(ctx context.Context, atOnce int, rate *float64) {
	t.finished, t.results = make([]*event.StepFinish, len(t.items)), make([]any, len(t.items))
	slots := semaphore.NewWeighted(int64(max(1, atOnce)))
	start := time.Now()
	var turns sync.WaitGroup
	for i := range t.items {
		due := start
		if rate != nil {
			due = start.Add(time.Duration(float64(i) / *rate * float64(time.Second)))
		}
		if steps.Pause(ctx, time.Until(due)) != nil || slots.Acquire(ctx, 1) != nil || t.stop && t.broken.Load() {
			t.notBegun(ctx, i)
			break
		}
		turns.Go(func() {
			defer slots.Release(1)
			t.turn(ctx, i, i >= atOnce || due.After(start))
		})
	}
	turns.Wait()
}

func (t *turning) turn(ctx context.Context, i int, late bool) {
	inner := *t.stage
	inner.scope = t.scope.inside(map[string]any{"each": map[string]any{
		"value": t.items[i].Value(), "index": json.Number(strconv.Itoa(i)),
	}})
	b := t.begin
	b.waited = nil
	if t.x.Phase == "assert" {
		b.late = b.late || late
	} else {
		b.clock = time.Now()
	}
	f, result := inner.step(ctx, t.x.Turn(i), b)
	if bad(f) {
		t.broken.Store(true)
	}
	t.finished[i], t.results[i] = f, result
}

// notBegun notes that the turns from i on did not begin. When time is up that
// is an error: what was to be done was not.
func (t *turning) notBegun(ctx context.Context, from int) {
	f := &event.StepFinish{Status: event.NotRun}
	if ctx.Err() != nil {
		t.late = fmt.Errorf("%d of %d turns did not begin: %w", len(t.items)-from, len(t.items), context.Cause(ctx))
		f = unable(t.late)
	}
	for i := from; i < len(t.items); i++ {
		t.finished[i] = f
	}
}
