package docs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
)

// sample is an expression and what it gives, as JSON; "" where that differs from
// time to time.
type sample struct{ source, gives string }

// functionGroups order the functions for readers, each with what it shows.
var functionGroups = []struct {
	title string
	names []string
}{
	{"Ids, times and numbers of a run", []string{"uuid", "now", "unix_ms", "date", "random_int"}},
	{"Text", []string{"lower", "upper", "trim", "split", "join", "replace", "length", "text", "number"}},
	{"Documents and lists", []string{"keys", "range", "default"}},
	{"Numbers of a list", []string{"sum", "avg", "min", "max", "percentile"}},
	{"JSON, base64 and files", []string{"to_json", "from_json", "base64", "from_base64", "sha256", "file", "render"}},
}

// functionSamples show every function. A test evaluates them.
var functionSamples = map[string][]sample{
	"uuid":        {{`uuid()`, ""}},
	"now":         {{`now()`, ""}},
	"unix_ms":     {{`unix_ms()`, ""}},
	"date":        {{`date("%Y-%m-%d")`, ""}, {`date("%Y-%m-%dT%H:%M:%SZ", "-24h")`, ""}},
	"random_int":  {{`random_int(1, 6)`, ""}},
	"range":       {{`range(3)`, `[0, 1, 2]`}},
	"to_json":     {{`to_json({"b": 1, "a": [true, null]})`, `"{\"a\":[true,null],\"b\":1}"`}},
	"from_json":   {{`from_json("{\"id\": 9007199254740993}").id`, `9007199254740993`}},
	"base64":      {{`base64("hello")`, `"aGVsbG8="`}},
	"from_base64": {{`from_base64("aGVsbG8=")`, `"hello"`}},
	"sha256":      {{`sha256("hello")`, `"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"`}},
	"file":        {{`file("order.json")`, `"{\"sku\": \"A1\", \"quantity\": ${vars.quantity}}"`}, {`from_json(file("list.json"))[0]`, `1`}},
	"render":      {{`from_json(render("order.json")).quantity`, `2`}},
	"lower":       {{`lower("ABC")`, `"abc"`}},
	"upper":       {{`upper("abc")`, `"ABC"`}},
	"trim":        {{`trim("  abc\n")`, `"abc"`}},
	"split":       {{`split("a,b,c", ",")`, `["a", "b", "c"]`}},
	"join":        {{`join(["a", "b"], "-")`, `"a-b"`}},
	"replace":     {{`replace("a-b-c", "-", "/")`, `"a/b/c"`}},
	"length":      {{`length("größe")`, `5`}, {`length([1, 2, 3])`, `3`}, {`length({"a": 1})`, `1`}},
	"keys":        {{`keys({"b": 1, "a": 2})`, `["a", "b"]`}},
	"text":        {{`text(12.50)`, `"12.50"`}, {`text([1, "a"])`, `"[1,\"a\"]"`}},
	"number":      {{`number("178") + 1`, `179`}},
	"sum":         {{`sum([0.1, 0.2])`, `0.3`}},
	"avg":         {{`avg([1, 2, 6])`, `3`}},
	"min":         {{`min([3, 1, 2])`, `1`}, {`min(3, 1)`, `1`}},
	"max":         {{`max([3, 1, 2])`, `3`}, {`max("a", "b")`, `"b"`}},
	"percentile":  {{`percentile([10, 20, 30, 40], 50)`, `20`}, {`percentile([10, 20, 30, 40], 99)`, `40`}},
	"default":     {{`default(vars.colour, "blue")`, `"blue"`}, {`default(vars.quantity, 1)`, `2`}},
}

// functionSections writes every function with its signature, what it gives and
// its samples.
func functionSections() (string, error) {
	known := map[string]expr.Function{}
	for _, f := range expr.Functions() {
		known[f.Name] = f
	}
	var b strings.Builder
	for _, g := range functionGroups {
		fmt.Fprintf(&b, "### %s\n\n| function | gives | for example |\n|---|---|---|\n", g.title)
		for _, name := range g.names {
			f, ok := known[name]
			if !ok || len(functionSamples[name]) == 0 {
				return "", fmt.Errorf("there is no function or no sample of %s", name)
			}
			delete(known, name)
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Signature, cell(f.Doc), showSamples(functionSamples[name]))
		}
		b.WriteString("\n")
	}
	if len(known) > 0 {
		return "", fmt.Errorf("functionGroups and functionSamples lack %v", slices.Sorted(maps.Keys(known)))
	}
	return strings.TrimSpace(b.String()), nil
}

func showSamples(l []sample) string {
	var parts []string
	for _, s := range l {
		part := "`" + strings.ReplaceAll(s.source, "|", `\|`) + "`"
		if s.gives != "" {
			part += " gives `" + strings.ReplaceAll(s.gives, "|", `\|`) + "`"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "<br>")
}
