package runner_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// exactly takes numbers that a float64 would change from the file through
// vars, expressions, a table, a bus, a state machine and a function's log, and
// back to checks.
const exactly = `
scenario: Exact numbers
vars:
  big: 9007199254740993
  long: 12345678901234567890.123
  tenth: 0.1
  hundred: 1e2
  one: 1.0
  doc: {big: 9007199254740993, list: [9007199254740993, 0.1]}
  sent: {run: "${scenario.id}", big: "${vars.big}", long: "${vars.long}", tenth: "${vars.tenth}", hundred: "${vars.hundred}", one: "${vars.one}", doc: "${vars.doc}", more: "${vars.big + 1}"}
arrange:
  - listen: {event_bus: play-bus, all: true}
    id: l
act:
  - set:
      all: ${vars.sent}
      more: ${vars.big + 1}
      third: ${vars.tenth + 0.2}
      text: n=${vars.big}
      json: ${to_json(vars.doc)}
      back: ${from_json(to_json(vars.doc)).big}
      number: ${number(text(vars.long))}
      sum: ${sum([vars.big, vars.tenth])}
    id: made
  - put_item: {table: play-table, item: {pk: "${scenario.id}", big: "${vars.big}", long: "${vars.long}", tenth: "${vars.tenth}", hundred: "${vars.hundred}", one: "${vars.one}", doc: "${vars.doc}"}}
    id: put
  - put_event: {bus: play-bus, source: shop, detail_type: placed, detail: "${vars.sent}"}
  - start_execution: {state_machine: play-machine, input: "${vars.sent}"}
    id: started
assert:
  - check: ${made.all.big == 9007199254740993 && made.all.big != 9007199254740992 && made.more == 9007199254740994}
  - check: made.third == 0.3 && made.text == "n=9007199254740993" && made.back == vars.big && made.number == vars.long && made.sum == 9007199254740993.1
  - check: made.json =~ "9007199254740993" && text(vars.hundred) == "1e2" && text(vars.one) == "1.0"
  - item: {table: play-table, key: {pk: "${scenario.id}"}}
    id: read
    expect:
      item.big: 9007199254740993
      item.long: 12345678901234567890.123
      item.tenth: 0.1
      item.hundred: 100
      item.one: 1
      item.doc: {equals: {big: 9007199254740993, list: [9007199254740993, 0.1]}}
      item.doc.list[?(@ == 9007199254740993)]: {length: 1}
      item.doc.list[?(@ == 9007199254740992)]: {empty: true}
  - check: ${read.item.big == vars.big && read.item.long == vars.long && read.item.big + 1 == vars.sent.more}
    after: read
  - received: {from: l, match: {detail: {run: "${scenario.id}", big: 9007199254740993, long: 12345678901234567890.123, doc: {list: [9007199254740993, 0.1]}}}, pattern: {detail: {big: [9007199254740993]}}}
    id: got
    expect:
      events[0].detail.big: {equals: "${vars.big}", not_equals: 9007199254740992, gt: 9007199254740992, lt: 9007199254740994, between: [9007199254740993, 9007199254740993]}
      events[0].detail.more: 9007199254740994
      events[0].detail: {match: {hundred: 100, one: 1, tenth: 0.1}}
  - execution: {arn: "${started.execution_arn}"}
    expect: {input.big: 9007199254740993, output.long: 12345678901234567890.123, output.doc.list: [9007199254740993, 0.1]}
  - log_events: {log_group: play-log, match: {json: {detail: {run: "${scenario.id}", big: 9007199254740993}}}}
    within: 10s
`

func TestNumbersStayExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, exactly)
		if r.code != runner.ExitPassed {
			t.Fatalf("exit code %d\n%s", r.code, r.text)
		}
		r.clean(t)
		for _, wrong := range []string{"9007199254740992.", "9.007199254740", "12345678901234567000", "1.2345678901234567e", "12345678901234567168", "0.30000000000000004"} {
			if bytes.Contains(r.json, []byte(wrong)) {
				t.Errorf("the stream holds %s", wrong)
			}
		}
		for _, right := range []string{`"big":9007199254740993`, `"long":12345678901234567890.123`, `"tenth":0.1`, `"hundred":1e2`, `"one":1.0`, `"more":9007199254740994`, `"third":0.3`} {
			if !bytes.Contains(r.json, []byte(right)) {
				t.Errorf("the stream lacks %s", right)
			}
		}
		// What is read back from the stream is what was written.
		read := &recorder{}
		if err := event.Read(bytes.NewReader(r.json), read); err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		for _, e := range read.events {
			if err := event.Write(&again, e); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(again.Bytes(), r.json) {
			t.Error("the stream changed when it was read and written again")
		}
	})
}

// TestNumbersStayExactInCases takes them through cases, rows of a file, turns
// of for_each, and blocks.
func TestNumbersStayExactInCases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, sandbox.Options{}, files(t, map[string]string{
			"rows.json": `[{"name": "j", "big": 9007199254740993, "list": [0.1, 1e2]}]`,
			"rows.yaml": "- {name: y, big: 9007199254740993, list: [0.1, 1e2]}\n",
			"block.steps.yaml": `
twice:
  params: {n: {required: true}, m: {default: 9007199254740993}}
  steps:
    - set: {n: "${params.n}", m: "${params.m}"}
      id: inner
  result: {n: "${inner.n}", m: "${inner.m}"}
`,
			"a.scenario.yaml": caseOf("json", "{from: rows.json, name: json}", "row.big", "row.list"),
			"b.scenario.yaml": caseOf("yaml", "{from: rows.yaml, name: yaml}", "vars.big", "vars.list"),
			"c.scenario.yaml": caseOf("here", "[{name: here, vars: {big: 9007199254740993, list: [0.1, 1e2]}}]", "vars.big", "vars.list"),
		}))
		r := s.run()
		if r.code != runner.ExitPassed || len(r.ends()) != 3 {
			t.Errorf("exit code %d, %v\n%s", r.code, r.ends(), r.text)
		}
		for _, right := range []string{`"n":9007199254740993`, `[{"x":0.1},{"x":1e2}]`} {
			if bytes.Count(r.json, []byte(right)) < 3 {
				t.Errorf("the stream lacks %s", right)
			}
		}
	})
}

func caseOf(name, cases, number, list string) string {
	return strings.NewReplacer("NAME", name, "CASES", cases, "NUMBER", number, "LIST", list).Replace(`
scenario: NAME
cases: CASES
act:
  - set: {x: "${each.value}"}
    for_each: ${LIST}
    id: turns
  - use: {steps: block.steps.yaml#twice, with: {n: "${NUMBER}"}}
    id: block
assert:
  - check: ${block.n == 9007199254740993 && block.n != 9007199254740992 && block.m == block.n && NUMBER + 1 == 9007199254740994}
  - check: turns[0].x + 0.2 == 0.3 && text(turns[1].x) == "1e2"
`)
}

// TestNumbersStayExactBesideSecrets has the events rewritten, to hide a secret.
func TestNumbersStayExactBesideSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, `
scenario: S
act:
  - set: {big: 9007199254740993, long: 12345678901234567890.123, hundred: 1e2, said: "top-secret-word"}
    id: a
assert:
  - check: a.big == 9007199254740993
`, func(s *stage) { s.secrets = []string{"top-secret-word"} })
		if r.code != runner.ExitPassed {
			t.Fatal(r.text)
		}
		for _, right := range []string{`"big":9007199254740993`, `"long":12345678901234567890.123`, `"hundred":1e2`} {
			if !bytes.Contains(r.json, []byte(right)) {
				t.Errorf("the stream lacks %s", right)
			}
		}
		if bytes.Contains(r.json, []byte("top-secret-word")) {
			t.Error("the secret is there")
		}
	})
}

// TestANumberOneOffIsNoticed asks at every place for the neighbour that a
// float64 takes for the same number: each check must fail, and say both.
func TestANumberOneOffIsNoticed(t *testing.T) {
	const arrange = `
scenario: S
vars: {big: 9007199254740993, sent: {run: "${scenario.id}", big: 9007199254740993}}
arrange:
  - listen: {event_bus: play-bus, all: true}
    id: l
act:
  - set: {big: "${vars.big}"}
    id: made
  - put_item: {table: play-table, item: {pk: "${scenario.id}", big: "${vars.big}"}}
  - put_event: {bus: play-bus, source: shop, detail_type: placed, detail: "${vars.sent}"}
  - start_execution: {state_machine: play-machine, input: "${vars.sent}"}
    id: started
assert:
`
	received := `  - received: {from: l, match: {detail: {run: "${scenario.id}"}}}
    within: 2s
    expect: {"events[0].detail.big": `
	for name, step := range map[string]string{
		"set":              "  - check: made.big == 9007199254740992\n",
		"item":             "  - item: {table: play-table, key: {pk: \"${scenario.id}\"}}\n    within: 2s\n    expect: {item.big: 9007199254740992}\n",
		"item, one of":     "  - item: {table: play-table, key: {pk: \"${scenario.id}\"}}\n    within: 2s\n    expect: {item.big: {one_of: [9007199254740992, 9007199254740994]}}\n",
		"item, approx":     "  - item: {table: play-table, key: {pk: \"${scenario.id}\"}}\n    within: 2s\n    expect: {item.big: {approx: {value: 9007199254740992, within: 0.5}}}\n",
		"item, match":      "  - item: {table: play-table, key: {pk: \"${scenario.id}\"}}\n    within: 2s\n    expect: {item: {match: {big: 9007199254740992}}}\n",
		"item, schema":     "  - item: {table: play-table, key: {pk: \"${scenario.id}\"}}\n    within: 2s\n    expect: {item: {schema: {properties: {big: {const: 9007199254740992}}}}}\n",
		"item, maximum":    "  - item: {table: play-table, key: {pk: \"${scenario.id}\"}}\n    within: 2s\n    expect: {item.big: {schema: {maximum: 9007199254740992}}}\n",
		"event":            received + "9007199254740992}\n",
		"event, at most":   received + "{lte: 9007199254740992}}\n",
		"event, match":     "  - received: {from: l, match: {detail: {run: \"${scenario.id}\", big: 9007199254740992}}}\n    within: 2s\n",
		"event, where":     "  - received: {from: l, match: {detail: {run: \"${scenario.id}\"}}, where: {detail.big: 9007199254740992}}\n    within: 2s\n",
		"execution":        "  - execution: {arn: \"${started.execution_arn}\"}\n    within: 2s\n    expect: {output.big: 9007199254740992}\n",
		"execution, var":   "  - execution: {arn: \"${started.execution_arn}\"}\n    within: 2s\n    expect: {output.big: \"${vars.big - 1}\"}\n",
		"event, a pattern": "  - received: {from: l, match: {detail: {run: \"${scenario.id}\"}}, pattern: {detail: {big: [9007199254740992]}}}\n    within: 2s\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := perform(t, arrange+step)
				finish := r.steps()["assert/0"]
				if r.code != runner.ExitFailed || finish == nil || finish.Status != event.Failed {
					t.Fatalf("exit code %d\n%s", r.code, r.text)
				}
				wants(t, r.text, "9007199254740992", "9007199254740993")
				if name == "execution, var" && !strings.Contains(string(marshal(t, finish)), `"expected":9007199254740992`) {
					t.Errorf("%s", marshal(t, finish))
				}
			})
		})
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
