package assertions

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
)

// Whatever stands in a file and whatever is found, checks neither panic nor
// pass without having been made, and each that fails says why.
//
// A file is either text that is read as YAML or, where that is empty, a tree of
// words that mean something, which seed chooses.
func FuzzChecks(f *testing.F) {
	docs := []string{`{"a":[{"b":1},"x",null,1e999],"s":"{\"a\":1}"}`, `[]`, `null`, `"text"`, `{"a":{"b":{"c":[1,2.0,3]}}}`}
	for i, o := range Operators() {
		f.Add(o.Example, docs[i%len(docs)], []byte(nil))
	}
	for i, yaml := range []string{
		"a: {schema: {$ref: '#/$defs/a', $defs: {a: {$anchor: b, $dynamicRef: '#b'}}}}",
		"$: {schema: {anyOf: [{required: [a]}, {prefixItems: [{const: 1}]}], unevaluatedProperties: false, propertyNames: {maxLength: 1}}}",
		"$: {schema: {$schema: 'http://json-schema.org/draft-04/schema#', id: 'a#', minimum: 1, exclusiveMinimum: true, dependencies: {a: [b]}}}",
		"a[*].b: {not: {each: {share: {where: {json: {$: 1}}, gte: 0.5}}}}",
		"a[?(@.b > 5)]: {exists: false}\na: {unordered: [1, {b: 1}], in_order: [x], unique: true}",
		"s: {json: {a: {approx: {value: 1, within: 0.5}}}}\na: {between: [a, b], length: {not: {one_of: [1]}}}",
		"a: \"${x}\"\ns: {match: {a: [{b: ~}]}, pattern: {a: [{prefix: x}]}, filter: '{ $.a = 1 }'}",
	} {
		f.Add(yaml, docs[i%len(docs)], []byte(nil))
		f.Add("", docs[i%len(docs)], []byte(yaml))
	}
	f.Fuzz(func(t *testing.T, yaml, text string, seed []byte) {
		clear(schemasRead.by) // it would keep every schema that is ever made up
		doc, err := schema.ParseJSON([]byte(text))
		if err != nil {
			doc = text
		}
		var p schema.Problems
		nodes := schema.ReadDocuments("f.yaml", []byte(yaml), &p)
		if yaml == "" {
			w := words{seed: seed, known: vocabulary()}
			nodes = append(nodes, w.node(0))
		}
		for _, n := range nodes {
			before := p.Errors()
			var c Checks
			c.ReadNode(n, &p)
			c.BreakableByMore()
			c.Paths()
			results, unmet := c.Run(doc)
			switch {
			case unmet == nil && p.Errors() == before && (c.Empty() || !c.Known()):
				t.Errorf("nothing was checked: empty %v, known %v", c.Empty(), c.Known())
			case c.Holds(doc) != (len(unmet) == 0):
				t.Error("Holds disagrees with Run")
			}
			for _, m := range unmet {
				if m.Message == "" || !utf8.ValidString(m.Message) && utf8.ValidString(yaml+text) {
					t.Errorf("says %q", m.Message)
				}
			}
			if _, err := json.Marshal(results); err != nil {
				t.Error(err)
			}
			for _, partial := range []bool{false, true} {
				if d := Differences(n.Value(), doc, partial); d == nil && !partial && !expr.Equal(n.Value(), doc) {
					t.Error("no difference between two documents")
				}
			}
		}
	})
}

// vocabulary are words that mean something in checks and in schemas.
func vocabulary() []string {
	l := slices.Sorted(maps.Keys(keywords))
	for _, o := range Operators() {
		l = append(l, o.Name)
	}
	l = append(l, typeNames()...)
	l = append(l, schemaTypes...)
	return append(l, "$", "a", "b", "s", "a.b", "a[*].b", "a[0]", "a[?(@.b > 5)]", "s.x", "value", "within", "where", "prefix", "numeric", "registry",
		"#", "#/$defs/a", "#/definitions/b", "#a", "c.json", "https://example.com/a", "urn:a:b", "^a(b|c)+$", "(", "", "${x}", "{ $.a = 1 }", "date-time", "{\"a\":1}",
		"http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2019-09/schema")
}

// words makes a node of bytes.
type words struct {
	seed  []byte
	known []string
}

func (w *words) next() int {
	if len(w.seed) == 0 {
		return 0
	}
	b := w.seed[0]
	w.seed = w.seed[1:]
	return int(b)
}

func (w *words) word() string { return w.known[(w.next()*7+w.next())%len(w.known)] }

func (w *words) node(depth int) *schema.Node {
	n := &schema.Node{Kind: schema.Map, Computed: w.next()%64 == 63}
	if depth > 0 {
		n.Kind = schema.Kind(w.next() % 8 % 6)
		if n.Kind < schema.List && w.next()%2 == 0 {
			n.Kind = schema.Map
		}
	}
	switch n.Kind {
	case schema.Null:
		n.Scalar = []string{"null", ""}[w.next()%8/7]
	case schema.Bool:
		n.Scalar = []string{"true", "false"}[w.next()%2]
	case schema.Number:
		n.Scalar = []string{"0", "1", "2", "-1", "0.5", "1e400", "9007199254740993", "1e999999999999"}[w.next()%8]
	case schema.Text:
		n.Scalar = w.word()
		if t, err := expr.ParseTemplate(n.Scalar); err == nil {
			if _, constant := t.Constant(); !constant {
				n.Template, n.Holes = t, []schema.Pos{{}}
			}
		}
	case schema.List:
		for range w.next() % 4 {
			n.Items = append(n.Items, w.deeper(depth))
		}
	case schema.Map:
		for range 1 + w.next()%4 {
			if k := w.word(); depth < 12 {
				if _, twice := n.Get(k); !twice {
					n.Entries = append(n.Entries, schema.Entry{Key: k, Value: w.deeper(depth)})
				}
			}
		}
	}
	return n
}

func (w *words) deeper(depth int) *schema.Node {
	if depth > 11 || len(w.seed) == 0 {
		return &schema.Node{Kind: schema.Bool, Scalar: "true"}
	}
	return w.node(depth + 1)
}
