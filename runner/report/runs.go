package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// ms is how long a run took, as far as its stream tells.
func (r *Run) ms() int64 {
	if r.Finish != nil {
		return r.Finish.MS
	}
	return r.LastMS
}

// began is when the first run began; zero without one.
func (m *Model) began() time.Time {
	var first time.Time
	for i, r := range m.Runs {
		if i == 0 || r.StartedAt.Before(first) {
			first = r.StartedAt
		}
	}
	return first
}

// offset is how long after the first run a run began, in milliseconds.
func (m *Model) offset(r *Run) int64 { return r.StartedAt.Sub(m.began()).Milliseconds() }

// ms is how long all runs took together, by the clock.
func (m *Model) ms() int64 {
	var end int64
	for _, r := range m.Runs {
		end = max(end, m.offset(r)+r.ms())
	}
	return end
}

// ids names the runs.
func (m *Model) ids() string {
	var ids []string
	for _, r := range m.Runs {
		ids = append(ids, r.ID)
	}
	return strings.Join(ids, ", ")
}

// called adds to a name which run it is about, where there are several.
func (m *Model) called(name string, r *Run) string {
	if len(m.Runs) < 2 {
		return name
	}
	name += " " + r.ID
	if r.Start != nil && r.Start.Shard != "" {
		name += ", shard " + r.Start.Shard
	}
	return name
}

// Shard reads I/N, the part that a run has of the cases.
func Shard(s string) (i, n int, ok bool) {
	_, err := fmt.Sscanf(s, "%d/%d", &i, &n)
	return i, n, err == nil && 1 <= i && i <= n && s == fmt.Sprintf("%d/%d", i, n)
}

// missingShards names the shards that are not there although others of them
// are. A run that stands alone is a report of its own.
func (m *Model) missingShards() []string {
	if len(m.Runs) < 2 {
		return nil
	}
	var missing []string
	have, of := map[int]bool{}, 0
	for _, r := range m.Runs {
		if r.Start != nil {
			if i, n, ok := Shard(r.Start.Shard); ok {
				have[i], of = true, n
			}
		}
	}
	for i := range of {
		if !have[i+1] {
			missing = append(missing, fmt.Sprintf("%d/%d", i+1, of))
		}
	}
	return missing
}

// notGiven says that the recording of a shard is missing.
func notGiven(shard string) string {
	return "no recording of shard " + shard + " was given, so what became of its cases is not known"
}

// strength orders exit codes, the strongest first.
var strength = []int{130, 1, 5, 4}

// ExitCode is the strongest exit code of the runs: 130, 1, 5, 4, 0. A run that
// died, a case that did not pass and a missing shard make it 1.
func (m *Model) ExitCode() int {
	n := m.Counts()
	codes := []int{0}
	if len(m.Runs) == 0 || len(m.missingShards()) > 0 || n.Failed+n.Errors > 0 {
		codes = append(codes, 1)
	}
	for _, r := range m.Runs {
		switch {
		case r.Finish == nil:
			codes = append(codes, 1)
		case r.Finish.ExitCode != 0 && !slices.Contains(strength, r.Finish.ExitCode):
			codes = append(codes, 1)
		default:
			codes = append(codes, r.Finish.ExitCode)
		}
	}
	for _, code := range strength {
		if slices.Contains(codes, code) {
			return code
		}
	}
	return 0
}

// flakyBefore gives the first attempt of a case that did not pass, nil when all did.
func (c *Case) flakyBefore() *Attempt {
	for _, a := range c.Attempts {
		if a.Finish != nil && bad(a.Finish.Status) {
			return a
		}
	}
	return nil
}

var _ event.Sink = (*Model)(nil)
