package steps

import (
	"slices"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
)

// Selection says what the documents look like among which match, pattern and
// where select: a name that none of them has would select nothing for ever, and
// whoever asks for nothing would be content.
type Selection struct {
	Noun string   // what one of them is called, such as "an event"
	Text []string // fields that hold text
	Free []string // fields that hold anything
}

// check looks at a kind's match, pattern, where and in_order.
func (s Selection) check(n *schema.Node, p *schema.Problems) {
	if e, ok := n.Get("match"); ok {
		s.checkPartial(e.Value, p)
	}
	if e, ok := n.Get("in_order"); ok {
		for _, x := range e.Value.Items {
			s.checkPartial(x, p)
		}
	}
	if e, ok := n.Get("pattern"); ok {
		s.CheckPattern(e.Value, p)
	}
	if e, ok := n.Get("where"); ok && e.Value.Kind == schema.Map {
		for _, f := range e.Value.Entries {
			path, err := expr.ParsePath(f.Key)
			if err != nil {
				continue // told by the checks themselves
			}
			if names := path.Leading(); len(names) > 0 {
				s.checkName(names[0], f.KeyPos, p)
			}
		}
	}
}

// checkPartial looks at a partial document.
func (s Selection) checkPartial(n *schema.Node, p *schema.Problems) {
	for _, f := range n.Entries {
		s.checkName(f.Key, f.KeyPos, p)
		if slices.Contains(s.Text, f.Key) && f.Value.Kind != schema.Text && !f.Value.Hole() {
			p.Add(f.Value.Pos, "%s of %s is text and never %s; match compares whole values", f.Key, s.Noun, f.Value.Kind)
		}
	}
}

// CheckPattern looks at an event pattern, in a document or in JSON text, that
// may have open expressions. What is wrong with the pattern itself is told by
// its own reading.
func (s Selection) CheckPattern(n *schema.Node, p *schema.Problems) {
	var pattern assertions.EventPattern
	pattern.ReadNode(n, &schema.Problems{})
	for _, name := range pattern.Names() {
		s.checkName(name.Name, name.Pos, p)
		if name.Nested && slices.Contains(s.Text, name.Name) {
			p.Add(name.Pos, "%s of %s is text and has no fields inside it", name.Name, s.Noun)
		}
	}
}

// checkName refuses a field that the documents do not have.
func (s Selection) checkName(name string, at schema.Pos, p *schema.Problems) {
	known := slices.Concat(s.Text, s.Free)
	if slices.Contains(known, name) {
		return
	}
	near := schema.DidYouMean(name, known)
	if near == "" {
		near = "; it has " + schema.KnownNames(known)
	}
	p.Add(at, "%s has no %q%s", s.Noun, name, near)
}
