package plan_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps/catalogue"
)

// build plans files, given by their paths below one folder that is the root of
// a repository.
func build(t *testing.T, o plan.Options, texts map[string]string) (*plan.Plan, string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range texts {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var p schema.Problems
	built := plan.Build(schema.Discover([]string{dir}, &p), catalogue.New(), o, &p)
	var said []string
	for _, x := range p.Sorted() {
		x.Pos.File = strings.TrimPrefix(x.Pos.File, filepath.ToSlash(schema.Shown(dir))+"/")
		said = append(said, x.Error())
	}
	return built, strings.Join(said, "\n")
}

// values evaluates all vars of a case.
func values(t *testing.T, c *plan.Case) map[string]any {
	t.Helper()
	scope := &expr.Scope{Names: map[string]any{"env": plan.Environ()}}
	lazy := c.Vars.Lazy(func(string) *expr.Scope { return scope })
	scope.Names["vars"] = lazy
	out := map[string]any{}
	for _, name := range lazy.Fields() {
		v, _, err := lazy.Field(name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = v
	}
	return out
}

func TestVarsAreLayered(t *testing.T) {
	p, said := build(t, plan.Options{Environment: "dev", Vars: map[string]string{"line": "line"}}, map[string]string{
		"rehearse.yaml": "vars: {suite: suite, env: suite, scenario: suite, case: suite, line: suite, all: \"${vars.suite} ${vars.env} ${vars.case}\"}\n" +
			"environments:\n  dev: {vars: {env: env, scenario: env, case: env, line: env}}\n  prod: {}\n",
		"a.scenario.yaml": "scenario: S\nvars: {scenario: scenario, case: scenario, line: scenario}\ncases:\n  - {name: one, vars: {case: case, line: case}}\n" +
			"assert:\n  - check: vars.case == 'case'\n",
	})
	if said != "" {
		t.Fatal(said)
	}
	want := map[string]any{"suite": "suite", "env": "env", "scenario": "scenario", "case": "case", "line": "line", "all": "suite env case"}
	if got := values(t, p.Cases[0]); !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestNearestSuiteCountsAlone(t *testing.T) {
	p, said := build(t, plan.Options{}, map[string]string{
		"rehearse.yaml":                "suite: outer\nvars: {a: 1}\n",
		"in/rehearse.yaml":             "suite: inner\n",
		"in/deep/a.scenario.yaml":      "scenario: A\nassert:\n  - check: 1 == 1\n",
		"b.scenario.yml":               "scenario: B\nassert:\n  - check: vars.a == 1\n",
		".hidden/c.scenario.yaml":      "this is not even read: [",
		"node_modules/d.scenario.yaml": "nor this: [",
	})
	if said != "" || len(p.Cases) != 2 || p.Cases[0].Suite.Label != "outer" || p.Cases[1].Suite.Label != "inner" || len(p.Cases[1].Suite.Vars.Names()) != 0 {
		t.Errorf("%s %+v", said, p.Cases)
	}
}

func TestSelection(t *testing.T) {
	texts := map[string]string{"a.scenario.yaml": "scenario: A\ntags: [x]\ncases:\n  - {name: one, tags: [slow]}\n  - {name: two, tags: [y]}\nassert:\n  - check: 1 == 1\n" +
		"---\nscenario: B\nassert:\n  - check: 1 == 1\n"}
	for want, o := range map[string]plan.Options{
		"A [one],A [two],B": {},
		"A [one],A [two]":   {Tags: [][]string{{"x", "none"}}},
		"A [two]":           {Tags: [][]string{{"x"}, {"y", "z"}}},
		"A [two],B":         {SkipTags: []string{"slow"}},
		"A [one]":           {Name: regexp.MustCompile(`\[one\]$`)},
		"":                  {Tags: [][]string{{"none"}}},
	} {
		p, said := build(t, o, texts)
		var got []string
		for _, c := range p.Cases {
			got = append(got, c.Name)
		}
		if strings.Join(got, ",") != want || said != "" || p.Found != 3 {
			t.Errorf("got %v, want %s; %s", got, want, said)
		}
	}
}

func TestSkip(t *testing.T) {
	for skip, want := range map[string]string{
		`""`: "", "false": "", "null": "", "not yet": "not yet", "true": "skip is true", "${vars.n == 1}": "skip is true",
		"${vars.n == 2}": "", "\"${vars.n == 1 ? 'n is one' : ''}\"": "n is one",
	} {
		p, said := build(t, plan.Options{}, map[string]string{"a.scenario.yaml": "scenario: A\nvars: {n: 1}\nskip: " + skip + "\nassert:\n  - check: 1 == 1\n"})
		if said != "" || p.Cases[0].Skip != want {
			t.Errorf("skip: %s gives %q, want %q; %s", skip, p.Cases[0].Skip, want, said)
		}
	}
}

func TestEnvironments(t *testing.T) {
	texts := map[string]string{
		"rehearse.yaml":   "environments:\n  dev: {region: \"${env.TEST_REGION}\", defaults: {within: 3s}}\n  prod: {}\n",
		"a.scenario.yaml": "scenario: A\nenvironments: [prod]\nassert:\n  - check: 1 == 1\n",
	}
	t.Setenv("TEST_REGION", "eu-central-1")
	p, said := build(t, plan.Options{Environment: "dev"}, texts)
	if c := p.Cases[0]; said != "" || c.Skip != "runs only in the environments prod" || c.Suite.Environment.Region != "eu-central-1" || c.Suite.Defaults.Within.String() != "3s" {
		t.Errorf("%s %+v", said, c)
	}
	if p, said = build(t, plan.Options{Environment: "prod"}, texts); said != "" || p.Cases[0].Skip != "" {
		t.Errorf("%s %+v", said, p.Cases[0])
	}
	if p, said = build(t, plan.Options{Detached: true}, texts); said != "" || !strings.Contains(p.Cases[0].Skip, "none is chosen") {
		t.Errorf("%s %+v", said, p.Cases[0])
	}
	if _, said = build(t, plan.Options{AnyEnvironment: true}, texts); said != "" {
		t.Error(said)
	}
}

func TestCasesMustAllDefineWhatStepsUse(t *testing.T) {
	_, said := build(t, plan.Options{}, map[string]string{
		"a.scenario.yaml": "scenario: A\ncases:\n  - {name: one, vars: {a: 1, b: 1}}\n  - {name: two, vars: {a: 2}}\nassert:\n  - check: vars.a == 1\n  - check: vars.b == 1\n",
	})
	if want := `a.scenario.yaml:7:12: the var "b" is defined by some cases only, and not by the case two; give every case a value, or the scenario's vars one for all`; said != want {
		t.Errorf("got %s, want %s", said, want)
	}
}

func TestWarnsOfForeignEvents(t *testing.T) {
	warns := func(match string) bool {
		_, said := build(t, plan.Options{}, map[string]string{"a.scenario.yaml": "scenario: A\nvars: {mine: \"x-${scenario.id}\", any: x}\narrange:\n" +
			"  - listen: {all: true}\n    id: l\nact:\n  - put_event: {source: s, detail_type: t, detail: {}}\n    id: put\nassert:\n  - received: {from: l, match: " + match + "}\n"})
		return strings.Contains(said, "an event of another case could satisfy it")
	}
	for match, want := range map[string]bool{
		`{detail: {run: "${scenario.id}"}}`: false, `{id: "${put.event_id}"}`: false, `{detail: {run: "${vars.mine}"}}`: false,
		`{source: shop}`: true, `{source: "${vars.any}"}`: true,
	} {
		if got := warns(match); got != want {
			t.Errorf("%s: warned %v, want %v", match, got, want)
		}
	}
}

func TestUses(t *testing.T) {
	p, said := build(t, plan.Options{}, map[string]string{"a.scenario.yaml": "scenario: A\nact:\n  - set: {a: 1}\n    id: one\n  - set: {a: \"${one.a + default(one.b, 0)}\"}\n    id: two\n" +
		"assert:\n  - check: default(two.x, 1) == 1\n    id: three\n  - check: 1 == 1\n    after: three\n"})
	if said != "" {
		t.Fatal(said)
	}
	s := p.Cases[0].Steps
	if !slices.Equal(s.Act[1].Needs, []string{"one"}) || len(s.Assert[0].Needs) != 0 || !slices.Equal(s.Assert[0].Uses, []string{"two"}) || !slices.Equal(s.Assert[1].Needs, []string{"three"}) {
		t.Errorf("%v %v %v", s.Act[1].Needs, s.Assert[0], s.Assert[1].Needs)
	}
}

func TestNamesThatReportsCouldNotTellApart(t *testing.T) {
	_, said := build(t, plan.Options{}, map[string]string{
		"a.scenario.yaml": "scenario: \"B [x]\"\nassert:\n  - check: 1 == 2\n---\nscenario: B\ncases: [{name: x}]\nassert:\n  - check: 1 == 1\n---\nscenario: \"B[x]\"\nassert:\n  - check: 1 == 1\n",
		"b.scenario.yaml": "scenario: B\ncases: [{name: x}, {name: x}, {name: \"\"}]\nassert:\n  - check: 1 == 1\n",
	})
	for _, want := range []string{
		`a.scenario.yaml:6:9: "B [x]" stands in this file twice (first in line 1)`, `a.scenario.yaml:10:11: "B[x]" stands in this file twice`,
		`b.scenario.yaml:2:20: "B [x]" stands in this file twice`, `b.scenario.yaml:2:38: the case has no name`,
	} {
		if !strings.Contains(said, want) {
			t.Errorf("want %s in\n%s", want, said)
		}
	}
}

const listens = "scenario: S\narrange:\n  - listen: {all: true}\n    id: l\nassert:\n"

func TestWhatIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"scenario: only a name\n":                          "this scenario has no steps",
		"scenario: S\nact:\n  - set: {a: 1}\nassert: []\n": "assert is empty, so nothing would be checked",
		"scenario: S\nact:\n  - put_event: {source: s, detail_type: t, detail: {}}\n    hold: 1s\n":                                        "hold needs a step that looks; put_event acts, and would have to act again",
		"scenario: S\nassert:\n  - object: {bucket: b, key: k}\n    hold: 0s\n    expect: {exists: false}\n":                               "this holds on an empty answer",
		"scenario: S\nassert:\n  - object: {bucket: b, key: k}\n    throughout: 0s\n":                                                      "throughout must be longer than nothing",
		"scenario: S\nassert:\n  - log_events: {log_group: g}\n    expect: {events: {empty: true}, count: 0}\n":                            "this holds on an empty answer",
		"scenario: S\nenvironments: [dve]\nassert:\n  - check: 1 == 1\n":                                                                   "the suite has no environment \"dve\"",
		"scenario: S\nact:\n  - set: {a: 1}\n    id: length\n":                                                                             "\"length\" cannot be an id",
		"scenario: S\nact:\n  - set: {a: 1}\n    id: \"\"\n":                                                                               "\"\" cannot be an id",
		"scenario: S\narrange:\n  - listen: {all: true}\n    id: in\nassert:\n  - received: {from: in, match: {id: \"${scenario.id}\"}}\n": "\"in\" cannot be an id",
		listens + "  - received: {from: l, match: {detail_type: t, id: \"${scenario.id}\"}}\n":                                             "an event has no \"detail_type\"; did you mean \"detail-type\"?",
		listens + "  - received: {from: l, match: {source: [s], id: \"${scenario.id}\"}}\n":                                                "source of an event is text and never a list; match compares whole values",
		listens + "  - received: {from: l, where: {\"$.events[0].detail-type\": t, detail.run: \"${scenario.id}\"}}\n":                     "an event has no \"events\"",
		"scenario: S\narrange:\n  - listen: {pattern: {$or: [{detail_type: [t]}, {source: [s]}]}}\nassert:\n  - check: 1 == 1\n":           "an event has no \"detail_type\"",
		"scenario: S\nassert:\n  - log_events: {log_group: g, match: {msg: x}}\n":                                                          "an entry has no \"msg\"",
		"scenario: S\nassert:\n  - object: {bucket: b, key: k}\n    within: 0s\n":                                                          "within must be longer than nothing",
		"scenario: S\nassert:\n  - execution: {arn: x}\n    expect: {status: {one_of: [RUNNING, SUCCEEDED]}, error: {exists: false}}\n":    "this holds on an empty answer",
		"scenario: S\narrange:\n  - listen: {all: true}\n    keep: true\nassert:\n  - check: 1 == 1\n":                                     "a listener cannot be kept: the whole run shares it",
		"scenario: S\nassert:\n  - set: {a: 1}\n":                                                                                          "this scenario checks nothing",
		"scenario: S\nassert:\n  - check: ${uper('x') == 'X'}\n":                                                                           "there is no function uper(); did you mean upper(s)?",
	} {
		if _, said := build(t, plan.Options{}, map[string]string{"a.scenario.yaml": text}); strings.Count(said, "\n") > 0 || !strings.Contains(said, want) {
			t.Errorf("%s\ngot  %s\nwant %s", text, said, want)
		}
	}
}

func TestWhatOnlyTheRunCanTell(t *testing.T) {
	for _, step := range []string{
		"received: {from: l, match: {detail: {run: \"${scenario.id}\"}}, count: \"${vars.n}\"}",
		"http_request: {url: \"http://127.0.0.1:1/\"}",
		"log_events: {log_group: g}\n    throughout: \"${vars.n}s\"\n    expect: {count: 0}",
		"log_events: {log_group: g}\n    expect: {count: \"${vars.n}\"}",
	} {
		_, said := build(t, plan.Options{}, map[string]string{"a.scenario.yaml": "scenario: S\nvars: {n: 2}\narrange:\n  - listen: {all: true}\n    id: l\nassert:\n  - " + step + "\n"})
		if said != "" {
			t.Errorf("%s: %s", step, said)
		}
	}
}

// TestAccountsThatParametersName are connected like those of in.
func TestAccountsThatParametersName(t *testing.T) {
	p, said := build(t, plan.Options{}, map[string]string{
		"rehearse.yaml": "accounts:\n  a: {region: eu-west-1}\n  b: {region: eu-west-2}\n  c: {region: eu-west-3}\n  d: {region: us-east-2}\n",
		"x.steps.yaml":  "look:\n  steps:\n    - trace: {id: \"${scenario.trace_id}\", accounts: [b]}\n",
		"x.scenario.yaml": `scenario: S
assert:
  - trace: {id: "${scenario.trace_id}", accounts: [a, c]}
    in: c
  - use: {steps: "x.steps.yaml#look"}
`,
	})
	if said != "" || len(p.Suites) != 1 || !slices.Equal(p.Suites[0].Used, []string{"a", "b", "c"}) {
		t.Errorf("%s: %v", said, p.Suites[0].Used)
	}
}

// TestATraceWaitsByItself: throughout would end with a first look that has not waited.
func TestATraceWaitsByItself(t *testing.T) {
	_, said := build(t, plan.Options{}, map[string]string{
		"x.scenario.yaml": "scenario: S\nassert:\n  - trace: {id: \"${scenario.trace_id}\", visits: [A]}\n    throughout: 30s\n",
	})
	if !strings.Contains(said, "trace waits by itself until nothing more comes, and throughout would end") {
		t.Error(said)
	}
}
