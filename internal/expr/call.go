package expr

import (
	"context"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/PaesslerAG/gval"
)

// Function describes one function of the language, for the reference.
type Function struct {
	Name      string
	Signature string // such as date(format, offset?)
	Doc       string // one line
}

// Functions lists every function in the order of their names.
func Functions() []Function {
	var all []Function
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		f := functions[name]
		all = append(all, Function{Name: name, Signature: f.signature, Doc: f.doc})
	}
	return all
}

// function is one entry of the table.
type function struct {
	signature string
	doc       string
	least     int
	most      int
	call      func(c *call) (any, error) // nil: default(), which parseCall makes itself
	makes     effect
}

// effect is what a function may do that others do not.
type effect uint8

const (
	makesValue effect = iota
	readsFile         // from the scope's folder, so not inside a check's path
	makesBytes        // text that need not be UTF-8
	takesBytes        // and takes such text
)

// call is one call of a function.
type call struct {
	ctx   context.Context
	frame *frame
	name  string
	args  []any
}

// faultf is an error that names the function.
func (c *call) faultf(format string, args ...any) error {
	f := faultf(format, args...)
	f.msg = c.name + "(): " + f.msg
	return f
}

// failed is an error with a cause that callers may look for.
func (c *call) failed(err error) error {
	return &fault{msg: c.name + "(): " + err.Error(), cause: err}
}

var places = [...]string{"first", "second", "third"}

func (c *call) wrong(i int, wanted string) error {
	which := "its argument"
	if len(c.args) > 1 {
		which = "the " + places[min(i, len(places)-1)] + " argument"
	}
	return c.faultf("%s must be %s, not %s", which, wanted, typeName(c.args[i]))
}

func (c *call) text(i int) (string, error) {
	s, ok := c.args[i].(string)
	if !ok {
		return "", c.wrong(i, "text")
	}
	return s, nil
}

func (c *call) texts(n int) ([]string, error) {
	all := make([]string, n)
	for i := range all {
		var err error
		if all[i], err = c.text(i); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (c *call) list(i int) ([]any, error) {
	l, ok := c.args[i].([]any)
	if !ok {
		return nil, c.wrong(i, "a list")
	}
	return l, nil
}

func (c *call) integer(i int) (int, error) {
	if _, ok := numberText(c.args[i]); !ok {
		return 0, c.wrong(i, "a whole number")
	}
	n, ok := integer(c.args[i])
	if !ok {
		return 0, c.faultf("%v is not a whole number that can be counted with", c.args[i])
	}
	return n, nil
}

// parseCall reads the arguments of name( and makes the call.
func (st *parseState) parseCall(c context.Context, p *gval.Parser, name token) (gval.Evaluable, error) {
	fn, ok := functions[name.text]
	if !ok {
		return nil, syntaxf(name.off, "there is no function %s()%s", shorten(name.text), suggestFunction(name.text, slices.Sorted(maps.Keys(functions))))
	}
	if fn.makes == readsFile && st.check {
		return nil, syntaxf(name.off, "%s() cannot be used inside a check's path", name.text)
	}
	// The first argument of default() may be missing.
	first := st.toks[min(st.read, len(st.toks)-1)]
	if fn.call == nil {
		st.optional++
	}
	args, err := st.parseArguments(c, p, fn)
	if err != nil {
		return nil, err
	}
	if n := len(args); n < fn.least || n > fn.most {
		return nil, syntaxf(name.off, "%s() takes %s, not %d: %s", name.text, arity(fn), n, fn.signature)
	}
	if fn.call == nil {
		return defaulting(args[0], args[1]), nil
	}
	st.note(fn, name, args, first)
	eval := fn.calling(name.text, args)
	if len(args) > 0 && fn.makes != readsFile && !slices.ContainsFunc(args, func(a gval.Evaluable) bool { return !a.IsConst() }) {
		// What can never be right is told before anything runs.
		if _, err := eval(context.Background(), &frame{spent: new(int)}); err != nil {
			return nil, syntaxf(name.off, "%s", evalError("", err).Msg)
		}
	}
	return eval, nil
}

// calling makes the call of a function.
func (fn *function) calling(name string, args []gval.Evaluable) gval.Evaluable {
	return func(ctx context.Context, param any) (any, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		values, err := evalAll(ctx, param, args)
		if err != nil {
			return nil, err
		}
		f := param.(*frame)
		cl := &call{ctx: ctx, frame: f, name: name, args: values}
		if err := cl.checkBytes(fn); err != nil {
			return nil, err
		}
		return fn.call(cl)
	}
}

// parseArguments reads up to the closing bracket.
func (st *parseState) parseArguments(c context.Context, p *gval.Parser, fn *function) ([]gval.Evaluable, error) {
	outer := st.optional
	if fn.call == nil {
		outer--
	}
	defer func() { st.optional = outer }()
	var all []gval.Evaluable
	if p.Scan() == ')' {
		return nil, nil
	}
	p.Camouflage("arguments")
	for {
		e, err := p.ParseExpression(c)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		st.optional = outer // only the first of default()'s is optional
		switch p.Scan() {
		case ')':
			return all, nil
		case ',':
		default:
			return nil, st.unexpected(p, `"," or ")"`)
		}
	}
}

// note remembers what can be told about a call before anything runs.
func (st *parseState) note(fn *function, name token, args []gval.Evaluable, first token) {
	switch fn.makes {
	case makesBytes:
		st.bytes = true
	case readsFile:
		st.bytes = true
		if s, ok := constantText(args[0]); ok {
			st.files = append(st.files, File{Path: s, Render: name.text == "render", Offset: first.off})
		}
	}
}

func arity(fn *function) string {
	switch {
	case fn.most == 0:
		return "no arguments"
	case fn.least == fn.most:
		return counted(fn.least, "argument")
	case fn.most > len(places):
		return "at least " + counted(fn.least, "argument")
	}
	return counted(fn.least, "argument") + " or " + counted(fn.most, "argument")
}

// defaulting is default(x, y).
func defaulting(x, y gval.Evaluable) gval.Evaluable {
	return func(ctx context.Context, param any) (any, error) {
		v, err := x(ctx, param)
		if err != nil && !isMissing(err) {
			return nil, err
		}
		if err != nil || v == nil {
			return y(ctx, param)
		}
		return v, nil
	}
}

// checkBytes refuses text that is not UTF-8 where a function would garble it.
func (c *call) checkBytes(fn *function) error {
	if fn.makes == takesBytes {
		return nil
	}
	for _, v := range c.args {
		if s, ok := v.(string); ok && !utf8.ValidString(s) {
			return c.faultf("the text is not UTF-8; only base64(), sha256() and length() take bytes")
		}
	}
	return nil
}

// validText reports whether every text in v is UTF-8.
func validText(v any) bool {
	switch x := v.(type) {
	case string:
		return utf8.ValidString(x)
	case []any:
		return !slices.ContainsFunc(x, func(e any) bool { return !validText(e) })
	case map[string]any:
		for k, e := range x {
			if !utf8.ValidString(k) || !validText(e) {
				return false
			}
		}
	}
	return true
}
