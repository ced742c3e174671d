package report

import (
	"slices"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// Verdict is how a case ended, all its attempts together.
type Verdict struct {
	Status event.Status
	Cause  event.Cause // of a failure or an error
	Reason string      // of a skip, or of an error that belongs to no step
	Flaky  bool        // passed after an attempt that did not
	Died   bool        // open when the stream ended
}

// Verdict judges a case, taking the stream as ended: what is open then is an
// error, because nobody saw it pass.
func (c *Case) Verdict() Verdict {
	if len(c.Attempts) == 0 {
		return c.notBegun()
	}
	last := c.Attempts[len(c.Attempts)-1]
	f := last.Finish
	switch {
	case f == nil && c.Run.Finish == nil:
		return Verdict{Status: event.Errored, Cause: event.CauseInterrupted, Died: true, Reason: "the run died before this case ended"}
	case f == nil:
		return Verdict{Status: event.Errored, Cause: event.CauseInterrupted, Died: true, Reason: "the run ended before this case did"}
	case !f.Final:
		return Verdict{Status: event.Errored, Cause: cause(last, event.CauseInterrupted), Died: true, Reason: "the run ended before the next attempt of this case"}
	}
	v := Verdict{Status: f.Status, Reason: f.Reason}
	switch f.Status {
	case event.Passed:
		v.Flaky = slices.ContainsFunc(c.Attempts, func(a *Attempt) bool { return a.Finish != nil && bad(a.Finish.Status) })
	case event.Skipped, event.NotRun:
		v.Status = event.Skipped
	case event.Failed, event.Errored:
		v.Cause = cause(last, "")
	default:
		v = Verdict{Status: event.Errored, Cause: event.CauseInterrupted, Reason: "the case ended with the status " + quote(string(f.Status)) + ", which this rehearse does not know"}
	}
	return v
}

func (c *Case) notBegun() Verdict {
	switch {
	case c.Plan.Skip != "":
		return Verdict{Status: event.Skipped, Reason: c.Plan.Skip}
	case c.Run.Finish == nil:
		return Verdict{Status: event.Errored, Cause: event.CauseInterrupted, Died: true, Reason: "the run died before this case began"}
	case c.Run.Finish.ExitCode != 0:
		return Verdict{Status: event.Skipped, Reason: "not begun when the run ended"}
	}
	return Verdict{Status: event.Errored, Cause: event.CauseInterrupted, Died: true, Reason: "the run ended without beginning this case"}
}

func bad(s event.Status) bool { return s == event.Failed || s == event.Errored }

// judged says whether a step's end counts for the verdict: diagnose and
// clean-up never do.
func (s *Step) judged() bool {
	switch s.Phase() {
	case "diagnose", "cleanup", "take_back":
		return false
	}
	return true
}

// broken gives the steps that made an attempt fail; of a step that others make
// up, those of them, unless it has something of its own to say.
func (a *Attempt) broken() []*Step {
	var steps []*Step
	for _, s := range a.steps() {
		if s.judged() && bad(s.Status()) && !s.spoken() {
			steps = append(steps, s)
		}
	}
	return steps
}

// spoken says whether the steps inside one say all that is to be said of its end.
func (s *Step) spoken() bool {
	return s.Finish.Error == nil && slices.ContainsFunc(s.inside, func(x *Step) bool { return bad(x.Status()) })
}

// cause gives the case's own cause, or that of its worst step, the first of equals.
func cause(a *Attempt, otherwise event.Cause) event.Cause {
	if a.Finish != nil && a.Finish.Cause != "" {
		return a.Finish.Cause
	}
	var worst *Step
	for _, s := range a.broken() {
		if worst == nil || (s.Status() == event.Errored && worst.Status() != event.Errored) {
			worst = s
		}
	}
	if worst == nil {
		return otherwise
	}
	return stepCause(worst)
}

func stepCause(s *Step) event.Cause {
	f := s.Finish
	switch {
	case f.Cause != "":
		return f.Cause
	case s.Phase() == "arrange":
		return event.CauseArrange
	case f.Status == event.Errored:
		return event.CauseStep
	case f.SLA != nil && f.SLA.Status == "missed" && !slices.ContainsFunc(f.Checks, func(c event.Check) bool { return !c.OK }):
		return event.CauseSLA
	}
	return event.CauseCheck
}

// cleanup is what went wrong in an attempt's clean-up.
type cleanup struct {
	steps     []*Step
	resources []event.ResourceChange // that are still there, as last heard of
	left      []string
}

// cleanupOf gives nil when the clean-up went well or has not happened.
func (a *Attempt) cleanupOf() *cleanup {
	var c cleanup
	for _, s := range a.steps() {
		if s.Phase() == "cleanup" && bad(s.Status()) {
			c.steps = append(c.steps, s)
		}
	}
	for _, r := range a.lastHeardOf() {
		if r.Status == "left" || r.Error != "" && r.Status != "released" {
			c.resources = append(c.resources, r)
		}
	}
	failed := len(c.steps) > 0 || len(c.resources) > 0
	for _, p := range a.Phases {
		failed = failed || (p.Phase == "cleanup" || p.Phase == "take_back") && bad(p.Status)
	}
	if f := a.Finish; f != nil && f.Cleanup != nil {
		c.left = f.Cleanup.Left
		failed = failed || bad(f.Cleanup.Status) || len(c.left) > 0
	}
	if !failed {
		return nil
	}
	return &c
}

// lastHeardOf gives the latest that was said of each resource.
func (a *Attempt) lastHeardOf() []event.ResourceChange {
	type name struct{ kind, id string }
	last := map[name]int{}
	for i, r := range a.Resources {
		last[name{r.Resource.Kind, r.Resource.ID}] = i
	}
	var list []event.ResourceChange
	for i, r := range a.Resources {
		if last[name{r.Resource.Kind, r.Resource.ID}] == i {
			list = append(list, r)
		}
	}
	return list
}

// created names what an attempt created and is not known to have removed.
func (a *Attempt) created() []string {
	var names []string
	for _, r := range a.lastHeardOf() {
		if r.Status == "created" {
			names = append(names, r.Resource.Kind+" "+r.Resource.ID+": created, and not known to be removed")
		}
	}
	return names
}

// cleanupOf gives the attempt of a case whose clean-up failed, and what failed
// in it; no attempt follows one that left something behind.
func (c *Case) cleanupOf() (*Attempt, *cleanup) {
	for _, a := range slices.Backward(c.Attempts) {
		if failed := a.cleanupOf(); failed != nil {
			return a, failed
		}
	}
	return nil, nil
}

// ms is how long a case took: all attempts and clean-up, no queueing.
func (c *Case) ms() int64 {
	var sum int64
	for _, a := range c.Attempts {
		if a.Finish != nil {
			sum += a.Finish.MS
		} else {
			sum += max(0, c.Run.LastMS-a.StartMS)
		}
	}
	return sum
}

// Counts counts the cases by how they ended, taking the stream as ended.
func (m *Model) Counts() event.Counts {
	n := event.Counts{Total: len(m.Cases)}
	for _, c := range m.Cases {
		v := c.Verdict()
		switch v.Status {
		case event.Passed:
			n.Passed++
		case event.Failed:
			n.Failed++
		case event.Skipped:
			n.Skipped++
		default:
			n.Errors++
		}
		if v.Flaky {
			n.Flaky++
		}
		n.Warnings += len(warned(c))
	}
	return n
}

// warned gives the steps of a case's last attempt that passed later than they should.
func warned(c *Case) []*Step {
	if len(c.Attempts) == 0 {
		return nil
	}
	var steps []*Step
	for _, s := range c.Attempts[len(c.Attempts)-1].steps() {
		if s.Finish != nil && s.Finish.SLA != nil && s.Finish.SLA.Status == "warned" {
			steps = append(steps, s)
		}
	}
	return steps
}

// left is what the runs could not remove, each thing once; of a run that died
// also what it had created and is not known to have removed.
func (m *Model) left() []string {
	var all []string
	known := map[string]bool{}
	add := func(things []string) {
		for _, t := range things {
			if !known[t] {
				known[t] = true
				all = append(all, t)
			}
		}
	}
	for _, c := range m.Cases {
		for _, a := range c.Attempts {
			if a.Finish != nil && a.Finish.Cleanup != nil {
				add(a.Finish.Cleanup.Left)
			} else if a.Finish == nil {
				add(a.created())
			}
		}
	}
	for _, r := range m.Runs {
		if r.Finish != nil {
			add(r.Finish.Left)
		} else {
			add(r.Own.created())
		}
	}
	return all
}
