package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// summary closes the console: the cases nobody heard the end of, what was
// slow, what is left, and the counts.
func (c *Console) summary() {
	if c.closed {
		return
	}
	c.closed = true
	m := c.model
	for _, k := range m.Cases {
		if v := m.Verdict(k); v.Died || len(k.Attempts) == 0 {
			c.show(k)
		}
	}
	p := &page{}
	c.notPassed(p)
	c.warnings(p)
	c.slowest(p)
	if left := m.left(); len(left) > 0 {
		p.add(0, span{odd, "Left behind"})
		for _, l := range left {
			p.add(1, span{plain, oneLine(cut(l, 4*brief.value))})
		}
		p.add(0)
	}
	if len(m.Cases) > 0 {
		c.row()
	}
	c.print(p)
	c.counts()
	c.exit()
}

// notPassed repeats, after a long run, which cases are to be looked at.
func (c *Console) notPassed(p *page) {
	if len(c.model.Cases) < 10 {
		return
	}
	headed := false
	for _, k := range c.model.Cases {
		v := c.model.Verdict(k)
		if !bad(v.Status) {
			continue
		}
		if !headed {
			headed = true
			p.add(0, span{strong, "Not passed"})
		}
		a := &Attempt{}
		if len(k.Attempts) > 0 {
			a = k.Attempts[len(k.Attempts)-1]
		}
		p.head(1, marks[v.Status], span{plain, " "}, caseFile(k), span{strong, oneLine(k.Plan.Name)})
		p.add(3, span{plain, shortest(a, v.Reason)})
	}
	if headed {
		p.add(0)
	}
}

func (c *Console) warnings(p *page) {
	headed := false
	for _, k := range c.model.Cases {
		for _, s := range warned(k) {
			if !headed {
				headed = true
				p.add(0, span{odd, "SLA warnings"})
			}
			p.head(1, caseFile(k), span{strong, oneLine(k.Plan.Name)})
			p.add(3, span{plain, label(s) + " " + slaText(s.Finish.SLA)})
		}
	}
	if headed {
		p.add(0)
	}
}

func (c *Console) slowest(p *page) {
	var ran []*Case
	for _, k := range c.model.Cases {
		if c.model.ms(k) > 0 {
			ran = append(ran, k)
		}
	}
	if len(ran) < 2 {
		return
	}
	slices.SortStableFunc(ran, func(a, b *Case) int { return cmp.Compare(c.model.ms(b), c.model.ms(a)) })
	p.add(0, span{strong, "Slowest"})
	for _, k := range ran[:min(3, len(ran))] {
		p.head(0, span{plain, fmt.Sprintf("%8s  ", about(c.model.ms(k)))}, caseFile(k), span{plain, oneLine(k.Plan.Name)})
	}
	p.add(0)
}

// counts writes the one line that people and scripts look for.
func (c *Console) counts() {
	n := c.model.Counts()
	spans := []span{
		{count(n.Passed, good), fmt.Sprintf("%d passed", n.Passed)},
		{plain, ", "},
		{count(n.Failed, wrong), fmt.Sprintf("%d failed", n.Failed)},
	}
	more := func(k int, s style, text string) {
		if k > 0 {
			spans = append(spans, span{plain, ", "}, span{s, text})
		}
	}
	more(n.Errors, odd, several(n.Errors, "error"))
	more(n.Skipped, faint, fmt.Sprintf("%d skipped", n.Skipped))
	more(n.Flaky, odd, fmt.Sprintf("%d flaky", n.Flaky))
	more(n.Warnings, odd, several(n.Warnings, "SLA warning"))
	unclean := 0
	for _, k := range c.model.Cases {
		if _, failed := k.cleanupOf(); failed != nil {
			unclean++
		}
	}
	more(unclean, odd, several(unclean, "clean-up")+" failed")
	ms := c.model.LastMS
	if f := c.model.Finish; f != nil {
		ms = f.MS
	}
	c.row(append(spans, span{faint, " in " + about(ms)})...)
}

func count(n int, s style) style {
	if n == 0 {
		return faint
	}
	return s
}

// exit says why the run ended as it did, where the counts do not.
func (c *Console) exit() {
	f := c.model.Finish
	if f == nil {
		c.row(span{wrong, "the run died: its stream ends without run_finished"})
		return
	}
	why := f.Reason
	if why == "" {
		why = exitMeaning[f.ExitCode]
	}
	if f.ExitCode > 1 || f.Reason != "" {
		c.row(span{odd, fmt.Sprintf("exit %d: %s", f.ExitCode, oneLine(why))})
	}
	if n := c.model.Counts(); f.ExitCode == 0 && n.Failed+n.Errors > 0 {
		c.row(span{wrong, "exit 0 was given although cases did not pass: an internal error"})
	}
}

var exitMeaning = map[int]string{
	2:   "the input is invalid, or nothing was selected",
	3:   "the environment cannot be used",
	4:   "all passed, but something could not be cleaned up",
	5:   "a report could not be written, or an internal error",
	130: "interrupted, and cleaned up",
}

var _ event.Sink = (*Console)(nil)
