package catalogue_test

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps/catalogue"
)

func compiled(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	return compiler(t, name)("")
}

// compiler compiles parts of an editor schema, such as #/definitions/step.
func compiler(t *testing.T, name string) func(part string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, document(t, name)); err != nil {
		t.Fatal(err)
	}
	return func(part string) *jsonschema.Schema {
		t.Helper()
		s, err := c.Compile(name + part)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func document(t *testing.T, name string) any {
	t.Helper()
	all, err := catalogue.EditorSchemas()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(all[name])))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// valid puts every document of a file to a schema.
func valid(t *testing.T, s *jsonschema.Schema, file string, src []byte) error {
	t.Helper()
	var p schema.Problems
	for _, n := range schema.ReadDocuments(file, src, &p) {
		if err := s.Validate(n.Value()); err != nil {
			return err
		}
	}
	return p.Err()
}

func TestEditorSchemasAcceptTheSuites(t *testing.T) {
	scenario, suite, steps := compiled(t, "scenario"), compiled(t, "suite"), compiled(t, "steps")
	n := 0
	err := filepath.WalkDir("../../scenarios", func(path string, _ fs.DirEntry, err error) error {
		var s *jsonschema.Schema
		switch {
		case err != nil:
			return err
		case filepath.Base(path) == schema.SuiteFile:
			s = suite
		case schema.IsStepsFile(path):
			s = steps
		case schema.IsScenarioFile(path):
			s = scenario
		default:
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n++
		if err := valid(t, s, path, src); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		return nil
	})
	if err != nil || n < 6 {
		t.Errorf("%d files: %v", n, err)
	}
}

func TestEditorSchemasAcceptTheExamples(t *testing.T) {
	scenario, steps := compiled(t, "scenario"), compiled(t, "steps")
	for _, k := range catalogue.Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			if err := valid(t, scenario, k.Name, []byte("scenario: S\n"+k.Example)); err != nil {
				t.Error(err)
			}
			for name, text := range k.Beside {
				if schema.IsStepsFile(name) {
					if err := valid(t, steps, name, []byte(text)); err != nil {
						t.Error(name, err)
					}
				}
			}
		})
	}
}

func TestEditorSchemasAccept(t *testing.T) {
	scenario := compiled(t, "scenario")
	for _, text := range []string{
		"skip: ${env.CI == \"\"}\nact:\n  - wait: ${vars.pause}\n",
		"x-own: {a: 1}\nact:\n  - check: true\n",
		"act:\n  - set: {a: 1}\n    for_each: vars.list\n    when: each.index > 0\n",
		"act:\n  - set: {a: 1}\n    for_each: {items: \"${vars.list}\", concurrency: 2, rate: 0.5}\n",
		"act:\n  - http_request: {url: \"${vars.url}\", query: \"${vars.query}\", follow_redirects: \"${vars.follow}\"}\n    within: ${vars.limit}\n",
		"act:\n  - put_event: {event: \"${vars.event}\"}\n",
		"act:\n  - put_event: {source: a, detail_type: b, detail: {}, time: \"${now()}\"}\n",
		"cases: {from: a.csv, name: \"${row.a}\"}\nact:\n  - set: {a: \"$${x}\"}\n",
		"assert:\n  - http_request: {url: \"http://a\"}\n    expect: ${vars.checks}\n",
		"assert:\n  - http_request: {url: \"http://a\"}\n    expect: {$: {is: object}, status: 200, $.status: 200, body.a: 1, \"$['body'].a\": 1, $..a: {length: 1}, \"*\": {length: 4}}\n",
		"assert:\n  - http_request: {url: \"http://a\"}\n    expect: {body: {each: {price: 3}, any: {gt: 3}, share: {where: {ok: true}, gte: 0.9}, length: {gte: 1}, is: null}}\n",
		"assert:\n  - parallel:\n      - use: {steps: \"a.steps.yaml#b\", with: {c: \"${vars.d}\"}}\n        expect: {e: 1}\n",
	} {
		if err := valid(t, scenario, "a.yaml", []byte("scenario: S\n"+text)); err != nil {
			t.Errorf("an editor would refuse\n%s%v", text, err)
		}
	}
}

func TestEditorSchemasRefuseWhatIsWrong(t *testing.T) {
	for name, texts := range map[string][]string{
		"scenario": {
			"act: []\n",
			"scenario: S\nacts: []\n",
			"scenario: S\ntags: [a]\n",
			"scenario: \"\"\nact:\n  - set: {a: 1}\n",
			"scenario: S\nassert: []\n",
			"scenario: S\nassert: ${vars.steps}\n",
			"scenario: S\nvars: ${env}\nact:\n  - set: {a: 1}\n",
			"scenario: S\ntimeout: 30\nact:\n  - set: {a: 1}\n",
			"scenario: S\ntimeout: ${vars.t}\nact:\n  - set: {a: 1}\n",
			"scenario: S\ncases: []\nact:\n  - set: {a: 1}\n",
			"scenario: S\ncases: {name: a}\nact:\n  - set: {a: 1}\n",
		},
		"suite": {
			"default: {}\n", "format: 2\n", "defaults: {within: 30}\n", "defaults: {within: 0s}\n", "defaults: {within: \"${env.W}\"}\n",
			"environments: {dev: {acount: \"1\"}}\n", "environments: {dev: {account: \"12\"}}\n", "arrange:\n  - set: {a: 1}\n    after: b\n",
		},
		"steps": {
			"a: []\n", "a: {}\n", "a: {steps: []}\n", "a: {step: [{set: {b: 1}}]}\n", "a: {steps: [{st: {b: 1}}]}\n",
			"a: {params: {x: {required: true, default: 1}}, steps: [{set: {b: 1}}]}\n", "a: {params: {x: 1}, steps: [{set: {b: 1}}]}\n",
		},
	} {
		s := compiled(t, name)
		for _, text := range texts {
			if valid(t, s, "a.yaml", []byte(text)) == nil {
				t.Errorf("an editor would accept as %s\n%s", name, text)
			}
		}
	}
}

func TestEditorSchemasRefuseWrongSteps(t *testing.T) {
	s := compiler(t, "scenario")("#/definitions/step")
	for _, text := range []string{
		"put_evnt: {}\n",
		"name: no kind\n",
		"set: {a: 1}\nwait: 1s\n",
		"put_event: {source: s, detail_type: d, detail: {}, bsu: x}\n",
		"put_event: {source: \"\", detail_type: d, detail: {}}\n",
		"put_event: {source: s, event: {source: s, detail-type: d, detail: {}}}\n",
		"put_event: {source: s, detail_type: d, detail: {}, time: yesterday}\n",
		"put_event: ${vars.e}\n",
		"put_event: {source: s, detail_type: d, detail: {}}\nwait: 5s\n",
		"put_event: {source: s, detail_type: d, detail: {}}\nhold: 5s\n",
		"listen: {event_bus: a}\n",
		"listen: {event_bus: a, all: true, rule: b}\n",
		"listen: {event_bus: a, all: true}\nkeep: true\n",
		"wait: 5s\nwitin: 5s\n",
		"wait: soon\n",
		"wait: 5\n",
		"wait: 5s\nid: first-order\n",
		"wait: 5s\nid: vars\n",
		"wait: 5s\nfor_each: []\n",
		"check: 1 == 1\nwithin: 5s\nthroughout: 5s\n",
		"check: \"\"\n",
		"parallel: []\n",
		"parallel: [{wait: soon}]\n",
		"parallel: [{wait: 1s}]\nwithin: 5s\n",
		"use: {steps: \"${vars.file}\"}\n",
		"use: {stps: a}\n",
		"execution: {arn: x}\nexpect: {status: {equal: x}}\n",
		"execution: {arn: x}\nexpect: {statsu: x}\n",
		"execution: {arn: x}\nexpect: {}\n",
		"execution: {arn: x}\nexpect: {status: {}}\n",
		"execution: {arn: x}\nexpect: {status: {starts_with: 5}}\n",
		"execution: {arn: x}\nexpect: {status: {one_of: []}}\n",
		"execution: {arn: x}\nexpect: {status: {between: [1]}}\n",
		"execution: {arn: x}\nexpect: {status: {is: txt}}\n",
		"execution: {arn: x}\nexpect: {output: {approx: {value: 1}}}\n",
		"execution: {arn: x}\nexpect: {output: {match: {a: {equals: 1}}}}\n",
		"execution: {arn: x}\nexpect: {output: {pattern: {source: shop}}}\n",
		"execution: {arn: x}\nexpect: {visited: {share: {where: A, gtee: 1}}}\n",
		"execution: {arn: x}\nexpect: {visited: {each: {gt: 1, price: 2}}}\n",
		"received: {from: a, match: {detial: {a: 1}}}\n",
		"received: {from: a, count: 1, none: true}\n",
		"log_events: {log_group: a, filter: {a: 1}}\n",
	} {
		if valid(t, s, "a.yaml", []byte(text)) == nil {
			t.Errorf("an editor would accept\n%s", text)
		}
	}
}

// TestEditorSchemasDescribe holds that every key that an editor completes is
// explained, and that examples are valid where they stand.
func TestEditorSchemasDescribe(t *testing.T) {
	for _, name := range catalogue.SchemaNames() {
		at := compiler(t, name)
		walk(document(t, name), "#", func(path string, m map[string]any) {
			for _, x := range list(m["examples"]) {
				if err := at(path).Validate(x); err != nil {
					t.Errorf("%s %s: the example %v is not valid: %v", name, path, x, err)
				}
			}
			properties, _ := m["properties"].(map[string]any)
			for key, p := range properties {
				p, described := p.(map[string]any)
				if described && !strings.Contains(path, "/dependencies/") && p["description"] == nil && p["$ref"] == nil && p["const"] == nil {
					t.Errorf("%s %s: %s has no description", name, path, key)
				}
			}
		})
	}
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func walk(v any, path string, visit func(string, map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(path, v)
		for k, x := range v {
			if k != "examples" && k != "enum" && k != "const" {
				walk(x, path+"/"+url.PathEscape(k), visit) // no key holds ~ or /
			}
		}
	case []any:
		for i, x := range v {
			walk(x, path+"/"+strconv.Itoa(i), visit)
		}
	}
}

// TestReservedIDs holds the names that the editor schemas refuse as ids to
// those that are refused before a run.
func TestReservedIDs(t *testing.T) {
	ids := schema.ReservedIDs()
	var b strings.Builder
	b.WriteString("scenario: S\nact:\n")
	for _, id := range append(slices.Clone(ids), "order") {
		b.WriteString("  - set: {a: 1}\n    id: \"" + id + "\"\n")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.scenario.yaml"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var p schema.Problems
	plan.Build(schema.Discover([]string{dir}, &p), catalogue.New(), plan.Options{Detached: true}, &p)
	refused := 0
	for _, x := range p.Sorted() {
		if strings.Contains(x.Message, "cannot be an id") {
			refused++
		}
	}
	if refused != len(ids) {
		t.Errorf("%d of %d names are refused before a run:\n%v", refused, len(ids), p.Sorted())
	}
}
