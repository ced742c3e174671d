package assertions

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"github.com/rehearse-dev/rehearse/schema"
)

// logFilterCase is one row of testdata/logfilter.yaml.
type logFilterCase struct {
	Pattern *string
	Message *string
	Matches *bool
	Refused string
	Why     string
	Warns   string
	Rule    string
}

func logFilterCases(t testing.TB) []logFilterCase {
	b, err := os.ReadFile("testdata/logfilter.yaml")
	if err != nil {
		t.Fatal(err)
	}
	l, err := yaml.NewLoader(strings.NewReader(string(b)), yaml.WithKnownFields())
	if err != nil {
		t.Fatal(err)
	}
	var cases []logFilterCase
	if err := l.Load(&cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

func TestLogFilterRules(t *testing.T) {
	cases := logFilterCases(t)
	for i, c := range cases {
		if c.Pattern == nil || c.Rule == "" || (c.Matches == nil) == (c.Refused == "") || (c.Matches == nil) != (c.Message == nil) {
			t.Fatalf("row %d is not whole: %+v", i+1, c)
		}
		t.Run(fmt.Sprintf("%d %s", i+1, *c.Pattern), func(t *testing.T) {
			f, err := ParseLogFilter(*c.Pattern)
			if c.Refused != "" {
				want := "the filter pattern " + show(*c.Pattern) + " is wrong at " + c.Refused
				if f != nil || err == nil {
					t.Fatal("accepted; want", want)
				}
				if d := cmp.Diff(want, err.Error()); d != "" {
					t.Error(d)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Matches(*c.Message); got != *c.Matches {
				t.Errorf("matches: %v, want %v (%s)", got, *c.Matches, c.Rule)
			}
			reasons := f.Explain(*c.Message)
			if (len(reasons) == 0) != *c.Matches {
				t.Errorf("%d reasons", len(reasons))
			}
			if d := cmp.Diff(c.Why, SayReasons(reasons)); d != "" && c.Why != "" {
				t.Error(d)
			}
			if d := cmp.Diff(c.Warns, f.Warning()); d != "" {
				t.Error(d)
			}
			if f.String() != *c.Pattern {
				t.Errorf("String gives %q", f.String())
			}
		})
	}
}

// The differences behind the sentences of Explain.
func TestLogFilterDifferences(t *testing.T) {
	for _, c := range []struct {
		pattern, message string
		want             Difference
	}{
		{"ERROR", "INFO", Difference{Path: "$", Expected: "ERROR", Kind: Missing}},
		{"-ERROR", "ERROR", Difference{Path: "$", Found: "ERROR", Kind: Extra}},
		{"%x%", "y", Difference{Path: "$", Expected: "%x%", Kind: Missing}},
		{`{ $.a = "x" }`, `{"a":"y"}`, Difference{Path: "$.a", Expected: `= "x"`, Found: "y", Kind: Changed}},
		{`{ $.a = 5 }`, `{"a":6}`, Difference{Path: "$.a", Expected: jsonNumber("5"), Found: jsonNumber("6"), Kind: Changed}},
		{`{ $.a = 5 }`, `{}`, Difference{Path: "$.a", Expected: jsonNumber("5"), Kind: Missing}},
		{`{ $.a NOT EXISTS }`, `{"a":6}`, Difference{Path: "$.a", Found: jsonNumber("6"), Kind: Extra}},
		{`{ $.a = 5 }`, `[1]`, Difference{Path: "$", Expected: "a JSON object", Found: "[1]", Kind: Type}},
		{`[a, b > 5]`, `x 3`, Difference{Path: "b", Expected: "> 5", Found: "3", Kind: Changed}},
		{`[a, b > 5]`, `x`, Difference{Path: "$", Expected: "fields: 2", Found: "fields: 1", Kind: Changed}},
	} {
		t.Run(c.pattern+" "+c.message, func(t *testing.T) {
			f, err := ParseLogFilter(c.pattern)
			if err != nil {
				t.Fatal(err)
			}
			l := f.Explain(c.message)
			if len(l) != 1 {
				t.Fatalf("%+v", l)
			}
			if d := cmp.Diff(c.want, l[0].Difference); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestLogFilterBounds(t *testing.T) {
	for _, c := range []struct{ name, pattern, want string }{
		{"characters", strings.Repeat("é", 1025), "a filter pattern has at most 1024 characters, this one 1025"},
		{"parentheses", "{" + strings.Repeat("(", 500) + "$.a=1", "column 102: more than 100 parentheses inside each other"},
		{"counts", "%" + strings.Repeat("a{100}", 3) + "%", "column 15: the counts of a regular expression may add up to 255 at most"},
		{"columns count characters", `{ $.a = "ééé" && $.b == 1 }`, "column 22: equality is written with one =, found =="},
		{"columns of later lines", "{ $.a = 1\n&& $.b == 1 }", "column 18: equality is written with one =, found =="},
		{"columns count space", "   task-1", "column 8: '-' needs double quotes"},
		{"not UTF-8", "\xff", "is not valid UTF-8 text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := ParseLogFilter(c.pattern); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A look at a long message takes time in proportion to its length: looking
// back and forth, most of these would take minutes.
func TestLogFilterTime(t *testing.T) {
	for _, c := range []struct{ name, pattern, message string }{
		{"brackets never closed", "[a=x, ..., b=y]", strings.Repeat("[ ", 1_000_000)},
		{"quotes never closed", "[a=x, ..., b=y]", strings.Repeat("[ ", 1_000_000) + `"`},
		{"repetition", "%[a-z]{0,120}[a-z]{0,120}[0-9]%", strings.Repeat("a", 5_000)},
		{"repetition of anything", "%a*.*a*.*a*.*b$%", strings.Repeat("a", 200_000)},
		{"exponents", "{ $.a > 1e99999999999999999 }", `{"a":` + strings.Repeat("9", 200_000) + `e99999999999999999}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := ParseLogFilter(c.pattern)
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			f.Explain(c.message)
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestLogFilterText(t *testing.T) {
	type params struct {
		Filter LogFilterText `json:"filter"`
	}
	for _, c := range []struct {
		yaml, want, value string
		warns             bool
	}{
		{yaml: `filter: "?ERROR ?Task"`, value: "?ERROR ?Task"},
		{yaml: `filter: '{ $.level = "ERROR" }'`, value: `{ $.level = "ERROR" }`},
		{yaml: `filter: "${x}"`},
		{yaml: `filter: "[${x}"`},
		{yaml: "filter: a-b", want: `1:9: the filter pattern "a-b" is wrong at column 2: '-' needs double quotes around the text: only letters, digits and _ go without; write "a-b"`, value: "a-b"},
		{yaml: "filter: {x: y}", want: `1:9: a filter pattern is text, found a mapping; put the pattern into single quotes, such as '{ $.level = "ERROR" }'`},
		{yaml: "filter: [ip, x]", want: `1:9: a filter pattern is text, found a list; put the pattern into single quotes, such as '[ip, user, ...]', or '"[ERROR]"' for the text [ERROR]`},
		{yaml: "filter: 5", want: "1:9: a filter pattern is text, found the number 5"},
		{yaml: `filter: "?a b"`, want: `1:9: CloudWatch Logs ignores terms with ? beside other terms, so "a" changes nothing; put ? before every term, or before none`, value: "?a b", warns: true},
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
			if c.warns != (p.Len() > p.Errors()) {
				t.Errorf("%d problems, %d of them errors", p.Len(), p.Errors())
			}
		})
	}
}

// Every word of a message, in quotes, finds the message; excluded, it does not.
func TestLogFilterFindsEveryWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		message := rapid.String().Draw(t, "message")
		words := strings.Fields(message)
		if len(words) == 0 {
			return
		}
		word := rapid.SampledFrom(words).Draw(t, "word")
		if len(inQuotes(word)) > maxLogFilter/2 {
			return
		}
		all := make([]string, 0, len(words))
		for _, w := range words {
			all = append(all, inQuotes(w))
		}
		matches := map[string]bool{
			inQuotes(word):             true,
			"?" + inQuotes(word):       true,
			"-" + inQuotes(word):       false,
			"?surely_not_there_" + "x": false,
		}
		if every := strings.Join(all, " "); len(every) <= maxLogFilter {
			matches[every] = true
		}
		for pattern, want := range matches {
			f, err := ParseLogFilter(pattern)
			if err != nil {
				t.Fatalf("%s: %v", pattern, err)
			}
			if f.Matches(message) != want {
				t.Errorf("%s on %q: want %v", pattern, message, want)
			}
		}
	})
}

// A value put into quotes is found in its field, and in its place of a line.
func TestLogFilterFindsEveryValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringN(0, 40, -1).Draw(t, "value")
		if strings.Contains(value, "*") {
			return
		}
		f, err := ParseLogFilter("{ $.a = " + inQuotes(value) + " }")
		if err != nil {
			t.Fatal(err)
		}
		if message := show(map[string]any{"a": value}); !f.Matches(message) {
			t.Errorf("%s does not match %s: %s", f, message, SayReasons(f.Explain(message)))
		}
		if strings.ContainsAny(value, `"[]`) || strings.TrimSpace(value) != value {
			return
		}
		f, err = ParseLogFilter("[a=" + inQuotes(value) + ", b]")
		if err != nil {
			t.Fatal(err)
		}
		if message := `"` + value + `" x`; !f.Matches(message) {
			t.Errorf("%s does not match %s: %s", f, message, SayReasons(f.Explain(message)))
		}
	})
}

func FuzzLogFilter(f *testing.F) {
	for _, c := range logFilterCases(f) {
		message := "ERROR 5 [a b] \"c\""
		if c.Message != nil {
			message = *c.Message
		}
		f.Add(*c.Pattern, message)
	}
	f.Fuzz(func(t *testing.T, pattern, message string) {
		l, err := ParseLogFilter(pattern)
		if (l == nil) == (err == nil) {
			t.Fatal("neither or both")
		}
		if l == nil {
			if !strings.Contains(err.Error(), "column ") && !strings.Contains(err.Error(), "at most") && !strings.Contains(err.Error(), "UTF-8") {
				t.Errorf("%v", err)
			}
			return
		}
		matches := l.Matches(message)
		if reasons := l.Explain(message); matches != (len(reasons) == 0) {
			t.Errorf("matches: %v, reasons: %q", matches, SayReasons(reasons))
		}
		// What is allowed means the same in RE2 as it is, but for a count without a minimum.
		if re, ok := l.form.(logRegex); ok && !strings.Contains(re.source, "{,") {
			if plain, err := regexp.Compile("(?s)" + strings.Trim(re.source, "%")); err != nil || plain.MatchString(message) != matches {
				t.Errorf("RE2 as it is differs: %v", err)
			}
		}
		again, err := ParseLogFilter(l.String())
		if err != nil || again.Matches(message) != matches {
			t.Errorf("read again: %v", err)
		}
	})
}
