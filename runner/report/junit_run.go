package report

import (
	"fmt"
	"slices"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// ownSuite holds what belongs to no case: the clean-up of suites and shared
// harnesses, and a run that ended badly although every case looks well. A file
// without a failure must not stand for a run that was none.
func (j *JUnit) ownSuite() testsuite {
	m := j.model
	var s testsuite
	s.Name, s.Time, s.Timestamp = "rehearse", seconds(0), m.began().Format("2006-01-02T15:04:05Z")
	for _, r := range m.Runs {
		s.addRun(m, r)
	}
	for _, shard := range m.missingShards() {
		s.addOwn("Run (shard "+shard+")", event.CauseInterrupted, notGiven(shard), notGiven(shard))
	}
	if len(m.Runs) == 0 {
		s.addOwn("Run", event.CauseInterrupted, nothingRan, nothingRan)
	}
	return s
}

const nothingRan = "the stream is empty: nothing is known of a run"

func (s *testsuite) addOwn(name string, kind event.Cause, message, text string) {
	var t testcase
	t.Name, t.Classname, t.Time = oneLine(name), "rehearse", seconds(0)
	t.Error = result(string(kind), message, text)
	s.add(t)
}

// addRun adds what one run says of itself.
func (s *testsuite) addRun(m *Model, r *Run) {
	name := m.called("Run", r)
	failed := m.ownCleanup(r)
	if failed != nil {
		p := &page{}
		describeCleanup(p, nil, failed, full)
		s.addOwn(name+" (cleanup)", event.CauseCleanup, shortCleanup(nil, failed), outdented(p))
	}
	if r.Finish == nil {
		text := "the run died: its stream ends without run_finished, after " + about(r.LastMS)
		s.addOwn(name, event.CauseInterrupted, text, text)
	} else if code := r.Finish.ExitCode; code != 0 && failed == nil && !m.explained(r) {
		why := r.Finish.Reason
		if why == "" {
			why = exitMeaning[code]
		}
		text := fmt.Sprintf("the run ended with exit code %d: %s", code, why)
		kind := event.CauseArrange
		switch code {
		case 1: // by --fail-on-flaky, or the time of the run was over
			kind = event.CauseCheck
		case 4:
			kind = event.CauseCleanup
		case 130:
			kind = event.CauseInterrupted
		}
		s.addOwn(name, kind, text, text)
	}
}

// explained says whether a case of the run tells why it ended badly.
func (m *Model) explained(r *Run) bool {
	return slices.ContainsFunc(m.Cases, func(c *Case) bool {
		_, failed := c.cleanupOf()
		return c.Run == r && (failed != nil || bad(c.Verdict().Status))
	})
}

// ownCleanup is what went wrong in the run's own clean-up and belongs to no case.
func (m *Model) ownCleanup(r *Run) *cleanup {
	failed := r.Own.cleanupOf()
	if r.Finish == nil {
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
	for _, l := range r.Finish.Left {
		if !known[l] {
			if failed == nil {
				failed = &cleanup{}
			}
			failed.left = append(failed.left, l)
		}
	}
	return failed
}
