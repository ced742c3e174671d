// Package probe is the one loop that looks until something is true: for every
// kind, with every clock. It knows no kind, no service and no report.
package probe

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/steps"
)

// Policy says how long and how often to look. All durations are at least 0.
type Policy struct {
	Since          time.Time     // where the clocks start
	Within         time.Duration // how long at most; 0 makes a single attempt
	SLA            bool          // within was written down: passing later is a failure of its own
	Every          time.Duration // the pause between two looks at what cannot be waited on
	Hold           time.Duration // how long a pass must go on holding
	Throughout     time.Duration // how long every look must hold; excludes Within and Hold
	WarnAfter      time.Duration // a pass later than this is a warning; 0: never
	AttemptTimeout time.Duration // bound on one look; 0: none
	Confirm        bool          // a pass rests on nothing more having come
}

// Judge says what of a result holds and what does not.
type Judge func(doc any) (results []assertions.Result, unmet []assertions.Mismatch)

// Verdict is how a probe ended.
type Verdict struct {
	Status   event.Status
	Cause    event.Cause
	Summary  string // of what did not pass: one sentence
	Looks    int
	Answered bool            // whether any look got an answer
	Last     steps.Seen[any] // the last answer
	Results  []assertions.Result
	Unmet    []assertions.Mismatch
	Err      error // what the last look ended with, when it was no answer
	SLA      *event.SLA
}

// NotTrue begins the summary of a probe whose checks never held in time.
const NotTrue = "did not come true"

// maxLookOn bounds how long a probe goes on after a missed SLA.
const maxLookOn = 15 * time.Second

// probe is one probe under way.
type probe struct {
	Policy
	steps.Probe[any]
	judge   Judge
	observe func(event.Probe)

	start       time.Time
	firstAnswer time.Time
	passedAt    time.Time // first pass, as the source says
	holdFrom    time.Time // first pass, as we saw it
	onTime      bool      // the look under way was begun, or waited for, before the deadline
	v           Verdict
	trail       trail
}

// Run looks until the checks hold as the policy asks, or cannot any more. It
// tells observe the first look, every one that saw something new, and the last.
func Run(ctx context.Context, pol Policy, p steps.Probe[any], judge Judge, observe func(event.Probe)) Verdict {
	now := time.Now()
	if pol.Since.IsZero() {
		pol.Since = now
	}
	x := &probe{Policy: pol, Probe: p, judge: judge, observe: observe, start: now, trail: trail{tell: observe}, onTime: true}
	for !x.look(ctx) {
		x.onTime = time.Now().Before(x.until())
		if x.wait(ctx, x.until()); ctx.Err() != nil {
			x.stopped(ctx)
			break
		}
	}
	x.doubtSilence(ctx)
	if x.v.Status == event.Failed && x.v.Cause == event.CauseSLA && x.passedAt.IsZero() {
		x.lookOn(ctx)
	}
	x.trail.end()
	x.v.SLA = x.sla()
	return x.v
}

// until is when the last look is due.
func (x *probe) until() time.Time {
	switch {
	case x.Throughout > 0 && x.firstAnswer.IsZero():
		return x.start.Add(x.Throughout)
	case x.Throughout > 0:
		return x.firstAnswer.Add(x.Throughout)
	case !x.holdFrom.IsZero():
		return x.holdFrom.Add(x.Hold)
	}
	return x.Since.Add(x.Within)
}

// look looks once and says whether the verdict is reached.
func (x *probe) look(ctx context.Context) bool {
	began := time.Now()
	last := !began.Before(x.until()) // the look at the deadline itself is the last one
	seen, err := x.attempt(ctx)
	x.v.Looks++
	if err == nil {
		return x.answered(ctx, seen, last)
	}
	x.v.Err = err
	x.trail.add(x.v.Looks, nil, err)
	switch {
	case ctx.Err() != nil:
		return x.stopped(ctx)
	case steps.IsFinal(err):
		return x.errored(event.CauseStep, "%v", err)
	case !last:
		return false
	case !x.v.Answered, x.Throughout > 0, !x.holdFrom.IsZero():
		return x.errored(event.CauseStep, "no answer%s: %v", x.span(), err)
	}
	return x.missed() // answered earlier, and wrongly
}

func (x *probe) answered(ctx context.Context, seen steps.Seen[any], last bool) bool {
	x.take(seen)
	x.trail.add(x.v.Looks, x.v.Unmet, nil)
	if x.firstAnswer.IsZero() {
		x.firstAnswer = time.Now()
	}
	ok := len(x.v.Unmet) == 0
	switch {
	case x.Throughout > 0:
		return x.throughout(ctx, ok, last)
	case ok && x.holdFrom.IsZero():
		return x.firstPass(ctx, seen)
	case ok:
		return (seen.Final || last) && x.passed(ctx)
	case !x.holdFrom.IsZero():
		return x.failed(event.CauseCheck, "held for %s only, it had to hold for %s", short(time.Since(x.holdFrom)), short(x.Hold))
	case seen.Final:
		return x.failed(event.CauseCheck, "%s", "this can no longer change")
	case last:
		return x.missed()
	}
	return false
}

func (x *probe) throughout(ctx context.Context, ok, last bool) bool {
	switch {
	case !ok && x.v.Looks == 1:
		return x.failed(event.CauseCheck, "did not hold even at the first look, it had to hold for %s", short(x.Throughout))
	case !ok:
		return x.failed(event.CauseCheck, "did not hold throughout: broken %s after the first look, it had to hold for %s", short(time.Since(x.firstAnswer)), short(x.Throughout))
	case x.v.Last.Final, last && time.Since(x.firstAnswer) >= x.Throughout:
		return x.passed(ctx)
	}
	return false
}

// firstPass notes when it came true, judges the SLA by that, and begins to hold.
func (x *probe) firstPass(ctx context.Context, seen steps.Seen[any]) bool {
	x.passedAt = x.when(seen)
	if x.SLA && x.observed() > x.Within {
		return x.failed(event.CauseSLA, "came after %s, the limit is %s", short(x.observed()), short(x.Within))
	}
	if x.Hold == 0 || seen.Final {
		return x.passed(ctx)
	}
	x.holdFrom = time.Now()
	return false
}

// marginOfService is how far inside the limit a service's own time must lie to
// count: its clock is known to the second only.
const marginOfService = time.Second

// when says when an answer became so: as its source says, else when we saw it.
// A look begun in time counts, the last one at the deadline too, however long
// the answer took; a source that measures the answer itself says so.
func (x *probe) when(seen steps.Seen[any]) time.Time {
	deadline := x.Since.Add(x.Within)
	switch {
	case !seen.At.IsZero() && (!seen.ByService || !x.SLA || seen.At.Before(deadline.Add(-marginOfService))):
		return seen.At
	case x.onTime && x.Within > 0 && time.Now().After(deadline):
		return deadline
	}
	return time.Now()
}

// doubtSilence asks, before something is said not to have come, whether it
// could have been seen.
func (x *probe) doubtSilence(ctx context.Context) {
	confirm := x.v.Last.Confirm
	if x.v.Status != event.Failed || x.v.Last.Final || confirm == nil {
		return
	}
	if err := x.confirmed(ctx, confirm); err != nil {
		x.v.Err = err
		x.errored(event.CauseStep, "%v", err)
	}
}

// lookOn goes on after a missed SLA, only to say how late it came.
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
		x.passedAt = x.when(seen)
		x.v.Summary = fmt.Sprintf("came after %s, the limit is %s", short(x.observed()), short(x.Within))
		return
	}
	if ctx.Err() == nil {
		x.v.Summary += fmt.Sprintf(", nor in the %s after it", short(min(x.Within/2, maxLookOn)))
	}
}

func (x *probe) observed() time.Duration { return max(0, x.passedAt.Sub(x.Since)) }

// passed is the end of a probe whose checks hold, once it is proven that
// nothing was missed.
func (x *probe) passed(ctx context.Context) bool {
	if confirm := x.v.Last.Confirm; x.Confirm && confirm != nil {
		if err := x.confirmed(ctx, confirm); err != nil {
			x.v.Err = err
			return x.errored(event.CauseStep, "%v", err)
		}
		seen, err := x.attempt(ctx)
		if err != nil {
			x.v.Err = err
			return x.errored(event.CauseStep, "%v", err)
		}
		x.take(seen)
		if len(x.v.Unmet) > 0 {
			return x.failed(event.CauseCheck, "%s", "did not hold to the end")
		}
	}
	x.v.Status = event.Passed
	return true
}

// confirmed asks for the proof until it is there, cannot be had, or took too long.
func (x *probe) confirmed(ctx context.Context, confirm func(context.Context) error) error {
	end := time.Now().Add(maxLookOn)
	for {
		err := confirm(ctx)
		if err == nil || steps.IsFinal(err) || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
		x.wait(ctx, time.Now().Add(x.Every))
	}
}

// take makes an answer the last one.
func (x *probe) take(seen steps.Seen[any]) {
	results, unmet := x.judge(seen.Doc)
	unmet = append(append([]assertions.Mismatch(nil), seen.Unmet...), unmet...)
	x.v.Answered, x.v.Last, x.v.Results, x.v.Unmet, x.v.Err = true, seen, results, unmet, nil
}

func (x *probe) failed(cause event.Cause, format string, args ...any) bool {
	x.v.Status, x.v.Cause, x.v.Summary = event.Failed, cause, fmt.Sprintf(format, args...)
	return true
}

func (x *probe) errored(cause event.Cause, format string, args ...any) bool {
	x.v.Status, x.v.Cause, x.v.Summary = event.Errored, cause, fmt.Sprintf(format, args...)
	return true
}

// missed is the end of a probe whose checks never held.
func (x *probe) missed() bool {
	cause := event.CauseCheck
	if x.SLA {
		cause = event.CauseSLA
	}
	if x.Within == 0 {
		return x.failed(cause, "%s", "")
	}
	return x.failed(cause, "%s%s", NotTrue, x.span())
}

func (x *probe) stopped(ctx context.Context) bool {
	x.v.Err = context.Cause(ctx)
	return x.errored(event.CauseTimeout, "%v", context.Cause(ctx))
}

// span says how long was looked.
func (x *probe) span() string {
	switch {
	case x.Throughout > 0:
		return " in " + short(x.Throughout)
	case x.Within > 0:
		return " within " + short(x.Within)
	}
	return ""
}

// wait pauses until something may be new, but not past the end.
func (x *probe) wait(ctx context.Context, end time.Time) {
	pause := time.Until(end)
	if x.Wake == nil {
		pause = min(pause, jitter(x.Every))
	}
	timer := time.NewTimer(max(0, pause))
	defer timer.Stop()
	select {
	case <-x.Wake:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// jitter varies a pause by a tenth, so that many probes do not look in step.
func jitter(d time.Duration) time.Duration { return d*9/10 + rand.N(d/5+1) }

func (x *probe) attempt(ctx context.Context) (seen steps.Seen[any], err error) {
	if x.AttemptTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, x.AttemptTimeout, attemptTimeout{x.AttemptTimeout})
		defer cancel()
	}
	defer func() {
		if r := recover(); r != nil { // told here, so that the looks before it are not lost
			err = steps.Finalf("internal error: %v; please report it", r)
		}
	}()
	seen, err = x.Look(ctx)
	var took attemptTimeout
	if err != nil && errors.As(context.Cause(ctx), &took) && !steps.IsMarkedFinal(err) {
		err = took
	}
	return seen, err
}

// attemptTimeout says that one look took too long; it passes by itself.
type attemptTimeout struct{ after time.Duration }

func (a attemptTimeout) Error() string {
	return fmt.Sprintf("no answer to an attempt within %s (attempt_timeout)", short(a.after))
}
func (attemptTimeout) Timeout() bool { return true }

func (x *probe) sla() *event.SLA {
	if !x.SLA && x.WarnAfter == 0 || x.v.Status == event.Errored {
		return nil
	}
	s := &event.SLA{WarnMS: x.WarnAfter.Milliseconds(), ObservedMS: -1, Status: "missed"}
	if x.SLA {
		s.LimitMS = x.Within.Milliseconds()
	}
	if x.passedAt.IsZero() {
		return s
	}
	s.ObservedMS = x.observed().Milliseconds()
	switch {
	case x.SLA && x.observed() > x.Within:
	case x.WarnAfter > 0 && x.observed() > x.WarnAfter:
		s.Status = "warned"
	default:
		s.Status = "met"
	}
	return s
}

// short writes a duration as people do: to the tenth of a second, or in milliseconds.
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
