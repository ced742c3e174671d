package assertions

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rehearse-dev/rehearse/schema"
)

// schemaBuild makes one schema of the document that a check names and of the
// files that it refers to. Whatever is reached is read strictly: a keyword
// that the library would ignore is a check that nobody makes.
type schemaBuild struct {
	p       *schema.Problems
	file    string       // which messages name paths from
	named   string       // the file as the check names it; "" for a schema in the check
	draft   *schemaDraft // of a schema that names none
	alone   bool         // nothing outside the document may be referred to
	root    *schemaDoc
	docs    map[string]*schemaDoc // by their URL
	seen    map[*schema.Node]bool
	targets map[*schema.Node]*schema.Node // what the value of a $ref leads to
	stamps  []stamp
}

func newSchemaBuild(file string, p *schema.Problems) *schemaBuild {
	return &schemaBuild{
		p: p, file: file, draft: latestDraft, docs: map[string]*schemaDoc{},
		seen: map[*schema.Node]bool{}, targets: map[*schema.Node]*schema.Node{},
	}
}

// build reads the schema at a URL; nil when something is wrong, which is told.
func (b *schemaBuild) build(n *schema.Node, at *url.URL) *jsonSchema {
	if e, ok := n.Get("openapi"); ok {
		b.p.Add(e.KeyPos, "this is an OpenAPI document, and this check takes a JSON Schema: write the schema that is meant into a file of its own, or name it in a registry, such as {registry: shop, name: OrderPlaced}")
		return nil
	}
	before := b.p.Errors()
	b.root = b.add(n, at, b.draft)
	return b.buildPart(n, at.String(), before)
}

// buildPart makes a schema of the document, or of what stands in it at a URL,
// unless there are more errors by now than there were before.
func (b *schemaBuild) buildPart(n *schema.Node, at string, before int) *jsonSchema {
	b.subschema(n, schemaPlace{b.root, b.root.url})
	if b.p.Errors() > before {
		return nil
	}
	if b.nothing(n, map[*schema.Node]bool{}) {
		b.p.Add(n.Pos, "nothing is checked: this schema lets everything through; name a keyword that checks, such as type or required%s", sayDefinitions(n, b.named))
		return nil
	}
	return b.compile(at)
}

// sayDefinitions is for a document that only keeps schemas for others.
func sayDefinitions(n *schema.Node, file string) string {
	for _, key := range []string{"definitions", "$defs"} {
		if e, ok := n.Get(key); ok && len(e.Value.Entries) > 0 {
			return fmt.Sprintf(", or check with what it defines: schema: {$ref: \"%s#/%s/%s\"}", file, key, e.Value.Entries[0].Key)
		}
	}
	return ""
}

// add takes a document in and finds the places in it that have names.
func (b *schemaBuild) add(n *schema.Node, at *url.URL, draft *schemaDraft) *schemaDoc {
	d := &schemaDoc{url: at, node: n, draft: draft, ids: map[string]*schema.Node{at.String(): n}, anchors: map[*schema.Node]map[string]*schema.Node{}}
	if e, ok := n.Get("$schema"); ok && e.Value.Kind == schema.Text {
		if known := draftOf(e.Value.Scalar); known != nil {
			d.draft = known // what is wrong with another is told where it is read
		}
	}
	b.docs[at.String()] = d
	b.name(n, schemaPlace{d, at}, n)
	return d
}

// schemaDoc is one document that schemas stand in.
type schemaDoc struct {
	url     *url.URL
	path    string // of its file
	node    *schema.Node
	draft   *schemaDraft
	ids     map[string]*schema.Node                  // by the URLs that $id gives
	anchors map[*schema.Node]map[string]*schema.Node // by the schema with the $id, then by $anchor
}

// schemaPlace is where a schema stands: references count from its base.
type schemaPlace struct {
	doc  *schemaDoc
	base *url.URL
}

// idOf is the $id of a schema without what is an anchor in it.
func (d *schemaDraft) idOf(n *schema.Node) (e schema.Entry, id, anchor string) {
	name := "$id"
	if d.year == 4 {
		name = "id"
	}
	e, ok := n.Get(name)
	if _, ref := n.Get("$ref"); !ok || e.Value.Kind != schema.Text || ref && d.year < 2019 {
		return e, "", ""
	}
	id, anchor, _ = strings.Cut(e.Value.Scalar, "#")
	if d.year >= 2019 {
		anchor = ""
	}
	return e, id, anchor
}

// within is the place of what stands in a schema.
func (at schemaPlace) within(n *schema.Node) schemaPlace {
	if _, id, _ := at.doc.draft.idOf(n); id != "" {
		if u, err := joinURL(at.base, id); err == nil {
			at.base = u
		}
	}
	return at
}

// joinURL gives the URL that a reference without a fragment leads to.
func joinURL(base *url.URL, ref string) (*url.URL, error) {
	if ref == "" {
		return base, nil
	}
	r, err := url.Parse(ref)
	if err != nil {
		return nil, err
	}
	u := base.ResolveReference(r)
	if !r.IsAbs() && base.Opaque != "" {
		u.Opaque = base.Opaque // as the library has it
	}
	return u, nil
}

// name finds the schemas in a document that have an $id or an $anchor.
func (b *schemaBuild) name(n *schema.Node, at schemaPlace, owner *schema.Node) {
	if n.Kind != schema.Map {
		return
	}
	e, id, anchor := at.doc.draft.idOf(n)
	if id != "" {
		u, err := joinURL(at.base, id)
		if err != nil {
			b.p.Add(e.Value.Pos, "%s %q is not a URL", e.Key, e.Value.Scalar)
			return
		}
		if other := at.doc.ids[u.String()]; other != nil && other != n {
			b.p.Add(e.Value.Pos, "%s %q stands here twice (first in line %d)", e.Key, e.Value.Scalar, other.Pos.Line)
			return
		}
		at.base, owner = u, n
		at.doc.ids[u.String()] = n
	}
	anchors := []string{anchor}
	for _, key := range []string{"$anchor", "$dynamicAnchor"} {
		if e, ok := n.Get(key); ok && at.doc.draft.year >= 2019 {
			anchors = append(anchors, e.Value.Scalar)
		}
	}
	for _, a := range anchors {
		if a == "" {
			continue
		}
		if at.doc.anchors[owner] == nil {
			at.doc.anchors[owner] = map[string]*schema.Node{}
		}
		if other := at.doc.anchors[owner][a]; other != nil && other != n {
			b.p.Add(n.Pos, "the anchor %q stands here twice (first in line %d)", a, other.Pos.Line)
		}
		at.doc.anchors[owner][a] = n
	}
	for _, e := range n.Entries {
		if k, ok := at.doc.draft.find(e.Key); ok {
			for _, s := range k.schemas(e.Value) {
				b.name(s, at, owner)
			}
		}
	}
}

// nothing says whether a schema lets everything through.
func (b *schemaBuild) nothing(n *schema.Node, asked map[*schema.Node]bool) bool {
	if asked[n] {
		return true // it has nothing of its own
	}
	asked[n] = true
	defer delete(asked, n)
	if n.Kind != schema.Map {
		return n.Scalar == "true"
	}
	return !slices.ContainsFunc(n.Entries, func(e schema.Entry) bool { return b.checks(n, e, asked) })
}

// checks says whether a keyword can keep anything from passing.
func (b *schemaBuild) checks(n *schema.Node, e schema.Entry, asked map[*schema.Node]bool) bool {
	k, ok := keywords[e.Key]
	if !ok || k.silent {
		return false
	}
	some := func(l []*schema.Node) bool {
		return slices.ContainsFunc(l, func(s *schema.Node) bool { return !b.nothing(s, asked) })
	}
	switch e.Key {
	case "$ref", "$dynamicRef", "$recursiveRef":
		target, known := b.targets[e.Value]
		return !known || target == nil || !b.nothing(target, asked) // nil: a schema of schemas
	case "minLength", "minItems", "minProperties", "minContains":
		return strings.Trim(e.Value.Scalar, "0.") != ""
	case "uniqueItems":
		return e.Value.Scalar == "true"
	case "required", "dependentRequired":
		return len(e.Value.Items)+len(e.Value.Entries) > 0
	case "dependencies":
		return len(k.schemas(e.Value)) < len(e.Value.Entries) || some(k.schemas(e.Value))
	case "not", "contains", "oneOf":
		return true
	case "anyOf":
		return !slices.ContainsFunc(e.Value.Items, func(s *schema.Node) bool { return b.nothing(s, asked) })
	case "if": // then and else speak for themselves
		return false
	}
	if k.holds != holdsNone {
		return some(k.schemas(e.Value))
	}
	return true
}

// compile hands what was read to the library.
func (b *schemaBuild) compile(at string) *jsonSchema {
	s := &jsonSchema{docs: map[string]any{}}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(b.root.draft.lib)
	c.AssertFormat()
	c.AssertContent()
	c.UseLoader(noSchema{})
	var err error
	for u, d := range b.docs {
		s.docs[u] = d.node.Value()
		err = errors.Join(err, c.AddResource(u, s.docs[u]))
	}
	if err == nil {
		s.compiled, err = c.Compile(at)
	}
	if err != nil {
		b.rejected(err)
		return nil
	}
	return s
}

// noSchema loads nothing: everything that may be loaded is there already.
type noSchema struct{}

func (noSchema) Load(string) (any, error) { return nil, errors.New("it is not among the files read") }

// rejected reports what the library finds wrong and nothing here did.
func (b *schemaBuild) rejected(err error) {
	var invalid *jsonschema.SchemaValidationError
	var why *jsonschema.ValidationError
	if !errors.As(err, &invalid) || !errors.As(invalid.Err, &why) {
		b.p.Add(b.root.node.Pos, "this JSON Schema cannot be used: %v", err)
		return
	}
	for len(why.Causes) > 0 {
		why = why.Causes[0]
	}
	at := b.root.node
	if address, fragment, _ := strings.Cut(invalid.URL, "#"); b.docs[address] != nil {
		at = b.docs[address].node
		for _, token := range append(fragmentTokens(fragment), why.InstanceLocation...) {
			if next := step(at, token); next != nil {
				at = next
			}
		}
	}
	b.p.Add(at.Pos, "this is not valid in a JSON Schema: %v", why)
}
