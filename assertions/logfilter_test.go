package assertions

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/schema"
)

const logDocument = `{"level":"ERROR","n":5,"big":9007199254740993,"text":"5","flag":true,"off":false,"none":null,"a":{"b":["xyz",{"c-d":1}]},"users":[1,2,3],"coordinates":[[0,1],[4,5]],"ip":"123.123.0.1"}`

func TestLogFilterMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, message string
		want             bool
	}{
		// everything
		{"", "anything", true},
		{"  ", "", true},
		// terms
		{"ERROR", "[ERROR] it broke", true},
		{"ERROR", "ERRORCODE", true},
		{"ERROR", "error", false},
		{"ERROR Exception", "Exception: ERROR", true},
		{"ERROR Exception", "ERROR", false},
		{"ERROR\tException\n", "ERROR Exception", true},
		{`"it broke"`, "ERROR it broke", true},
		{`"it broke"`, "broke it", false},
		{`"a \"b\" \\ c"`, `x a "b" \ c`, true},
		{"?ERROR ?WARN", "a WARN b", true},
		{"?ERROR ?WARN", "INFO", false},
		{`?"it broke" ?WARN`, "it broke", true},
		{"?ERROR", "ERROR", true},
		{"?ERROR", "INFO", false},
		{"ERROR -Exiting", "ERROR x", true},
		{"ERROR -Exiting", "ERROR Exiting", false},
		{`ERROR -"by design"`, "ERROR by design", false},
		{"-DEBUG", "INFO", true},
		{"-DEBUG", "DEBUG", false},
		{"task_1", "task_1 done", true},
		// the JSON form
		{`{ $.level = "ERROR" }`, logDocument, true},
		{`{$.level=ERROR}`, logDocument, true},
		{`{ $.level = "error" }`, logDocument, false},
		{`{ $.level = "ERR*" }`, logDocument, true},
		{`{ $.level = *ROR }`, logDocument, true},
		{`{ $.level = "*RRO*" }`, logDocument, true},
		{`{ $.level = "E*R" }`, logDocument, false},
		{`{ $.level = "E*R" }`, `{"level":"E*R"}`, true},
		{`{ $.level = "*" }`, logDocument, true},
		{`{ $.nothing = "*" }`, logDocument, false},
		{`{ $.level != "INFO" }`, logDocument, true},
		{`{ $.level != "ERROR" }`, logDocument, false},
		{`{ $.nothing != "ERROR" }`, logDocument, false},
		{`{ $.ip != 123.123.* }`, logDocument, false},
		{`{ $.ip != 10.* }`, logDocument, true},
		{`{ $.n = 5 }`, logDocument, true},
		{`{ $.n = 5.0 }`, logDocument, true},
		{`{ $.n = +5 }`, logDocument, true},
		{`{ $.n != 5 }`, logDocument, false},
		{`{ $.big = 9007199254740993 }`, logDocument, true},
		{`{ $.big = 9007199254740992 }`, logDocument, false},
		{`{ $.n >= 5e0 }`, logDocument, true},
		{`{ $.n > 5 }`, logDocument, false},
		{`{ $.n < 50e-1 }`, logDocument, false},
		{`{ $.n <= 05.5 }`, logDocument, true},
		{`{ $.n > -1 }`, logDocument, true},
		{`{ $.level > 1 }`, logDocument, false},
		{`{ $.flag IS TRUE }`, logDocument, true},
		{`{ $.flag IS FALSE }`, logDocument, false},
		{`{ $.off IS FALSE }`, logDocument, true},
		{`{ $.none IS NULL }`, logDocument, true},
		{`{ $.nothing IS NULL }`, logDocument, false},
		{`{ $.n IS NULL }`, logDocument, false},
		{`{ $.nothing NOT EXISTS }`, logDocument, true},
		{`{ $.none NOT EXISTS }`, logDocument, false},
		{`{ $.a.b[0] = "x*" }`, logDocument, true},
		{`{ $.a.b[1].c-d = 1 }`, logDocument, true},
		{`{ $.a.b[7] = "x*" }`, logDocument, false},
		{`{ $.coordinates[1][0] = 4 }`, logDocument, true},
		{`{ $.users = 1 }`, logDocument, false},
		{`{ $.users != 1 }`, logDocument, false},
		{`{ $.a != 1 }`, logDocument, false},
		{`{ $.flag = true }`, logDocument, false},
		{`{ ($.n = 1) || ($.level = "ERROR") }`, logDocument, true},
		{`{ $.level = "ERROR" || $.n = 1 && $.n = 2 }`, logDocument, true},
		{`{ ($.level = "ERROR" || $.n = 1) && $.n = 2 }`, logDocument, false},
		{`{ (($.n = 5)) && $.level = ERROR && $.none IS NULL }`, logDocument, true},
		{`{ $.a.b[0] = "x*" && ($.n >= 1 || $.c IS NULL) }`, logDocument, true},
		{`{ $.n = 5 }`, "ERROR n = 5", false},
		{`{ $.nothing NOT EXISTS }`, "not JSON", false},
		{`{ $.nothing NOT EXISTS }`, "", false},
		{`{ $.nothing NOT EXISTS }`, "5", true},
		{"{ $.a = \"}\" }", `{"a":"}"}`, true},
	} {
		t.Run(c.pattern+" "+c.message[:min(20, len(c.message))], func(t *testing.T) {
			f, err := ParseLogFilter(c.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Matches(c.message); got != c.want {
				t.Errorf("matches: %v, want %v", got, c.want)
			}
			if f.String() != c.pattern {
				t.Errorf("String gives %q", f.String())
			}
		})
	}
}

func TestLogFilterInvalid(t *testing.T) {
	regex := "regular expressions between % are not supported by this version of rehearse; write terms, or look with matches"
	for _, c := range []struct{ pattern, want string }{
		{"%AUTH%", regex},
		{"ERROR %x%", regex},
		{"-%x%", regex},
		{"{ $.a = %x% }", regex},
		{"[ip, user, code=404]", "filter patterns for space-delimited events, such as [ip, user, code=404], are not supported by this version of rehearse; write terms or the JSON form, or look with matches"},
		{"?ERROR WARN", "CloudWatch Logs ignores terms with ? beside other terms, so this is not what it seems; put ? before every term, or before none"},
		{"?ERROR -WARN", "CloudWatch Logs ignores terms with ? beside other terms, so this is not what it seems; put ? before every term, or before none"},
		{"task-1", `a term with other characters than letters, digits and _ needs double quotes: "task-1"`},
		{"é", `a term with other characters than letters, digits and _ needs double quotes: "é"`},
		{"ERROR - WARN", "after - a term must follow at once"},
		{"?", "after ? a term must follow at once"},
		{`"open`, `the quote before "open" is never closed`},
		{`""`, `"" is no term; leave it out`},
		{`"a"b`, `a space must follow the closing quote, found "b"`},
		{"{}", `expected a selector such as $.level before "}"`},
		{"{", "expected a selector such as $.level at its end"},
		{"{ level = 1 }", `expected a selector such as $.level before "level = 1 }"`},
		{"{ $ = 1 }", "a selector names a field, such as $.level; $ alone does not"},
		{"{ $.a..b = 1 }", `a selector is made of names of letters, digits, - and _ and of indexes, such as $.users[0].id; found "..b = 1 }"`},
		{"{ $.a[*] = 1 }", `a selector is made of names of letters, digits, - and _ and of indexes, such as $.users[0].id; found "[*] = 1 }"`},
		{"{ $.a }", `expected =, !=, <, <=, >, >=, IS NULL, IS TRUE, IS FALSE or NOT EXISTS before "}"`},
		{"{ $.a == 1 }", `text with other characters than letters, digits, _ . * + - needs double quotes, at "= 1 }"`},
		{"{ $.a = }", `text with other characters than letters, digits, _ . * + - needs double quotes, at "}"`},
		{"{ $.a = a@b }", `text with other characters than letters, digits, _ . * + - needs double quotes, at "a@b }"`},
		{`{ $.a > "1" }`, `> compares numbers, found "1"`},
		{"{ $.a <= x }", `<= compares numbers, found "x"`},
		{"{ $.a IS 5 }", `expected NULL, TRUE or FALSE after IS before "5 }"`},
		{"{ $.a IS NULLX }", `expected NULL, TRUE or FALSE after IS before "NULLX }"`},
		{"{ $.a NOT NULL }", `expected EXISTS after NOT before "NULL }"`},
		{"{ ($.a = 1 }", `expected &&, || or ) before "}"`},
		{"{ $.a = 1", "expected &&, || or } at its end"},
		{"{ $.a = 1 } x", `after the closing brace stands "x"`},
		{"{ $.a = 1 & $.b = 2 }", `expected &&, || or } before "& $.b = 2 }"`},
		{"{ $.a = 1 && }", `expected a selector such as $.level before "}"`},
	} {
		t.Run(c.pattern, func(t *testing.T) {
			f, err := ParseLogFilter(c.pattern)
			want := "the filter pattern " + show(c.pattern) + " is not valid here: " + c.want
			if f != nil || err == nil {
				t.Fatal("accepted")
			}
			if d := cmp.Diff(want, err.Error()); d != "" {
				t.Error(d)
			}
		})
	}
	_, err := ParseLogFilter(strings.Repeat("é", 1025))
	if err == nil || err.Error() != "a filter pattern has at most 1024 characters, this one 1025" {
		t.Error(err)
	}
	if _, err := ParseLogFilter("{" + strings.Repeat("(", 500) + "$.a=1"); err == nil || !strings.Contains(err.Error(), "more than 100 parentheses") {
		t.Error(err)
	}
}

func TestLogFilterText(t *testing.T) {
	type params struct {
		Filter LogFilterText `json:"filter"`
	}
	for _, c := range []struct{ yaml, want, value string }{
		{`filter: "?ERROR ?Task"`, "", "?ERROR ?Task"},
		{`filter: '{ $.level = "ERROR" }'`, "", `{ $.level = "ERROR" }`},
		{`filter: "${x}"`, "", ""},
		{`filter: "[${x}"`, "", ""},
		{"filter: a-b", `1:9: the filter pattern "a-b" is not valid here: a term with other characters than letters, digits and _ needs double quotes: "a-b"`, "a-b"},
		{"filter: {x: y}", `1:9: a filter pattern is text, found a mapping; put the pattern into single quotes, such as '{ $.level = "ERROR" }'`, ""},
		{"filter: [ip, x]", `1:9: a filter pattern is text, found a list; put the pattern into single quotes, such as '{ $.level = "ERROR" }'`, ""},
		{"filter: 5", "1:9: a filter pattern is text, found the number 5", ""},
	} {
		t.Run(c.yaml, func(t *testing.T) {
			var p schema.Problems
			var v params
			n := nodeOf(t, c.yaml)
			v.Filter.ReadNode(n.Entries[0].Value, &p)
			if d := cmp.Diff(c.want, said(&p)); d != "" {
				t.Error(d)
			}
			if string(v.Filter) != c.value {
				t.Errorf("value %q", v.Filter)
			}
		})
	}
}

func FuzzParseLogFilter(f *testing.F) {
	for _, s := range []string{`ERROR -"x y" Task`, "?a ?b", `{ $.a.b[0] = "x*" && ($.n >= 1e-3 || $.c IS NULL) }`, "{ $.a NOT EXISTS }", "[a, b]", "%x%"} {
		f.Add(s, logDocument)
	}
	f.Fuzz(func(t *testing.T, pattern, message string) {
		l, err := ParseLogFilter(pattern)
		if (l == nil) == (err == nil) {
			t.Fatal("neither or both")
		}
		if l != nil {
			l.Matches(message)
		}
	})
}
