package schemas

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/internal/mock"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// MockParams are the parameters of mock_event.
type MockParams struct {
	Registry     string     `json:"registry" doc:"Name or ARN of a schema registry of EventBridge, such as aws.events or discovered-schemas."`
	Schema       string     `json:"schema" doc:"Name or ARN of a schema in the registry."`
	SchemaFile   steps.File `json:"schema_file" doc:"A file with the schema instead, relative to this one: an OpenAPI 3 document or a JSON Schema, as JSON or YAML."`
	Version      Version    `json:"version" doc:"Which version of the registry's schema (default: the latest)."`
	Type         string     `json:"type" doc:"Which of the document's schemas (default: the whole event)."`
	RequiredOnly bool       `json:"required_only" doc:"Leaves out everything that the schema does not require."`
	Set          Places     `json:"set" doc:"Values by their paths in the event, such as detail.state or $['detail-type']. What is not there yet is made."`
	Seed         *int64     `json:"seed" doc:"Makes the same event again (default: from the run's seed, the case and the step's place)."`
}

// MockResult is an event that was made.
type MockResult struct {
	Event         any    `json:"event" doc:"The event, ready for put_event."`
	SchemaVersion string `json:"schema_version,omitempty" doc:"The version of the registry's schema that it was made from."`
}

// MockEvent makes an event from a schema.
var MockEvent = steps.Define("mock_event", steps.Def[MockParams, MockResult]{
	Summary: "Makes an event from a schema.",
	Doc: `The schema is one of EventBridge's schema registries, read once a run, or stands in a file. Whatever it does not fix is left to
chance: a run prints its seed, and --seed makes the same events again, but for times, which are near now. Values of set stand in the event as
they are, with their types. The event is held against the schema before it is given; one that does not fit, because of what was set or because
nothing can fit, is an error that names the places. A pattern that looks ahead or behind or refers back cannot be read: its text must
be set, and is not held against it. put_event takes the event whole; EventBridge sets id, account and region anew, and refuses
sources that begin with aws.: give such an event to what handles it.`,
	Example: `arrange:
  - listen: {event_bus: "${suite.app.BusName}", pattern: {source: [shop]}}
    id: orders
act:
  - mock_event:
      schema_file: order-placed.json
      set: {detail.run: "${scenario.id}", detail.total: 12.50}
    id: made
  - put_event: {bus: "${suite.app.BusName}", event: "${made.event}"}
assert:
  - received: {from: orders, match: {detail: {run: "${scenario.id}"}}, count: 1}
    within: 20s
    expect:
      $.events[0].detail.total: 12.50
      $.events[0]: {schema: order-placed.json}
`,
	Beside: map[string]string{"order-placed.json": `{
  "$schema": "http://json-schema.org/draft-04/schema#",
  "type": "object",
  "required": ["source", "detail-type", "detail"],
  "properties": {
    "source": {"enum": ["shop"]},
    "detail-type": {"enum": ["order-placed"]},
    "detail": {
      "type": "object",
      "required": ["run", "total", "items"],
      "properties": {
        "run": {"type": "string"},
        "total": {"type": "number", "minimum": 0},
        "items": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^SKU-[0-9]{4}$"}}
      }
    }
  }
}
`},
	Do: doMock,
	Rules: []steps.Rule{
		steps.OneOf("schema_file", "registry"), steps.AtMostOne("schema_file", "schema"), steps.AtMostOne("schema_file", "version"),
	},
	Check: checkMock,
	Needs: func(p MockParams) []steps.Permission {
		if p.SchemaFile != "" {
			return nil
		}
		return []steps.Permission{{Action: "schemas:DescribeSchema", Resource: steps.SchemaResource(p.Registry, p.Schema)}}
	},
	Idempotent: true,
})

func checkMock(n *schema.Node, p *schema.Problems) {
	if r, ok := n.Get("registry"); ok {
		if _, named := n.Get("schema"); !named {
			p.Add(r.KeyPos, "registry names where the schema is kept; write schema: NAME beside it, for which one it is")
		}
	}
	file, ok := n.Get("schema_file")
	if !ok || file.Value.Open() {
		return
	}
	part, _ := n.Get("type")
	if part.Value != nil && part.Value.Open() {
		return // whether the file has it is known only then
	}
	var path steps.File
	path.ReadNode(file.Value, &schema.Problems{}) // told already
	if path == "" {
		return
	}
	name := ""
	if part.Value != nil {
		name = part.Value.Scalar
	}
	if _, _, err := fromFile(path, name); err != nil {
		p.Add(file.Value.Pos, "%v", err)
	}
}

// fromFile reads the schema in a file.
func fromFile(path steps.File, part string) (document, *mock.Schema, error) {
	d, err := readFile(string(path))
	if err != nil {
		return d, nil, err
	}
	s, err := d.schema(part)
	if err == nil && len(s.Misspelt()) > 0 { // a file is the user's own to mend
		err = steps.Finalf("%s cannot be used: %s", d.shown, strings.Join(s.Misspelt(), "; "))
	}
	return d, s, err
}

// schema makes of a document what values can be made from.
func (d document) schema(part string) (*mock.Schema, error) {
	s, err := mock.Read(d.text, d.form, part)
	if err != nil {
		return nil, steps.Finalf("%s cannot be used: %w", d.shown, err)
	}
	return s, nil
}

func doMock(ctx context.Context, env *steps.Env, p MockParams) (MockResult, error) {
	d, s, err := p.source(ctx, env)
	if err != nil {
		return MockResult{}, err
	}
	seed := env.Seed
	if p.Seed != nil {
		seed = *p.Seed
	}
	event, err := s.Make(mock.Options{Rand: rand.New(rand.NewPCG(uint64(seed), 0)), Now: time.Now(), RequiredOnly: p.RequiredOnly, Set: p.Set})
	if err != nil {
		return MockResult{}, steps.Finalf("no event can be made from %s: %w", d.shown, err)
	}
	return MockResult{Event: event, SchemaVersion: d.version}, nil
}

// source reads the schema that an event is to be made from.
func (p MockParams) source(ctx context.Context, env *steps.Env) (document, *mock.Schema, error) {
	if p.SchemaFile != "" {
		d, s, err := fromFile(p.SchemaFile, p.Type)
		return d, s, steps.Final(err)
	}
	d, err := describe(ctx, env, p.Registry, p.Schema, string(p.Version))
	if err != nil {
		return d, nil, err
	}
	s, err := d.schema(p.Type)
	return d, s, err
}

// Version is a version of a schema: a number, or text.
type Version string

// ReadNode reads the version.
func (v *Version) ReadNode(n *schema.Node, p *schema.Problems) {
	switch i, err := strconv.Atoi(n.Scalar); {
	case n.Open():
	case n.Kind == schema.Number && (err != nil || i < 1):
		p.Add(n.Pos, "a version of a schema is a whole number from 1 on, found %s", n.Scalar)
	case n.Kind != schema.Number && n.Kind != schema.Text:
		p.Add(n.Pos, "expected the version of a schema, found %s", n.Kind)
	case n.Scalar == "":
		p.Add(n.Pos, "the version is empty; leave it out for the latest")
	default:
		*v = Version(n.Scalar)
	}
}

func (Version) String() string { return "the version of a schema" }

// EditorSchema describes the parameter to editors.
func (Version) EditorSchema() map[string]any {
	return map[string]any{"anyOf": []any{map[string]any{"type": "integer", "minimum": 1}, map[string]any{"type": "string", "minLength": 1}}}
}

// Places are values by the paths where they belong.
type Places map[string]any

// ReadNode reads the mapping; its paths lead to one place each.
func (v *Places) ReadNode(n *schema.Node, p *schema.Problems) {
	switch {
	case n.Hole():
		return
	case n.Kind != schema.Map:
		p.Add(n.Pos, "expected paths with their values, found %s; write {detail.state: done}", n.Kind)
		return
	case len(n.Entries) == 0:
		p.Add(n.Pos, "nothing is set; write at least one path: value, or leave set out")
		return
	}
	for _, e := range n.Entries {
		if _, err := mock.ReadPath(e.Key); err != nil {
			p.Add(e.KeyPos, "%v", err)
		}
	}
	*v, _ = n.Value().(map[string]any)
}

func (Places) String() string { return "paths with their values" }

// EditorSchema describes the parameter to editors.
func (Places) EditorSchema() map[string]any {
	return schema.OrExpression(map[string]any{"type": "object", "minProperties": 1})
}
