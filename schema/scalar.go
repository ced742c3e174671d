package schema

import (
	"errors"
	"math/big"
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/rehearse-dev/rehearse/internal/expr"
)

// jsonNumber is JSON's number syntax: what else YAML takes for a number is
// text to some readers and a number to others.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// lookalike is what people mean as a number and JSON does not know.
var lookalike = regexp.MustCompile(`^[-+]?(0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|\.[0-9][0-9_]*([eE][-+]?[0-9]+)?|\.(inf|Inf|INF))$|^\.(nan|NaN|NAN)$`)

func isPlain(y *yaml.Node) bool {
	return y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
}

func (r *reader) scalar(n *Node, y *yaml.Node) {
	n.Scalar = y.Value
	tagged := y.Style&yaml.TaggedStyle != 0
	if tagged && y.ShortTag() != "!!str" {
		r.tag(n, y)
		n.Kind = Text
		return
	}
	if tagged || !isPlain(y) {
		if i := strings.IndexAny(y.Value, "\a\b\f\v\x1b"); i >= 0 { // written as an escape, or checkText would have met it
			r.warn(n.Pos, "an escape in double quotes makes the control character %U of this text; to mean a backslash write \\\\, or use single quotes", y.Value[i])
		}
		r.text(n, y)
		return
	}
	if y.Anchor != "" && n.Pos.Via == nil && !r.own {
		r.anchored = append(r.anchored, y)
	}
	switch v := y.Value; {
	case v == "" || v == "~" || v == "null" || v == "Null" || v == "NULL":
		n.Kind = Null
	case v == "true" || v == "True" || v == "TRUE" || v == "false" || v == "False" || v == "FALSE":
		n.Kind, n.Scalar = Bool, strings.ToLower(v)
	case !strings.ContainsRune("+-.0123456789", rune(v[0])):
		r.plainText(n, y)
	case jsonNumber.MatchString(v):
		n.Kind = Number
	case lookalike.MatchString(v):
		n.Kind = Text
		instead := ""
		if number := asJSON(v); number != "" {
			instead = ", or write the number as " + number
		}
		r.wrong(n.Pos, "%s is not a number in JSON; quote it to mean the text: %q%s", shortened(v), shortened(v), instead)
	default:
		r.plainText(n, y)
	}
}

// asJSON writes a lookalike as JSON writes the number, "" where it is not
// clear which number is meant.
func asJSON(v string) string {
	sign := ""
	if v[0] == '+' || v[0] == '-' {
		sign, v = strings.TrimPrefix(v[:1], "+"), v[1:]
	}
	v = strings.ReplaceAll(v, "_", "")
	if len(v) > 2 && v[0] == '0' && strings.ContainsRune("xXoObB", rune(v[1])) {
		if i, ok := new(big.Int).SetString(v, 0); ok && len(v) < 100 {
			return sign + i.String()
		}
		return ""
	}
	if strings.HasPrefix(v, ".") {
		v = "0" + v
	}
	mantissa, exponent := v, ""
	if i := strings.IndexAny(v, "eE"); i >= 0 {
		mantissa, exponent = v[:i], v[i:]
	}
	if v = sign + strings.TrimSuffix(mantissa, ".") + exponent; jsonNumber.MatchString(v) && len(v) < 100 {
		return v
	}
	return ""
}

// plainText is text without quotes: the rest of what was meant may stand in a
// comment, or what was not meant in it.
func (r *reader) plainText(n *Node, y *yaml.Node) {
	cut := y.LineComment
	switch hash := strings.HasPrefix(cut, "#") && len(cut) > 1 && !blank(rune(cut[1])); {
	case hash && strings.Contains(cut, "${"):
		r.wrong(n.Pos, "the # in this line begins a comment, so the text ends before it; put the text into quotes, or a space after the #")
		n.Kind = Text
		return
	case hash && cut[1] >= '0' && cut[1] <= '9' && strings.LastIndex(y.Value, "${") <= strings.LastIndexByte(y.Value, '}'):
		r.warn(n.Pos, "the # in this line begins a comment, so the text ends before it; put the text into quotes, or a space after the #")
	}
	if strings.Contains(y.Value, " - ") && y.Line < len(r.lines) {
		if next := strings.TrimSpace(r.lines[y.Line]); strings.HasPrefix(next, "- ") && strings.Contains(y.Value, " "+next) {
			at := r.document.pos(y.Line+1, indentOf(r.line(y.Line+1)))
			at.Via = n.Pos.Via
			r.warn(at, "this line is read as more of the text that begins in line %d, not as a list; put the list in the text's place, or the text into a block that begins with |", n.Pos.Line)
		}
	}
	r.text(n, y)
}

func (r *reader) text(n *Node, y *yaml.Node) {
	n.Kind = Text
	if !strings.Contains(y.Value, "${") {
		return
	}
	via := n.Pos.Via
	if c := r.copied[y]; via != nil && c != nil {
		n.Scalar, n.Template = c.Scalar, c.Template
		n.Holes = r.through(c.Holes, via)
		return
	}
	t, known := r.templates[y.Value]
	places := r.holes(y)
	if !known {
		var err error
		if t, err = expr.ParseTemplate(y.Value); err != nil {
			r.broken(n, y, places, err)
			return
		}
		r.templates[y.Value] = t
	}
	if s, ok := t.Constant(); ok {
		n.Scalar = s
	} else {
		n.Template, n.Holes = t, places
	}
	if via == nil {
		return
	}
	if r.copied == nil {
		r.copied = map[*yaml.Node]*Node{}
	}
	c := *n
	r.copied[y] = &c
	n.Holes = r.through(c.Holes, via)
}

// through gives places as they are reached through an alias.
func (r *reader) through(places []Pos, via *Pos) []Pos {
	r.copies -= len(places)
	out := make([]Pos, len(places))
	for i, at := range places {
		at.Via = via
		out[i] = at
	}
	return out
}

// broken tells of a text whose ${…} cannot be read.
func (r *reader) broken(n *Node, y *yaml.Node, places []Pos, err error) {
	at := n.Pos
	var syntax *expr.SyntaxError
	if errors.As(err, &syntax) {
		before := strings.ReplaceAll(y.Value[:min(syntax.Offset, len(y.Value))], "$${", "   ")
		if k := strings.Count(before, "${") - 1; k >= 0 && k < len(places) {
			at = places[k]
			at.Via = n.Pos.Via
		}
	}
	if isPlain(y) && y.LineComment != "" && !strings.HasSuffix(y.Value, "}") {
		r.wrong(at, "the # in this line begins a comment, which cuts the expression; put the text into quotes")
		return
	}
	r.wrong(at, "%v", err)
}

// holes finds where in the source the text's ${ stand, by looking for the k-th
// one from where the scalar begins: whatever the style, they are written there.
func (r *reader) holes(y *yaml.Node) []Pos {
	want := strings.Count(y.Value, "${") - strings.Count(y.Value, "$${")
	if want == 0 {
		return nil
	}
	out := make([]Pos, 0, want)
	for line, from := y.Line, r.offset(y.Line, y.Column); line <= len(r.lines); line, from = line+1, 0 {
		text := r.lines[line-1]
		for {
			i := strings.Index(text[from:], "${")
			if i < 0 {
				break
			}
			at := from + i
			from = at + 2
			if at > 0 && text[at-1] == '$' {
				continue
			}
			if out = append(out, r.document.pos(line, r.column(line, at))); len(out) == want {
				return out
			}
		}
		if r.search -= len(text); r.search < 0 {
			break
		}
	}
	return out
}

// cursor is a place in the document for which column and offset are known.
type cursor struct {
	line, col int // from 1
	offset    int // in bytes, from 0
}

// reset takes the cursor to the beginning of a line, unless it stands there
// before what is looked for.
func (r *reader) reset(line int, passed bool) {
	if r.cursor.line != line || passed {
		r.cursor = cursor{line: line, col: 1}
	}
}

// offset gives a column's offset in its line, in bytes.
func (r *reader) offset(line, col int) int {
	r.reset(line, r.cursor.col > col)
	text := r.lines[line-1]
	for r.cursor.col < col && r.cursor.offset < len(text) && r.search > 0 {
		_, n := utf8.DecodeRuneInString(text[r.cursor.offset:])
		r.cursor.offset += n
		r.cursor.col++
		r.search -= n
	}
	return r.cursor.offset
}

// column is offset's inverse.
func (r *reader) column(line, offset int) int {
	r.reset(line, r.cursor.offset > offset)
	text := r.lines[line-1]
	passed := text[r.cursor.offset:offset]
	r.search -= len(passed)
	r.cursor.col += utf8.RuneCountInString(passed)
	r.cursor.offset = offset
	return r.cursor.col
}

// shortened cuts a text for a message.
func shortened(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
