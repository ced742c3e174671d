package xray_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/steps"
)

// TestOneOfTwoAccountsStopsAnswering: what it might still have shown is not taken for absent.
func TestOneOfTwoAccountsStopsAnswering(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		status event.Status
		says   string
	}{
		{"throttled", sandbox.Throttling("xray"), event.Failed, "nothing could be seen"},
		{"denied", deniedError, event.Errored, "needs the permission xray:BatchGetTraces"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var mu sync.Mutex
			var from time.Time
			n := 0
			o := sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
				if operation != "BatchGetTraces" {
					return nil
				}
				mu.Lock()
				defer mu.Unlock()
				if n++; n%2 == 0 && time.Now().After(from) { // each look asks both
					return c.err
				}
				return nil
			}}
			inBubble(t, o, func(s *scene) {
				from = s.start.Add(3 * second)
				away, err := awsclient.Connect(s.t.Context(), awsclient.Settings{Dial: s.Dial, EndpointURL: sandbox.URL, Region: "eu-west-1", AccessKey: "test", SecretKey: "test"})
				if err != nil {
					t.Fatal(err)
				}
				s.put(s.segment(1, "Orders", nil))
				s.later(6*second, func() { s.putAt(away, s.segment(2, "Late", doc{"parent_id": sid(1), "fault": true})) })
				h := how{within: 40 * second, accounts: map[steps.AccountName]*awsclient.Place{"away": away}}
				s.judge("{id: OWN, accounts: [away], no_errors: true}", h).is(t, c.status, 3*second, 43*second, c.says)
			})
		})
	}
}
