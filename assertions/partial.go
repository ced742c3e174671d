package assertions

import (
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
)

// Partial is a partial document, as `match` takes it: every field that it names
// must be there and be equal, at every depth, inside lists too; lists are
// compared element by element at the same length.
type Partial struct {
	value any
	set   bool
}

// ReadNode reads a partial document and reports what is wrong with it. A whole
// expression without a value is left for later.
func (m *Partial) ReadNode(n *schema.Node, p *schema.Problems) {
	*m = Partial{}
	switch {
	case n.Hole():
		m.set = true
		return
	case n.Kind != schema.Map && n.Kind != schema.List:
		p.Add(n.Pos, "match takes a document with the fields that must be there, found %s", describe(n))
		return
	case len(n.Entries)+len(n.Items) == 0:
		p.Add(n.Pos, "nothing is matched: the document is empty; name a field that must be there")
		return
	}
	names := newReader(p).operators
	checkPartial(n, "", names, p)
	*m = Partial{value: n.Value(), set: true}
}

// checkPartial looks below the top level for what was meant otherwise:
// operators, and empty mappings, which would match every mapping.
func checkPartial(n *schema.Node, path string, operators map[string]operator, p *schema.Problems) {
	for _, e := range n.Entries {
		at := childPath(path, e.Key)
		checkField(e.Value, at, operators, p)
		checkPartial(e.Value, at, operators, p)
	}
	for _, x := range n.Items {
		at := path + "[*]"
		checkField(x, at, operators, p)
		checkPartial(x, at, operators, p)
	}
}

func checkField(n *schema.Node, at string, operators map[string]operator, p *schema.Problems) {
	if n.Kind != schema.Map || n.Open() {
		return
	}
	if len(n.Entries) == 0 {
		p.Add(n.Pos, "the empty mapping at %s would match every mapping; leave it out, or use where: {%s: {equals: {}}}", at, yamlKey(at))
		return
	}
	if n.Computed {
		return
	}
	var keys []string
	for _, e := range n.Entries {
		if _, ok := operators[e.Key]; !ok {
			return
		}
		keys = append(keys, e.Key+": …")
	}
	p.Add(n.Entries[0].KeyPos, "match compares with documents and knows no operators; use where: {%s: {%s}}", yamlKey(at), strings.Join(keys, ", "))
}

// yamlKey quotes a path where YAML needs it inside a flow mapping.
func yamlKey(path string) string {
	if strings.ContainsAny(path, "[]{},'\"#: ") {
		return show(path)
	}
	return path
}

// String names what stands for a partial document in a file.
func (m Partial) String() string { return "a document with the fields that must be there" }

// EditorSchema describes a partial document to editors.
func (m Partial) EditorSchema() map[string]any {
	return map[string]any{"type": []any{"object", "array", "string"}, "minProperties": 1, "pattern": `\$\{`}
}

// Set says that there is something to match with.
func (m Partial) Set() bool { return m.set }

// Value is the partial document; nil when none is set.
func (m Partial) Value() any { return m.value }

// Match lists what differs; nil when the document matches.
func (m Partial) Match(doc any) []Difference { return Differences(m.value, doc, true) }
