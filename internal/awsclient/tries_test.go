package awsclient

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

var (
	errRefused = &url.Error{Op: "Post", URL: emulator, Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
	errReset   = &url.Error{Op: "Post", URL: emulator, Err: &net.OpError{Op: "read", Err: syscall.ECONNRESET}}
)

func throttle(w http.ResponseWriter, _ *http.Request) error {
	return refuse(w, 400, "ThrottlingException", "Rate exceeded")
}

func away(http.ResponseWriter, *http.Request) error   { return errRefused }
func resets(http.ResponseWriter, *http.Request) error { return errReset }

func hangs(_ http.ResponseWriter, r *http.Request) error {
	<-r.Context().Done()
	return &url.Error{Op: "Post", URL: emulator, Err: r.Context().Err()}
}

// until answers with f for so long, then well.
func until(d time.Duration, f fake) fake {
	began := time.Now()
	return func(w http.ResponseWriter, r *http.Request) error {
		if time.Since(began) < d {
			return f(w, r)
		}
		return done(w, r)
	}
}

// each answers with one after the other, and goes on with the last.
func each(l ...fake) fake {
	return func(w http.ResponseWriter, r *http.Request) error {
		f := l[0]
		if len(l) > 1 {
			l = l[1:]
		}
		return f(w, r)
	}
}

// TestTries holds how long calls are tried, and what they say when they are
// given up.
func TestTries(t *testing.T) {
	for _, c := range []struct {
		name    string
		mode    retries
		answer  func() fake
		timeout time.Duration // 0: none
		want    string        // of Explain; "" is success
		took    [2]time.Duration
		passes  bool
		notDone bool
	}{
		{name: "throttled for 10s, patient", mode: patient, answer: func() fake { return until(10*time.Second, throttle) }, took: [2]time.Duration{10, 20}},
		{name: "throttled for 10s, careful", mode: careful, answer: func() fake { return until(10*time.Second, throttle) }, took: [2]time.Duration{10, 20}},
		{name: "away for 15s, patient", mode: patient, answer: func() fake { return until(15*time.Second, away) }, took: [2]time.Duration{15, 20}},
		{name: "away for 15s, careful", mode: careful, answer: func() fake { return until(15*time.Second, away) }, took: [2]time.Duration{15, 20}},
		{name: "resets for 15s, patient", mode: patient, answer: func() fake { return until(15*time.Second, resets) }, took: [2]time.Duration{15, 20}},
		{
			name: "resets, careful", mode: careful, answer: func() fake { return resets }, passes: true,
			want: `SQS CreateQueue: the connection was closed before there was an answer`,
		},
		{
			name: "throttled, in a probe", mode: single, answer: func() fake { return throttle }, passes: true, notDone: true,
			want: `SQS CreateQueue: ThrottlingException: Rate exceeded`,
		},
		{
			name: "throttled until the time is over", mode: careful, answer: func() fake { return throttle }, timeout: 30 * time.Second,
			took: [2]time.Duration{30, 30}, passes: true, notDone: true,
			want: `SQS CreateQueue: ThrottlingException: Rate exceeded \(tried \d+ times in 30s\)`,
		},
		{
			name: "throttled without end", mode: patient, answer: func() fake { return throttle },
			took: [2]time.Duration{60, 66}, passes: true, notDone: true,
			want: `SQS CreateQueue: ThrottlingException: Rate exceeded \(tried \d+ times in 1m(\ds)?\)`,
		},
		{
			name: "away without end", mode: careful, answer: func() fake { return away },
			took: [2]time.Duration{60, 66}, passes: true, notDone: true,
			want: `SQS CreateQueue: connection refused \(tried \d+ times in 1m(\ds)?\)`,
		},
		{
			name: "no answer", mode: careful, answer: func() fake { return hangs }, timeout: 5 * time.Second,
			took: [2]time.Duration{5, 5}, passes: true,
			want: `SQS CreateQueue: no answer within 5s`,
		},
		{
			name: "throttled, then no answer", mode: careful, answer: func() fake { return each(throttle, throttle, hangs) }, timeout: 5 * time.Second,
			took: [2]time.Duration{5, 5}, passes: true,
			want: `SQS CreateQueue: no answer to the last attempt; before that ThrottlingException: Rate exceeded \(tried 3 times in 5s\)`,
		},
		{
			name: "reset, then throttled until the time is over: the first may have been carried out", mode: patient,
			answer: func() fake { return each(resets, throttle) }, timeout: 5 * time.Second,
			took: [2]time.Duration{5, 5}, passes: true,
			want: `SQS CreateQueue: ThrottlingException: Rate exceeded \(tried \d times in 5s\)`,
		},
		{
			name: "reset, then refused: the first may have been carried out", mode: patient,
			answer: func() fake {
				return each(resets, func(w http.ResponseWriter, _ *http.Request) error {
					return refuse(w, 400, "QueueNameExists", "there is one")
				})
			}, took: [2]time.Duration{0, 1},
			want: `SQS CreateQueue: QueueNameExists: there is one \(tried 2 times in \d+ms\)`,
		},
		{
			name: "refused once", mode: patient, notDone: true,
			answer: func() fake {
				return func(w http.ResponseWriter, _ *http.Request) error {
					return refuse(w, 400, "InvalidAttributeName", "no")
				}
			},
			want: `SQS CreateQueue: InvalidAttributeName: no`,
		},
		{
			name: "the time was over before", mode: patient, answer: func() fake { return done }, timeout: time.Nanosecond, passes: true, notDone: true,
			want: `SQS CreateQueue: not sent: the time for it was over before`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := placeAt(t, emulator, c.answer(), nil)
				p = map[retries]*Place{patient: p, careful: p.Once(), single: p.Single()}[c.mode]
				ctx := t.Context()
				if c.timeout > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.timeout)
					defer cancel()
					if c.timeout < time.Microsecond {
						time.Sleep(time.Second)
					}
				}
				began := time.Now()
				_, err := p.SQS().CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")})
				if took := time.Since(began).Round(time.Second); took < c.took[0]*time.Second || took > c.took[1]*time.Second {
					t.Errorf("took %s", took)
				}
				if got := Explain(err); !regexp.MustCompile("^(" + c.want + ")$").MatchString(got) {
					t.Errorf("got  %s\nwant %s", got, c.want)
				}
				if err == nil {
					return
				}
				if Transient(err) != c.passes || SurelyNotDone(err) != c.notDone {
					t.Errorf("transient: %v, surely not done: %v", Transient(err), SurelyNotDone(err))
				}
			})
		})
	}
}

// TestInterrupted tells a limit of time from an interrupt, however the context
// ended.
func TestInterrupted(t *testing.T) {
	for _, c := range []struct {
		cause  error
		want   string
		passes bool
	}{
		{nil, "SQS CreateQueue: interrupted after 3s, before there was an answer", false},
		{errors.New("stop"), "SQS CreateQueue: interrupted after 3s, before there was an answer", false},
		{os.ErrDeadlineExceeded, "SQS CreateQueue: no answer within 3s", true},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() {
				time.Sleep(3 * time.Second)
				cancel(c.cause)
			}()
			_, err := placeAt(t, emulator, hangs, nil).Once().SQS().CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")})
			if got := Explain(err); got != c.want {
				t.Errorf("%v: got %s", c.cause, got)
			}
			if Transient(err) != c.passes || SurelyNotDone(err) {
				t.Errorf("%v: transient: %v, surely not done: %v", c.cause, Transient(err), SurelyNotDone(err))
			}
		})
	}
}

// TestHeldUpAfterThrottles names what kept a call from being sent, and what
// had been answered before.
func TestHeldUpAfterThrottles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := placeAt(t, emulator, throttle, Limits{"sqs.CreateQueue": {Rate: 0.01, Burst: 2}})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := p.SQS().CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")})
		want := regexp.MustCompile(`^SQS CreateQueue: waited [\d.]+m?s for its turn: .*; before that ThrottlingException: Rate exceeded( \(tried 2 times in 5s\))?$`)
		if got := Explain(err); !want.MatchString(got) {
			t.Error(got)
		}
		if !Transient(err) || !SurelyNotDone(err) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error("what it means is lost")
		}
	})
}
