package steps

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go/middleware"
)

func TestClock(t *testing.T) {
	for _, c := range []struct {
		name  string
		ahead time.Duration
	}{
		{"ahead", 5 * time.Minute}, {"behind", -5 * time.Minute}, {"a little ahead", 1300 * time.Millisecond}, {"behind by a part of a second", -2700 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var clock Clock
				for i := range 20 {
					time.Sleep(370 * time.Millisecond)
					answered(&clock, c.ahead)
					ours := time.Now().Add(-10 * time.Second)
					if d := clock.Theirs(ours).Sub(ours.Add(c.ahead)); d > 0 || d <= -time.Second {
						t.Errorf("after %d answers a moment of ours is off by %s on their clock", i+1, d)
					}
					if d := clock.Ours(ours.Add(c.ahead)).Sub(ours); d < 0 || d >= time.Second {
						t.Errorf("after %d answers a moment of theirs is off by %s on our clock", i+1, d)
					}
				}
				if left := clock.high - clock.low; left > 250*time.Millisecond {
					t.Errorf("20 answers leave %s in doubt", left)
				}
			})
		})
	}
}

// answered gives the clock an answer that took 50 ms, its Date cut to the second.
func answered(c *Clock, ahead time.Duration) {
	called := time.Now()
	time.Sleep(20 * time.Millisecond)
	date := time.Now().Add(ahead).Truncate(time.Second)
	time.Sleep(30 * time.Millisecond)
	c.learn(called, date, time.Now())
}

func TestClockThatMayBeRightIsTakenForRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var clock Clock
		now := time.Now()
		if got := clock.Theirs(now); !got.Equal(now) {
			t.Errorf("before any answer %s", got)
		}
		if got := clock.Ours(now); !got.IsZero() {
			t.Errorf("before any answer their time was %s on our clock", got)
		}
		for range 10 {
			time.Sleep(130 * time.Millisecond)
			answered(&clock, 0)
		}
		if got := clock.Theirs(now); !got.Equal(now) {
			t.Errorf("off by %s", got.Sub(now))
		}
		answered(&clock, 5*time.Minute) // set meanwhile
		if d := clock.Theirs(now).Sub(now); d < 5*time.Minute-time.Second || d > 5*time.Minute {
			t.Errorf("after the service's clock was set: %s", d)
		}
		clock.Saw(middleware.Metadata{}, now) // an answer without Date says nothing
		if d := clock.Theirs(now).Sub(now); d < 4*time.Minute {
			t.Errorf("after an answer without Date: %s", d)
		}
	})
}
