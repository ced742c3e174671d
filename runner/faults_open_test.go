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

// What follows is not survived, or not said, as it should be.

// TestTroubleBetweenCanaries: 10 s of throttling, or an endpoint that is away
// for 15 s, in the middle of assert. After the latter the proof that ends a
// count is asked for for 15 s only, which are just over when the endpoint comes
// back; and it is said to be "no answer within 30s" after 17.
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

// TestSomeReceivesFail: a receive that fails now and then stands in the way of
// the proof that ends a count, as if the queue could not be read at all ("cannot
// be read just now"), although the next one would do.
func TestSomeReceivesFail(t *testing.T) {
	for _, every := range []int64{3, 4, 5} {
		t.Run(fmt.Sprintf("every %dth", every), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n atomic.Int64
				passesBy(t, performWith(t, sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
					if operation == "ReceiveMessage" && n.Add(1)%every == 0 {
						return serverError("")
					}
					return nil
				}}, whole))
			})
		})
	}
}
