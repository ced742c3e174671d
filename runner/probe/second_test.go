package probe

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/steps"
)

// TestWhatTheProofBringsMustHoldToo: an answer that comes only with the proof of
// the silence before it must go on holding like any other.
func TestWhatTheProofBringsMustHoldToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, brought := time.Now(), time.Time{}
		look := func(context.Context) (steps.Seen[any], error) {
			doc := "none"
			switch {
			case !brought.IsZero() && time.Since(brought) > time.Second:
				doc = "two"
			case !brought.IsZero():
				doc = "yes"
			}
			return steps.Seen[any]{Doc: doc, At: start.Add(time.Second), Confirm: func(context.Context) error {
				if brought.IsZero() {
					brought = time.Now()
				}
				return nil
			}}, nil
		}
		for _, sla := range []bool{false, true} {
			brought = time.Time{}
			v := Run(t.Context(), Policy{Within: 5 * time.Second, SLA: sla, Hold: 2 * time.Second, Every: 100 * time.Millisecond, Confirm: true}, steps.Probe[any]{Look: look}, wantYes, nil)
			if v.Status != event.Failed || !strings.Contains(v.Summary, "it had to hold for 2s") {
				t.Errorf("SLA %t: ended %s: %s", sla, v.Status, v.Summary)
			}
		}
	})
}

// TestSeenLateButInTime: what a look after the deadline finds to have come in
// time came in time, by the source's own word.
func TestSeenLateButInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		look := func(context.Context) (steps.Seen[any], error) {
			if time.Since(start) < 22*time.Second {
				return steps.Seen[any]{Doc: "no"}, nil
			}
			return steps.Seen[any]{Doc: "yes", At: start.Add(3 * time.Second), ByService: true}, nil
		}
		v := Run(t.Context(), Policy{Within: 20 * time.Second, SLA: true, Every: time.Second}, steps.Probe[any]{Look: look}, wantYes, nil)
		if v.Status != event.Passed || v.SLA.Status != "met" || v.SLA.ObservedMS != 3000 {
			t.Errorf("ended %s: %s; %+v", v.Status, v.Summary, v.SLA)
		}
	})
}
