// Package probe is the one loop that looks until something is true: for every
// kind, with every clock. It knows no kind, no service and no report.
package probe

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/awsclient"
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
	Random         *rand.Rand    // by which the pauses vary
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
	Held     time.Duration // how long our own pacing held the looks back, all together
}

// NotTrue begins the summary of a probe whose checks never held in time.
const NotTrue = "did not come true"

// probe is one probe under way.
type probe struct {
	Policy
	steps.Probe[any]
	judge   Judge
	observe func(event.Probe)

	start       time.Time
	firstAnswer time.Time
	passedAt    time.Time     // first pass, as the source says
	holdFrom    time.Time     // first pass, as we saw it
	unseen      bool          // the look at the end of a hold got no answer
	lastMiss    time.Time     // when we last saw that it was not so yet
	onTime      bool          // the look under way was begun, or waited for, before the deadline
	began       time.Time     // when the last look began
	held        time.Duration // how long our own pacing held it back
	behind      time.Duration // how long it held back this look and those before it that got no answer
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
	x := &probe{Policy: pol, Probe: p, judge: judge, observe: observe, start: now, trail: trail{tell: observe}}
	x.onTime = !now.After(x.until())
	if !x.look(ctx) {
		x.goOn(ctx)
	}
	x.doubtSilence(ctx)
	if x.v.Status == event.Failed && x.v.Cause == event.CauseSLA && x.passedAt.IsZero() {
		x.lookOn(ctx)
	}
	x.trail.end()
	x.v.SLA = x.sla()
	return x.v
}

// goOn looks again and again until the verdict is reached.
func (x *probe) goOn(ctx context.Context) {
	for {
		x.onTime = time.Now().Before(x.until())
		end := x.until()
		if x.unseen { // for the answer that the look at the end did not get
			end = time.Now().Add(x.Every)
		}
		if x.wait(ctx, end); ctx.Err() != nil {
			x.stopped(ctx, nil)
			return
		}
		if x.look(ctx) {
			return
		}
	}
}

// until is when the last look is due.
func (x *probe) until() time.Time {
	switch {
	case x.Throughout > 0 && x.firstAnswer.IsZero(): // it counts from there
		return x.start.Add(max(x.Throughout, maxLookOn))
	case x.Throughout > 0:
		return x.firstAnswer.Add(x.Throughout)
	case !x.holdFrom.IsZero():
		return x.holdFrom.Add(x.Hold)
	}
	return x.Since.Add(x.Within)
}

// holding says whether what was seen must go on being so.
func (x *probe) holding() bool { return x.Throughout > 0 || !x.holdFrom.IsZero() }

// patience is until when the answer that is missing at the end of a hold may
// come: as long as the step may take in any case.
func (x *probe) patience() time.Time {
	end, deadline := x.until().Add(maxLookOn), x.Since.Add(x.Within)
	if deadline.After(end) {
		return deadline
	}
	return end
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
		return x.stopped(ctx, err)
	case steps.IsFinal(err):
		return x.errored(event.CauseStep, "%v", err)
	case !last:
		return false
	case x.v.Answered && x.holding() && time.Now().Before(x.patience()):
		x.unseen = true // what holds afterwards held at the end
		return false
	case !x.v.Answered, x.holding():
		if x.Within == 0 && x.Throughout == 0 { // it was the only look
			return x.errored(event.CauseStep, "%v", err)
		}
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
	if !ok {
		x.lastMiss, x.behind = time.Now(), 0
	}
	switch {
	case x.unseen && !ok:
		return x.errored(event.CauseStep, "whether it held to the end is not known: the look at the end got no answer, and the next one, %s later, did not hold", short(time.Since(x.until())))
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
	if late := x.observed() - x.Within; x.SLA && late > 0 {
		if unpaced := x.began.Add(x.held - x.behind); x.behind > 0 && !unpaced.After(x.Since.Add(x.Within)) {
			return x.errored(event.CauseStep, "whether it came within %s is not known: it was so when it was looked at after %s, and looking had waited %s for its turn, so as not to exceed a quota (limits in rehearse.yaml)",
				short(x.Within), short(x.observed()), short(x.behind))
		}
		return x.failed(event.CauseSLA, "came after %s, the limit is %s", short(x.observed()), short(x.Within))
	}
	if x.Hold == 0 || seen.Final {
		return x.passed(ctx)
	}
	x.holdFrom = time.Now()
	return false
}

// passed is the end of a probe whose checks hold, once it is proven that
// nothing was missed.
func (x *probe) passed(ctx context.Context) bool {
	if confirm := x.v.Last.Confirm; x.Confirm && confirm != nil {
		seen, err := x.proven(ctx, confirm)
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
	blind := ""
	if x.v.Err != nil {
		blind = fmt.Sprintf("; in its last %s nothing could be seen: %s", short(time.Since(x.lastMiss)), awsclient.Explain(x.v.Err))
	}
	return x.failed(cause, "%s%s%s", NotTrue, x.span(), blind)
}

// stopped is the end of a probe whose time is used up, its own or that of what
// it belongs to; it says which, and what was still waited for.
func (x *probe) stopped(ctx context.Context, err error) bool {
	why := context.Cause(ctx)
	x.v.Err = why
	said := ""
	switch {
	case len(x.v.Unmet) > 0:
		said = "; at the last answer: " + x.v.Unmet[0].Message
	case err != nil && err.Error() != why.Error() && err.Error() != ctx.Err().Error(): // it says more
		said = "; until then: " + awsclient.Explain(err)
	}
	return x.errored(event.CauseTimeout, "%v%s", why, said)
}

// span says how long was looked.
func (x *probe) span() string {
	switch {
	case x.Throughout > 0:
		return " in " + short(x.Throughout)
	case !x.holdFrom.IsZero():
		return " at the end of the " + short(x.Hold) + " that it had to hold for"
	case x.Within > 0:
		return " within " + short(x.Within)
	}
	return ""
}

// wait pauses until something may be new, but not past the end.
func (x *probe) wait(ctx context.Context, end time.Time) {
	pause := time.Until(end)
	if x.Wake == nil {
		pause = min(pause, max(x.Rest, x.jitter(x.Every)))
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
func (x *probe) jitter(d time.Duration) time.Duration {
	if x.Random == nil {
		return d
	}
	return d*9/10 + time.Duration(x.Random.Int64N(int64(d/5+1)))
}
