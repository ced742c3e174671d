package expr

import (
	"context"
	"encoding/json"

	"github.com/PaesslerAG/gval"
)

func parseNumber(c context.Context, p *gval.Parser) (gval.Evaluable, error) {
	st := parsing(c)
	t := st.token()
	if t.kind != tokenNumber {
		return nil, st.unexpected(p, "")
	}
	return p.Const(json.Number(t.text)), nil
}

// parseText takes the text literal whose quote gval's scanner has just taken
// as a symbol.
func parseText(c context.Context, p *gval.Parser) (gval.Evaluable, error) {
	st := parsing(c)
	t := st.token()
	if t.kind != tokenText {
		return nil, st.unexpected(p, "")
	}
	for range t.runes - 1 {
		p.Next()
	}
	return p.Const(t.value), nil
}

func parseGroup(c context.Context, p *gval.Parser) (gval.Evaluable, error) {
	st := parsing(c)
	start := st.token().off
	eval, err := p.ParseExpression(c)
	if err != nil {
		return nil, err
	}
	if p.Scan() != ')' {
		return nil, st.unexpected(p, `")"`)
	}
	return st.parseAfter(c, p, eval, start)
}

func parseList(c context.Context, p *gval.Parser) (gval.Evaluable, error) {
	st := parsing(c)
	start := st.token().off
	elements, err := st.parseElements(c, p, ']')
	if err != nil {
		return nil, err
	}
	list := func(ctx context.Context, param any) (any, error) {
		return evalAll(ctx, param, elements)
	}
	return st.parseAfter(c, p, folded(p, list, elements), start)
}

// folded is a list or a document as a constant, if all its parts are.
func folded(p *gval.Parser, whole gval.Evaluable, parts []gval.Evaluable) gval.Evaluable {
	for _, e := range parts {
		if !e.IsConst() {
			return whole
		}
	}
	v, err := whole(context.Background(), nil)
	if err != nil {
		return whole
	}
	return p.Const(v)
}

// parseElements reads expressions between commas up to the closing bracket.
func (st *parseState) parseElements(c context.Context, p *gval.Parser, closing rune) ([]gval.Evaluable, error) {
	var all []gval.Evaluable
	if p.Scan() == closing {
		return nil, nil
	}
	p.Camouflage("list")
	for {
		e, err := p.ParseExpression(c)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		switch p.Scan() {
		case closing:
			return all, nil
		case ',':
		default:
			return nil, st.unexpected(p, `"," or "`+string(closing)+`"`)
		}
	}
}

func evalAll(ctx context.Context, param any, all []gval.Evaluable) ([]any, error) {
	values := make([]any, len(all))
	for i, e := range all {
		v, err := e(ctx, param)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

// parseDocument reads {"key": value, …}; keys are text in quotes.
func parseDocument(c context.Context, p *gval.Parser) (gval.Evaluable, error) {
	st := parsing(c)
	start := st.token().off
	var keys []string
	var fields []gval.Evaluable
	seen := map[string]bool{}
	for more := p.Scan() != '}'; more; {
		key := st.token()
		if key.kind != tokenText {
			next := st.toks[min(st.read, len(st.toks)-1)]
			if key.text == "{" || key.kind == tokenName && next.text != ":" {
				return nil, syntaxf(start, "doubled braces mean nothing here; an expression stands in one pair: ${vars.name}")
			}
			if key.kind == tokenName && !atEnd(p) {
				return nil, syntaxf(key.off, `the keys of a document stand in quotes: {"%s": …}`, key.text)
			}
			return nil, st.unexpected(p, `a key in quotes, or "}"`)
		}
		if _, err := parseText(c, p); err != nil {
			return nil, err
		}
		if seen[key.value] {
			return nil, syntaxf(key.off, "the key %q stands here twice", shorten(key.value))
		}
		seen[key.value] = true
		if p.Scan() != ':' {
			return nil, st.unexpected(p, `":" after the key`)
		}
		e, err := p.ParseExpression(c)
		if err != nil {
			return nil, err
		}
		keys, fields = append(keys, key.value), append(fields, e)
		switch p.Scan() {
		case '}':
			more = false
		case ',':
			p.Scan()
		default:
			return nil, st.unexpected(p, `"," or "}"`)
		}
	}
	doc := func(ctx context.Context, param any) (any, error) {
		values, err := evalAll(ctx, param, fields)
		if err != nil {
			return nil, err
		}
		m := make(map[string]any, len(keys))
		for i, k := range keys {
			m[k] = values[i]
		}
		return m, nil
	}
	return st.parseAfter(c, p, folded(p, doc, fields), start)
}
