package probe

import (
	"time"

	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/steps"
)

// marginOfService is how far inside the limit a service's own time must lie to
// count: its clock is known to the second only.
const marginOfService = time.Second

// when says when an answer became so: as its source says, else when we saw it.
// A look begun in time counts, the last one at the deadline too, however long
// the answer took; a source that measures the answer itself says so.
func (x *probe) when(seen steps.Seen[any]) time.Time {
	deadline := x.Since.Add(x.Within)
	switch {
	case !seen.At.IsZero() && (!seen.ByService || !x.SLA || seen.At.Before(deadline.Add(-marginOfService))):
		return seen.At
	case x.onTime && x.Within > 0 && time.Now().After(deadline) && !x.began.Add(x.held).After(deadline):
		return deadline
	}
	return time.Now()
}

// observed is when it came true, on the step's clock.
func (x *probe) observed() time.Duration { return max(0, x.passedAt.Sub(x.Since)) }

// sla is what was measured, nil where nothing was promised or nothing is known.
func (x *probe) sla() *event.SLA {
	if !x.SLA && x.WarnAfter == 0 || x.v.Status == event.Errored {
		return nil
	}
	s := &event.SLA{WarnMS: x.WarnAfter.Milliseconds(), ObservedMS: -1, Status: "missed"}
	if x.SLA {
		s.LimitMS = x.Within.Milliseconds()
	}
	if x.passedAt.IsZero() {
		return s
	}
	s.ObservedMS = x.observed().Milliseconds()
	if before := x.lastMiss.Sub(x.Since); !x.lastMiss.IsZero() && before < x.observed() {
		s.NotBeforeMS = max(0, before.Milliseconds())
	}
	switch {
	case x.SLA && x.observed() > x.Within:
	case x.WarnAfter > 0 && x.observed() > x.WarnAfter:
		s.Status = "warned"
	default:
		s.Status = "met"
	}
	return s
}

// short writes a duration as people do: to the tenth of a second, or in milliseconds.
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
