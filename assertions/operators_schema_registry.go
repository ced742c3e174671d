package assertions

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
)

// SchemaRef is a schema of a registry that a check names. Only who knows the
// registry can read it: it is bound before the check is made, by the one who
// runs the step and before anybody else sees the checks.
type SchemaRef struct {
	Registry string // a name or an ARN
	Name     string // of the schema, a name or an ARN
	Version  string // "" is the latest
	Type     string // which of the document's schemas; "" is the whole event
	Pos      schema.Pos

	version string // which one it is
	schema  *Schema
}

// Bind says what the schema is, and which version it was found to be.
func (r *SchemaRef) Bind(s *Schema, version string) { r.schema, r.version = s, version }

// String names the schema as messages do.
func (r *SchemaRef) String() string { return fmt.Sprintf("%s of registry %s", r.Name, r.Registry) }

// Schema is a schema that values can be held against. It may be used
// concurrently.
type Schema struct {
	judge func(finding) verdict
}

// NewSchema makes a schema of a function that tells, of a value, every place in
// it that does not fit, each with a Message that stands alone.
func NewSchema(misfits func(value any) []Difference) *Schema {
	return &Schema{judge: func(f finding) verdict {
		if n, ok := unwieldy(f.value); ok {
			return unfit("%s in it is too large or too long to calculate with", showShort(n))
		}
		d := misfits(f.value)
		if len(d) == 0 {
			return yes(true)
		}
		v := verdict{diff: d[:min(len(d), maxDifferences)]}
		if len(d) == 1 && d[0].Path == "$" {
			v.why = sayHiddenJSON("schema", f.value)
		}
		return v
	}}
}

// ReadJSONSchema reads the text of a JSON Schema, of draft-04 where it does not
// say otherwise, or the definition in it that part names; "" is the whole. An
// error names the schema as shown, and the places in it that are wrong.
func ReadJSONSchema(shown string, text []byte, part string) (*Schema, error) {
	var p schema.Problems
	n := nodeOfJSON(shown, text, &p)
	if n == nil {
		return nil, p.Err()
	}
	b := newSchemaBuild(shown, &p)
	b.draft, b.alone = schemaDrafts[0], true
	at := &url.URL{Scheme: "registry", Path: "/schema"}
	b.root = b.add(n, at, b.draft)
	target := at.String()
	if part != "" {
		var err error
		if n, target, err = definition(n, target, part); err != nil {
			return nil, fmt.Errorf("%s: %w", shown, err)
		}
	}
	s := b.buildPart(n, target, 0)
	if s == nil {
		return nil, p.Err()
	}
	return &Schema{judge: s.judge}, nil
}

// definition finds what a JSON Schema defines under a name.
func definition(n *schema.Node, at, name string) (*schema.Node, string, error) {
	var known []string
	for _, key := range []string{"definitions", "$defs"} {
		e, _ := n.Get(key)
		if e.Value == nil {
			continue
		}
		if d, ok := e.Value.Get(name); ok {
			pointer := strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
			return d.Value, at + "#/" + key + "/" + url.PathEscape(pointer), nil
		}
		for _, d := range e.Value.Entries {
			known = append(known, d.Key)
		}
	}
	if len(known) == 0 {
		return nil, "", fmt.Errorf("it defines no %q, nor anything else: leave type out", name)
	}
	hint := schema.DidYouMean(name, known)
	if hint == "" {
		hint = "; it defines " + schema.KnownNames(known)
	}
	return nil, "", fmt.Errorf("it defines no %q%s", name, hint)
}

// refKeys are the keys by which a check names a schema of a registry.
var refKeys = []string{"registry", "name", "version", "type"}

// namesRegistry says whether a mapping is meant to name a schema of a registry:
// none of these words means anything in a JSON Schema.
func namesRegistry(n *schema.Node) bool {
	return slices.ContainsFunc(n.Entries, func(e schema.Entry) bool { return slices.Contains(refKeys[:3], e.Key) })
}

// readSchemaRef reads the name of a schema of a registry.
func readSchemaRef(r *reader, n *schema.Node) func(finding) verdict {
	before, open := r.p.Errors(), false
	ref := &SchemaRef{Pos: n.Pos}
	fields := map[string]*string{"registry": &ref.Registry, "name": &ref.Name, "version": &ref.Version, "type": &ref.Type}
	for _, e := range n.Entries {
		field, ok := fields[e.Key]
		if !ok {
			r.unknownRefKey(e)
			continue
		}
		open = open || e.Value.Open()
		*field = r.refValue(e)
	}
	for _, key := range refKeys[:2] {
		if _, ok := n.Get(key); !ok {
			r.p.Add(n.Pos, "a schema of a registry is named by its registry and its name: %s is missing, such as {registry: shop, name: OrderPlaced}", key)
		}
	}
	if r.p.Errors() > before {
		return nil
	}
	r.schemas = append(r.schemas, ref)
	if open {
		return nil
	}
	return ref.judge
}

func (r *reader) unknownRefKey(e schema.Entry) {
	if k, ok := keywords[e.Key]; ok && k.from > 0 {
		r.p.Add(e.KeyPos, "%q belongs to a JSON Schema written here, and this names one of a registry: write the one or the other; two checks stand in two operators, such as match beside schema", e.Key)
		return
	}
	hint := schema.DidYouMean(e.Key, refKeys)
	if hint == "" {
		hint = "; they are " + strings.Join(refKeys, ", ")
	}
	r.p.Add(e.KeyPos, "unknown key %q of a schema of a registry%s", e.Key, hint)
}

// refValue reads one of the keys' values: text, and for a version a number too.
func (r *reader) refValue(e schema.Entry) string {
	n := e.Value
	switch {
	case n.Open():
	case e.Key == "version" && n.Kind == schema.Number:
		if i, err := strconv.Atoi(n.Scalar); err != nil || i < 1 {
			r.p.Add(n.Pos, "a version of a schema is a whole number from 1 on, found %s", n.Scalar)
		}
		return n.Scalar
	case n.Kind != schema.Text:
		r.p.Add(n.Pos, "%s takes text, found %s%s", e.Key, describe(n), aText(n))
	case strings.TrimSpace(n.Scalar) == "":
		r.p.Add(n.Pos, "%s is empty", e.Key)
	}
	return n.Scalar
}

// judge holds a finding against the schema. Without the schema nothing can be
// said, and whatever were said could be taken for a pass.
func (r *SchemaRef) judge(f finding) verdict {
	if r.schema == nil {
		panic("the schema " + r.String() + " was not read before a check that needs it")
	}
	v := r.schema.judge(f)
	if !v.holds {
		v.want = fmt.Sprintf("schema %s (version %s)", r, r.version)
	}
	return v
}

// Schemas lists the schemas of registries that the checks need; what is still
// an expression in their names is empty. The checks cannot be run before each
// of them is bound.
func (c Checks) Schemas() []*SchemaRef { return c.schemas }
