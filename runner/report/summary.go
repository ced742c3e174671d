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
		if v := k.Verdict(); v.Died || len(k.Attempts) == 0 {
			c.show(k)
		}
	}
	p := &page{}
	if len(m.Cases) >= few {
		c.again(p, "Not passed", func(v Verdict) bool { return bad(v.Status) })
	}
	c.again(p, "Flaky", func(v Verdict) bool { return v.Flaky })
	c.warnings(p)
	repetitions(p, m.Cases)
	c.slowest(p)
	if left := m.left(); len(left) > 0 {
		p.add(0, span{odd, "Left behind"})
		for _, l := range left {
			p.add(1, span{plain, oneLine(cut(l, 4*brief.value))})
		}
		for _, r := range m.Runs {
			if r.Finish != nil && r.Finish.Ledger != "" {
				p.add(1, span{plain, "rehearse sweep --run " + r.ID + " tries again to remove it"})
			}
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

// again lists cases that are to be looked at, each with its reason.
func (c *Console) again(p *page, title string, listed func(Verdict) bool) {
	headed := false
	for _, k := range c.model.Cases {
		v := k.Verdict()
		if !listed(v) {
			continue
		}
		if !headed {
			headed = true
			p.add(0, span{strong, title})
		}
		p.head(1, marks[v.Status], span{plain, " "}, caseFile(k), span{strong, oneLine(k.Plan.Name)})
		p.add(3, span{plain, k.why})
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
		if k.ms() > 0 {
			ran = append(ran, k)
		}
	}
	if len(ran) < 2 {
		return
	}
	slices.SortStableFunc(ran, func(a, b *Case) int { return cmp.Compare(b.ms(), a.ms()) })
	p.add(0, span{strong, "Slowest"})
	for _, k := range ran[:min(3, len(ran))] {
		p.head(0, span{plain, fmt.Sprintf("%8s  ", about(k.ms()))}, caseFile(k), span{plain, oneLine(k.Plan.Name)})
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
	more(c.unclean, odd, several(c.unclean, "clean-up")+" failed")
	c.row(append(spans, span{faint, " in " + about(c.model.ms())})...)
}

func count(n int, s style) style {
	if n == 0 {
		return faint
	}
	return s
}

// exit says why the run ended as it did, where the counts do not.
func (c *Console) exit() {
	for _, r := range c.model.Runs {
		c.exitOf(r)
	}
	for _, shard := range c.model.missingShards() {
		c.row(span{wrong, notGiven(shard)})
	}
	if len(c.model.Runs) == 0 {
		c.row(span{wrong, nothingRan})
	}
}

func (c *Console) exitOf(r *Run) {
	f := r.Finish
	if f == nil {
		c.row(span{wrong, oneLine(c.model.called("the run", r)) + " died: its stream ends without run_finished"})
		return
	}
	whose := ""
	if len(c.model.Runs) > 1 {
		whose = oneLine(c.model.called("run", r)) + ": "
	}
	why := f.Reason
	if why == "" {
		why = exitMeaning[f.ExitCode]
	}
	if f.ExitCode > 1 || f.Reason != "" {
		c.row(span{odd, whose + fmt.Sprintf("exit %d: %s", f.ExitCode, oneLine(why))})
	}
	if f.ExitCode == 0 && c.model.explained(r) {
		c.row(span{wrong, whose + "exit 0 was given although cases did not pass: an internal error"})
	}
}

var exitMeaning = map[int]string{
	1:   "a scenario failed or had an error",
	2:   "the input is invalid, or nothing was selected",
	3:   "the environment cannot be used",
	4:   "all passed, but something could not be cleaned up",
	5:   "a report could not be written, or an internal error",
	130: "interrupted, and cleaned up",
}

var _ event.Sink = (*Console)(nil)
