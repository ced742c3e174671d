package expr

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"text/scanner"

	"github.com/PaesslerAG/gval"
)

// Path is a JSONPath over one document, as checks use it: status,
// body.items[0].sku, headers.content-type, $.body.items[*].sku, $. Names may
// hold dashes, since nothing is calculated outside the brackets. It may be used
// by many goroutines at once.
type Path struct {
	source string
	path   *path
}

// pathLanguage is the language of expressions, begun with a path.
var pathLanguage = gval.NewLanguage(exprLanguage, gval.Init(beginPath))

// ParsePath reads a path. The error is a *SyntaxError. Paths are never changed,
// and the same few stand in many files, so each is read once.
func ParsePath(s string) (*Path, error) {
	if p, ok := paths.known.Load(s); ok {
		return p.(*Path), nil
	}
	p, err := parsePath(s)
	if err == nil && len(s) <= maxKnownPath && paths.count.Add(1) <= maxKnownPaths {
		paths.known.Store(s, p)
	}
	return p, err
}

const (
	maxKnownPaths = 4096
	maxKnownPath  = 200 // bytes
)

// paths are those that have been read, by their text.
var paths struct {
	known sync.Map
	count atomic.Int64
}

func parsePath(s string) (*Path, error) {
	toks, _, err := lex(s, lexPath)
	if err != nil {
		return nil, err
	}
	if len(toks) == 1 {
		return nil, syntaxf(0, "the path is empty; $ is the whole result")
	}
	st := &parseState{source: s, toks: toks, check: true}
	if _, err := st.run(pathLanguage); err != nil {
		return nil, err
	}
	return &Path{source: s, path: st.last}, nil
}

func beginPath(c context.Context, p *gval.Parser) (gval.Evaluable, error) {
	st := parsing(c)
	st.steer(p)
	n := &path{source: st.source, from: fromRoot}
	switch p.Scan() {
	case '$':
	case scanner.Ident:
		n.segments = []segment{{kind: segmentName, name: st.token().text, end: st.token().end}}
	case '[':
		p.Camouflage("path")
	default:
		return nil, st.unexpected(p, "a path such as status, body.items[0].sku or $")
	}
	n.start, n.end = st.token().off, st.token().end
	if err := st.parseSegments(c, p, n); err != nil {
		return nil, st.syntax(p, err)
	}
	if p.Scan() != scanner.EOF {
		return nil, st.unexpected(p, "the end of the path")
	}
	st.last = n
	return n.eval, nil
}

// String is the path as it was written.
func (p *Path) String() string { return strings.TrimSpace(p.source) }

// Many reports whether the path holds a wildcard, a filter, a slice, a list of
// names or "..": its value is the list of what it selects.
func (p *Path) Many() bool { return p.path.many() }

// Leading is the constant names that the path begins with: ["body", "items"]
// for body.items[0].sku.
func (p *Path) Leading() []string { return p.path.leading() }

// Keys is the constant names and indexes (int) that the path is made of; ok is
// false when anything else is in it, such as a wildcard or a calculated index.
func (p *Path) Keys() (keys []any, ok bool) {
	keys = make([]any, 0, len(p.path.segments))
	for i := range p.path.segments {
		switch s := &p.path.segments[i]; {
		case s.many():
			return nil, false
		case s.kind == segmentName:
			keys = append(keys, s.name)
		case !s.keys[0].IsConst():
			return nil, false
		default:
			v, err := s.keys[0](context.Background(), nil)
			if err != nil {
				return nil, false
			}
			n, whole := integer(v)
			if !whole || n < 0 || n > MaxIndex {
				return nil, false
			}
			keys = append(keys, n)
		}
	}
	return keys, true
}

// MaxIndex is the largest index that Keys gives.
const MaxIndex = 1 << 20

// Get finds the path's value in a plain JSON document. found is false, and err
// nil, where it leads nowhere; null is found. The value of a path that selects
// many is a list, and found says whether it holds anything: an empty list where
// nothing was selected from what is there, nil where there is nothing to select
// from. The error, an *EvalError, says that an index or a filter is wrong for
// this document.
func (p *Path) Get(doc any) (value any, found bool, err error) {
	ctx := context.Background()
	f := &frame{root: doc, spent: new(int), render: renderFile}
	v, rest, err := p.path.lead(ctx, f)
	if isMissing(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, p.failed(err)
	}
	if len(rest) == 0 {
		return v, true, nil
	}
	if !isContainer(v) {
		return nil, false, nil
	}
	list, err := p.path.spread(ctx, f, v, rest)
	if err != nil {
		return nil, false, p.failed(err)
	}
	return list, len(list) > 0, nil
}

func (p *Path) failed(err error) error {
	e := evalError(p.source, err)
	e.path = true
	return e
}
