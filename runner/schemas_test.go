package runner_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
)

const registry = `
Resources:
  Shop:
    Type: AWS::EventSchemas::Registry
    Properties: {RegistryName: shop}
  Order:
    Type: AWS::EventSchemas::Schema
    Properties:
      RegistryName: !GetAtt Shop.RegistryName
      SchemaName: Order
      Type: JSONSchemaDraft4
      Content: '{"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}'
  Any:
    Type: AWS::EventSchemas::Schema
    Properties: {RegistryName: !GetAtt Shop.RegistryName, SchemaName: Anything, Type: JSONSchemaDraft4, Content: '{"not": {"required": ["zzz"]}}'}
`

// withRegistry runs a scenario where a registry is.
func withRegistry(t *testing.T, o sandbox.Options, scenario string, change ...func(*stage)) result {
	t.Helper()
	deploy := func(s *stage) {
		if err := s.sandbox.Deploy(t.Context(), "shop", "shop", []byte(registry), nil); err != nil {
			t.Fatal(err)
		}
	}
	return performWith(t, o, scenario, append(change, deploy)...)
}

// Wherever a check stands it is held against the registry's schema: what fits
// passes, and what does not is a failure that says where.
func TestRegistrySchemasEverywhere(t *testing.T) {
	const put = "  - put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {run: \"${scenario.id}\", n: NUMBER}}\n"
	const listen = "arrange:\n  - listen: {event_bus: play-bus, rule: play-rule}\n    id: l\n"
	const select_ = "{from: l, match: {detail: {run: \"${scenario.id}\"}}"
	for _, c := range []struct{ name, scenario, want string }{
		{"expect", "act:\n  - set: {a: {n: NUMBER}}\n    expect: {a: {schema: {registry: shop, name: Order}}}\n", `✗ a schema Order of registry shop (version 1) n: expected type integer, found "1" (text)`},
		{"names from expressions", "vars: {r: shop, s: Order, v: 1}\nact:\n  - set: {a: {n: NUMBER}}\n    expect: {a: {schema: {registry: \"${vars.r}\", name: \"${vars.s}\", version: \"${vars.v}\"}}}\n", `a schema Order of registry shop (version 1)`},
		{"a whole mapping from an expression", "vars: {s: {registry: shop, name: Order}}\nact:\n  - set: {a: {n: NUMBER}}\n    expect: {a: {schema: \"${vars.s}\"}}\n", `a schema Order of registry shop (version 1)`},
		{"for_each", "act:\n  - set: {a: {n: NUMBER}}\n    for_each: [1, 2]\n    expect: {a: {schema: {registry: shop, name: Order}}}\n", `a schema Order of registry shop (version 1)`},
		{"parallel", "act:\n  - parallel:\n      - set: {a: {n: NUMBER}}\n        expect: {a: {schema: {registry: shop, name: Order}}}\n", `a schema Order of registry shop (version 1)`},
		{"use", "act:\n  - use: {steps: \"b.steps.yaml#made\", with: {n: NUMBER}}\n    expect: {a: {schema: {registry: shop, name: Order}}}\n", `a schema Order of registry shop (version 1)`},
		{"not", "act:\n  - set: {a: {n: NUMBER}}\n    expect: {a: {not: {not: {schema: {registry: shop, name: Order}}}}}\n", `a: expected not`},
		{"received", listen + "act:\n" + put + "assert:\n  - received: " + select_ + "}\n    expect: {\"$.events[*].detail\": {each: {schema: {registry: shop, name: Order}}}}\n", `[0]: expected schema Order of registry shop (version 1)`},
		{"where of received", listen + "act:\n" + put + "assert:\n  - received: " + select_ + ", where: {detail: {schema: {registry: shop, name: Order}}}}\n", `detail: expected schema Order of registry shop (version 1)`},
		{"where of log_events", "act:\n" + put + "assert:\n  - log_events: {log_group: play-log, match: {json: {detail: {run: \"${scenario.id}\"}}}, where: {json.detail: {schema: {registry: shop, name: Order}}}}\n    within: 5s\n", `json.detail: expected schema Order of registry shop (version 1)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, number := range []string{"1", `"1"`} {
				text := strings.ReplaceAll("scenario: S\n"+c.scenario, "NUMBER", number)
				synctest.Test(t, func(t *testing.T) {
					r := withRegistry(t, sandbox.Options{}, text, func(s *stage) {
						s.beside(t, "b.steps.yaml", "made:\n  params: {n: {required: true}}\n  steps: [{set: {a: {n: \"${params.n}\"}}, id: x}]\n  result: {a: \"${x.a}\"}\n")
					})
					switch {
					case number == "1":
						if r.code != runner.ExitPassed {
							t.Errorf("exit code %d\n%s", r.code, r.text)
						}
					case r.code != runner.ExitFailed || r.ends()["S"] != event.Failed || !strings.Contains(r.flat(), c.want):
						t.Errorf("exit code %d, want %q\n%s", r.code, c.want, r.text)
					}
				})
			}
		})
	}
}

// flat is what the console says without its line breaks.
func (r result) flat() string { return strings.Join(strings.Fields(r.text), " ") }

// What cannot be read is an error of the step, in every phase and before
// anything is looked at.
func TestRegistrySchemasThatCannotBeRead(t *testing.T) {
	const set = "  - set: {a: {n: 1}}\n    expect: {a: {schema: REF}}\n"
	const order = "{registry: shop, name: Order}"
	refuse := func(code string) sandbox.Options {
		return sandbox.Options{Intercept: func(_ context.Context, service, operation string) error {
			if operation == "DescribeSchema" {
				return &smithy.GenericAPIError{Code: code, Message: "no"}
			}
			return nil
		}}
	}
	for _, c := range []struct {
		name, scenario, ref string
		o                   sandbox.Options
		want                string
	}{
		{"no registry", "act:\n" + set, "{registry: shp, name: Order}", sandbox.Options{}, `there is no schema registry "shp" in account 000000000000, region us-east-1; did you mean "shop"?`},
		{"no schema", "assert:\n" + set, "{registry: shop, name: Ordr}", sandbox.Options{}, `there is no schema "Ordr" in registry "shop" in account 000000000000, region us-east-1; did you mean "Order"?`},
		{"no version", "act:\n" + set, "{registry: shop, name: Order, version: 2}", sandbox.Options{}, "schema Order of registry shop in account 000000000000, region us-east-1 has no version 2; there are: 1"},
		{"denied", "act:\n" + set, order, refuse("AccessDeniedException"), "this run needs the permission schemas:DescribeSchema on schema/shop/Order"},
		{"two at once", "act:\n  - set: {a: {n: 1}}\n    expect: {a: {any: {schema: REF}, schema: {registry: shop, name: Zebra}}}\n", "{registry: shop, name: Ordr}", sandbox.Options{}, `did you mean "Order"? there is no schema "Zebra" in registry "shop" in account`},
		{"in where, where nothing is expected", "arrange:\n  - listen: {event_bus: play-bus, rule: play-rule}\n    id: l\nact:\n  - wait: 1s\nassert:\n  - received: {from: l, match: {detail: {run: \"${scenario.id}\"}}, where: {detail: {schema: REF}}, none: true}\n    throughout: 1s\n", "{registry: shp, name: Order}", sandbox.Options{}, `there is no schema registry "shp"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := withRegistry(t, c.o, "scenario: S\n"+strings.ReplaceAll(c.scenario, "REF", c.ref))
				if r.code != runner.ExitFailed || r.ends()["S"] != event.Errored || !strings.Contains(r.flat(), c.want) {
					t.Errorf("exit code %d, want %q\n%s", r.code, c.want, r.text)
				}
			})
		})
	}
}

// A registry that does not answer holds a step up no longer than an attempt may
// take, and one that passes by is asked again.
func TestRegistriesThatAreSlow(t *testing.T) {
	const scenario = "scenario: S\nact:\n  - set: {a: {n: 1}}\n    attempt_timeout: 7s\n    expect: {a: {schema: {registry: shop, name: Order}}}\n"
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := withRegistry(t, sandbox.Options{Intercept: func(ctx context.Context, _, operation string) error {
			if operation == "DescribeSchema" {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}}, scenario)
		if r.ends()["S"] != event.Errored || time.Since(start) > 30*time.Second {
			t.Errorf("%s\n%s", time.Since(start), r.text)
		}
		wants(t, r.flat(), "schema Order of registry shop cannot be read: no answer within 7s")
	})
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		r := withRegistry(t, sandbox.Options{Intercept: func(_ context.Context, service, operation string) error {
			if operation == "DescribeSchema" && n.Add(1) < 3 {
				return sandbox.Throttling(service)
			}
			return nil
		}}, scenario)
		if r.code != runner.ExitPassed || n.Load() != 3 {
			t.Errorf("asked %d times\n%s", n.Load(), r.text)
		}
	})
}

// A check that holds on nothing needs throughout, also where only the registry
// tells that it does.
func TestRegistrySchemaThatHoldsOnNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := withRegistry(t, sandbox.Options{}, "scenario: S\nact:\n  - wait: 1s\nassert:\n  - object: {bucket: play-bucket, key: nothing}\n    expect: {exists: false, $: {schema: {registry: shop, name: Anything}}}\n")
		if r.ends()["S"] != event.Errored {
			t.Error(r.text)
		}
		wants(t, r.flat(), "its checks hold on an empty answer", "write throughout or hold")
	})
}

// in says in which account the registry is, whatever the kind: also of one that
// calls nothing itself, or looks at what its listener received.
func TestRegistryOfAnotherAccount(t *testing.T) {
	for name, scenario := range map[string]string{
		"set":        "act:\n  - set: {a: {n: 1}}\n    in: other\n    expect: {a: {schema: {registry: shp, name: Order}}}\n",
		"mock_event": "act:\n  - mock_event: {registry: shp, schema: Order}\n    in: other\n",
		"received":   "arrange:\n  - listen: {event_bus: default, pattern: {source: [shop]}}\n    id: l\nassert:\n  - received: {from: l, match: {detail: {run: \"${scenario.id}\"}}}\n    in: other\n    expect: {\"$.events[0]\": {schema: {registry: shp, name: Order}}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, sandbox.Options{}, files(t, map[string]string{
					"a.scenario.yaml": "scenario: S\n" + scenario, "rehearse.yaml": "accounts:\n  other: {region: eu-west-1}\n",
				}))
				s.change = func(o *runner.Options) {
					place, err := awsclient.Connect(t.Context(), awsclient.Settings{Region: "eu-west-1", EndpointURL: sandbox.URL, Dial: s.sandbox.Dial, AccessKey: "test", SecretKey: "test"})
					if err != nil {
						t.Fatal(err)
					}
					o.Places.Add(o.Plan.Suites[0], "other", place)
				}
				r := s.run()
				if r.ends()["S"] != event.Errored {
					t.Error(r.text)
				}
				wants(t, r.flat(), `there is no schema registry "shp" in account 000000000000, region eu-west-1`)
			})
		})
	}
}

// What mock_event leaves to chance follows the run's seed, and the case.
func TestMockEventFollowsTheSeed(t *testing.T) {
	made := func(seed int64, name string) any {
		var result any
		synctest.Test(t, func(t *testing.T) {
			r := perform(t, "scenario: "+name+"\nact:\n  - mock_event: {schema_file: s.json}\n  - mock_event: {schema_file: s.json, seed: 3}\nassert:\n  - check: 1 == 1\n", func(s *stage) {
				s.beside(t, "s.json", `{"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "string", "pattern": "^[a-z]{30}$"}, "b": {"type": "integer", "minimum": 0}}}`)
				s.change = func(o *runner.Options) { o.Seed = seed }
			})
			if r.code != runner.ExitPassed {
				t.Fatal(r.text)
			}
			result = []any{r.steps()["act/0"].Result, r.steps()["act/1"].Result}
		})
		return result
	}
	first := made(7, "S").([]any)
	if d := cmp.Diff(first, made(7, "S")); d != "" {
		t.Error("the same seed made another event: ", d)
	}
	for what, other := range map[string]any{"another seed": made(8, "S"), "another case": made(7, "T")} {
		if l := other.([]any); cmp.Equal(first[0], l[0]) || !cmp.Equal(first[1], l[1]) {
			t.Errorf("%s: %v and %v", what, first, l)
		}
	}
	if cmp.Equal(first[0], first[1]) {
		t.Error("a seed of its own changed nothing")
	}
}
