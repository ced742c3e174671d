package assertions

import (
	"unicode"
	"unicode/utf8"
)

// logLeaf is one condition on a T.
type logLeaf[T any] interface {
	holds(T) bool
	// reason says why it does not hold.
	reason(T) Reason
}

// logTree is one condition, or several of which all hold, or one.
type logTree[T any] struct {
	leaf  logLeaf[T] // nil when there are parts
	parts []logTree[T]
	one   bool // one of the parts is enough
}

func (t logTree[T]) holds(v T) bool {
	if t.leaf != nil {
		return t.leaf.holds(v)
	}
	for _, part := range t.parts {
		if part.holds(v) == t.one {
			return t.one
		}
	}
	return !t.one
}

// reasons says why a tree does not hold: the conditions that would have to.
func (t logTree[T]) reasons(v T) []Reason {
	if t.leaf != nil {
		return []Reason{t.leaf.reason(v)}
	}
	var l []Reason
	for _, part := range t.parts {
		if !part.holds(v) {
			l = append(l, part.reasons(v)...)
		}
	}
	if t.one {
		l[0].Message += " (it or another of these has to hold)"
	}
	return l
}

// leaves calls a function with each condition.
func (t logTree[T]) leaves(each func(logLeaf[T])) {
	if t.leaf != nil {
		each(t.leaf)
	}
	for _, part := range t.parts {
		part.leaves(each)
	}
}

// readTree reads conditions joined with && and ||, of which && binds closer.
func readTree[T any](p *logScanner, single func() (logTree[T], error)) (logTree[T], error) {
	together := func() (logTree[T], error) { return joined(p, "&&", single) }
	return joined(p, "||", together)
}

func joined[T any](p *logScanner, token string, part func() (logTree[T], error)) (logTree[T], error) {
	first, err := part()
	if err != nil {
		return first, err
	}
	t := logTree[T]{parts: []logTree[T]{first}, one: token == "||"}
	for p.take(token) {
		next, err := part()
		if err != nil {
			return next, err
		}
		t.parts = append(t.parts, next)
	}
	if len(t.parts) == 1 {
		return first, nil
	}
	return t, nil
}

// notJoined says what is wrong where && or || or the end of the conditions was expected.
func (p *logScanner) notJoined(expected string) error {
	p.space()
	at := p.at
	switch w := p.word(); w {
	case "AND", "and", "And":
		return p.wrong(at, "both conditions hold is written &&, found %s", w)
	case "OR", "or", "Or":
		return p.wrong(at, "one of two conditions holds is written ||, found %s", w)
	}
	switch {
	case p.comes("&"):
		return p.wrong(at, "both conditions hold is written with two &, found one")
	case p.comes("|"):
		return p.wrong(at, "one of two conditions holds is written with two |, found one")
	case p.comes(","):
		return p.wrong(at, "conditions are joined with && or ||, found a comma")
	}
	if r, _ := utf8.DecodeRuneInString(p.rest()); unicode.IsLetter(r) || unicode.IsDigit(r) || r == '"' {
		return p.wrong(at, "expected %s, found %s; text of several words stands in double quotes as a whole", expected, showShort(p.rest()))
	}
	return p.expected(expected)
}
