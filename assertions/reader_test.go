package assertions

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/schema"
)

// nodeOf reads one YAML document.
func nodeOf(t testing.TB, text string) *schema.Node {
	t.Helper()
	var p schema.Problems
	docs := schema.ReadDocuments("f.yaml", []byte(text), &p)
	if err := p.Err(); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if len(docs) != 1 {
		t.Fatalf("%s: %d documents", text, len(docs))
	}
	return docs[0]
}

func said(p *schema.Problems) string {
	var l []string
	for _, x := range p.Sorted() {
		l = append(l, fmt.Sprintf("%d:%d: %s", x.Pos.Line, x.Pos.Col, x.Message))
	}
	return strings.Join(l, "\n")
}

// checksOf reads checks that must be right.
func checksOf(t testing.TB, text string) Checks {
	t.Helper()
	var p schema.Problems
	var c Checks
	c.ReadNode(nodeOf(t, text), &p)
	if s := said(&p); s != "" {
		t.Fatalf("%s:\n%s", text, s)
	}
	return c
}

func TestChecksThatAreWrong(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"5", `1:1: expected a mapping of paths to checks, such as {status: SUCCEEDED}, found the number 5`},
		{"[a]", `1:1: expected a mapping of paths to checks, such as {status: SUCCEEDED}, found a list`},
		{"{}", `1:1: nothing is checked: the mapping is empty; name a path and what is expected there`},
		{"status: {}", `1:9: nothing is checked: the mapping is empty; name an operator, such as equals, or write equals: {}`},
		{"status:", `1:8: nothing stands after "status:"; write null to mean null`},
		{"status: {equals: }", `1:18: nothing stands after "equals:"; write null to mean null`},
		{"body: {error: {code: 5}}", `1:8: unknown operator "error"; to compare with this document write equals: {error: …} or match: {error: …}`},
		{"body: {code: 1, size: 2, time: 3, x: 4}", `1:8: unknown operator "code"; to compare with this document write equals: {code: …, size: …, time: …, …} or match: {code: …, size: …, time: …, …}`},
		{"body: {equal: 1}", `1:8: unknown operator "equal"; did you mean "equals"?`},
		{"body: {gt: 1, ltt: 2}", `1:15: unknown operator "ltt"; did you mean "lt"?`},
		{"body: {gt: 1, whatever: 2}", `1:15: unknown operator "whatever"; known are any, approx, between, contains, each, empty, ends_with, equals, exists, filter, gt, gte, in_order, is, json, length, lt, lte, match, matches, not, not_contains, not_equals, one_of, pattern, schema, share, starts_with, unique, unordered; to compare with a document write equals: {…}`},
		{`a: {lt: "9"}`, `1:9: lt compares the text "9" by its characters, so that "10" comes before "9"; write it without quotes to compare numbers`},
		{`a: {between: ["1", "5"]}`, `1:15: between compares the text "1" by its characters, so that "10" comes before "9"; write it without quotes to compare numbers`},
		{"a: {gt: [1]}", "1:9: gt takes a number or text, found a list"},
		{"a: {lte: true}", "1:10: lte takes a number or text, found true"},
		{"a: {between: 5}", "1:14: between takes two values, the lower one first, such as [10, 20], found the number 5"},
		{"a: {between: [1, 2, 3]}", "1:14: between takes two values, the lower one first, such as [10, 20], found a list"},
		{"a: {between: [1, x]}", `1:14: between takes two numbers or two texts, found the number 1 and the text "x"`},
		{"a: {between: [1, null]}", "1:18: between takes numbers or texts, found null"},
		{`a: {between: ["2026-01-01", "2026-01-01T00:00:00Z"]}`, `1:14: between takes two timestamps (RFC 3339) or two other texts, found the text "2026-01-01" and the text "2026-01-01T00:00:00Z"`},
		{"a: {between: [5, 1]}", "1:14: between takes the lower value first; nothing lies from 5 to 1"},
		{"a: {one_of: x}", `1:13: one_of takes a list of values, found the text "x"; write [x]`},
		{"a: {one_of: []}", "1:13: one_of takes a list of values, found an empty list"},
		{"a: {in_order: []}", "1:15: in_order takes a list of elements in their order, found an empty list"},
		{"a: {unordered: 1}", "1:16: unordered takes a list, found the number 1; write [1]"},
		{"a: {approx: 5}", "1:13: approx takes a value and how far off it may be, such as {value: 0.5, within: 0.01}, found the number 5"},
		{"a: {approx: {value: 5}}", "1:13: approx takes a value and how far off it may be, such as {value: 0.5, within: 0.01}, and one of the two is missing"},
		{"a: {approx: {value: 5, whithin: 1}}", `1:24: approx takes a value and how far off it may be, such as {value: 0.5, within: 0.01}, found "whithin"; did you mean "within"?`},
		{"a: {approx: {value: x, within: 1}}", `1:21: approx: value takes a number, found the text "x"`},
		{"a: {approx: {value: 1, within: -1}}", "1:32: approx: within must not be negative, found -1"},
		{"a: {approx: {value: 1e999, within: 1}}", "1:13: approx: 1e999 is too large or too long to calculate with"},
		{"a: {starts_with: 5}", `1:18: starts_with takes text, found the number 5; to mean the text write "5"`},
		{`a: {ends_with: ""}`, "1:16: ends_with with empty text checks nothing: it holds for every text"},
		{`a: {matches: "("}`, "1:14: \"(\" is not a regular expression (RE2): a ( is never closed; the character is \\("},
		{`a: {matches: "(?=x)"}`, "1:14: \"(?=x)\" is not a regular expression (RE2): (?= has no meaning there; RE2 cannot look ahead or behind"},
		{"a: {matches: [x]}", "1:14: matches takes a regular expression, found a list; text that begins with [ or { needs quotes"},
		{"a: {exists: 1}", "1:13: exists takes true or false, found the number 1; write true"},
		{"a: {exists: yes}", `1:13: exists takes true or false, found the text "yes"; write true`},
		{"a: {empty: off}", `1:12: empty takes true or false, found the text "off"; write false`},
		{`a: {exists: "true"}`, `1:13: exists takes true or false, found the text "true"; write true without quotes`},
		{`a: {length: "3"}`, `1:13: length takes a number of 0 or more, or operators, found the text "3"; write it without quotes`},
		{`a: {length: {equals: "3"}}`, `1:22: a length is a number and is compared with numbers, found the text "3"; write it without quotes`},
		{`a: {length: {not: {equals: "3"}}}`, `1:28: a length is a number and is compared with numbers, found the text "3"; write it without quotes`},
		{`a: {length: {one_of: [3, x]}}`, `1:26: a length is a number and is compared with numbers, found the text "x"`},
		{"a: {length: {contains: 3}}", "1:14: a length is a number, and contains is not for numbers; length takes equals, not_equals, gt, gte, lt, lte, between, one_of, approx, not"},
		{`a: {empty: "yes"}`, `1:12: empty takes true or false, found the text "yes"; write true`},
		{"a: {unique: false}", "1:13: unique takes true; to expect doubles write not: {unique: true}"},
		{"a: {length: -1}", "1:13: length takes a number of 0 or more, or operators, found the number -1"},
		{"a: {length: 1.5}", "1:13: length takes a number of 0 or more, or operators, found the number 1.5"},
		{"a: {length: {}}", "1:13: nothing is checked: the mapping is empty; name an operator, such as equals, or write equals: {}"},
		{"a: {length: {gtt: 1}}", `1:14: unknown operator "gtt"; did you mean "gt"?`},
		{"a: {is: uid}", `1:9: unknown type "uid"; did you mean "uuid"?`},
		{"a: {is: whatever}", `1:9: unknown type "whatever"; known are arn, array, base64, boolean, date, email, integer, ip, json, null, number, object, string, timestamp, url, uuid`},
		{"a: {match: 5}", "1:12: match takes a document with the fields that must be there, found the number 5"},
		{"a: {match: {}}", "1:12: nothing is matched: the document is empty; name a field that must be there"},
		{"a: {json: x}", `1:11: expected a mapping of paths to checks, such as {status: SUCCEEDED}, found the text "x"`},
		{"a: {json: {}}", "1:11: nothing is checked: the mapping is empty; name a path and what is expected there"},
		{"a: {not: 5}", "1:10: not takes operators, such as {equals: …}, found the number 5"},
		{`a: {not: "${x}"}`, `1:10: not takes operators, such as {equals: …}, found the text "${x}"`},
		{"a: {not: {}}", "1:10: nothing is checked: the mapping is empty; name an operator, such as equals, or write equals: {}"},
		{"a: {each: {}}", "1:11: nothing is checked: the mapping is empty; name an operator, such as equals, or write equals: {}"},
		{"a: {each: {gt: 1, sku: x}}", "1:11: each takes operators or paths, found both: gt is an operator, sku a path; write $.gt to mean a field of that name"},
		{"a: {each: {gt: 1, ltt: 5}}", `1:11: each takes operators or paths, found both: gt is an operator, ltt a path; write $.gt to mean a field of that name; did you mean "lt"?`},
		{"a: {not: {equls: 3}}", `1:11: unknown operator "equls"; did you mean "equals"?`},
		{"a: {not: {gt: 1, ltt: 3}}", `1:18: unknown operator "ltt"; did you mean "lt"?`},
		{"a: {share: {gte: 1}}", "1:12: share does not say what an element must hold to count: add where, such as {where: {ok: true}, gte: 0.99}"},
		{"a: {share: 5}", "1:12: share takes where, which says what an element must hold, and operators for the share, such as {where: {ok: true}, gte: 0.99}, found the number 5"},
		{"a: {share: {where: {ok: true}}}", "1:12: nothing is checked: share does not say how large the share must be; add an operator beside where, such as gte: 0.99"},
		{"a: {share: {where: 1, gte: 99}}", "1:28: a share lies between 0 and 1, found 99; for 99% write 0.99"},
		{"a: {share: {where: 1, gte: -1}}", "1:28: a share lies between 0 and 1, found -1"},
		{"a: {share: {where: 1, between: [0.5, 50]}}", "1:38: a share lies between 0 and 1, found 50; for 50% write 0.5"},
		{"a: {share: {where: 1, gte: 0}}", "1:28: nothing is checked: gte: 0 holds for every share"},
		{"a: {share: {where: 1, lte: 1.0}}", "1:28: nothing is checked: lte: 1.0 holds for every share"},
		{`a: {share: {where: 1, equals: "0.5"}}`, `1:31: a share is a number and is compared with numbers, found the text "0.5"; write it without quotes`},
		{"a: {share: {where: 1, matches: x}}", "1:23: a share is a number, and matches is not for numbers; share takes equals, not_equals, gt, gte, lt, lte, between, one_of, approx, not"},
		{"a: {filter: ' '}", "1:13: filter with empty text checks nothing: it lets every text through"},
		{"a: {pattern: [1]}", "1:14: pattern takes an EventBridge event pattern, such as {source: [orders]}, found a list"},
		{"a: {pattern: {source: x}}", `1:23: source: values stand in a list: write ["x"]`},
		{"a: {filter: {x: y}}", `1:13: a filter pattern is text, found a mapping; put the pattern into single quotes, such as '{ $.level = "ERROR" }'`},
		{"a: {gt: x, exists: 1}\nb: {is: 5}", "1:20: exists takes true or false, found the number 1; write true\n2:9: is takes the name of a type, found the number 5"},
	} {
		t.Run(c.yaml, func(t *testing.T) {
			var p schema.Problems
			var k Checks
			k.ReadNode(nodeOf(t, c.yaml), &p)
			if d := cmp.Diff(c.want, said(&p)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestChecksWithBadPaths(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{`"a[": 1`, `1:1: "a[" is not a path: `},
		{`"": 1`, `1:1: "" is not a path: `},
	} {
		t.Run(c.yaml, func(t *testing.T) {
			var p schema.Problems
			var k Checks
			k.ReadNode(nodeOf(t, c.yaml), &p)
			if !strings.HasPrefix(said(&p), c.want) {
				t.Errorf("%s", said(&p))
			}
		})
	}
}

// Before their values are there, holes must not be taken for mistakes, and the
// checks must not be taken for runnable.
func TestChecksWithOpenHoles(t *testing.T) {
	for _, yaml := range []string{
		`"${checks}"`,
		`a: "${x}"`,
		`a: "n-${x}"`,
		`a: [1, "${x}"]`,
		`a: {equals: {b: "${x}"}}`,
		`a: {gt: "${x}"}`,
		`a: {between: "${x}"}`,
		`a: {between: ["${x}", 5]}`,
		`a: {one_of: "${x}"}`,
		`a: {one_of: [1, "${x}"]}`,
		`a: {approx: "${x}"}`,
		`a: {approx: {value: "${x}", within: 1}}`,
		`a: {contains: "${x}"}`,
		`a: {starts_with: "${x}"}`,
		`a: {starts_with: "a${x}"}`,
		`a: {matches: "(${x}"}`,
		`a: {exists: "${x}"}`,
		`a: {empty: "${x}"}`,
		`a: {length: "${x}"}`,
		`a: {length: {gt: "${x}"}}`,
		`a: {unique: "${x}"}`,
		`a: {is: "${x}"}`,
		`a: {match: "${x}"}`,
		`a: {match: {b: "${x}"}}`,
		`a: {json: "${x}"}`,
		`a: {json: {b: "${x}"}}`,
		`a: {not: {equals: "${x}"}}`,
		`a: {each: "${x}"}`,
		`a: {each: {b: "${x}"}}`,
		`a: {share: {where: "${x}", gte: 1}}`,
		`a: {pattern: {source: ["${x}"]}}`,
		`a: {filter: "${x}"}`,
		`a: {filter: "[${x}"}`,
		`{a: 1, b: "${x}"}`,
	} {
		t.Run(yaml, func(t *testing.T) {
			var p schema.Problems
			var c Checks
			c.ReadNode(nodeOf(t, yaml), &p)
			if s := said(&p); s != "" {
				t.Errorf("problems: %s", s)
			}
			if c.Known() || c.Empty() {
				t.Errorf("known %v, empty %v", c.Known(), c.Empty())
			}
			for _, doc := range []string{`{}`, `{"a":1}`, `{"a":"n-"}`, `{"a":[]}`} {
				if c.Holds(parse(t, doc)) {
					t.Errorf("holds for %s without a value", doc)
				}
			}
		})
	}
}

// What an expression gave means equals, even a mapping that looks like operators.
func TestComputedValuesMeanEquals(t *testing.T) {
	at := schema.Pos{File: "f.yaml", Line: 3, Col: 7}
	for _, c := range []struct {
		value string
		doc   string
		want  bool
	}{
		{`{"gt":1}`, `{"a":{"gt":1}}`, true},
		{`{"gt":1}`, `{"a":5}`, false},
		{`{}`, `{"a":{}}`, true},
		{`{}`, `{"a":{"b":1}}`, false},
		{`[1]`, `{"a":[1.0]}`, true},
		{`null`, `{"a":null}`, true},
		{`null`, `{}`, false},
	} {
		t.Run(c.value+" "+c.doc, func(t *testing.T) {
			n := nodeOf(t, "a: 1")
			n.Entries[0].Value = schema.NodeOf(parse(t, c.value), at)
			var p schema.Problems
			var k Checks
			k.ReadNode(n, &p)
			if s := said(&p); s != "" {
				t.Fatal(s)
			}
			if got := k.Holds(parse(t, c.doc)); got != c.want {
				t.Errorf("holds: %v", got)
			}
		})
	}
}

// An expression may give an argument that an operator does not take.
func TestComputedArgumentsThatAreWrong(t *testing.T) {
	for _, c := range []struct{ op, value, want string }{
		{"gt", `null`, "3:7: gt takes a number or text, found null"},
		{"exists", `"true"`, `3:7: exists takes true or false, found the text "true"; write true`},
		{"matches", `"("`, "3:7: \"(\" is not a regular expression (RE2): a ( is never closed; the character is \\("},
		{"starts_with", `""`, "3:7: starts_with with empty text checks nothing: it holds for every text"},
		{"match", `{}`, "3:7: nothing is matched: the document is empty; name a field that must be there"},
		{"match", `{"b":{}}`, "3:7: the empty mapping at b would match every mapping; leave it out, or use where: {b: {equals: {}}}"},
		{"one_of", `[]`, "3:7: one_of takes a list of values, found an empty list"},
		{"length", `{"gt":1}`, "3:7: length takes a number of 0 or more, or operators, found a mapping"},
	} {
		t.Run(c.op+" "+c.value, func(t *testing.T) {
			n := nodeOf(t, "a: {"+c.op+": 1}")
			n.Entries[0].Value.Entries[0].Value = schema.NodeOf(parse(t, c.value), schema.Pos{Line: 3, Col: 7})
			var p schema.Problems
			var k Checks
			k.ReadNode(n, &p)
			if d := cmp.Diff(c.want, said(&p)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPartialsThatAreWrong(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"text", `1:1: match takes a document with the fields that must be there, found the text "text"`},
		{"{}", "1:1: nothing is matched: the document is empty; name a field that must be there"},
		{"[]", "1:1: nothing is matched: the document is empty; name a field that must be there"},
		{"detail: {size: {gte: 5}}", "1:17: match compares with documents and knows no operators; use where: {detail.size: {gte: …}}"},
		{"detail: {gt: 1, lt: 5}", "1:10: match compares with documents and knows no operators; use where: {detail: {gt: …, lt: …}}"},
		{"items: [{exists: true}]", `1:10: match compares with documents and knows no operators; use where: {"items[*]": {exists: …}}`},
		{"detail-type: {matches: x}", `1:15: match compares with documents and knows no operators; use where: {detail-type: {matches: …}}`},
		{"a: {b: {}}", "1:8: the empty mapping at a.b would match every mapping; leave it out, or use where: {a.b: {equals: {}}}"},
		{"a: {b: {}, c: {gt: 1}}", "1:8: the empty mapping at a.b would match every mapping; leave it out, or use where: {a.b: {equals: {}}}\n1:16: match compares with documents and knows no operators; use where: {a.c: {gt: …}}"},
	} {
		t.Run(c.yaml, func(t *testing.T) {
			var p schema.Problems
			var m Partial
			m.ReadNode(nodeOf(t, c.yaml), &p)
			if d := cmp.Diff(c.want, said(&p)); d != "" {
				t.Error(d)
			}
		})
	}
	for _, yaml := range []string{`"${x}"`, "length: 5", "a: {length: 5, sku: x}", `a: "${x}"`, "[{a: 1}]"} {
		t.Run("right: "+yaml, func(t *testing.T) {
			var p schema.Problems
			var m Partial
			m.ReadNode(nodeOf(t, yaml), &p)
			if s := said(&p); s != "" || !m.Set() {
				t.Errorf("set %v, problems %s", m.Set(), s)
			}
		})
	}
}
