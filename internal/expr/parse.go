package expr

import (
	"context"
	"errors"
	"slices"
	"strings"
	"text/scanner"

	"github.com/PaesslerAG/gval"
)

// Ref is a name that an expression uses. Path is the leading constant part of
// what is asked for: ["vars", "stack"] for vars.stack, ["lifecycle", "out"] for
// lifecycle.out[n].x and for $.lifecycle.out[0]. It is empty where the whole
// scope is used ($ alone, $[*], $..name).
type Ref struct {
	Path     []string
	Offset   int  // of the name in the expression's source, in bytes
	Optional bool // inside the first argument of default(): it may be missing
}

// File is a literal path given to file() or render().
type File struct {
	Path   string
	Render bool
	Offset int // of the path in the expression's source, in bytes
}

// Expr is a parsed expression. It may be evaluated by many goroutines at once.
type Expr struct {
	source string
	eval   gval.Evaluable
	refs   []Ref
	files  []File
	bytes  bool // may produce text that is not UTF-8 on the way
}

// Parse reads an expression, without ${ and } around it. The error is a
// *SyntaxError; it also reports unknown functions, wrong numbers of arguments
// and operations on constants that cannot be done.
func Parse(source string) (*Expr, error) {
	toks, _, err := lex(source, lexExpr)
	if err != nil {
		return nil, err
	}
	return parseTokens(source, toks)
}

func parseTokens(source string, toks []token) (*Expr, error) {
	if len(toks) == 1 {
		return nil, syntaxf(0, "the expression is empty")
	}
	if e := plainPath(source, toks); e != nil {
		return e, nil
	}
	st := &parseState{source: source, toks: toks}
	eval, err := st.run(exprLanguage)
	if err != nil {
		return nil, err
	}
	return &Expr{source: source, eval: eval, refs: st.refs, files: st.files, bytes: st.bytes}, nil
}

// plainPath is an expression that is nothing but names with dots between them,
// as most are; nil for others. It is what gval's parser would make of them, in
// a third of the time.
func plainPath(source string, toks []token) *Expr {
	if len(toks) < 4 || len(toks)%2 != 0 {
		return nil
	}
	for i, t := range toks[:len(toks)-1] {
		if i%2 == 0 && t.kind != tokenName || i%2 == 1 && t.text != "." {
			return nil
		}
	}
	first := toks[0]
	if first.text == "true" || first.text == "false" || first.text == "null" || nameHint(first.text) != "" {
		return nil
	}
	n := &path{source: source, start: first.off, end: toks[len(toks)-2].end, segments: make([]segment, 0, len(toks)/2)}
	names := make([]string, 0, len(toks)/2)
	for i := 0; i < len(toks); i += 2 {
		n.segments = append(n.segments, segment{kind: segmentName, name: toks[i].text, end: toks[i].end})
		names = append(names, toks[i].text)
	}
	return &Expr{source: source, eval: n.eval, refs: []Ref{{Path: names, Offset: first.off}}}
}

// String is the expression's source.
func (e *Expr) String() string { return strings.TrimSpace(e.source) }

// Refs lists every name that the expression uses, in order, also inside $
// paths and their brackets. Names of functions are not among them.
func (e *Expr) Refs() []Ref { return slices.Clone(e.refs) }

// Files lists the literal paths that the expression reads.
func (e *Expr) Files() []File { return slices.Clone(e.files) }

// Eval computes the expression's value: a plain JSON document whose numbers are
// json.Number. It may be a part of the expression or of what the scope holds,
// so it is not to be changed. The error is an *EvalError.
func (e *Expr) Eval(ctx context.Context, s *Scope) (any, error) {
	return e.evalIn(ctx, newFrame(s))
}

func newFrame(s *Scope) *frame {
	return &frame{scope: s, root: scopeRoot{s}, spent: new(int), render: renderFile}
}

func (e *Expr) evalIn(ctx context.Context, f *frame) (any, error) {
	v, err := e.eval(ctx, f)
	if err == nil && e.bytes && !validText(v) {
		err = faultf("the value holds bytes that are not UTF-8 text; only base64(), sha256() and length() take them")
	}
	if err != nil {
		return nil, evalError(e.source, err)
	}
	return v, nil
}

// parseState accompanies gval's parser, which tells its extensions neither
// where they are nor what the words were: it follows along in the list of
// tokens.
type parseState struct {
	source   string
	toks     []token
	read     int // tokens that gval's scanner has taken
	check    bool
	refs     []Ref
	files    []File
	bytes    bool
	optional int // inside so many first arguments of default()
	brackets int // inside so many brackets of a path, where @ means something
	filters  int // and so many of these are filters
	last     *path
}

type parseKey struct{}

func parsing(c context.Context) *parseState { return c.Value(parseKey{}).(*parseState) }

// run parses the tokens in the given language.
func (st *parseState) run(l gval.Language) (gval.Evaluable, error) {
	eval, err := l.NewEvaluableWithContext(context.WithValue(context.Background(), parseKey{}, st), st.source)
	if err == nil {
		return eval, nil
	}
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return nil, syntax
	}
	return nil, syntaxf(st.token().off, "%v", err)
}

// token is the one that gval's scanner took last.
func (st *parseState) token() token {
	if st.read == 0 {
		return st.toks[0]
	}
	return st.toks[min(st.read, len(st.toks))-1]
}

// steer makes gval's scanner find the names that the lexer found, and count
// the tokens it takes: it asks once for the first character of each.
func (st *parseState) steer(p *gval.Parser) {
	p.SetMode(scanner.ScanIdents | scanner.ScanInts | scanner.ScanFloats)
	p.SetIsIdentRuneFunc(func(_ rune, i int) bool {
		if i == 0 {
			st.read++
		}
		t := st.token()
		return st.read <= len(st.toks) && t.kind == tokenName && i < t.runes
	})
}

// atEnd reports whether gval's parser has run out of tokens.
func atEnd(p *gval.Parser) bool {
	return strings.HasPrefix(p.Expected("").Error(), "unexpected EOF")
}

// begin is where gval starts: a whole expression up to the end.
func begin(c context.Context, p *gval.Parser) (gval.Evaluable, error) {
	st := parsing(c)
	st.steer(p)
	eval, err := p.ParseExpression(c)
	if err == nil {
		if p.Scan() == scanner.EOF {
			return eval, nil
		}
		return nil, st.unexpected(p, "")
	}
	return nil, st.syntax(p, err)
}

// syntax says where and how err, which parsing ended with, was met.
func (st *parseState) syntax(p *gval.Parser, err error) error {
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return syntax
	}
	if f, ok := asFault(err); ok { // constants are computed while parsing
		return syntaxf(st.token().off, "%s", f.msg)
	}
	return st.unexpected(p, aValue)
}

// exprLanguage is built once; languages are not changed by parsing.
var exprLanguage = gval.NewLanguage(
	gval.Base(), // how tightly operators bind; everything else of it is replaced
	operators(),
	gval.Init(begin),
	gval.PrefixExtension(scanner.Ident, parseName),
	gval.PrefixExtension(scanner.Int, parseNumber),
	gval.PrefixExtension(scanner.Float, parseNumber),
	gval.PrefixExtension('"', parseText),
	gval.PrefixExtension('\'', parseText),
	gval.PrefixExtension('`', parseText),
	gval.PrefixExtension('$', parseRoot),
	gval.PrefixExtension('@', parseCurrent),
	gval.PrefixExtension('(', parseGroup),
	gval.PrefixExtension('[', parseList),
	gval.PrefixExtension('{', parseDocument),
)

func parseName(c context.Context, p *gval.Parser) (gval.Evaluable, error) {
	st := parsing(c)
	t := st.token()
	switch t.text {
	case "true":
		return p.Const(true), nil
	case "false":
		return p.Const(false), nil
	case "null":
		return p.Const(nil), nil
	}
	if p.Scan() == '(' {
		call, err := st.parseCall(c, p, t)
		if err != nil {
			return nil, err
		}
		return st.parseAfter(c, p, call, t.off)
	}
	p.Camouflage("name")
	if hint := nameHint(t.text); hint != "" {
		return nil, syntaxf(t.off, "%s", hint)
	}
	if st.check {
		return nil, syntaxf(t.off, "%s: a path inside a check knows no names, only $ (the result) and @ (the element); quote it if it is text, write @['a-b'] for a field with a dash", t.text)
	}
	n := &path{source: st.source, start: t.off, from: fromName}
	n.segments = []segment{{kind: segmentName, name: t.text, end: t.end}}
	return st.finishPath(c, p, n)
}

func parseRoot(c context.Context, p *gval.Parser) (gval.Evaluable, error) {
	st := parsing(c)
	t := st.token()
	if next := st.toks[min(st.read, len(st.toks)-1)]; next.kind == tokenName && next.off == t.end {
		return nil, syntaxf(t.off, `a name has no "$" before it; write %s, or $.%s`, next.text, next.text)
	}
	return st.finishPath(c, p, &path{source: st.source, start: t.off, end: t.end, from: fromRoot})
}

func parseCurrent(c context.Context, p *gval.Parser) (gval.Evaluable, error) {
	st := parsing(c)
	t := st.token()
	if st.brackets == 0 {
		return nil, syntaxf(t.off, "@ is the element that a filter looks at; it has a meaning only inside the brackets of a path, as in items[?(@.n == 3)]")
	}
	return st.finishPath(c, p, &path{source: st.source, start: t.off, end: t.end, from: fromCurrent})
}

func (st *parseState) finishPath(c context.Context, p *gval.Parser, n *path) (gval.Evaluable, error) {
	at := -1
	if n.from != fromCurrent && !st.check {
		at = len(st.refs)
		st.refs = append(st.refs, Ref{Offset: n.start, Optional: st.optional > 0})
	}
	if err := st.parseSegments(c, p, n); err != nil {
		return nil, err
	}
	if at >= 0 {
		n.hint = st.bareName(n)
		st.refs[at].Path = n.leading()
	}
	st.last = n
	return n.eval, nil
}

// parseAfter reads the .name and […] that follow a value which is not a name.
func (st *parseState) parseAfter(c context.Context, p *gval.Parser, value gval.Evaluable, start int) (gval.Evaluable, error) {
	n := &path{source: st.source, start: start, end: st.token().end, from: fromValue, value: value}
	if err := st.parseSegments(c, p, n); err != nil {
		return nil, err
	}
	if len(n.segments) == 0 {
		return value, nil
	}
	return n.eval, nil
}
