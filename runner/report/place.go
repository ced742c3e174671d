package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// insert adds a step that nobody planned: one that stands inside another, such
// as a turn of a for_each, among its siblings in their order.
func (a *Attempt) insert(place string) *Step {
	s := &Step{parent: a.parentOf(place)}
	s.Plan.Step = place
	switch {
	case s.parent != nil:
		p := s.parent.Plan
		s.Plan.Kind, s.Plan.Name, s.Plan.ID = p.Kind, p.Name, p.ID
		s.Plan.File, s.Plan.Line, s.Plan.Col = p.File, p.Line, p.Col
		s.index = ownIndex(place, p.Step)
		at, _ := slices.BinarySearchFunc(s.parent.inside, s.index+1, func(x *Step, i int) int { return cmp.Compare(x.index, i) })
		s.parent.inside = slices.Insert(s.parent.inside, at, s)
	case a.latest[place] != nil: // another suite's step in the same place
		a.top = slices.Insert(a.top, slices.Index(a.top, a.latest[place])+1, s)
	default:
		a.top = append(a.top, s)
	}
	a.know(s)
	return s
}

// steps gives the steps in their order, each before those inside it.
func (a *Attempt) steps() []*Step { return flattened(nil, a.top) }

func flattened(out, list []*Step) []*Step {
	for _, s := range list {
		out = flattened(append(out, s), s.inside)
	}
	return out
}

func (a *Attempt) know(s *Step) {
	if a.latest == nil {
		a.latest = map[string]*Step{}
	}
	a.latest[s.Plan.Step] = s
}

// parentOf finds the step that a place stands inside of: assert/0 for assert/0/2,
// and for assert/0/cleanup/2, a step of the clean-up of what assert/0 used.
func (a *Attempt) parentOf(place string) *Step {
	i := strings.LastIndexByte(place, '/')
	if i < 0 {
		return nil
	}
	return a.latest[strings.TrimSuffix(place[:i], "/cleanup")]
}

// ownIndex is the number of a place inside a step: 2 for assert/0/2/1 in assert/0.
// Steps of a clean-up come behind all others.
func ownIndex(place, step string) int {
	inside, cleanup := strings.CutPrefix(strings.TrimPrefix(place, step+"/"), "cleanup/")
	number, _, _ := strings.Cut(inside, "/")
	n, _ := strconv.Atoi(number)
	if cleanup {
		n += cleanupIndex
	}
	return n
}

const cleanupIndex = 1 << 30

// label names a step as assert step 1: received "its name".
func label(s *Step) string {
	text := ordinal(s)
	if s.Plan.Kind != "" || s.Plan.Name != "" {
		text += ":"
	}
	if s.Plan.Kind != "" {
		text += " " + s.Plan.Kind
	}
	if s.Plan.Name != "" {
		text += " " + quote(s.Plan.Name)
	}
	return oneLine(text)
}

// ordinal says a step's place as people count: assert/0 is assert step 1. A
// step inside another follows it; where both stand in one place in the file,
// it is a turn of a for_each.
func ordinal(s *Step) string {
	if p := s.parent; p != nil {
		what, n := "step", s.index+1
		if s.index >= cleanupIndex {
			what, n = "cleanup step", s.index-cleanupIndex+1
		} else if s.Plan.File == p.Plan.File && s.Plan.Line == p.Plan.Line && s.Plan.Col == p.Plan.Col {
			what = "turn"
		}
		return fmt.Sprintf("%s, %s %d", ordinal(p), what, n)
	}
	parts := strings.Split(s.Plan.Step, "/")
	last := len(parts) - 1
	n, err := strconv.Atoi(parts[last])
	switch {
	case err != nil || last == 0:
		return s.Plan.Step
	case parts[0] == "suite" && last >= 2: // suite/NAME/arrange/0
		return fmt.Sprintf("suite %s, %s step %d", strings.Join(parts[1:last-1], "/"), parts[last-1], n+1)
	case last > 1: // inside a step that the stream does not tell of
		return ordinalOf(parts[:last]) + fmt.Sprintf(", %d", n+1)
	}
	return fmt.Sprintf("%s step %d", parts[0], n+1)
}

func ordinalOf(parts []string) string {
	s := &Step{}
	s.Plan.Step = strings.Join(parts, "/")
	return ordinal(s)
}

// position is file:line:col of a step, as far as it is known; of one in another
// file than the step it stands in, where it is used, too.
func position(c *Case, s *Step) string {
	at := ownPosition(c, s)
	for p := s.parent; p != nil; p = p.parent {
		if p.Plan.File != s.Plan.File {
			return at + ", used at " + position(c, p)
		}
	}
	return at
}

func ownPosition(c *Case, s *Step) string {
	file := s.Plan.File
	if file == "" && c != nil {
		file = c.Plan.File
	}
	switch {
	case s.Plan.Line == 0:
		return oneLine(file)
	case s.Plan.Col == 0:
		return oneLine(fmt.Sprintf("%s:%d", file, s.Plan.Line))
	}
	return oneLine(fmt.Sprintf("%s:%d:%d", file, s.Plan.Line, s.Plan.Col))
}
