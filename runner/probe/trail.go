package probe

import (
	"slices"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/steps"
)

// trail tells of looks: the first, those that saw something else than the one
// before, and the last.
type trail struct {
	tell    func(event.Probe)
	last    event.Probe
	pending bool // the last one has not been told
	skipped int
}

func (t *trail) add(n int, unmet []assertions.Mismatch, err error) {
	p := event.Probe{N: n, Outcome: "pass"}
	switch {
	case err != nil:
		p.Outcome, p.Error = "transient", ErrorOf(err)
		if p.Error.Type != "transient" {
			p.Outcome = "miss"
		}
	case len(unmet) > 0:
		p.Outcome = "miss"
		for _, u := range unmet {
			p.Mismatches = append(p.Mismatches, u.Message)
		}
	}
	same := n > 1 && p.Outcome == t.last.Outcome && slices.Equal(p.Mismatches, t.last.Mismatches) && sameError(p.Error, t.last.Error)
	if same {
		if t.pending {
			t.skipped++
		}
		t.last, t.pending = p, true
		return
	}
	t.end()
	t.last = p
	t.emit()
}

// end tells of the last look when it was not told yet.
func (t *trail) end() {
	if t.pending {
		t.emit()
	}
}

func (t *trail) emit() {
	t.last.Collapsed = t.skipped
	t.skipped, t.pending = 0, false
	if t.tell != nil {
		t.tell(t.last)
	}
}

func sameError(a, b *event.Error) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// ErrorOf says an error as the stream does.
func ErrorOf(err error) *event.Error {
	if err == nil {
		return nil
	}
	e := &event.Error{Type: "transient", Code: awsclient.Code(err), Message: awsclient.Explain(err)}
	if steps.IsFinal(err) {
		e.Type = "final"
	}
	return e
}
