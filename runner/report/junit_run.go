package report

import (
	"fmt"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// ownSuite holds what belongs to no case: the clean-up of suites and shared
// harnesses, and a run that ended badly although every case looks well. A file
// without a failure must not stand for a run that was none.
func (j *JUnit) ownSuite(all *testsuites) testsuite {
	m := j.model
	var s testsuite
	s.Name, s.Time, s.Timestamp = "rehearse", seconds(0), m.StartedAt.Format("2006-01-02T15:04:05Z")
	add := func(name string, kind event.Cause, message, text string) {
		var t testcase
		t.Name, t.Classname, t.Time = name, "rehearse", seconds(0)
		t.Error = result(string(kind), message, text)
		s.add(t)
	}
	if failed := m.ownCleanup(); failed != nil {
		p := &page{}
		describeCleanup(p, nil, failed, full)
		add("Run (cleanup)", event.CauseCleanup, shortCleanup(nil, failed), outdented(p))
	}
	if m.Finish == nil {
		text := "the run died: its stream ends without run_finished, after " + about(m.LastMS)
		add("Run", event.CauseInterrupted, text, text)
	} else if code := m.Finish.ExitCode; code != 0 && all.Failures+all.Errors+s.Errors == 0 {
		why := m.Finish.Reason
		if why == "" {
			why = exitMeaning[code]
		}
		text := fmt.Sprintf("the run ended with exit code %d: %s", code, why)
		kind := event.CauseArrange
		switch code {
		case 4:
			kind = event.CauseCleanup
		case 130:
			kind = event.CauseInterrupted
		}
		add("Run", kind, text, text)
	}
	return s
}

// ownCleanup is what went wrong in the run's own clean-up and belongs to no case.
func (m *Model) ownCleanup() *cleanup {
	failed := m.Own.cleanupOf()
	if m.Finish == nil {
		return failed
	}
	known := map[string]bool{}
	for _, c := range m.Cases {
		for _, a := range c.Attempts {
			if a.Finish != nil && a.Finish.Cleanup != nil {
				for _, l := range a.Finish.Cleanup.Left {
					known[l] = true
				}
			}
		}
	}
	for _, l := range m.Finish.Left {
		if !known[l] {
			if failed == nil {
				failed = &cleanup{}
			}
			failed.left = append(failed.left, l)
		}
	}
	return failed
}
