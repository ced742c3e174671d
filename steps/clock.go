package steps

import (
	"context"
	"sync"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
)

// Clock translates between our time and a service's, by the Date headers of
// its answers. Those are cut to the second, so one answer leaves a second in
// doubt and several leave less. A service whose clock may be ours is taken to
// have ours. The zero Clock is ready; it is safe for concurrent use.
type Clock struct {
	mu        sync.Mutex
	known     bool
	low, high time.Duration // so far ahead of us the service's clock is, at least and at most
}

// ClockOf is the clock of the services of a place, one for the whole run.
func ClockOf(ctx context.Context, run *Shared, place *awsclient.Place) (*Clock, error) {
	return Share(ctx, run, "clock "+place.Region+" "+place.Endpoint, func(context.Context) (*Clock, error) { return &Clock{}, nil })
}

// Saw learns from the answer to a call that was made at a moment of ours.
func (c *Clock) Saw(answer middleware.Metadata, called time.Time) {
	date, ok := awsmiddleware.GetServerTime(answer)
	came, ok2 := awsmiddleware.GetResponseAt(answer)
	if ok && ok2 && !date.IsZero() {
		c.learn(called, date, came)
	}
}

func (c *Clock) learn(called, date, came time.Time) {
	low, high := date.Sub(came), date.Add(time.Second).Sub(called)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known && low < c.high && c.low < high {
		low, high = max(low, c.low), min(high, c.high)
	} // else one of the clocks was set
	c.known, c.low, c.high = true, low, high
}

// ahead is how far the service's clock is ahead of ours, at least.
func (c *Clock) ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.low <= 0 && c.high >= 0 {
		return 0
	}
	return c.low
}

// Theirs is a moment of ours as the service's clock shows it: never later, and
// earlier by less than a second.
func (c *Clock) Theirs(ours time.Time) time.Time { return ours.Add(c.ahead()) }

// Ours is a moment of the service as our clock showed it: never earlier, later
// by less than a second, and not in the future; zero while no answer had a Date.
func (c *Clock) Ours(theirs time.Time) time.Time {
	c.mu.Lock()
	known, ahead := c.known, c.low
	c.mu.Unlock()
	if !known {
		return time.Time{}
	}
	ours, now := theirs.Add(-ahead), time.Now()
	if ours.After(now) {
		return now
	}
	return ours
}
