package awsclient

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

// lane is where the calls of one bucket wait: in the order in which they came,
// but urgent ones ahead of all others. Only one of the others at a time holds
// a reservation, so that an urgent one waits for that one at most.
//
// When the service throttles all the same, the lane slows down: to half its
// rate, at most once a second, and up again by a little each second. A lane
// without a limit gets a bucket by that, which goes after a minute without
// throttling.
type lane struct {
	turn *semaphore.Weighted // of those that are not urgent

	mu     sync.Mutex // never held while waiting
	limit  Limit      // as the account has it; Rate 0: none is known
	whose  origin     // of the limit
	bucket *rate.Limiter

	slowed bool      // below the limit, because the service throttled
	pace   float64   // calls a second while slowed
	eased  time.Time // when the pace was last halved
	raised time.Time // when it was last raised
	done   int       // calls carried out since it was halved, for a second
}

// origin is where a limit comes from.
type origin int

const (
	ofNobody origin = iota
	ofQuota         // published by AWS
	ofFile          // limits in rehearse.yaml
)

const (
	slowest  = 1.0         // calls a second that are always tried
	crowd    = time.Second // throttled answers that come within are to calls of the old pace
	memory   = time.Minute // without throttling, after which a pace without a limit is given up
	climb    = 0.05        // of the limit, by which the pace rises each second
	minClimb = 1.0         // calls a second, by which it rises at least
)

func newLane(l Limit, whose origin) *lane {
	x := &lane{turn: semaphore.NewWeighted(1)}
	x.set(l, whose)
	return x
}

// set gives the lane a limit.
func (x *lane) set(l Limit, whose origin) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.limit, x.whose, x.slowed, x.bucket = l, whose, false, nil
	if l.Rate > 0 {
		x.bucket = rate.NewLimiter(rate.Limit(l.Rate), l.size())
	}
}

// take waits for a token. An error is the reason for which the context ended
// before there was one; none is used up then.
func (x *lane) take(ctx context.Context) error {
	if !isUrgent(ctx) {
		if err := x.turn.Acquire(ctx, 1); err != nil {
			return context.Cause(ctx)
		}
		defer x.turn.Release(1)
	}
	token := x.reserve()
	if token == nil || token.Delay() == 0 {
		return nil
	}
	timer := time.NewTimer(token.Delay())
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		token.Cancel()
		return context.Cause(ctx)
	}
}

// reserve takes the next token, nil where there is no bucket.
func (x *lane) reserve() *rate.Reservation {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.recover(time.Now())
	if x.bucket == nil {
		return nil
	}
	return x.bucket.Reserve()
}

// answered learns from an answer of the service.
func (x *lane) answered(throttled bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := time.Now()
	x.recover(now)
	switch recent := x.slowed && now.Sub(x.eased) < crowd; {
	case throttled && !recent:
		x.slow(now)
	case !throttled && recent: // what it carries out in a second it can carry out each second
		if x.done++; float64(x.done) > x.pace && (x.limit.Rate == 0 || float64(x.done) < x.limit.Rate) {
			x.pace = float64(x.done)
			x.bucket.SetLimitAt(now, rate.Limit(x.pace))
		}
	}
}

// slow halves the pace; without one it begins with the least.
func (x *lane) slow(now time.Time) {
	if !x.slowed {
		x.pace = x.limit.Rate
	}
	x.pace = max(slowest, x.pace/2)
	x.slowed, x.eased, x.raised, x.done = true, now, now, 0
	if x.bucket == nil {
		x.bucket = rate.NewLimiter(rate.Limit(x.pace), 1)
		return
	}
	x.bucket.SetBurstAt(now, 1) // the service's own bucket is empty
	x.bucket.SetLimitAt(now, rate.Limit(x.pace))
}

// recover brings a slowed lane nearer to its limit.
func (x *lane) recover(now time.Time) {
	if !x.slowed {
		return
	}
	x.pace += max(minClimb, x.limit.Rate*climb) * now.Sub(x.raised).Seconds()
	x.raised = now
	switch {
	case x.whose == ofNobody && now.Sub(x.eased) > memory:
		x.slowed, x.bucket = false, nil
	case x.whose != ofNobody && x.pace >= x.limit.Rate:
		x.slowed = false
		x.bucket.SetBurstAt(now, x.limit.size())
		x.bucket.SetLimitAt(now, rate.Limit(x.limit.Rate))
	default:
		x.bucket.SetLimitAt(now, rate.Limit(x.pace))
	}
}

// state is what a message says of the lane.
func (x *lane) state() (l Limit, whose origin, slowed bool, pace float64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.limit, x.whose, x.slowed, x.pace
}
