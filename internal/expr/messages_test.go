package expr

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// TestNotationsOfOthers holds what people write who know other languages to a
// message that says what to write here.
func TestNotationsOfOthers(t *testing.T) {
	tests := []struct {
		source string
		offset int
		want   string
	}{
		// words
		{`vars.n == 3 and vars.yes`, 12, `"and" is not an operator; write "&&"`},
		{`vars.yes OR vars.no`, 9, `"OR" is not an operator; write "||"`},
		{`not vars.yes`, 0, `write "!"`},
		{`vars.n not in [1]`, 7, `write !(x in list)`},
		{`vars.n is 3`, 7, `write "=="`},
		{`vars.n is not null`, 7, `"!=" for "is not"`},
		{`vars.n eq 3`, 7, `write "=="`},
		{`vars.n NE 3`, 7, `write "!="`},
		{`vars.n gte 3`, 7, `write ">="`},
		{`vars.n mod 3`, 7, `write "%"`},
		{`vars.stack contains "dev"`, 11, `text =~ "part"`},
		{`vars.stack startsWith "dev"`, 11, `text =~ "^part"`},
		{`vars.stack ends_with "dev"`, 11, `text =~ "part$"`},
		{`vars.stack matches "dev"`, 11, `text =~ "regular expression"`},
		{`if vars.yes then 1 else 2`, 0, "write condition ? this : that"},
		{`1 if vars.yes else 2`, 2, "write condition ? this : that"},
		{`if (vars.yes) 1`, 0, "write condition ? this : that"},
		{`[x.n for x in vars.tags]`, 5, "list[*].name"},
		{`new Date()`, 0, "a function stands before its value"},
		// values
		{`vars.none == None`, 13, "write null"},
		{`vars.none == nil`, 13, "write null"},
		{`vars.none == undefined`, 13, "write null"},
		{`vars.none == NULL`, 13, "write null"},
		{`vars.yes == True`, 12, "write true"},
		{`vars.yes == FALSE`, 12, "write false"},
		{`default(None, 1)`, 8, "write null"},
		{`vars.n == NaN`, 10, "NaN is no number"},
		{`uuid`, 0, "uuid is a function; write uuid()"},
		{`now.x`, 0, "now is a function; write now()"},
		{`upper vars.stack`, 0, "write upper(s)"},
		// symbols
		{`vars.n = 3`, 7, `write "=="`},
		{`vars.n === 3`, 7, `"===" means nothing here; write "=="`},
		{`vars.n !== 3`, 7, `write "!="`},
		{`vars.n <> 3`, 7, `write "!="`},
		{`vars.n += 3`, 7, "nothing is assigned"},
		{`vars.n++`, 6, "write x + 1"},
		{`vars.stack ~= "a"`, 11, `write "=~"`},
		{`vars.stack =~ /a/`, 14, "a regular expression stands in quotes"},
		{`vars.n ^ 2`, 7, `write "**"`},
		{`vars.n // 2`, 7, "a whole-number division is (a - a % b) / b"},
		{`vars->n`, 4, "a.b"},
		{`vars\n`, 4, "a backslash stands inside quotes only"},
		{`vars.x?.y`, 6, "default(a.b, other)"},
		{`order.body.items[0]?.sku`, 19, "default(a.b, other)"},
		{`order.body.items[?.n > 3]`, 17, "[?(@.n > 3)]"},
		{`vars.x ?: 1`, 8, "default(x, other)"},
		{`vars.stack | upper`, 11, `a function stands before its value, as in upper(s)`},
		{`vars.stack |> len`, 11, `as in length(x)`},
		{`order | .body`, 6, "as in upper(x)"},
		{`vars.tags.map(x => x.n)`, 16, "list[*].name takes a field of every element"},
		{`"a" . "b"`, 4, `"+" joins two texts`},
		{`"a" "b"`, 4, `"+" joins two texts`},
		{`'it''s'`, 4, `for a quote inside a text write \" or \'`},
		{`+1`, 0, `a value has no "+" before it`},
		{`vars.stack:-x`, 10, "default(x, other)"},
		{`1, 2`, 1, "a list stands in brackets"},
		{`.vars.n`, 0, "a path begins with a name or with $"},
		{`a b`, 2, "an operator such as + or == is missing before it"},
		// other templates
		{`$vars.n`, 0, `a name has no "$" before it; write vars, or $.vars`},
		{`{{ vars.n }}`, 0, "one pair: ${vars.name}"},
		{`{vars.n}`, 0, "one pair: ${vars.name}"},
		{`{a: 1}`, 1, `stand in quotes: {"a": …}`},
		{`'a ${vars.n} b'`, 3, "is not filled in"},
		{"`a ${vars.n} b`", 3, "is not filled in"},
		// methods and functions
		{`vars.stack.upper()`, 11, "there are no methods; write upper(vars.stack)"},
		{`vars.stack.toUpperCase()`, 11, "write upper(vars.stack)"},
		{`vars.stack.split(",")`, 11, "write split(vars.stack, …)"},
		{`order.body.items[0].sku.trim()`, 24, "write trim(order.body.items[0].sku)"},
		{`vars.stack.includes("a")`, 11, `text =~ "part"`},
		{`vars.tags.filter(1)`, 10, "list[?(@.n > 3)]"},
		{`vars.stack.frob()`, 11, "there are no methods"},
		{`JSON.stringify(vars)`, 5, "there is no JSON.stringify(); write to_json(x)"},
		{`Date.now()`, 5, "write now()"},
		{`Math.max(1, 2)`, 5, "write max(list)"},
		{`len(vars.stack)`, 0, "length(x) does that"},
		{`toUpper(vars.stack)`, 0, "upper(s) does that"},
		{`parseInt("1")`, 0, "number(s) does that"},
		{`float("1")`, 0, "number(s) does that"},
		{`str(1)`, 0, "text(x) does that"},
		{`toJSON(vars)`, 0, "to_json(x)"},
		{`fromJSON("1")`, 0, "from_json(s)"},
		{`json(vars)`, 0, "to_json(x) does that"},
		{`concat("a", "b")`, 0, "join(list, separator) does that"},
		{`format("a", "b")`, 0, `join texts with "+"`},
		{`contains(vars.tags, "b")`, 0, "write x in list"},
		{`startsWith(vars.stack, "b")`, 0, `text =~ "^part"`},
		{`timestamp()`, 0, "now() does that"},
		{`epoch()`, 0, "unix_ms() does that"},
		{`random()`, 0, "random_int(a, b) does that"},
		{`coalesce(vars.n, 1)`, 0, "default(x, y) does that"},
		{`env("HOME")`, 0, "write env.NAME"},
		{`exists(vars.n)`, 0, "default(x, null) != null"},
		{`last(vars.tags)`, 0, "list[length(@) - 1]"},
		{`not(vars.yes)`, 0, `write "!"`},
		{`b64encode("a")`, 0, "base64(s) does that"},
		{`guid()`, 0, "uuid() does that"},
		// constants that can never be right
		{`1 + upper(5)`, 4, "upper(): its argument must be text, not number"},
		{`range(-1)`, 0, "range(): n is -1"},
		{`percentile([1], 200)`, 0, "percentile(): p is 200"},
		{`sum([1, "2"])`, 0, "element [1]: text is not a number"},
		{`from_json("{")`, 0, "it ends too early"},
		{`date("%Q")`, 0, "%Q has no meaning"},
		{`[1] + [2]`, 8, `list + list: "+" adds two numbers or joins two texts`},
		{`order.body.items[[0]]`, 17, "not list"},
		{`order.body.items[null]`, 17, "[null]: brackets hold"},
	}
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			_, err := Parse(tt.source)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %v, want a SyntaxError", err)
			}
			if !strings.Contains(syntax.Msg, tt.want) || syntax.Offset != tt.offset {
				t.Errorf("at %d: %s", syntax.Offset, syntax.Msg)
			}
		})
	}
}

func TestEvalMessages(t *testing.T) {
	tests := []struct{ source, want string }{
		{`now() - 5`, `this text is a time: date("%Y-%m-%dT%H:%M:%SZ", "-5m")`},
		{`now() + 5`, "this text is a time"},
		{`5 + now()`, "this text is a time"},
		{`"dev" in vars.stack`, `text =~ "part"`},
		{`"n" in vars`, "keys(x)"},
		{`vars.n < vars.stack`, "number(x) makes a number of text"},
		{`1 < vars.n < 5`, "write a < b && b < c"},
		{`!vars.n == 3`, "write !(a == b)"},
		{`vars.stack.length`, "write length(vars.stack)"},
		{`order.body.items.size`, "write length(order.body.items)"},
		{`order.body.items[@.length - 1]`, "write length(@)"},
		{`vars.a-b`, `vars has no "a"; a name with a dash stands in brackets: vars["a-b"]`},
		{`$.events.events[0].detail-type`, `nothing is named "type"; there are byname, env, events, order, scenario, vars; a name with a dash stands in brackets: ["detail-type"]`},
		{`vars.n-x`, `["n-x"]`},
		{`vars.n - x`, `a text stands in quotes: "x"`},
		{`order.body.items[sku]`, `stands in quotes: ["sku"]`},
		{`order.body.items[?(sku == "A1")]`, "the field of an element is @.sku"},
		{`vars.stack == done`, `a text stands in quotes: "done"`},
		{`vars.stack == SUCCEEDED`, `a text stands in quotes: "SUCCEEDED", the environment variable is env.SUCCEEDED`},
		{`env.NOT_SET`, `the environment variable "NOT_SET" is not set; default(x, "…")`},
		{`$.env["HOEM"]`, `the environment variable "HOEM" is not set; did you mean "HOME"? default(x, "…")`},
		{`vars.tags[length(@) - 1]`, "vars.tags has 0 elements, so there is no [-1]"},
		{`vars.stack =~ ("(" + vars.empty)`, `"(" is no regular expression (RE2): missing closing )`},
		{`from_json(order)`, "is a document already"},
		{`from_json("{\n \"ä\": tru}" + vars.empty)`, "line 2, character 10: invalid character '}'"},
		{`from_json("1 2" + vars.empty)`, "line 1, character 3: something follows"},
		{`date("YYYY-MM-DD" + vars.empty)`, `"%Y-%m-%dT%H:%M:%SZ"`},
		{`date("%Y%" + vars.empty)`, "it ends in a %"},
		{`date("%Y", "+2d" + vars.empty)`, `write "+48h"`},
		{`date("%Y", "1 week" + vars.empty)`, `write "168h"`},
		{`sum(vars.tags)`, "sum(): the list is empty; where that is right"},
		{`sum($.order.body.items[*].prize)`, "sum(): the list is empty"},
		{`percentile([1, 2, 3], vars.f)`, "p is 0.1, less than one percent"},
		{`number(" 1" + vars.empty)`, "number(trim(s))"},
		{`number("0x1F" + vars.empty)`, "12, -0.5 and 1e3 are numbers"},
		{`file("")`, "the path is empty"},
		{`file("no/such/file")`, "nor the folder no/such"},
		{`file("fuzz_tset.go")`, `did you mean "fuzz_test.go"?`},
	}
	s := sample(t)
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			e, err := Parse(tt.source)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.Eval(context.Background(), s)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// TestOffsets holds offsets to bytes, whatever stands before.
func TestOffsets(t *testing.T) {
	tests := []struct{ source, at, want string }{
		{`größe: ${vars.n} ${"日本" = 1}`, `= 1`, "=="},
		{`${vars.n} ${ vars.n} ${ uper(x)}`, `uper`, "upper"},
		{`名前 $${a = b} ${vars.ä +}`, `}`, "too early"},
		{`${"é" + "ü` + "`" + `"} ${vars.n and 1}`, `and`, "&&"},
		{`${{ vars.n }}`, `{ vars`, "one pair"},
		{"line\n${vars.n}\n  ${vars.n ö}", `ö`, "operator"},
		{`${"ä ${x}"}`, `${x}`, "is not filled in"},
		{`${["日本", 5](1}`, `(1`, "is not closed"},
		{`${vars.n} ä ${vars.n`, `${vars.n` + "\x00", "is not closed"},
	}
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			_, err := ParseTemplate(tt.source)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(syntax.Msg, tt.want) {
				t.Fatal(err)
			}
			if !strings.HasPrefix(tt.source[syntax.Offset:]+"\x00", tt.at) {
				t.Errorf("at %q: %s", tt.source[syntax.Offset:], syntax.Msg)
			}
		})
	}
}

// TestPathMessages holds what is not a path to a message about checks.
func TestPathMessages(t *testing.T) {
	tests := []struct {
		path   string
		offset int
		want   string
	}{
		{`items.length()`, 12, "operators do that, as in items: {length: 3}"},
		{`length(items)`, 6, "operators do that"},
		{`items[?(@.n == "${vars.n}")]`, 16, "a check's path is never expanded"},
		{`items.${vars.n}`, 6, "a check's path is never expanded"},
		{`items[?(@.n = 3)]`, 12, `write "=="`},
		{`items[?(@.n == 3 and @.m)]`, 17, `write "&&"`},
		{`items[?(@.n.upper() == "A")]`, 12, "write upper(@.n)"},
		{`items[?(@.n == None)]`, 15, "write null"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			_, err := ParsePath(tt.path)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(syntax.Msg, tt.want) || syntax.Offset != tt.offset {
				t.Errorf("got %#v", err)
			}
		})
	}
}

func TestForeignFunctions(t *testing.T) {
	for theirs, ours := range foreignFunctions {
		if functions[ours] == nil || functions[theirs] != nil || theirs != plainName(theirs) || otherWays[theirs] != "" {
			t.Errorf("%s: %s", theirs, ours)
		}
	}
	for theirs := range otherWays {
		if functions[theirs] != nil || theirs != plainName(theirs) {
			t.Error(theirs)
		}
	}
	for word := range words {
		if functions[word] != nil || word != plainName(word) {
			t.Error(word)
		}
	}
}
