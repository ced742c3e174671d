package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// detail is how much of a failure is told; 0 means all of it.
type detail struct {
	value  int // characters of a value
	diffs  int // differing fields of two documents
	misses int // near misses of a listener
	steps  int // steps that did not pass
	result int // lines of a step's result
	names  int // steps named in one line
	lines  int // lines of a picture
	width  int // characters of a line of a result
}

var (
	brief = detail{value: 240, diffs: 8, misses: 3, steps: 10, result: 10, names: 6, lines: 40, width: 96}
	full  = detail{width: 120}
	hint  = detail{value: 120, diffs: 4, misses: 1, names: 6}
)

// describe writes everything about an attempt that did not pass, clean-up aside.
func describe(p *page, c *Case, a *Attempt, reason string, d detail) {
	if reason != "" {
		p.text(2, plain, reason)
	}
	broken := a.broken()
	for i, s := range broken {
		if d.steps > 0 && i == d.steps {
			p.add(2, span{wrong, several(len(broken)-i, "more step") + " did not pass"})
			break
		}
		describeStep(p, c, s, d)
	}
	for _, s := range a.steps() {
		if s.Start != nil && s.Finish == nil {
			p.head(2, span{strong, label(s)}, span{faint, "  " + position(c, s)})
			p.add(3, span{plain, "was under way when the case ended" + looked(s)})
		}
	}
	if rest := notRun(a, d.names); rest != "" {
		p.add(2, span{faint, "not run: " + rest})
	}
	if n, skipped := passed(a); n+skipped > 0 {
		text := several(n, "step") + " passed"
		if skipped > 0 {
			text += fmt.Sprintf(", %d skipped", skipped)
		}
		p.add(2, span{faint, text})
	}
	for _, s := range a.steps() {
		if s.Phase() == "diagnose" && s.Finish != nil && s.Status() != event.NotRun && s.Status() != event.Skipped {
			diagnosed(p, c, s, d)
		}
	}
}

func describeStep(p *page, c *Case, s *Step, d detail) {
	f := s.Finish
	mark := wrong
	if f.Status == event.Errored {
		mark = odd
	}
	p.head(2, span{mark, label(s)}, span{faint, "  " + position(c, s)})
	if f.Summary != "" {
		p.text(3, strong, cut(f.Summary, 4*d.value))
	}
	said := len(p.lines)
	describeChecks(p, f.Checks, d)
	if late := lateness(f); late != "" {
		p.add(3, span{odd, late})
	}
	describeMisses(p, f, d)
	describePicture(p, f.Picture, d)
	if e := f.Error; e != nil && !strings.Contains(f.Summary, errorText(e)) {
		p.text(3, plain, cut(errorText(e), 4*d.value))
	}
	if f.Summary == "" && len(p.lines) == said {
		p.add(3, span{plain, "ended as " + string(f.Status) + " without saying why"})
	}
	if f.Attempts > 1 || f.Attempts == 1 && (f.SLA != nil || s.Plan.WithinMS > 0) {
		p.add(3, span{faint, tried(f)})
	}
}

func tried(f *event.StepFinish) string {
	text := "looked " + several(f.Attempts, "time") + " in " + about(f.MS)
	if f.Attempts == 1 {
		text = "looked once in " + about(f.MS)
	}
	if f.PacingMS > 0 {
		text += ", of which " + about(f.PacingMS) + " waiting for our own pace"
	}
	return text
}

func looked(s *Step) string {
	if len(s.Looks) == 0 {
		return ""
	}
	last := s.Looks[len(s.Looks)-1]
	text := fmt.Sprintf("; look %d: %s", last.N, last.Outcome)
	if last.Error != nil {
		return oneLine(text + ", " + cut(errorText(last.Error), brief.value))
	}
	if len(last.Mismatches) > 0 {
		text += ", " + cut(last.Mismatches[0], brief.value)
	}
	return oneLine(text)
}

func errorText(e *event.Error) string {
	switch {
	case e.Code == "" || strings.Contains(e.Message, e.Code):
		return e.Message
	case e.Message == "":
		return e.Code
	}
	return e.Code + ": " + e.Message
}

// lateness says by how much a limit was missed; where the summary does, which
// rounds, only what was measured.
func lateness(f *event.StepFinish) string {
	if f.SLA == nil || f.Cause != event.CauseSLA || f.SLA.ObservedMS < 0 || strings.Contains(f.Summary, slaText(f.SLA)) {
		return ""
	}
	if strings.Contains(f.Summary, "came after ") {
		return "measured: " + exact(f.SLA.ObservedMS) + notBefore(f.SLA)
	}
	return "SLA: " + slaText(f.SLA)
}

// slaText says how a limit was missed or nearly missed.
func slaText(s *event.SLA) string {
	limit := ""
	if s.LimitMS > 0 {
		limit = "the limit is " + exact(s.LimitMS)
	}
	var text string
	switch {
	case s.ObservedMS < 0:
		text = join("never came", limit)
	case s.Status == "warned":
		text = join("came after "+exact(s.ObservedMS), "warn_after is "+exact(s.WarnMS), limit)
	default:
		text = join("came after "+exact(s.ObservedMS), limit)
	}
	return text + notBefore(s)
}

// notBefore says when the last look before had not seen it.
func notBefore(s *event.SLA) string {
	if s.NotBeforeMS <= 0 || s.ObservedMS < 0 || s.NotBeforeMS == s.ObservedMS {
		return ""
	}
	return fmt.Sprintf(" (not before %s)", exact(s.NotBeforeMS))
}

func join(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, ", ")
}

// describeMisses tells what arrived at a listener and what came nearest.
func describeMisses(p *page, f *event.StepFinish, d detail) {
	if f.Arrived == nil && len(f.Misses) == 0 {
		return
	}
	text := arrived(f)
	switch {
	case len(f.Matched) > 0:
		text += "; those that match:"
	case len(f.Misses) > 0:
		text += "; the nearest that do not match:"
	}
	p.add(3, span{plain, text})
	for _, m := range f.Matched {
		p.add(4, span{good, "= "}, span{plain, oneLine(cut(m, 2*d.value))})
	}
	for i, m := range f.Misses {
		if d.misses > 0 && i == d.misses {
			p.add(4, span{faint, fmt.Sprintf("and %d more", len(f.Misses)-i)})
			break
		}
		p.add(4, span{odd, "~ "}, span{plain, oneLine(cut(m.Summary, 2*d.value))})
		describeDiff(p, 5, m.Diff, d)
	}
}

// describePicture draws what was seen. Of a long picture the lines with marks
// are kept.
func describePicture(p *page, lines []string, d detail) {
	left := 0
	end := func() {
		if left > 0 {
			p.add(3, span{faint, "… " + several(left, "more line")})
		}
		left = 0
	}
	for i, l := range lines {
		marked := strings.Contains(l, "←")
		if d.lines > 0 && i >= d.lines && !marked {
			left++
			continue
		}
		end()
		style := plain
		if marked {
			style = wrong
		}
		p.head(3, span{style, oneLine(cut(l, 4*d.value))})
	}
	end()
}

func arrived(f *event.StepFinish) string {
	n := len(f.Misses)
	if f.Arrived != nil {
		n = *f.Arrived
	}
	if n == 0 {
		return "nothing arrived"
	}
	return several(n, "event") + " arrived"
}

// notRun names the steps that did not come to run: those the stream calls so,
// and those of a finished attempt that it never mentions.
func notRun(a *Attempt, most int) string {
	if !slices.ContainsFunc(a.steps(), func(s *Step) bool { return s.Start != nil || s.Finish != nil }) {
		return "" // the case itself was not begun, and says why
	}
	var names []string
	for _, s := range a.steps() {
		silent := s.Start == nil && s.Finish == nil && s.judged() && s.inside == nil
		if !silent && (s.Status() != event.NotRun || !s.judged()) {
			continue
		}
		name := ordinal(s) + " " + s.Plan.Kind
		switch {
		case s.Finish != nil && s.Finish.Summary != "":
			name += " (" + s.Finish.Summary + ")"
		case s.Start != nil && len(s.Start.WaitedFor) > 0:
			name += " (waits for " + strings.Join(s.Start.WaitedFor, ", ") + ")"
		}
		names = append(names, oneLine(name))
	}
	if extra := len(names) - most; most > 0 && extra > 0 {
		names = append(names[:most], fmt.Sprintf("and %d more", extra))
	}
	return strings.Join(names, ", ")
}

// passed counts the steps of an attempt that passed, and those that were skipped.
func passed(a *Attempt) (passed, skipped int) {
	for _, s := range a.steps() {
		switch {
		case !s.judged() || s.parent != nil:
		case s.Status() == event.Passed:
			passed++
		case s.Status() == event.Skipped:
			skipped++
		}
	}
	return passed, skipped
}

// diagnosed shows what a diagnose step brought.
func diagnosed(p *page, c *Case, s *Step, d detail) {
	f := s.Finish
	p.head(2, span{strong, label(s)}, span{faint, "  " + position(c, s)})
	if f.Status == event.Errored {
		p.add(3, span{odd, "could not look: " + oneLine(join(f.Summary, errorOf(f)))})
		return
	}
	showResult(p, 3, f, d)
}

func errorOf(f *event.StepFinish) string {
	if f.Error == nil || strings.Contains(f.Summary, errorText(f.Error)) {
		return ""
	}
	return errorText(f.Error)
}

func showResult(p *page, depth int, f *event.StepFinish, d detail) {
	if f.Result == nil {
		p.add(depth, span{faint, "no result"})
		return
	}
	lines := layout(f.Result, d.width-2*depth)
	for i, l := range lines {
		if d.result > 0 && i == d.result {
			p.add(depth, span{faint, "… " + several(len(lines)-i, "more line")})
			break
		}
		p.add(depth, span{faint, "│ "}, span{plain, cut(l, 2*d.value)})
	}
	if f.Truncated {
		p.add(depth, span{faint, "(the result was longer: the stream keeps 64 KiB of it)"})
	}
}

// describeCleanup tells what went wrong in a clean-up and what is left.
func describeCleanup(p *page, c *Case, failed *cleanup, d detail) {
	for _, s := range failed.steps {
		describeStep(p, c, s, d)
	}
	known := map[string]bool{}
	for _, r := range failed.resources {
		known[r.Resource.ID], known[r.Resource.ARN] = true, true
		text := r.Resource.Kind + " " + r.Resource.ID
		known[text] = true
		if r.Error != "" {
			text += ": " + r.Error
			known[text] = true
		}
		p.add(2, span{odd, "left: "}, span{plain, oneLine(cut(text, 4*d.value))})
	}
	for _, l := range failed.left {
		if !known[l] {
			p.add(2, span{odd, "left: "}, span{plain, oneLine(cut(l, 4*d.value))})
		}
	}
	if len(failed.steps)+len(failed.resources)+len(failed.left) == 0 {
		p.add(2, span{plain, "the clean-up did not end well; the stream does not say what is left"})
	}
}
