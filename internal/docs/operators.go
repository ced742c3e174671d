package docs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/schema"
)

// judged are values, as JSON, for which the example of an operator holds or
// fails. They are asked when the page is written, so that it says what is true.
type judged struct{ holds, fails []string }

// operatorGroups order the operators for readers.
var operatorGroups = []struct {
	title string
	names []string
}{
	{"Values", []string{"equals", "not_equals", "one_of", "is", "exists", "not"}},
	{"Numbers and order", []string{"gt", "gte", "lt", "lte", "between", "approx"}},
	{"Text", []string{"contains", "not_contains", "starts_with", "ends_with", "matches", "filter"}},
	{"Lists", []string{"length", "empty", "unique", "in_order", "unordered", "each", "any", "share"}},
	{"Documents", []string{"match", "schema", "pattern", "json"}},
}

var operatorSamples = map[string]judged{
	"equals":       {[]string{`"SUCCEEDED"`}, []string{`"succeeded"`, `null`}},
	"not_equals":   {[]string{`"RUNNING"`, `null`}, []string{`"FAILED"`}},
	"one_of":       {[]string{`"RUNNING"`}, []string{`"FAILED"`}},
	"is":           {[]string{`"123e4567-e89b-12d3-a456-426614174000"`}, []string{`"order-1"`, `1`}},
	"exists":       {nil, []string{`"Play.Broken"`, `null`}},
	"not":          {[]string{`"SUCCEEDED"`}, []string{`"FAILED"`, `17`}},
	"gt":           {[]string{`1`, `0.5`}, []string{`0`, `"1"`}},
	"gte":          {[]string{`1`, `2`}, []string{`0`}},
	"lt":           {[]string{`9999.9`}, []string{`10000`}},
	"lte":          {[]string{`3`}, []string{`4`}},
	"between":      {[]string{`10`, `20`}, []string{`9.99`, `21`}},
	"approx":       {[]string{`0.49`, `0.51`}, []string{`0.52`, `"0.5"`}},
	"contains":     {[]string{`"the task timed out"`}, []string{`"done"`}},
	"not_contains": {[]string{`["user"]`, `[]`}, []string{`["user", "admin"]`}},
	"starts_with":  {[]string{`"arn:aws:sqs:eu-west-1:111122223333:orders"`}, []string{`"orders"`}},
	"ends_with":    {[]string{`"a/b.mp4"`}, []string{`"a/b.mp3"`}},
	"matches":      {[]string{`"ord-17"`}, []string{`"ord-17b"`, `17`}},
	"filter":       {[]string{`"ERROR: no such key"`}, []string{`"all is well"`}},
	"length":       {[]string{`[1, 2]`, `"ab"`}, []string{`[1]`, `12`}},
	"empty":        {[]string{`[]`, `""`, `{}`}, []string{`[1]`, `null`}},
	"unique":       {[]string{`[{"id": 1}, {"id": 2}]`}, []string{`[{"id": 1}, {"id": 1}]`}},
	"in_order":     {[]string{`["Start", "Work", "Done"]`}, []string{`["Done", "Start"]`}},
	"unordered":    {[]string{`["a", "b"]`}, []string{`["a", "b", "b"]`}},
	"each":         {[]string{`[{"price": 1}, {"price": 2}]`}, []string{`[{"price": 1}, {"price": 0}]`, `[]`}},
	"any":          {[]string{`[{"sku": "B2"}, {"sku": "A1"}]`}, []string{`[{"sku": "B2"}]`, `[]`}},
	"share":        {[]string{`[{"ok": true}]`}, []string{`[{"ok": true}, {"ok": false}]`}},
	"match":        {[]string{`{"state": "done", "by": "A"}`}, []string{`{"state": "open"}`, `{}`}},
	"schema":       {[]string{`{"id": 7}`}, []string{`{}`, `"id"`}},
	"pattern":      {[]string{`[{"source": "video.core"}]`}, []string{`[{"source": "audio.core"}]`}},
	"json":         {[]string{`"{\"id\": 7}"`, `{"id": 7}`}, []string{`"{\"id\": \"7\"}"`, `"no JSON"`}},
}

// operatorSections writes every operator with its example and what it says of
// some values, of a path that is missing and of one that selects nothing.
func operatorSections() (string, error) {
	known := map[string]assertions.Operator{}
	for _, o := range assertions.Operators() {
		known[o.Name] = o
	}
	var b strings.Builder
	for _, g := range operatorGroups {
		fmt.Fprintf(&b, "### %s\n\n", g.title)
		for _, name := range g.names {
			o, ok := known[name]
			if !ok {
				return "", fmt.Errorf("there is no operator %s", name)
			}
			text, err := operatorSection(o)
			if err != nil {
				return "", err
			}
			delete(known, name)
			b.WriteString(text)
		}
	}
	if len(known) > 0 {
		return "", fmt.Errorf("operatorGroups and operatorSamples lack %v", slices.Sorted(maps.Keys(known)))
	}
	return strings.TrimSpace(b.String()), nil
}

func operatorSection(o assertions.Operator) (string, error) {
	c, err := exampleOf(o)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "#### `%s`\n\n%s\n\n```yaml\n%s\n```\n\n", o.Name, o.Doc, o.Example)
	for _, side := range []struct {
		word   string
		values []string
		want   bool
	}{{"Holds for", operatorSamples[o.Name].holds, true}, {"Fails for", operatorSamples[o.Name].fails, false}} {
		for _, v := range side.values {
			got, err := c.holds(v)
			if err != nil || got != side.want {
				return "", fmt.Errorf("%s for %s: holds %v, %w", o.Example, v, got, err)
			}
		}
		if side.values != nil {
			fmt.Fprintf(&b, "%s %s. ", side.word, codes(side.values))
		}
	}
	if operatorSamples[o.Name].fails == nil {
		return "", fmt.Errorf("there is nothing that %s fails for", o.Name)
	}
	fmt.Fprintf(&b, "%s\n\n", c.onMissing(o))
	return b.String(), nil
}

// example is the check that an operator shows.
type example struct {
	path   string
	checks assertions.Checks
	under  *schema.Node // the mapping of operators
}

func exampleOf(o assertions.Operator) (example, error) {
	var p schema.Problems
	docs := schema.ReadDocuments(o.Name, []byte(o.Example), &p)
	if err := p.Err(); err != nil || len(docs) != 1 || len(docs[0].Entries) != 1 {
		return example{}, fmt.Errorf("the example of %s is no check: %w", o.Name, err)
	}
	e := example{path: docs[0].Entries[0].Key, under: docs[0].Entries[0].Value}
	e.checks.ReadNode(docs[0], &p)
	return e, p.Err()
}

// holds puts a value to the first name of the path.
func (e example) holds(value string) (bool, error) {
	v, err := schema.ParseJSON([]byte(value))
	if err != nil {
		return false, err
	}
	names := strings.Split(strings.TrimSuffix(e.path, "[0]"), ".")
	if i := strings.Index(e.path, "["); i >= 0 {
		names = []string{e.path[:i]}
	}
	if strings.Contains(e.path, "[0].") { // events[0].message: {filter: …}
		v = []any{map[string]any{e.path[strings.Index(e.path, "].")+2:]: v}}
	}
	doc := v
	for i := len(names) - 1; i >= 0; i-- {
		doc = map[string]any{names[i]: doc}
	}
	return e.checks.Holds(doc), nil
}

// onMissing says what becomes of a missing path, and of one that selects
// nothing, after asking.
func (e example) onMissing(o assertions.Operator) string {
	missing, nothing := e.at("nowhere", `{}`), e.at("list[*].field", `{"list": []}`)
	switch {
	case missing && nothing:
		return "Holds where the path is missing, or selects nothing."
	case nothing:
		return "Where the path is missing it fails; where it selects nothing it holds, because that is empty."
	case o.Name == "length":
		return "Where the path is missing it fails; where it selects nothing the length is 0."
	}
	return "Fails where the path is missing, or selects nothing."
}

// at puts the operators to another path of a document.
func (e example) at(path, doc string) bool {
	var p schema.Problems
	var c assertions.Checks
	c.ReadNode(&schema.Node{Kind: schema.Map, Entries: []schema.Entry{{Key: path, Value: e.under}}}, &p)
	v, err := schema.ParseJSON([]byte(doc))
	return err == nil && p.Err() == nil && c.Holds(v)
}
