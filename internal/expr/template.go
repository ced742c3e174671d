package expr

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// Template is text with ${…} holes in it. "$${" stands for a literal "${". It
// may be evaluated by many goroutines at once.
type Template struct {
	parts []part
	holes []Hole
}

// part is literal text, or the hole before which it ends.
type part struct {
	literal string
	hole    *Expr
}

// Hole is one ${…} of a template.
type Hole struct {
	Expr   *Expr
	Offset int // of the expression's source inside the template, in bytes
}

// ParseTemplate reads text with holes. The error is a *SyntaxError whose offset
// counts from the start of s.
func ParseTemplate(s string) (*Template, error) {
	t := &Template{}
	var literal strings.Builder
	for at := 0; ; {
		open := strings.Index(s[at:], "${")
		if open < 0 {
			literal.WriteString(s[at:])
			break
		}
		open += at
		if open > at && s[open-1] == '$' {
			literal.WriteString(s[at:open-1] + "${")
			at = open + 2
			continue
		}
		literal.WriteString(s[at:open])
		source := s[open+2:]
		toks, length, err := lex(source, lexHole)
		if err == nil {
			source = source[:length]
			var e *Expr
			if e, err = parseTokens(source, toks); err == nil {
				t.parts = append(t.parts, part{literal: literal.String()}, part{hole: e})
				t.holes = append(t.holes, Hole{Expr: e, Offset: open + 2})
				literal.Reset()
				at = open + 2 + length + 1
				continue
			}
		}
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			return nil, &SyntaxError{Offset: open + 2 + syntax.Offset, Msg: syntax.Msg}
		}
		return nil, err
	}
	t.parts = append(t.parts, part{literal: literal.String()})
	return t, nil
}

// ParseBare reads an expression that stands alone, without ${ and } around it,
// as a template that is exactly this one hole. The error is a *SyntaxError
// whose offset counts from the start of s.
func ParseBare(s string) (*Template, error) {
	e, err := Parse(s)
	if err != nil {
		return nil, err
	}
	return &Template{parts: []part{{}, {hole: e}, {}}, holes: []Hole{{Expr: e}}}, nil
}

// Constant is the template's text, if it has no holes.
func (t *Template) Constant() (string, bool) {
	if len(t.holes) > 0 {
		return "", false
	}
	return t.parts[0].literal, true
}

// Whole reports whether the template is exactly one hole, whose value keeps its
// type.
func (t *Template) Whole() bool {
	return len(t.holes) == 1 && t.parts[0].literal == "" && t.parts[2].literal == ""
}

// Holes lists the holes in order.
func (t *Template) Holes() []Hole { return slices.Clone(t.holes) }

// Eval computes the value of a Whole template, else the text with every hole's
// value in its place: numbers as they are written, true and false, documents
// and lists as compact JSON. null inside text is an error, so that an empty
// answer does not read as a value. The error is an *EvalError.
func (t *Template) Eval(ctx context.Context, s *Scope) (any, error) {
	if t.Whole() {
		return t.holes[0].Expr.Eval(ctx, s)
	}
	text, err := t.text(ctx, newFrame(s))
	if err != nil {
		return nil, err
	}
	return text, nil
}

func (t *Template) text(ctx context.Context, f *frame) (string, error) {
	if s, ok := t.Constant(); ok {
		return s, nil
	}
	var b strings.Builder
	for _, p := range t.parts {
		s := p.literal
		if p.hole != nil {
			v, err := p.hole.evalIn(ctx, f)
			if err != nil {
				return "", err
			}
			if s, err = textOf(v); err != nil {
				return "", evalError(p.hole.source, err)
			}
		}
		if err := checkText(b.Len() + len(s)); err != nil {
			return "", evalError("…", err)
		}
		b.WriteString(s)
	}
	return b.String(), nil
}
