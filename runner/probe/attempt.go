package probe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

// attempt looks once, within the bound on one look. What our own pacing holds
// it back does not count.
func (x *probe) attempt(ctx context.Context) (seen steps.Seen[any], err error) {
	x.began = time.Now()
	ctx, pace := awsclient.Paced(ctx)
	defer func() {
		x.held = pace.Waited()
		x.behind += x.held
		x.v.Held += x.held
	}()
	if x.AttemptTimeout > 0 {
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		defer cancel(nil)
		defer expire(x.AttemptTimeout, pace, cancel)()
	}
	defer func() {
		if r := recover(); r != nil { // told here, so that the looks before it are not lost
			err = steps.Finalf("internal error: %v; please report it", r)
		}
	}()
	seen, err = x.Look(ctx)
	var took attemptTimeout
	if err != nil && errors.As(context.Cause(ctx), &took) && !steps.IsMarkedFinal(err) {
		took.last = err
		err = took
	}
	return seen, err
}

// tick is how often is looked at least whether a look has taken too long.
const tick = 10 * time.Millisecond

// expire ends a look when it has taken too long, not counting what its pace
// tells; stop ends the watching.
func expire(after time.Duration, pace *awsclient.Pace, cancel context.CancelCauseFunc) (stop func()) {
	done := make(chan struct{})
	go func() {
		start, left := time.Now(), after
		for left > 0 {
			t := time.NewTimer(left)
			select {
			case <-t.C:
			case <-done:
				t.Stop()
				return
			}
			if left = after + pace.Waited() - time.Since(start); left > 0 {
				left = max(left, tick) // while it waits for its turn, what is left stays the same
			}
		}
		cancel(attemptTimeout{after: after})
	}()
	return func() { close(done) }
}

// attemptTimeout says that one look took too long; it passes by itself.
type attemptTimeout struct {
	after time.Duration
	last  error // what the look ended with
}

func (a attemptTimeout) Error() string {
	text := fmt.Sprintf("no answer to an attempt within %s (attempt_timeout)", short(a.after))
	if awsclient.Code(a.last) != "" || awsclient.Network(a.last) != "" { // else it says no more
		text += ": " + awsclient.Explain(a.last)
	}
	return text
}

func (attemptTimeout) Timeout() bool { return true }
