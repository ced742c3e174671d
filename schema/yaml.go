package schema

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	yaml4 "go.yaml.in/yaml/v4"
	"gopkg.in/yaml.v3"

	"github.com/rehearse-dev/rehearse/internal/expr"
)

const (
	maxFile  = 4 << 20 // bytes; yaml.v3 needs a hundred times as much memory
	maxDepth = 200     // levels of nesting
)

// ReadDocuments reads the YAML documents of a file into nodes; empty ones are
// left out. What is wrong with one document does not hide the others.
func ReadDocuments(file string, src []byte, p *Problems) []*Node {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	if len(src) > maxFile {
		p.Add(Pos{File: file}, "the file has %d MiB; at most %d are read: split it", len(src)>>20, maxFile>>20)
		return nil
	}
	if at, ok := invalidUTF8(file, src); !ok {
		p.Add(at, "this is not UTF-8 text; save the file as UTF-8")
		return nil
	}
	var docs []*Node
	line := 0
	for _, chunk := range splitDocuments(src) {
		if n := readDocument(file, chunk, line, p); n != nil && (n.Kind != Null || n.Scalar != "") {
			docs = append(docs, n)
		}
		line += bytes.Count(chunk, []byte("\n"))
	}
	return docs
}

func invalidUTF8(file string, src []byte) (Pos, bool) {
	if utf8.Valid(src) {
		return Pos{}, true
	}
	line, col := 1, 1
	for len(src) > 0 {
		r, n := utf8.DecodeRune(src)
		if r == utf8.RuneError && n == 1 {
			break
		}
		col++
		if r == '\n' {
			line, col = line+1, 1
		}
		src = src[n:]
	}
	return Pos{File: file, Line: line, Col: col}, false
}

var separator = regexp.MustCompile(`(?m)^---([ \t\r]|$)`)

// splitDocuments cuts before every separator, because the decoder stops at the
// first document that it cannot read.
func splitDocuments(src []byte) [][]byte {
	var out [][]byte
	from := 0
	for _, at := range separator.FindAllIndex(src, -1) {
		if at[0] > from {
			out = append(out, src[from:at[0]])
			from = at[0]
		}
	}
	return append(out, src[from:])
}

func readDocument(file string, src []byte, lines int, p *Problems) *Node {
	var y yaml.Node
	if err := yaml.Unmarshal(src, &y); err != nil {
		p.list = append(p.list, syntaxProblem(file, src, lines, err))
		return nil
	}
	if len(y.Content) == 0 {
		return nil
	}
	r := &reader{
		file: file, lines: lines, p: p,
		source: strings.Split(string(src), "\n"),
		budget: len(src) + 10_000,
		open:   map[*yaml.Node]bool{},
	}
	return r.node(y.Content[0], nil, 0)
}

// syntaxProblem reads the broken document a second time with a parser that
// knows where it broke.
func syntaxProblem(file string, src []byte, lines int, err error) Problem {
	at := Pos{File: file, Line: lines + 1, Col: 1}
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	var again any
	var load *yaml4.LoadError
	if errors.As(yaml4.Unmarshal(src, &again), &load) {
		message = load.Message
		if load.Mark.Line > 0 {
			at.Line, at.Col = lines+load.Mark.Line, max(load.Mark.Column, 1)
		}
	}
	text := ""
	if l := strings.Split(string(src), "\n"); at.Line-lines-1 < len(l) {
		text = l[at.Line-lines-1]
	}
	return Problem{Pos: at, Message: "this is not YAML: " + message + syntaxHint(text)}
}

var (
	bareHole = regexp.MustCompile(`[\[{,:]\s*\$\{[^}]*\}`)
	bareStar = regexp.MustCompile(`[\[{,:]\s*\*\s*[\]},]`)
)

// syntaxHint says which quotes are missing in the line that could not be read.
func syntaxHint(line string) string {
	body := strings.TrimLeft(line, " ")
	switch {
	case strings.HasPrefix(body, "\t") || strings.Contains(line[:len(line)-len(strings.TrimLeft(line, " \t"))], "\t"):
		return "; indent with spaces: YAML forbids tabs there"
	case bareHole.MatchString(line) && strings.ContainsAny(line, "[{"):
		return `; inside [ ] and { } put an expression into quotes: "${…}"`
	case bareStar.MatchString(line):
		return `; put * into quotes: "*"`
	case strings.Contains(line, ": @") || strings.Contains(line, ": %") || strings.Contains(line, ": `"):
		return "; put text that begins with @, % or ` into quotes"
	case strings.Count(line, ": ") > 1 && !strings.ContainsAny(line, "[{"):
		return `; put text that contains ": " into quotes`
	}
	return ""
}

// reader turns the nodes of one document into ours.
type reader struct {
	file   string
	lines  int // before this document
	source []string
	p      *Problems
	budget int // nodes that may still come: aliases multiply
	open   map[*yaml.Node]bool
	dead   bool
}

// jsonNumber is JSON's number syntax: what else YAML takes for a number is
// text to some readers and a number to others.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// lookalike is what people mean as a number and JSON does not know.
var lookalike = regexp.MustCompile(`^[-+]?(0[0-9_]+|0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+|[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?|\.[0-9]+([eE][+-]?[0-9]+)?|[0-9]+\.([eE][+-]?[0-9]+)?|\.(inf|Inf|INF)|[0-9][0-9]*(\.[0-9]+)?)$|^\.(nan|NaN|NAN)$`)

func (r *reader) pos(y *yaml.Node, via *Pos) Pos {
	return Pos{File: r.file, Line: r.lines + y.Line, Col: y.Column, Via: via}
}

func (r *reader) node(y *yaml.Node, via *Pos, depth int) *Node {
	n := &Node{Pos: r.pos(y, via)}
	if r.dead {
		return n
	}
	if r.budget--; r.budget < 0 || depth > maxDepth {
		r.dead = true
		if depth > maxDepth {
			r.p.Add(n.Pos, "more than %d levels of nesting", maxDepth)
		} else {
			r.p.Add(n.Pos, "aliases make this document many times larger than its file")
		}
		return n
	}
	switch y.Kind {
	case yaml.AliasNode:
		if r.open[y.Alias] {
			r.p.Add(n.Pos, "alias *%s contains itself", y.Value)
			return n
		}
		r.open[y.Alias] = true
		defer delete(r.open, y.Alias)
		return r.node(y.Alias, &n.Pos, depth+1)
	case yaml.ScalarNode:
		r.scalar(n, y)
	case yaml.SequenceNode:
		n.Kind = List
		n.Items = make([]*Node, 0, len(y.Content))
		for _, x := range y.Content {
			n.Items = append(n.Items, r.node(x, via, depth+1))
		}
	case yaml.MappingNode:
		n.Kind = Map
		r.mapping(n, y, via, depth)
	}
	return n
}

func (r *reader) scalar(n *Node, y *yaml.Node) {
	n.Scalar = y.Value
	plain := y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	if y.Style&yaml.TaggedStyle != 0 && y.ShortTag() != "!!str" {
		r.p.Add(n.Pos, "tag %s is not known here; leave it out", y.Tag)
		return
	}
	if !plain || y.Style&yaml.TaggedStyle != 0 {
		r.text(n, y)
		return
	}
	switch v := y.Value; {
	case v == "" || v == "~" || v == "null" || v == "Null" || v == "NULL":
		n.Kind, n.Scalar = Null, v
	case v == "true" || v == "True" || v == "TRUE" || v == "false" || v == "False" || v == "FALSE":
		n.Kind, n.Scalar = Bool, strings.ToLower(v)
	case jsonNumber.MatchString(v):
		n.Kind = Number
	case lookalike.MatchString(v):
		n.Kind = Text
		r.p.Add(n.Pos, "%s is not a number in JSON; quote it to mean the text: %q", v, v)
	default:
		r.text(n, y)
	}
}

func (r *reader) text(n *Node, y *yaml.Node) {
	n.Kind = Text
	if !strings.Contains(y.Value, "${") {
		return
	}
	t, err := expr.ParseTemplate(y.Value)
	places := r.holes(y, n.Pos)
	if err != nil {
		at := n.Pos
		var syn *expr.SyntaxError
		if k := 0; errors.As(err, &syn) {
			k = strings.Count(strings.ReplaceAll(y.Value[:min(syn.Offset, len(y.Value))], "$${", "   "), "${") - 1
			if k >= 0 && k < len(places) {
				at = places[k]
			}
		}
		r.p.Add(at, "%v", err)
		return
	}
	if s, ok := t.Constant(); ok {
		n.Scalar = s
		return
	}
	n.Template, n.Holes = t, places
}

// holes finds where in the source the text's ${ stand, by looking for the k-th
// one from where the scalar begins: whatever the style, they are written there.
func (r *reader) holes(y *yaml.Node, at Pos) []Pos {
	var out []Pos
	want := strings.Count(strings.ReplaceAll(y.Value, "$${", ""), "${")
	line, col := y.Line-1, y.Column-1
	for line < len(r.source) && len(out) < want {
		text := []rune(r.source[line])
		for i := min(col, len(text)); i+1 < len(text) && len(out) < want; i++ {
			if text[i] == '$' && text[i+1] == '{' && (i == 0 || text[i-1] != '$') {
				p := at
				p.Line, p.Col = r.lines+line+1, i+1
				out = append(out, p)
			}
		}
		line, col = line+1, 0
	}
	return out
}

func (r *reader) mapping(n *Node, y *yaml.Node, via *Pos, depth int) {
	n.Entries = make([]Entry, 0, len(y.Content)/2)
	first := make(map[string]int, len(y.Content)/2)
	var merges []*yaml.Node
	merged := 0 // the line of the first <<
	for i := 0; i+1 < len(y.Content); i += 2 {
		k, v := y.Content[i], y.Content[i+1]
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.Tag == "!!merge" {
			if merged > 0 {
				r.p.Add(r.pos(k, via), "key \"<<\" stands here twice (first in line %d); merge several with <<: [*a, *b]", r.lines+merged)
			}
			merged = k.Line
			merges = append(merges, v)
			continue
		}
		if k.Kind != yaml.ScalarNode {
			r.p.Add(r.pos(k, via), "a key must be text; put an expression into quotes")
			continue
		}
		if line, ok := first[k.Value]; ok {
			r.p.Add(r.pos(k, via), "key %q stands here twice (first in line %d); one would silently win", k.Value, r.lines+line)
			continue
		}
		first[k.Value] = k.Line
		n.Entries = append(n.Entries, Entry{Key: k.Value, KeyPos: r.pos(k, via), Value: r.node(v, via, depth+1)})
	}
	for _, m := range merges {
		r.merge(n, m, via, depth)
	}
}

// merge adds what << brings; a key that stands in the mapping itself wins.
func (r *reader) merge(n *Node, m *yaml.Node, via *Pos, depth int) {
	if m.Kind == yaml.SequenceNode {
		for _, x := range m.Content {
			r.merge(n, x, via, depth)
		}
		return
	}
	x := r.node(m, via, depth+1)
	if x.Kind != Map {
		r.p.Add(x.Pos, "<< takes a mapping, found %s", x.Kind)
		return
	}
	for _, e := range x.Entries {
		if _, ok := n.Get(e.Key); !ok {
			n.Entries = append(n.Entries, e)
		}
	}
}

// describe says what was found, for a message: its kind and, when short, its text.
func describe(n *Node) string {
	switch n.Kind {
	case Text:
		if len(n.Scalar) <= 40 {
			return fmt.Sprintf("the text %q", n.Scalar)
		}
	case Number:
		return "the number " + n.Scalar
	case Bool:
		return n.Scalar
	}
	return n.Kind.String()
}
