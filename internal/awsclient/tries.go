package awsclient

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
)

// retries says what is tried again.
type retries int

const (
	patient retries = iota // arrange and clean-up: whatever may pass is tried again
	careful                // act: only what surely was not carried out
	single                 // inside a probe: the probe itself looks again
)

// patience is how long a call is tried, unless its context ends before.
const patience = time.Minute

const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
)

// retryer decides on errors alone and never runs out of tokens: with the SDK's
// own bucket a busy run's calls fail as "retry quota exceeded" although they
// only had to wait.
type retryer struct{ retries }

// IsErrorRetryable says whether an attempt that ended so is followed by another.
func (r retryer) IsErrorRetryable(err error) bool {
	var last *lastError
	var held *heldError
	switch {
	case errors.As(err, &last), errors.As(err, &held):
		return false
	case retry.RetryableError{}.IsErrorRetryable(err) == aws.TrueTernary:
		return true // a wrong clock, which the SDK corrects by the answer's date
	case r.retries == single || !Transient(err):
		return false
	}
	return r.retries == patient || SurelyNotDone(err)
}

// MaxAttempts is 0, without bound: time bounds them.
func (retryer) MaxAttempts() int { return 0 }

// RetryDelay doubles from attempt to attempt, and varies.
func (retryer) RetryDelay(attempt int, _ error) (time.Duration, error) {
	pause := maxPause
	if attempt < 6 {
		pause = min(pause, firstPause<<attempt)
	}
	return pause/2 + rand.N(pause/2), nil
}

func (retryer) GetRetryToken(context.Context, error) (func(error) error, error) { return free, nil }
func (retryer) GetInitialToken() func(error) error                              { return free }
func (retryer) GetAttemptToken(context.Context) (func(error) error, error)      { return free, nil }

func free(error) error { return nil }

// tries are the attempts of one call.
type tries struct {
	began time.Time
	sent  int
	last  error // what the last attempt ended with
	told  error // the last error that the service itself answered
	doubt bool  // an attempt that failed may have been carried out
	broke bool  // the last attempt ended because the call's context did
}

type triesKey struct{}

// call stands before the SDK's retries and says, when they are over, what they
// were about.
type call struct{}

func (call) ID() string { return "rehearse call" }

func (call) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	t := &tries{began: time.Now()}
	out, meta, err := next.HandleFinalize(context.WithValue(ctx, triesKey{}, t), in)
	if err == nil || t.last == nil && ctx.Err() == nil {
		return out, meta, err
	}
	x := &triedError{tries: *t, took: time.Since(t.began), over: context.Cause(ctx)}
	x.late = errors.Is(ctx.Err(), context.DeadlineExceeded) || isTimeout(x.over)
	if x.last == nil {
		x.last = x.over
	}
	return out, meta, x
}

// attempt stands behind the SDK's retries and notes how each attempt ends.
type attempt struct{ retries }

func (attempt) ID() string { return "rehearse attempt" }

func (a attempt) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	out, meta, err := next.HandleFinalize(ctx, in)
	t, ok := ctx.Value(triesKey{}).(*tries)
	if !ok || err == nil {
		return out, meta, err
	}
	var held *heldError
	if !errors.As(err, &held) {
		t.sent++
	}
	t.last, t.doubt = err, t.doubt || !SurelyNotDone(err)
	t.broke = ctx.Err() != nil && Code(err) == "" && held == nil
	if Code(err) != "" {
		t.told = err
	}
	if time.Since(t.began) >= patience || a.retries == single && t.sent > 1 {
		err = &lastError{err}
	}
	return out, meta, err
}

// lastError marks the error after which nothing is tried again.
type lastError struct{ error }

func (e *lastError) Unwrap() error { return e.error }

// triedError says how a call ended that was tried, how often and how long. Its
// error is that of the last attempt, also where the time for the call was over
// before the next one.
type triedError struct {
	tries
	took time.Duration
	over error // why the call's context ended; nil where it had not
	late bool  // that was a limit of time
}

func (e *triedError) Unwrap() error { return e.last }

func (e *triedError) Error() string {
	var held *heldError
	text := reason(e.last)
	switch {
	case errors.As(e.last, &held):
	case e.sent == 0:
		text = "not sent: the time for it was over before"
	case e.broke && e.sent == 1 && e.late:
		return "no answer within " + spell(e.took)
	case e.broke && e.sent == 1:
		return "interrupted after " + spell(e.took) + ", before there was an answer"
	case e.broke:
		text = "no answer to the last attempt"
	}
	if e.told != nil && Code(e.last) == "" {
		text += "; before that " + reason(e.told)
	}
	if e.sent > 1 {
		text += fmt.Sprintf(" (tried %d times in %s)", e.sent, spell(e.took))
	}
	return text
}

// isTimeout says whether an error calls itself one.
func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
