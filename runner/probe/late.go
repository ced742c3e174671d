package probe

import (
	"context"
	"fmt"
	"time"

	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/steps"
)

// maxLookOn bounds how long a probe goes on after a missed SLA.
const maxLookOn = 15 * time.Second

// maxProof bounds how long is asked for a proof that cannot be had at once.
const maxProof = 30 * time.Second

// doubtSilence asks, before something is said not to have come, whether it
// could have been seen, and looks again: the proof may have brought it.
func (x *probe) doubtSilence(ctx context.Context) {
	confirm := x.v.Last.Confirm
	if x.v.Status != event.Failed || x.v.Last.Final || confirm == nil {
		return
	}
	seen, err := x.proven(ctx, confirm)
	if err != nil {
		x.v.Err = err
		x.errored(event.CauseStep, "%v", err)
		return
	}
	if x.Throughout > 0 || !x.passedAt.IsZero() {
		return // it did come, and more than that
	}
	x.take(seen)
	if len(x.v.Unmet) == 0 {
		x.afterAll(ctx, seen)
	}
}

// afterAll takes back that something did not come: it is judged and must hold
// like anything else that came.
func (x *probe) afterAll(ctx context.Context, seen steps.Seen[any]) {
	x.v.Status, x.v.Cause, x.v.Summary = "", "", ""
	if !x.firstPass(ctx, seen) {
		x.goOn(ctx)
	}
}

// lookOn goes on after a missed SLA, only to say how late it came, or that it
// did come in time and could not be seen then.
func (x *probe) lookOn(ctx context.Context) {
	end := time.Now().Add(min(x.Within/2, maxLookOn))
	for ctx.Err() == nil && time.Now().Before(end) && !x.v.Last.Final {
		x.wait(ctx, end)
		x.onTime = false
		seen, err := x.attempt(ctx)
		if err != nil {
			if steps.IsFinal(err) {
				return
			}
			continue
		}
		if _, unmet := x.judge(seen.Doc); len(unmet)+len(seen.Unmet) > 0 {
			continue
		}
		if x.passedAt = x.when(seen); x.observed() <= x.Within {
			x.take(seen)
			x.afterAll(ctx, seen)
			return
		}
		x.v.Summary = fmt.Sprintf("came after %s, the limit is %s", short(x.observed()), short(x.Within))
		return
	}
	if ctx.Err() == nil {
		x.v.Summary += fmt.Sprintf(", nor in the %s after it", short(min(x.Within/2, maxLookOn)))
	}
}

// proven asks for the proof and then looks again, until both are there, cannot
// be had, or took too long.
func (x *probe) proven(ctx context.Context, confirm func(context.Context) error) (steps.Seen[any], error) {
	end := time.Now().Add(maxProof)
	for {
		var seen steps.Seen[any]
		err := confirm(ctx)
		if err == nil {
			seen, err = x.attempt(ctx)
		}
		if err == nil || steps.IsFinal(err) || ctx.Err() != nil || time.Now().After(end) {
			return seen, err
		}
		x.wait(ctx, time.Now().Add(x.Every))
	}
}
