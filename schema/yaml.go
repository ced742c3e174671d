package schema

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/rehearse-dev/rehearse/internal/expr"
)

const (
	maxFile  = 4 << 20 // bytes; yaml.v3 needs a hundred times as much memory
	maxDepth = 200     // levels of nesting
)

var (
	tooLarge = fmt.Sprintf("the file has more than %d MiB, which is the most that is read; split it", maxFile>>20)
	tooDeep  = fmt.Sprintf("more than %d levels of nesting", maxDepth)
)

// ReadDocuments reads the YAML documents of a file into nodes; empty ones are
// left out. What is wrong with one document does not hide the others.
func ReadDocuments(file string, src []byte, p *Problems) []*Node {
	if len(src) > maxFile {
		p.Add(Pos{File: file}, "%s", tooLarge)
		return nil
	}
	src = normal(src)
	if !checkText(file, src, p) {
		return nil
	}
	var docs []*Node
	templates := map[string]*expr.Template{}
	line := 0
	for _, chunk := range splitDocuments(src) {
		d := newDocument(file, chunk, line)
		line += len(d.lines) - 1
		if d.directives(p) {
			chunk = []byte(strings.Join(d.lines, "\n"))
		}
		y := d.parse(chunk, p)
		if y == nil {
			continue
		}
		r := &reader{document: d, p: p, templates: templates, copies: len(chunk) + 10_000, search: 20*len(chunk) + 10_000}
		n := r.node(y, nil, 0)
		r.unusedAnchors()
		if n.Kind != Null || n.Scalar != "" {
			docs = append(docs, n)
		}
	}
	return docs
}

// reader turns the nodes of one document into ours.
type reader struct {
	*document
	p         *Problems
	templates map[string]*expr.Template // of the texts that were read before
	copied    map[*yaml.Node]*Node      // texts that were read through an alias
	copies    int                       // nodes that may still come from aliases, which multiply
	search    int                       // bytes that may still be looked through for the places of holes
	cursor    cursor
	open      map[*yaml.Node]bool // the aliases that are being read
	used      map[*yaml.Node]bool // what aliases lead to
	anchored  []*yaml.Node        // plain text with an anchor
	own       bool                // inside a key x-…
	dead      bool
}

func (r *reader) pos(y *yaml.Node, via *Pos) Pos {
	p := r.document.pos(y.Line, y.Column)
	p.Via = via
	return p
}

// wrong tells what is wrong with YAML itself, once: whatever an alias leads to
// was read where it stands.
func (r *reader) wrong(at Pos, format string, args ...any) {
	if at.Via == nil {
		r.p.Add(at, format, args...)
	}
}

func (r *reader) warn(at Pos, format string, args ...any) {
	if at.Via == nil {
		r.p.Warn(at, format, args...)
	}
}

func (r *reader) node(y *yaml.Node, via *Pos, depth int) *Node {
	n := &Node{Pos: r.pos(y, via)}
	if via != nil {
		r.copies--
	}
	switch {
	case r.dead:
		return n
	case depth > maxDepth:
		r.dead = true
		r.p.Add(n.Pos, "%s", tooDeep)
		return n
	case r.copies < 0:
		r.dead = true
		r.p.Add(n.Pos, "aliases make this document many times larger than its file")
		return n
	}
	if y.Kind != yaml.ScalarNode {
		r.tag(n, y)
	}
	switch y.Kind {
	case yaml.AliasNode:
		return r.alias(n, y, depth)
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

func (r *reader) alias(n *Node, y *yaml.Node, depth int) *Node {
	if r.open[y.Alias] {
		at := n.Pos
		at.Via = nil
		r.p.Add(at, "alias *%s contains itself", y.Value)
		return n
	}
	if r.open == nil {
		r.open, r.used = map[*yaml.Node]bool{}, map[*yaml.Node]bool{}
	}
	r.open[y.Alias], r.used[y.Alias] = true, true
	defer delete(r.open, y.Alias)
	return r.node(y.Alias, &n.Pos, depth+1)
}

// unusedAnchors warns of text that was probably meant to begin with &.
func (r *reader) unusedAnchors() {
	for _, y := range r.anchored {
		if !r.used[y] {
			text := strings.TrimRight("&"+y.Anchor+" "+y.Value, " ")
			r.p.Warn(r.pos(y, nil), "the anchor &%s is used nowhere; to mean the text write %s", y.Anchor, inQuotes(text))
		}
	}
}

// tag refuses what would give a value another meaning than it has here.
func (r *reader) tag(n *Node, y *yaml.Node) {
	if y.Style&yaml.TaggedStyle == 0 {
		return
	}
	switch tag := y.ShortTag(); tag {
	case "!!str", "!!seq", "!!map":
	case "!Ref", "!Sub", "!GetAtt", "!ImportValue", "!Join", "!Select", "!FindInMap":
		r.wrong(n.Pos, "%s belongs to CloudFormation's templates and is not known here; an output of a stack is ${ID.NAME} of a stack_outputs step", tag)
	default:
		instead := ""
		if !strings.HasPrefix(tag, "!!") {
			instead = ", or put text that begins with ! into quotes"
		}
		r.wrong(n.Pos, "tag %s is not known here; leave it out%s", tag, instead)
	}
}

func (r *reader) mapping(n *Node, y *yaml.Node, via *Pos, depth int) {
	n.Entries = make([]Entry, 0, len(y.Content)/2)
	keys := index{n: n}
	var merges []*yaml.Node
	merged := 0 // the line of the first <<
	for i := 0; i+1 < len(y.Content); i += 2 {
		k, v := y.Content[i], y.Content[i+1]
		at := r.pos(k, via)
		if k.Kind == yaml.AliasNode {
			if r.used != nil {
				r.used[k.Alias] = true
			}
			k = k.Alias
		}
		if k.Tag == "!!merge" {
			if merged > 0 {
				r.wrong(at, "key \"<<\" stands here twice (first in line %d); merge several with <<: [*a, *b]", merged)
			}
			merged = at.Line
			merges = append(merges, v)
			continue
		}
		own := r.own
		r.own = own || depth == 0 && strings.HasPrefix(k.Value, "x-")
		value := r.node(v, via, depth+1)
		r.own = own
		if !r.key(k, at) {
			continue
		}
		if e, ok := keys.get(k.Value); ok {
			r.wrong(at, "key %q stands here twice (first in line %d); one would silently win", k.Value, e.KeyPos.Line)
			continue
		}
		keys.add(Entry{Key: k.Value, KeyPos: at, Value: value})
	}
	for _, m := range merges {
		r.merge(&keys, m, via, depth)
	}
}

// key says whether a key can be one, and what is odd about it.
func (r *reader) key(k *yaml.Node, at Pos) bool {
	switch {
	case k.Kind != yaml.ScalarNode:
		r.wrong(at, "a key must be text; put an expression into quotes")
		return false
	case k.Style&yaml.TaggedStyle != 0 && k.ShortTag() != "!!str":
		r.wrong(at, "tag %s is not known here; leave it out", k.Tag)
	case k.Value == "" && isPlain(k):
		r.wrong(at, "a key is missing before the colon")
		return false
	case strings.Contains(k.Value, "${"):
		r.wrong(at, "a key is never expanded: write out what %s stands for", shortened(k.Value))
	}
	return true
}

// merge adds what << brings; a key that stands in the mapping itself wins.
func (r *reader) merge(to *index, m *yaml.Node, via *Pos, depth int) {
	if m.Kind == yaml.SequenceNode {
		for _, x := range m.Content {
			r.merge(to, x, via, depth)
		}
		return
	}
	x := r.node(m, via, depth+1)
	if x.Kind != Map {
		if !r.dead {
			r.p.Add(x.Pos, "<< takes a mapping, found %s", x.Kind)
		}
		return
	}
	for _, e := range x.Entries {
		if _, ok := to.get(e.Key); !ok {
			to.add(e)
		}
	}
}

// index finds the entries of a mapping that is being read; a small one is searched.
type index struct {
	n     *Node
	byKey map[string]int
}

const searched = 12 // entries

func (x *index) get(key string) (Entry, bool) {
	if x.byKey == nil {
		return x.n.Get(key)
	}
	i, ok := x.byKey[key]
	if !ok {
		return Entry{}, false
	}
	return x.n.Entries[i], true
}

func (x *index) add(e Entry) {
	x.n.Entries = append(x.n.Entries, e)
	switch l := len(x.n.Entries); {
	case x.byKey != nil:
		x.byKey[e.Key] = l - 1
	case l == searched:
		x.byKey = make(map[string]int, cap(x.n.Entries))
		for i, e := range x.n.Entries {
			x.byKey[e.Key] = i
		}
	}
}

// describe says what was found, for a message: its kind and, when short, its text.
func describe(n *Node) string {
	switch n.Kind {
	case Null:
		if n.Scalar == "" && !n.Computed {
			return "nothing"
		}
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
