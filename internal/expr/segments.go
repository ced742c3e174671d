package expr

import (
	"context"
	"slices"
	"text/scanner"

	"github.com/PaesslerAG/gval"
)

// path is what follows a name, $, @ or a value: the way into a document.
type path struct {
	source   string
	start    int // offsets in source
	end      int
	from     pathStart
	value    gval.Evaluable // with fromValue
	segments []segment
	hint     string // of a name alone: what was probably meant if there is none
}

type pathStart uint8

const (
	fromName    pathStart = iota // the first segment is the name
	fromRoot                     // $
	fromCurrent                  // @
	fromValue                    // a call, a group, a literal
)

type segmentKind uint8

const (
	segmentName   segmentKind = iota // .name, ['name']
	segmentKey                       // [expression]
	segmentAll                       // .*, [*]
	segmentUnion                     // [a, b]
	segmentSlice                     // [start:end:step]
	segmentFilter                    // [?(expression)]
)

// segment is one step of a path.
type segment struct {
	kind    segmentKind
	descend bool // .. before it: also in everything below
	name    string
	keys    []gval.Evaluable // segmentKey: one; segmentUnion: all; segmentSlice: start, end, step, nil where left out
	filter  gval.Evaluable
	bare    bool // the filter is nothing but a path: it asks whether that exists
	// bareMany: and that path selects a list
	bareMany bool
	end      int // offset in the source
}

// many reports whether the segment selects any number of values.
func (s *segment) many() bool {
	return s.descend || s.kind != segmentName && s.kind != segmentKey
}

// many reports whether the path's value is the list of what it selects.
func (n *path) many() bool {
	return slices.ContainsFunc(n.segments, func(s segment) bool { return s.many() })
}

// leading is the constant names that the path begins with.
func (n *path) leading() []string {
	var names []string
	for i := range n.segments {
		if s := &n.segments[i]; s.kind != segmentName || s.descend {
			break
		}
		names = append(names, n.segments[i].name)
	}
	return names
}

// upTo is the source of the path before segment i.
func (n *path) upTo(i int) string {
	if i == 0 {
		switch n.from {
		case fromName:
			return ""
		case fromRoot:
			return "$"
		case fromCurrent:
			return "@"
		case fromValue:
			return shorten(n.source[n.start:n.end])
		}
	}
	return shorten(n.source[n.start:n.segments[i-1].end])
}

// parseSegments reads .name, ..name, .* and […] for as long as they follow.
func (st *parseState) parseSegments(c context.Context, p *gval.Parser, n *path) error {
	for {
		var s segment
		var err error
		switch p.Scan() {
		case '.':
			s, err = st.parseDot(c, p)
		case '[':
			s, err = st.parseBracket(c, p)
		case '(':
			if len(n.segments) > 0 {
				return st.method(n)
			}
			p.Camouflage("path")
			return nil
		default:
			p.Camouflage("path")
			if len(n.segments) > 0 {
				n.end = n.segments[len(n.segments)-1].end
			}
			return nil
		}
		if err != nil {
			return err
		}
		s.end = st.token().end
		n.segments = append(n.segments, s)
	}
}

// method says what to write in place of the call of a path's last name.
func (st *parseState) method(n *path) error {
	last := n.segments[len(n.segments)-1]
	switch {
	case st.check && st.brackets == 0:
		return syntaxf(st.token().off, "a check's path calls no functions; operators do that, as in items: {length: 3}")
	case last.kind != segmentName || last.descend:
		return syntaxf(st.token().off, "unexpected (; "+calls)
	}
	return syntaxf(last.end-len(last.name), "%s", methodHint(n.upTo(len(n.segments)-1), last.name))
}

func (st *parseState) parseDot(c context.Context, p *gval.Parser) (segment, error) {
	switch p.Scan() {
	case scanner.Ident:
		return segment{kind: segmentName, name: st.token().text}, nil
	case '*':
		return segment{kind: segmentAll}, nil
	case '.':
		s, err := st.parseDescend(c, p)
		s.descend = true
		return s, err
	}
	return segment{}, st.unexpected(p, `a name after "."; names with other characters stand in brackets, as in a['b c']`)
}

func (st *parseState) parseDescend(c context.Context, p *gval.Parser) (segment, error) {
	switch p.Scan() {
	case scanner.Ident:
		return segment{kind: segmentName, name: st.token().text}, nil
	case '*':
		return segment{kind: segmentAll}, nil
	case '[':
		return st.parseBracket(c, p)
	}
	return segment{}, st.unexpected(p, `a name, * or […] after ".."`)
}

func (st *parseState) parseBracket(c context.Context, p *gval.Parser) (segment, error) {
	st.brackets++
	defer func() { st.brackets-- }()
	switch p.Scan() {
	case '*':
		if p.Scan() != ']' {
			return segment{}, st.unexpected(p, `"]" after "[*"`)
		}
		return segment{kind: segmentAll}, nil
	case '?':
		return st.parseFilter(c, p)
	case ':':
		return st.parseSlice(c, p, nil)
	case ']':
		return segment{}, syntaxf(st.token().off, "the brackets are empty; write [0] for the first element, [*] for all")
	}
	p.Camouflage("bracket")
	offset := st.token().off
	key, err := p.ParseExpression(c)
	if err != nil {
		return segment{}, err
	}
	switch p.Scan() {
	case ']':
		if name, ok := constantText(key); ok {
			return segment{kind: segmentName, name: name}, nil
		}
		return segment{kind: segmentKey, keys: []gval.Evaluable{key}}, constantKey(key, offset)
	case ':':
		return st.parseSlice(c, p, key)
	case ',':
		rest, err := st.parseElements(c, p, ']')
		if err != nil {
			return segment{}, err
		}
		if len(rest) == 0 {
			return segment{}, syntaxf(st.token().off, `a value is missing between "," and "]"`)
		}
		return segment{kind: segmentUnion, keys: append([]gval.Evaluable{key}, rest...)}, constantKey(key, offset)
	}
	return segment{}, st.unexpected(p, `"]"`)
}

// constantKey checks the constant of [constant] before anything runs.
func constantKey(key gval.Evaluable, offset int) error {
	if !key.IsConst() {
		return nil
	}
	v, err := key(context.Background(), nil)
	if err != nil {
		return err
	}
	i, ok := integer(v)
	if ok && i >= 0 {
		return nil
	}
	problem := checkKey(v)
	if ok {
		problem = faultf("indexes count from 0; the last element is [length(@) - 1]")
	}
	if problem == nil {
		return nil
	}
	shown, _ := compact(v)
	return syntaxf(offset, "[%s]: %s", shown, problem.msg)
}

func constantText(e gval.Evaluable) (string, bool) {
	if !e.IsConst() {
		return "", false
	}
	v, _ := e(context.Background(), nil)
	s, ok := v.(string)
	return s, ok
}

func (st *parseState) parseFilter(c context.Context, p *gval.Parser) (segment, error) {
	st.filters++
	defer func() { st.filters-- }()
	from := st.read
	filter, err := p.ParseExpression(c)
	if err != nil {
		return segment{}, err
	}
	if p.Scan() != ']' {
		return segment{}, st.unexpected(p, `"]" at the end of the filter`)
	}
	words := st.toks[from : min(st.read, len(st.toks))-1]
	for len(words) > 2 && words[0].text == "(" && words[len(words)-1].text == ")" {
		words = words[1 : len(words)-1]
	}
	bare := len(words) > 0 && words[0].text == "@" && st.last.start == words[0].off && st.last.end == words[len(words)-1].end
	return segment{kind: segmentFilter, filter: filter, bare: bare, bareMany: bare && st.last.many()}, nil
}

// parseSlice reads the rest of [start:end:step] after its first colon.
func (st *parseState) parseSlice(c context.Context, p *gval.Parser, start gval.Evaluable) (segment, error) {
	s := segment{kind: segmentSlice, keys: make([]gval.Evaluable, 3)}
	s.keys[0] = start
	for at := 1; ; {
		switch p.Scan() {
		case ']':
			return s, nil
		case ':':
			if at++; at > 2 {
				return segment{}, syntaxf(st.token().off, "a slice is [start:end] or [start:end:step]")
			}
			continue
		}
		p.Camouflage("slice")
		if s.keys[at] != nil {
			return segment{}, st.unexpected(p, `":" or "]"`)
		}
		e, err := p.ParseExpression(c)
		if err != nil {
			return segment{}, err
		}
		s.keys[at] = e
	}
}
