package report

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rehearse-dev/rehearse/runner/event"
)

var (
	turnOfKey  = regexp.MustCompile(`@(\d+)$`)
	turnOfName = regexp.MustCompile(` \((\d+)/\d+\)$`)
)

// repetition says of a case that is one of several repetitions what they are called together.
func (c *Case) repetition() (name string, repeated bool) {
	key, called := turnOfKey.FindStringSubmatch(c.Key), turnOfName.FindStringSubmatch(c.Plan.Name)
	if key == nil || called == nil || key[1] != called[1] {
		return c.Plan.Name, false
	}
	return strings.TrimSuffix(c.Plan.Name, called[0]), true
}

// repeated are the repetitions of one case.
type repeated struct {
	file, name    string
	cases, passed int
	slas          []*measured
}

// measured is what was measured of one SLA.
type measured struct {
	step     string
	limit    event.SLA
	observed []int64 // ms, sorted
	missed   int     // those that never came too
	never    int
}

// repetitions writes how the repetitions of each case kept its SLAs, earlier
// and failed attempts included. What never came has no time and is counted.
func repetitions(p *page, cases []*Case) {
	var all []*repeated
	known := map[[2]string]*repeated{}
	for _, c := range cases {
		name, ok := c.repetition()
		if !ok {
			continue
		}
		r := known[[2]string{c.Plan.File, name}]
		if r == nil {
			r = &repeated{file: c.Plan.File, name: name}
			known[[2]string{c.Plan.File, name}] = r
			all = append(all, r)
		}
		r.add(c)
	}
	if len(all) == 0 {
		return
	}
	p.add(0, span{strong, "Repetitions"}, span{faint, "  SLA figures include failed attempts; what never came is counted, not averaged"})
	widths := widths(all)
	if len(widths) > 0 {
		p.head(2, span{faint, aligned(headings, widths) + "  step"})
	}
	for _, r := range all {
		p.head(1, span{faint, oneLine(r.file) + " › "}, span{strong, oneLine(r.name)}, span{faint, fmt.Sprintf("  %d of %d passed", r.passed, r.cases)})
		for _, m := range r.slas {
			st := plain
			if m.missed > 0 {
				st = wrong
			}
			p.head(2, span{st, aligned(m.row(), widths)}, span{plain, "  " + m.step})
		}
	}
	p.add(0)
}

var headings = []string{"n", "min", "median", "p95", "max", "limit", "missed", "never came"}

// widths are those of the columns, none where no SLA was measured.
func widths(all []*repeated) []int {
	var widths []int
	fit := func(row []string) {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	for _, r := range all {
		for _, m := range r.slas {
			if widths == nil {
				widths = make([]int, len(headings))
				fit(headings)
			}
			fit(m.row())
		}
	}
	return widths
}

func aligned(row []string, widths []int) string {
	var b strings.Builder
	for i, cell := range row {
		fmt.Fprintf(&b, "%*s  ", widths[i], cell)
	}
	return strings.TrimSuffix(b.String(), "  ")
}

func (r *repeated) add(c *Case) {
	r.cases++
	if c.Verdict().Status == event.Passed {
		r.passed++
	}
	for _, a := range c.Attempts {
		for _, s := range a.steps() {
			if s.Finish != nil && s.Finish.SLA != nil {
				r.sla(label(s)).add(*s.Finish.SLA)
			}
		}
	}
}

func (r *repeated) sla(step string) *measured {
	for _, m := range r.slas {
		if m.step == step {
			return m
		}
	}
	m := &measured{step: step}
	r.slas = append(r.slas, m)
	return m
}

func (m *measured) add(s event.SLA) {
	m.limit = s
	if s.Status == "missed" {
		m.missed++
	}
	if s.ObservedMS < 0 {
		m.never++
		return
	}
	at, _ := slices.BinarySearch(m.observed, s.ObservedMS)
	m.observed = slices.Insert(m.observed, at, s.ObservedMS)
}

// figure says how an SLA was met, in short.
func figure(s *event.SLA) string { return exact(s.ObservedMS) + " of " + limit(s) }

func limit(s *event.SLA) string {
	if s.LimitMS == 0 {
		return exact(s.WarnMS) + " (warn_after)"
	}
	return exact(s.LimitMS)
}

func (m *measured) row() []string {
	row := []string{strconv.Itoa(len(m.observed) + m.never), "-", "-", "-", "-", limit(&m.limit), strconv.Itoa(m.missed), strconv.Itoa(m.never)}
	if n := len(m.observed); n > 0 {
		median := (m.observed[(n-1)/2] + m.observed[n/2]) / 2
		p95 := m.observed[(n*95+99)/100-1] // the nearest rank
		for i, ms := range []int64{m.observed[0], median, p95, m.observed[n-1]} {
			row[i+1] = exact(ms)
		}
	}
	return row
}
