package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// ConsoleOptions say how the console looks.
type ConsoleOptions struct {
	Color   bool // ANSI colours
	Width   int  // columns at which details are wrapped; 0: 100
	Verbose bool // the steps of passed cases too
	Several bool // runs may follow one another: the summary waits for Close
}

// Console writes a run as plain lines, one for each case as it ends, with what
// went wrong below it, and a summary. It implements event.Sink.
type Console struct {
	w       io.Writer
	o       ConsoleOptions
	model   *Model
	headed  int // how many runs have their header
	unclean int // cases whose clean-up failed
	closed  bool
	err     error
}

// NewConsole gives a console that writes to w.
func NewConsole(w io.Writer, o ConsoleOptions) *Console {
	if o.Width <= 0 {
		o.Width = 100
	}
	c := &Console{w: w, o: o, model: NewModel()}
	c.model.note = c.note
	return c
}

// ExitCode is the strongest exit code of the runs: 130, 1, 5, 4, 0. A run that
// died and a case that did not pass make it at least 1.
func (c *Console) ExitCode() int { return c.model.ExitCode() }

// Emit takes an event and writes what it completes.
func (c *Console) Emit(e event.Event) {
	c.model.Emit(e)
	switch e.Type {
	case event.RunStarted, event.CasePlanned, event.Message:
		return // the header waits until the number of cases is known
	}
	c.header()
	switch e.Type {
	case event.ScenarioFinished:
		if found := c.model.byKey[e.Case]; found != nil {
			c.ended(found)
		}
	case event.StepFinished:
		if e.Case == "" {
			c.ownStep(c.model.run(e).Own.step(e.Step))
		}
	case event.RunFinished:
		if !c.o.Several {
			c.summary()
		}
	}
}

// Close writes the summary; of a stream that broke off it says so. It gives the
// first error of writing.
func (c *Console) Close() error {
	if !c.closed {
		c.header()
		c.summary()
	}
	if c.err != nil {
		return fmt.Errorf("the console's report could not be written: %w", c.err)
	}
	return nil
}

func (c *Console) print(p *page) {
	if c.err == nil {
		_, c.err = io.WriteString(c.w, p.terminal(c.o.Width, c.o.Color))
	}
}

// row writes one line that is never wrapped, so that it can be searched for.
func (c *Console) row(spans ...span) {
	if c.err == nil {
		_, c.err = io.WriteString(c.w, (&page{lines: []line{{spans: spans, whole: true}}}).terminal(c.o.Width, c.o.Color))
	}
}

// header says of each run that has begun what it is and where it runs.
func (c *Console) header() {
	for ; c.headed < len(c.model.Runs); c.headed++ {
		if c.headed > 0 {
			c.row()
		}
		r := c.model.Runs[c.headed]
		s := r.Start
		if s == nil {
			s = &event.RunStart{}
		}
		shard := prefixed("shard ", s.Shard)
		about := nonEmpty([]string{"run " + r.ID, shard, several(r.cases, "case")})
		c.row(span{strong, oneLine(cmp.Or(s.Tool, "rehearse"))}, span{faint, " · " + oneLine(strings.Join(about, " · "))})
		if r.Start != nil {
			where := nonEmpty([]string{
				prefixed("environment ", s.Env), prefixed("account ", s.Account), s.Region,
				prefixed("endpoint ", s.Endpoint), fmt.Sprintf("seed %d", s.Seed),
			})
			c.row(span{faint, oneLine(strings.Join(where, " · "))})
		}
		c.row()
	}
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func nonEmpty(parts []string) []string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

func (c *Console) note(n event.Note) {
	st := odd
	switch n.Level {
	case "error":
		st = wrong
	case "warning":
	default:
		if !c.o.Verbose {
			return
		}
		st = faint
	}
	text := n.Text
	if n.File != "" && n.Line > 0 {
		text = fmt.Sprintf("%s:%d: %s", n.File, n.Line, text)
	} else if n.File != "" {
		text = n.File + ": " + text
	}
	p := &page{}
	for i, l := range strings.Split(visible(text), "\n") {
		if i == 0 {
			p.add(0, span{st, n.Level + ": "}, span{plain, l})
		} else {
			p.add(1, span{plain, l})
		}
	}
	c.print(p)
}

// ownStep tells of a suite's set-up or clean-up when it went wrong.
func (c *Console) ownStep(s *Step) {
	if !bad(s.Status()) || s.spoken() {
		return
	}
	c.row(span{odd, "! the suite's own " + s.Phase() + " went wrong"})
	p := &page{}
	describeStep(p, nil, s, brief)
	c.print(p)
}

// marks are the signs before a case.
var marks = map[event.Status]span{
	event.Passed:  {good, "✓"},
	event.Failed:  {wrong, "✗"},
	event.Errored: {odd, "!"},
	event.Skipped: {faint, "-"},
}

// ended writes a case after its last attempt, and a line after one that is to be repeated.
func (c *Console) ended(k *Case) {
	last := k.Attempts[len(k.Attempts)-1]
	if last.Finish == nil {
		return
	}
	if !last.Finish.Final {
		c.row(span{faint, "↻ "}, caseFile(k), span{plain, oneLine(k.Plan.Name)},
			span{faint, fmt.Sprintf("  attempt %d: %s, once more from the start", last.N, last.Finish.Status)})
		return
	}
	c.show(k)
	k.forget()
}

func caseFile(k *Case) span { return span{faint, oneLine(k.Plan.File) + " › "} }

// show writes a case's line and what is to be said of it.
func (c *Console) show(k *Case) {
	v := k.Verdict()
	tail := ""
	if ms := k.ms(); ms > 0 {
		tail = "  " + about(ms)
	}
	switch {
	case v.Status == event.Skipped:
		tail = "  skipped: " + oneLine(v.Reason)
		if v.Reason == "" {
			tail = "  skipped"
		}
	case v.Flaky:
		tail += fmt.Sprintf("  flaky: passed at attempt %d", len(k.Attempts))
	case bad(v.Status) && len(k.Attempts) > 1:
		tail += fmt.Sprintf("  after %d attempts", len(k.Attempts))
	}
	c.row(marks[v.Status], span{plain, " "}, caseFile(k), span{strong, oneLine(k.Plan.Name)}, span{faint, tail})

	p := &page{}
	c.earlier(p, k)
	if bad(v.Status) {
		a := &Attempt{}
		if len(k.Attempts) > 0 {
			a = k.Attempts[len(k.Attempts)-1]
		}
		describe(p, k, a, v.Reason, brief)
		k.why = shortest(a, v.Reason)
	} else if c.o.Verbose {
		c.steps(p, k)
	} else {
		c.inTime(p, k)
	}
	if v.Flaky {
		a := k.flakyBefore()
		k.why = fmt.Sprintf("attempt %d: %s", a.N, shortest(a, a.Finish.Reason))
	}
	for _, s := range warned(k) {
		p.add(2, span{odd, "slow: "}, span{plain, label(s) + " " + slaText(s.Finish.SLA)})
	}
	if a, failed := k.cleanupOf(); failed != nil {
		p.add(1, span{odd, "! clean-up failed" + ofAttempt(k, a)})
		describeCleanup(p, k, failed, brief)
		c.unclean++
	}
	c.print(p)
}

// few is up to how many cases each is still looked at by itself.
const few = 10

// inTime tells of the SLAs that a passed case met, where the cases are few.
func (c *Console) inTime(p *page, k *Case) {
	if _, repeated := k.repetition(); repeated || k.Run.cases >= few || len(k.Attempts) == 0 {
		return
	}
	for _, s := range k.Attempts[len(k.Attempts)-1].steps() {
		if s.Finish != nil && s.Finish.SLA != nil && s.Finish.SLA.Status == "met" {
			p.head(2, span{faint, "in time: " + label(s) + "  " + figure(s.Finish.SLA)})
		}
	}
}

func ofAttempt(k *Case, a *Attempt) string {
	if len(k.Attempts) < 2 {
		return ""
	}
	return fmt.Sprintf(" (attempt %d)", a.N)
}

// earlier says why the attempts before the last one did not pass.
func (c *Console) earlier(p *page, k *Case) {
	if len(k.Attempts) < 2 {
		return
	}
	for _, a := range k.Attempts[:len(k.Attempts)-1] {
		if a.Finish == nil || !bad(a.Finish.Status) {
			continue
		}
		for i, l := range strings.Split(short(k, a, a.Finish.Reason), "\n") {
			head := fmt.Sprintf("attempt %d: ", a.N)
			if i > 0 {
				head = strings.Repeat(" ", len(head))
			}
			p.add(2, span{odd, head}, span{plain, l})
		}
	}
}

// steps lists the steps of a passed case.
func (c *Console) steps(p *page, k *Case) {
	if len(k.Attempts) == 0 {
		return
	}
	for _, s := range k.Attempts[len(k.Attempts)-1].steps() {
		if s.Finish == nil {
			continue
		}
		tail := "  " + about(s.Finish.MS)
		if s.Finish.SLA != nil && s.Finish.SLA.Status == "met" {
			tail += "  SLA: " + slaText(s.Finish.SLA)
		}
		p.head(2, span{faint, string(s.Finish.Status) + " "}, span{plain, label(s)}, span{faint, tail})
	}
}
