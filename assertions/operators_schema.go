package assertions

import (
	"path/filepath"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rehearse-dev/rehearse/schema"
)

// readJSONSchema reads the argument of schema: a JSON Schema, the path of a
// file that holds one, relative to the file of the check, or the name of one in
// a registry. A schema that holds expressions can be read when they have values.
func readJSONSchema(r *reader, n *schema.Node) func(finding) verdict {
	var s *jsonSchema
	switch {
	case n.Open():
		return nil
	case n.Kind == schema.Text && n.Scalar != "":
		s = schemaOfFile(n, r.p)
	case n.Kind == schema.Map:
		if namesRegistry(n) {
			return readSchemaRef(r, n)
		}
		if n.AnyOpen() {
			return nil
		}
		s = schemaOfNode(n, r.p)
	case n.Kind == schema.Bool && n.Scalar == "true":
		r.p.Add(n.Pos, "nothing is checked: the schema true lets everything through; to expect that something is there write exists: true")
	case n.Kind == schema.Bool:
		r.p.Add(n.Pos, "the schema false lets nothing through; to expect that nothing is there write exists: false")
	default:
		r.wrong(n, "schema", "a JSON Schema, such as {type: object, required: [id]}, the path of a file with one, or one of a registry, such as {registry: shop, name: OrderPlaced}", nil)
	}
	if s == nil {
		return nil // told already
	}
	return s.judge
}

// jsonSchema is a schema that is ready for use. It may be used concurrently.
type jsonSchema struct {
	compiled *jsonschema.Schema
	docs     map[string]any // the documents that it is made of, by their URL
}

// schemaOfNode reads a schema that stands in the file of the check.
func schemaOfNode(n *schema.Node, p *schema.Problems) *jsonSchema {
	at, err := filepath.Abs(n.Pos.File)
	if err != nil {
		p.Add(n.Pos, "schema: %v", err)
		return nil
	}
	written := true // every attempt reads it anew; what expressions gave is another each time
	n.Walk(func(x *schema.Node) { written = written && !x.Computed })
	if !written {
		return newSchemaBuild(n.Pos.File, p).build(n, fileURL(at))
	}
	key := at + "\x00" + identity(n.Value())
	schemasRead.Lock()
	defer schemasRead.Unlock()
	if s := schemasRead.by[key]; s != nil && s.current() {
		return s.schema
	}
	b := newSchemaBuild(n.Pos.File, p)
	s := b.build(n, fileURL(at))
	if s != nil { // its problems stand where it stands
		schemasRead.by[key] = &schemaRead{stamps: b.stamps, schema: s}
	}
	return s
}

// judge holds what was found against the schema.
func (s *jsonSchema) judge(f finding) verdict {
	if n, ok := unwieldy(f.value); ok {
		return unfit("%s in it is too large or too long to calculate with", showShort(n))
	}
	err := s.compiled.Validate(f.value)
	if err == nil {
		return yes(true)
	}
	v := violations{schema: s, doc: f.value}
	v.gather(err)
	return v.verdict()
}
