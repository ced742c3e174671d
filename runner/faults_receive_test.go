package runner_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
)

// TestTroubleBetweenCanaries: 10 s of throttling, or an endpoint that is away
// for 15 s, in the middle of assert, keep canaries away and pass by all the same.
func TestTroubleBetweenCanaries(t *testing.T) {
	for name, run := range map[string]func(t *testing.T) result{
		"throttling for 10 s from the middle on": func(t *testing.T) result {
			return performWith(t, sandbox.Options{Intercept: between(2*time.Second, 12*time.Second, sandbox.Throttling)}, whole)
		},
		"an endpoint away for 15 s in assert": func(t *testing.T) result { return away(t, "2500ms", 15*time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { passesBy(t, run(t)) })
		})
	}
}

// TestSomeReceivesFail: a receive that fails now and then does not stand in the
// way of the proof that ends a count. Where answers are lost again and again
// there is none, because messages may always be hidden: an error, and soon.
func TestSomeReceivesFail(t *testing.T) {
	for every, passes := range map[int64]bool{3: false, 20: true, 50: true} {
		t.Run(fmt.Sprintf("every %dth", every), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n atomic.Int64
				r := performWith(t, sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
					if operation == "ReceiveMessage" && n.Add(1)%every == 0 {
						return serverError("")
					}
					return nil
				}}, whole)
				if passes {
					passesBy(t, r)
				} else if f := r.finished(); f.Counts.Failed > 0 || f.MS > 120_000 {
					t.Errorf("%+v after %d ms\n%s", f.Counts, f.MS, r.text)
				}
				r.clean(t)
			})
		})
	}
}
