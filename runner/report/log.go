package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// logBytes bounds a step log.
const logBytes = 100 << 10

// logDetail is how much a step log shows of one step.
var logDetail = detail{value: 2000, width: 120, result: 200}

// stepLog tells an attempt step by step, with every look that the stream keeps
// and every result, at most 100 KiB.
func stepLog(c *Case, a *Attempt) string {
	p := &page{}
	head := fmt.Sprintf("attempt %d", a.N)
	if !a.StartedAt.IsZero() {
		head += ", started " + a.StartedAt.Format(time.RFC3339Nano)
	}
	if a.Start != nil {
		head = oneLine(join(head, prefixed("scenario id ", a.Start.ScenarioID), prefixed("trace ", a.Start.TraceID)))
		if a.Start.LockWaitMS > 0 {
			head += ", waited " + about(a.Start.LockWaitMS) + " for its locks"
		}
		if a.Start.QueuedMS > 0 {
			head += ", waited " + about(a.Start.QueuedMS) + " to begin"
		}
	}
	p.add(0, span{plain, head})
	for _, s := range a.steps() {
		logStep(p, c, a, s)
	}
	for _, r := range a.Resources {
		text := join(r.Status+" "+r.Resource.Kind+" "+r.Resource.ID, r.Resource.ARN, r.Error)
		p.add(0, span{plain, oneLine(text)})
	}
	for _, ph := range a.Phases {
		p.add(0, span{plain, oneLine(fmt.Sprintf("phase %s: %s in %s", ph.Phase, ph.Status, about(ph.MS)))})
	}
	if f := a.Finish; f != nil {
		p.add(0, span{plain, oneLine(join(fmt.Sprintf("ended as %s after %s", f.Status, about(f.MS)), f.Reason))})
	} else {
		p.add(0, span{plain, "not ended"})
	}
	return middleCut(p.String(), logBytes)
}

func logStep(p *page, c *Case, a *Attempt, s *Step) {
	status := string(s.Status())
	switch {
	case s.Finish == nil && s.Start == nil:
		if s.judged() && s.inside == nil {
			p.add(0, span{plain, label(s) + "  not begun  " + position(c, s)})
		}
		return
	case s.Finish == nil:
		status = "not ended"
	}
	head := label(s) + "  " + status
	if s.Start != nil {
		head += "  at +" + about(s.StartMS-a.StartMS)
	}
	if s.Finish != nil {
		head += "  took " + about(s.Finish.MS)
	}
	p.add(0, span{plain, oneLine(head + "  " + position(c, s))})
	if s.Start != nil && len(s.Start.WaitedFor) > 0 {
		p.add(1, span{plain, oneLine("waited for " + strings.Join(s.Start.WaitedFor, ", "))})
	}
	for _, l := range s.Looks {
		logLook(p, a, l)
	}
	f := s.Finish
	if f == nil {
		return
	}
	if bad(f.Status) {
		inner := &page{}
		describeStep(inner, c, s, logDetail)
		for _, l := range inner.lines[1:] { // its head stands above
			p.add(l.depth-2, l.spans...)
		}
	} else {
		if f.Summary != "" {
			p.text(1, plain, f.Summary)
		}
		if f.SLA != nil {
			p.add(1, span{plain, "SLA: " + slaText(f.SLA)})
		}
	}
	if f.Result != nil {
		showResult(p, 1, f, logDetail)
	}
}

func logLook(p *page, a *Attempt, l Look) {
	if l.Collapsed > 0 {
		p.add(1, span{plain, fmt.Sprintf("(%d looks that saw the same)", l.Collapsed)})
	}
	text := fmt.Sprintf("+%s look %d: %s", about(l.MS-a.StartMS), l.N, l.Outcome)
	if l.Error != nil {
		text += ": " + cut(errorText(l.Error), logDetail.value)
	}
	p.add(1, span{plain, oneLine(text)})
	for _, m := range l.Mismatches {
		p.add(2, span{plain, oneLine(cut(m, logDetail.value))})
	}
}

// middleCut keeps the beginning and the end of a text, whole lines where it
// can, so that it has at most limit bytes, and says between them how much is missing.
func middleCut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const room = 80 // for the line that says so
	head, tail := s[:(limit-room)/2], s[len(s)-(limit-room)/2:]
	if i := strings.LastIndexByte(head, '\n'); i > len(head)/2 {
		head = head[:i]
	}
	if i := strings.IndexByte(tail, '\n'); i >= 0 && i < len(tail)/2 {
		tail = tail[i+1:]
	}
	head, tail = strings.ToValidUTF8(head, ""), strings.ToValidUTF8(tail, "")
	return fmt.Sprintf("%s\n[… %s bytes are left out here …]\n%s", head, thousands(len(s)-len(head)-len(tail)), tail)
}

// failedEver says whether any of a case's attempts did not pass.
func failedEver(c *Case) bool {
	for _, a := range c.Attempts {
		if a.Finish == nil || a.Finish.Status != event.Passed {
			return true
		}
	}
	return false
}
