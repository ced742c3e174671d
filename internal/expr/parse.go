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
	st := &parseState{source: source, toks: toks}
	eval, err := st.run(exprLanguage)
	if err != nil {
		return nil, err
	}
	return &Expr{source: source, eval: eval, refs: st.refs, files: st.files, bytes: st.bytes}, nil
}

// String is the expression's source.
func (e *Expr) String() string { return strings.TrimSpace(e.source) }

// Refs lists every name that the expression uses, in order, also inside $
// paths and their brackets. Names of functions are not among them.
func (e *Expr) Refs() []Ref { return slices.Clone(e.refs) }

// Files lists the literal paths that the expression reads.
func (e *Expr) Files() []File { return slices.Clone(e.files) }

// Eval computes the expression's value: a plain JSON document whose numbers are
// json.Number, not shared with anything that Eval made but possibly a part of
// what the scope holds. The error is an *EvalError.
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

var wrongWord = map[string]string{"and": "&&", "or": "||", "not": "!", "AND": "&&", "OR": "||", "NOT": "!"}

// unexpected says that the token taken last cannot stand where it does.
func (st *parseState) unexpected(p *gval.Parser, wanted string) error {
	if wanted != "" {
		wanted = "; expected " + wanted
	}
	if atEnd(p) {
		end := st.toks[len(st.toks)-1]
		return syntaxf(end.off, "the expression ends too early%s", wanted)
	}
	t := st.token()
	if symbol, ok := wrongWord[t.text]; ok {
		return syntaxf(t.off, "%q is not an operator; write %q", t.text, symbol)
	}
	if st.read > 1 && t.kind != tokenSymbol {
		if before := st.toks[min(st.read, len(st.toks))-2]; wrongWord[before.text] != "" {
			return syntaxf(before.off, "%q is not an operator; write %q", before.text, wrongWord[before.text])
		}
	}
	return syntaxf(t.off, "unexpected %s%s", shorten(t.text), wanted)
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
	return st.unexpected(p, "")
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
	if hint, ok := wrongWord[t.text]; ok {
		return nil, syntaxf(t.off, "%q is not an operator; write %q", t.text, hint)
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
