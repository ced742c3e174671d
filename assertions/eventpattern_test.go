package assertions

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/schema"
)

func parse(t testing.TB, text string) any {
	t.Helper()
	v, err := schema.ParseJSON([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// patternCase is a line of testdata/eventpattern.jsonl, which the judges of
// the conformance program are asked too.
type patternCase struct {
	Rule    string          `json:"rule"`
	Pattern json.RawMessage `json:"pattern"`
	Text    *string         `json:"text"` // in place of pattern, where that is not JSON
	Event   json.RawMessage `json:"event"`
	Want    string          `json:"want"` // match, miss or refused
}

func patternCases(t testing.TB) []patternCase {
	t.Helper()
	f, err := os.Open("testdata/eventpattern.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var cases []patternCase
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var c patternCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("line %d: %v", len(cases)+1, err)
		}
		if c.Text != nil {
			c.Pattern = json.RawMessage(*c.Text)
		}
		if c.Event == nil {
			c.Event = json.RawMessage("{}")
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

func TestEventPatternCases(t *testing.T) {
	cases := patternCases(t)
	if len(cases) < 150 {
		t.Errorf("only %d cases", len(cases))
	}
	for i, c := range cases {
		t.Run(fmt.Sprintf("%d %s", i+1, c.Rule), func(t *testing.T) {
			p, err := ParseEventPattern(c.Pattern)
			if err != nil {
				if c.Want != "refused" {
					t.Errorf("%s: refused: %v", c.Pattern, err)
				}
				return
			}
			event := parse(t, string(c.Event))
			got, reasons := p.Matches(event), p.Explain(event)
			if want := c.Want == "match"; got != want || c.Want == "refused" {
				t.Errorf("%s, %s: matches %v, want %s", c.Pattern, c.Event, got, c.Want)
			}
			if got != (len(reasons) == 0) {
				t.Errorf("%s, %s: matches %v, explained as %q", c.Pattern, c.Event, got, SayReasons(reasons))
			}
		})
	}
}

// What cannot stand in the table: the judges are asked about objects only.
func TestEventPatternOtherEvents(t *testing.T) {
	for _, c := range []struct {
		pattern, event string
		want           bool
	}{
		{`{"a":["x"]}`, `["x"]`, false},
		{`{"a":[{"exists":false}]}`, `[1]`, false},
		{`{"a":[{"exists":false}]}`, `null`, false},
		{`{"a":[{"exists":false}]}`, `"a"`, false},
		{`{"":["x"]}`, `{"":"x"}`, true},
		{`{"a":[{"numeric":["<",5]}]}`, `{"a":1e-30}`, true},
		{`{"a":[{"numeric":[">",5]}]}`, `{"a":1e400}`, false},
		{`{"a":[{"numeric":[">",5]}]}`, `{"a":1e999999999999}`, false},
		{`{"a":[{"equals-ignore-case":"k"}]}`, `{"a":"\u212a"}`, false},
		{`{"a":[{"equals-ignore-case":"ς"}]}`, `{"a":"Σ"}`, true},
		{`{"a":[{"equals-ignore-case":"ς"}]}`, `{"a":"σ"}`, false},
	} {
		t.Run(c.pattern+" "+c.event, func(t *testing.T) {
			p, err := ParseEventPattern([]byte(c.pattern))
			if err != nil {
				t.Fatal(err)
			}
			event := parse(t, c.event)
			if got := p.Matches(event); got != c.want || got != (len(p.Explain(event)) == 0) {
				t.Errorf("matches: %v, want %v; %s", got, c.want, SayReasons(p.Explain(event)))
			}
		})
	}
	if (&EventPattern{}).Matches(map[string]any{}) {
		t.Error("no pattern lets something through")
	}
}

func TestEventPatternRefused(t *testing.T) {
	const form = `takes an operator and a number, such as ["=", 5], or a range such as [">", 0, "<=", 5]`
	for _, c := range []struct{ pattern, want string }{
		{``, "an event pattern is a JSON document; this is none: the text ends too early"},
		{`{"a":[1]} x`, "an event pattern is a JSON document; this is none: more than one JSON document"},
		{`{"a":[1]`, "an event pattern is a JSON document; this is none: the text ends too early"},
		{`[]`, "an event pattern is a JSON object, found a list"},
		{`{}`, "an event pattern needs at least one field"},
		{`{"a":{}}`, "a: an empty object says nothing; name at least one field in it"},
		{`{"a":{"b":[]}}`, "a.b: an empty list matches nothing; name at least one value"},
		{`{"a":5}`, "a: values stand in a list: write [5]"},
		{`{"a":"x"}`, `a: values stand in a list: write ["x"]`},
		{`{"a.b":"x"}`, `['a.b']: values stand in a list: write ["x"]`},
		{`{"a":{"prefix":"x"}}`, `a: an operator stands in a list: write [{"prefix": "x"}]`},
		{`{"a":{"exists":true}}`, `a: an operator stands in a list: write [{"exists": true}]`},
		{`{"a":[[1]]}`, "a: a value is text, a number, true, false, null or an operator, found a list in the list"},
		{`{"a":[{}]}`, "a: a value takes exactly one operator, found 0"},
		{`{"a":[{"prefix":"x","suffix":"y"}]}`, "a: a value takes exactly one operator, found 2 (prefix, suffix)"},
		{`{"a":[{"prefix":"x","prefix":"y"}]}`, "a: a value takes exactly one operator, found 2 (prefix, prefix)"},
		{`{"a":[{"prefx":"x"}]}`, `a: unknown operator "prefx"; did you mean "prefix"?`},
		{`{"a":[{"anything_but":"x"}]}`, `a: unknown operator "anything_but"; did you mean "anything-but"?`},
		{`{"a":[{"contains":"x"}]}`, `a: unknown operator "contains"; write [{"wildcard": "*x*"}]`},
		{`{"a":[{"gt":5}]}`, `a: unknown operator "gt"; write [{"numeric": [">", 5]}]`},
		{`{"a":[{"frobnicate":5}]}`, `a: unknown operator "frobnicate"; known are anything-but, cidr, equals-ignore-case, exactly, exists, numeric, prefix, suffix, wildcard`},
		{`{"a":[{"exactly":5}]}`, "a: exactly: takes text, found a number"},
		{`{"a":[{"prefix":5}]}`, "a: prefix: takes text, found a number"},
		{`{"a":[{"prefix":["x"]}]}`, `a: prefix: takes text, found a list; list the operators instead: [{"prefix": "x"}, {"prefix": "y"}]`},
		{`{"a":[{"prefix":{"suffix":"x"}}]}`, `a: prefix: takes text or {"equals-ignore-case": text}`},
		{`{"a":[{"prefix":{"equals-ignore-case":5}}]}`, "a: prefix: equals-ignore-case: takes text, found a number"},
		{`{"a":[{"equals-ignore-case":["x"]}]}`, "a: equals-ignore-case: takes text, found a list"},
		{`{"a":[{"wildcard":"a**c"}]}`, `a: wildcard: "a**c" has two * in a row; write one`},
		{`{"a":[{"wildcard":"a\\x"}]}`, `a: wildcard: "a\\x": after \ only * or \ may stand`},
		{`{"a":[{"wildcard":"a\\"}]}`, `a: wildcard: "a\\": after \ only * or \ may stand`},
		{`{"a":[{"numeric":5}]}`, `a: numeric: ` + form + `, found a number`},
		{`{"a":[{"numeric":[">",1,"<"]}]}`, `a: numeric: ` + form + `, found a list of 3`},
		{`{"a":[{"numeric":["!=",5]}]}`, `a: numeric: ` + form + `; found "!=" where one of =, <, <=, >, >= belongs`},
		{`{"a":[{"numeric":["=","5"]}]}`, `a: numeric: ` + form + `; found text where a number belongs`},
		{`{"a":[{"numeric":["<",5,">",1]}]}`, `a: numeric: a range has its lower end first: write [">", 1, "<", 5]`},
		{`{"a":[{"numeric":["=",5,"<",9]}]}`, `a: numeric: a range has a lower and an upper end, such as [">", 0, "<=", 5]; found = and <`},
		{`{"a":[{"numeric":[">",5,"<",5]}]}`, "a: numeric: the lower end 5 must be less than the upper end 5"},
		{`{"a":[{"numeric":["<",5000000001]}]}`, "a: numeric: EventBridge compares numbers from -5000000000 to 5000000000 only, found 5000000001"},
		{`{"a":[{"cidr":"10.0.0.0"}]}`, `a: cidr: "10.0.0.0" is no range of addresses, such as 10.0.0.0/8 or 2001:db8::/32`},
		{`{"a":[{"cidr":"10.0.0.7/32"}]}`, `a: cidr: "10.0.0.7/32" is a single address, which EventBridge refuses here; write it as a plain value: ["10.0.0.7"]`},
		{`{"a":[{"cidr":5}]}`, "a: cidr: takes text, found a number"},
		{`{"a":[{"exists":"false"}]}`, "a: exists takes true or false, found text"},
		{`{"a":[{"anything-but":[]}]}`, "a: anything-but: the list is empty; name at least one value"},
		{`{"a":[{"anything-but":[5,"x"]}]}`, "a: anything-but: a list holds text only or numbers only, found a number and text"},
		{`{"a":[{"anything-but":[null]}]}`, "a: anything-but: a list holds text or numbers, found null"},
		{`{"a":[{"anything-but":true}]}`, "a: anything-but: takes text, a number, a list of them or one of equals-ignore-case, prefix, suffix, wildcard, found true or false"},
		{`{"a":[{"anything-but":9000000000}]}`, "a: anything-but: EventBridge compares numbers from -5000000000 to 5000000000 only, found 9000000000"},
		{`{"a":[{"anything-but":{"prefix":""}}]}`, "a: anything-but: prefix: empty text excludes every text"},
		{`{"a":[{"anything-but":{"prefix":[]}}]}`, "a: anything-but: prefix: the list is empty; name at least one text"},
		{`{"a":[{"anything-but":{"cidr":"10.0.0.0/8"}}]}`, `a: anything-but: unknown operator "cidr"; known here are equals-ignore-case, prefix, suffix, wildcard`},
		{`{"a":[{"anything-but":{"prefix":"x","suffix":"y"}}]}`, "a: anything-but: takes exactly one operator, found 2"},
		{`{"$or":[{"a":[1]}]}`, `$or takes a list of two or more alternatives, each a pattern: [{…}, {…}]`},
		{`{"$or":[]}`, `$or takes a list of two or more alternatives, each a pattern: [{…}, {…}]`},
		{`{"$or":5}`, "$or: values stand in a list: write [5]"},
		{`{"$or":[{"prefix":["a"]},{"b":["c"]}]}`, `$or[0].prefix: a field of an alternative of $or may not be called "prefix", which is an operator's name`},
		{`{"x":{"$or":[{"a":{"regex":["b"]}},{"b":["c"]}]}}`, `x.$or[0].a.regex: a field of an alternative of $or may not be called "regex", which is an operator's name`},
		{`{"$or":[{"a":["x"]},{}]}`, `$or[1]: an alternative names at least one field`},
		{`{"$or":[{"a":["x"]},"y"]}`, `$or[1]: an alternative is an object that names fields, found text`},
		{`{"$or":["x"],"b":{"$or":[{"a":["x"]},{"c":["x"]}]}}`, `b.$or: no $or of this pattern means alternatives, because another one does not have their form`},
		// everything at once
		{
			`{"source":"shop","detail":{"state":[],"n":[{"numeric":["<"]},{"prefx":"a"}],"$or":[{"a":[{"exists":1}]},{"b":"x"}]}}`,
			`source: values stand in a list: write ["shop"]; detail.state: an empty list matches nothing; name at least one value; ` +
				`detail.n: numeric: ` + form + `, found a list of 1; detail.n: unknown operator "prefx"; did you mean "prefix"?; ` +
				`detail.a: exists takes true or false, found a number; detail.b: values stand in a list: write ["x"]`,
		},
		{`{"$or":[{"a":[[]]}]}`, `$or takes a list of two or more alternatives, each a pattern: [{…}, {…}]; a: a value is text, a number, true, false, null or an operator, found a list in the list`},
	} {
		t.Run(c.pattern, func(t *testing.T) {
			_, err := ParseEventPattern([]byte(c.pattern))
			if err == nil || err.Error() != c.want {
				t.Errorf("\n got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestEventPatternRefusedBounded(t *testing.T) {
	var fields []string
	for i := range 100 {
		fields = append(fields, fmt.Sprintf(`"f%d":1`, i))
	}
	_, err := ParseEventPattern([]byte("{" + strings.Join(fields, ",") + "}"))
	if err == nil || len(strings.Split(err.Error(), ";")) != mostPatternProblems {
		t.Errorf("%v", err)
	}
}

// In a file every problem stands where it is.
func TestEventPatternReadNode(t *testing.T) {
	for _, c := range []struct {
		name, yaml string
		want       []string
	}{
		{"as a document", "source: shop\ndetail:\n  state: [done]\n  n: [{numric: ['<', 3]}]\n", []string{
			`t.yaml:1:9: source: values stand in a list: write ["shop"]`,
			`t.yaml:4:8: detail.n: unknown operator "numric"; did you mean "numeric"?`,
		}},
		{"as text", `'{"source": "shop"}'`, []string{`t.yaml:1:1: source: values stand in a list: write ["shop"]`}},
		{"as text that is no JSON", `'{source'`, []string{`t.yaml:1:1: an event pattern is a JSON document; this is none: invalid character 's' looking for beginning of object key string`}},
		{"a list", `[a]`, []string{`t.yaml:1:1: an event pattern is a JSON object, found a list`}},
		{"around open expressions", `{source: ["${vars.s}"], detail: {a: "${vars.l}", n: [{prefix: "${vars.p}x"}, {suffx: a}]}}`, []string{
			`t.yaml:1:79: detail.n: unknown operator "suffx"; did you mean "suffix"?`,
		}},
		{"open alternatives", `{$or: "${vars.l}", detail: {$or: [{a: [1]}, {b: [2]}]}}`, nil},
		{"numeric with an open number", `{a: [{numeric: [">", "${vars.n}"]}, {anything-but: ["${vars.x}", 5]}, {cidr: "${vars.net}/8"}, {exists: "${vars.e}"}]}`, nil},
		{"wrong beside an open number", `{a: [{numeric: ["~", "${vars.n}"]}, {numeric: ["${vars.o}", x]}]}`, nil},
		{"an operator outside a list", `{detail: {n: {numeric: [">", 5]}}}`, []string{
			`t.yaml:1:15: warning: detail.n: "numeric" outside a list is the name of a field; an operator stands in a list: [{"numeric": …}]`,
		}},
		{"a field twice", `{source: [a], $or: [{source: [b]}, {account: [c]}]}`, []string{
			`t.yaml:1:22: warning: source: this takes the place of what is asked of the field before`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p schema.Problems
			n := schema.ReadDocuments("t.yaml", []byte(c.yaml), &p)
			var pattern EventPattern
			pattern.ReadNode(n[0], &p)
			var got []string
			for _, x := range p.Sorted() {
				text := x.Error()
				if x.Warning {
					text = strings.Replace(text, ": ", ": warning: ", 1)
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if !pattern.Set() {
				t.Error("a pattern was given")
			}
			if strings.Contains(c.yaml, "${") && pattern.Matches(map[string]any{"source": "x", "detail": map[string]any{"b": json.Number("2")}}) {
				t.Error("a pattern without its values lets something through")
			}
		})
	}
}

func TestEventPatternExplain(t *testing.T) {
	for _, c := range []struct {
		name, pattern, event string
		want                 []string
	}{
		{"another value", `{"detail":{"state":["done"]}}`, `{"detail":{"state":"failed"}}`, []string{`detail.state: expected "done", found "failed"`}},
		{"none of several", `{"detail":{"state":["done","ok"]}}`, `{"detail":{"state":"failed"}}`, []string{`detail.state: expected one of "done", "ok", found "failed"`}},
		{"another type", `{"n":["300"]}`, `{"n":300}`, []string{`n: expected "300", found 300; 300 (number) is not "300" (text): types are never converted`}},
		{"numeric", `{"n":[{"numeric":["<",3]}]}`, `{"n":5}`, []string{`n: expected numeric < 3, found 5`}},
		{"a range", `{"n":[{"numeric":[">",0,"<=",3]}]}`, `{"n":"1"}`, []string{`n: expected numeric > 0 and <= 3, found "1"`}},
		{"beyond numeric", `{"n":[{"numeric":[">",3]}]}`, `{"n":1700000000000}`, []string{`n: expected numeric > 3, found 1700000000000; EventBridge compares numbers from -5000000000 to 5000000000 only`}},
		{"operators and values", `{"a":["x",{"prefix":"y"},{"suffix":{"equals-ignore-case":"z"}},{"anything-but":["p","q"]}]}`, `{"a":"p"}`, []string{`a: expected one of "x", prefix "y", suffix "z" in any case, anything but "p", "q", found "p"`}},
		{"anything-but nested", `{"a":[{"anything-but":{"wildcard":["x*","*y"]}}]}`, `{"a":"xa"}`, []string{`a: expected anything but wildcard "x*", wildcard "*y", found "xa"`}},
		{"cidr, exactly, ignoring case", `{"a":[{"cidr":"10.0.0.0/8"},{"exactly":"x"},{"equals-ignore-case":"Y"}]}`, `{"a":"z"}`, []string{`a: expected one of cidr 10.0.0.0/8, "x", equals-ignore-case "Y", found "z"`}},
		{"must not exist", `{"detail":{"error":[{"exists":false}]}}`, `{"detail":{"error":"E1"}}`, []string{`detail.error must not exist, found "E1"`}},
		{"a value or nothing", `{"a":["x",{"exists":false}]}`, `{"a":"y"}`, []string{`a: expected one of "x", nothing there, found "y"`}},
		{"must exist", `{"detail":{"error":[{"exists":true}]}}`, `{"detail":{"state":1}}`, []string{`detail.error must exist, found nothing there; detail has state`}},
		{"a name misspelt", `{"detail":{"stat":["x"]}}`, `{"detail":{"state":1,"b":2}}`, []string{`detail.stat: expected "x", found nothing there; did you mean "state"? detail has b, state`}},
		{"nothing above it", `{"detail":{"a":{"b":["x"]}}}`, `{"source":"s"}`, []string{`detail.a.b: expected "x", found nothing there; the document has source`}},
		{"an object", `{"a":["x"]}`, `{"a":{"b":1}}`, []string{`a: expected "x", found a mapping; a pattern compares values, so name the fields inside it`}},
		{"an empty list", `{"a":[{"exists":true}]}`, `{"a":[]}`, []string{`a must exist, found an empty list`}},
		{"a list", `{"a":["x"]}`, `{"a":["y","z"]}`, []string{`a: expected "x", found ["y","z"]`}},
		{"objects in a list", `{"a":{"b":[1]}}`, `{"a":[{"b":2},{"c":1}]}`, []string{`a.b: expected 1, found 2`}},
		{"every field", `{"source":["shop"],"detail":{"a":["x"],"b":["y"],"c":["z"]}}`, `{"source":"shop","detail":{"a":"q","b":"y"}}`, []string{
			`detail.a: expected "x", found "q"`, `detail.c: expected "z", found nothing there; detail has a, b`,
		}},
		{"a key with dots", `{"a.b":["x"]}`, `{"a":{"b":"y"}}`, []string{`['a.b']: expected "x", found "y"`}},
		{"different elements", `{"detail":{"items":{"sku":["A"],"qty":[2]}}}`, `{"detail":{"items":[{"sku":"A","qty":1},{"sku":"B","qty":2}]}}`, []string{
			`no element of the list detail.items has what is expected of both detail.items.qty and detail.items.sku`,
		}},
		{"different elements, three fields", `{"a":{"b":[1],"c":[2],"d":[3]}}`, `{"a":[{"b":1,"c":2},{"c":2,"d":3},{"b":1,"d":3}]}`, []string{
			`no elements of the event's lists have what is expected of a.b, a.c, a.d together`,
		}},
		{"the nearest alternative", `{"x":["y"],"$or":[{"a":[1],"b":[2]},{"c":[3],"a":[1]}]}`, `{"x":"y","a":1,"b":3}`, []string{
			`b: expected 2, found 3 (of 2 $or combinations the nearest)`,
		}},
		{"no mapping", `{"a":["x"]}`, `["x"]`, []string{`an event pattern looks at a mapping, found a list`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := ParseEventPattern([]byte(c.pattern))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range p.Explain(parse(t, c.event)) {
				got = append(got, r.Message)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEventPatternExplainDifferences(t *testing.T) {
	p, err := ParseEventPattern([]byte(`{"a":["x"],"b":["x","y"],"c":[{"exists":false}],"d":[{"numeric":["<",3]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []Difference
	for _, r := range p.Explain(parse(t, `{"a":"z","c":1,"d":[5,6]}`)) {
		got = append(got, r.Difference)
	}
	want := []Difference{
		{Path: "a", Expected: "x", Found: "z", Kind: Changed},
		{Path: "b", Expected: []any{"x", "y"}, Kind: Missing},
		{Path: "c", Found: json.Number("1"), Kind: Extra},
		{Path: "d", Expected: map[string]any{"numeric": []any{"<", json.Number("3")}}, Found: []any{json.Number("5"), json.Number("6")}, Kind: Changed},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

func TestEventPatternNames(t *testing.T) {
	var p schema.Problems
	n := schema.ReadDocuments("t.yaml", []byte(`{source: [a], detail.state: [b], $or: [{account: [c]}, {detail: {x: [d]}}]}`), &p)
	var pattern EventPattern
	pattern.ReadNode(n[0], &p)
	var got []string
	for _, x := range pattern.Names() {
		got = append(got, fmt.Sprintf("%d %s %v", x.Pos.Col, x.Name, x.Nested))
	}
	want := []string{"2 source false", "15 detail true", "41 account false", "57 detail true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// Arrays that have nothing to do with each other must not multiply.
func TestEventPatternManyArrays(t *testing.T) {
	var l []any
	for range 200 {
		l = append(l, map[string]any{"x": "y"})
	}
	event := map[string]any{"z": parse(t, `[{"p":1},{"q":2}]`)}
	pattern := `{"z":{"p":[1],"q":[2]}`
	for _, k := range "abcdefghij" {
		event[string(k)] = l
		pattern += fmt.Sprintf(`,"%c":{"x":["y"]}`, k)
	}
	p, err := ParseEventPattern([]byte(pattern + "}"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Matches(event) {
		t.Error("z matches in two elements")
	}
	event["z"] = parse(t, `[{"p":1},{"p":1,"q":2}]`)
	if !p.Matches(event) {
		t.Error("z matches in its second element")
	}
}

// Nor must lists in which every element has all that is asked for.
func TestEventPatternManyEqualElements(t *testing.T) {
	var l []any
	for range 200 {
		l = append(l, map[string]any{"x": "y", "y": "z"})
	}
	event := map[string]any{"z": parse(t, `[{"p":1},{"q":2}]`)}
	pattern := `{"z":{"p":[1],"q":[2]}`
	for _, k := range "abcdefghij" {
		event[string(k)] = []any{map[string]any{"k": l, "l": l}}
		pattern += fmt.Sprintf(`,"%c":{"k":{"x":["y"],"y":["z"]},"l":{"x":["y"],"y":["z"]}}`, k)
	}
	p, err := ParseEventPattern([]byte(pattern + "}"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Matches(event) || len(p.Explain(event)) != 1 {
		t.Error("z matches in two elements")
	}
}

func FuzzEventPattern(f *testing.F) {
	for _, c := range patternCases(f) {
		f.Add(string(c.Pattern), string(c.Event))
	}
	f.Fuzz(func(t *testing.T, pattern, event string) {
		p, err := ParseEventPattern([]byte(pattern))
		if err != nil {
			if p != nil || err.Error() == "" {
				t.Errorf("%v beside a pattern, or without a message", err)
			}
			return
		}
		doc, err := schema.ParseJSON([]byte(event))
		if err != nil {
			return
		}
		reasons := p.Explain(doc)
		if p.Matches(doc) != (len(reasons) == 0) {
			t.Errorf("the answer is not what is explained: %s", SayReasons(reasons))
		}
		for _, r := range reasons {
			if r.Message == "" || r.Path == "" {
				t.Errorf("an empty reason: %+v", r)
			}
		}
	})
}
