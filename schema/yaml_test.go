package schema

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func read(t *testing.T, text string) ([]*Node, []string) {
	t.Helper()
	var p Problems
	docs := ReadDocuments("a.yaml", []byte(text), &p)
	var said []string
	for _, x := range p.Sorted() {
		said = append(said, x.Error())
	}
	return docs, said
}

func TestReadDocumentsKeepsValues(t *testing.T) {
	for text, want := range map[string]string{
		"a: no\nb: on\nc: 2026-01-01\nd: yes\ne: 1.2.3\nf: 10:30":          `{"a":"no","b":"on","c":"2026-01-01","d":"yes","e":"1.2.3","f":"10:30"}`,
		"a: 9007199254740993\nb: 1e400\nc: -0.10\nd: 12345678901234567890": `{"a":9007199254740993,"b":1e400,"c":-0.10,"d":12345678901234567890}`,
		"a: true\nb: False\nc: ~\nd:\ne: null":                             `{"a":true,"b":false,"c":null,"d":null,"e":null}`,
		"a: &x {n: 1, m: 2}\nb: *x\nc: {<<: *x, m: 3}":                     `{"a":{"n":1,"m":2},"b":{"n":1,"m":2},"c":{"m":3,"n":1}}`,
		"a: &x {n: 1}\nb: &y {m: 2}\nc: {<<: [*x, *y]}":                    `{"a":{"n":1},"b":{"m":2},"c":{"n":1,"m":2}}`,
		"a: \"0123\"\nb: !!str 12\nc: '$${x}'":                             `{"a":"0123","b":"12","c":"${x}"}`,
		"\xef\xbb\xbfa: 1\r\nb: 2\r\n":                                     `{"a":1,"b":2}`,
		"a: |\n  one\n  two\nb: >-\n  one\n  two":                          `{"a":"one\ntwo\n","b":"one two"}`,
	} {
		docs, said := read(t, text)
		if len(said) > 0 || len(docs) != 1 {
			t.Errorf("%q: %d documents, %v", text, len(docs), said)
			continue
		}
		wanted, err := ParseJSON([]byte(want))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(wanted, docs[0].Value()); d != "" {
			t.Errorf("%q: %s", text, d)
		}
	}
}

func TestReadDocumentsSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\nb: 2\na: 3":                     `a.yaml:3:1: key "a" stands here twice (first in line 1); one would silently win`,
		"a: 012":                               `a.yaml:1:4: 012 is not a number in JSON; quote it to mean the text: "012"`,
		"a: 1_000":                             `a.yaml:1:4: 1_000 is not a number in JSON; quote it to mean the text: "1_000"`,
		"a: [+1]":                              `a.yaml:1:5: +1 is not a number in JSON; quote it to mean the text: "+1"`,
		"a: .inf":                              `a.yaml:1:4: .inf is not a number in JSON; quote it to mean the text: ".inf"`,
		"a: &x [*x]":                           `a.yaml:1:8 (used at line 1, column 8): alias *x contains itself`,
		"a:\n\tb: 1":                           `a.yaml:2:1: this is not YAML: found character that cannot start any token; indent with spaces: YAML forbids tabs there`,
		"a: [${x}]":                            `a.yaml:1:6: this is not YAML: did not find expected ',' or ']'; inside [ ] and { } put an expression into quotes: "${…}"`,
		"a: \"${1 +}\"":                        `a.yaml:1:5: the expression ends too early`,
		"b: x\na: |\n  one ${1}\n  two ${1 +}": `a.yaml:4:7: the expression ends too early`,
		"a: !!binary aGk=":                     `a.yaml:1:4: tag !!binary is not known here; leave it out`,
		"a: \xff":                              `a.yaml:1:4: this is not UTF-8 text; save the file as UTF-8`,
		"a: {<<: 3}":                           `a.yaml:1:9: << takes a mapping, found a number`,
		"? [a]\n: b":                           `a.yaml:1:3: a key must be text; put an expression into quotes`,
	} {
		if _, said := read(t, text); strings.Join(said, "\n") != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, strings.Join(said, "\n"), want)
		}
	}
}

func TestReadDocumentsReadsThemAll(t *testing.T) {
	docs, said := read(t, "# none\n---\na: 1\n---\n---\nb: [\n---\nc: 3\n")
	if len(docs) != 2 || len(said) != 1 || docs[1].Pos.Line != 8 {
		t.Errorf("%d documents, %v", len(docs), said)
	}
}

func TestReadDocumentsIsBounded(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 10), ","))
	}
	for name, text := range map[string]string{
		"an alias bomb":  bomb,
		"deep nesting":   "a: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"a large file":   "a: [" + strings.Repeat("x, ", 2<<20) + "x]",
		"a deep mapping": strings.Repeat("{a: ", 500) + "1" + strings.Repeat("}", 500),
	} {
		start := time.Now()
		if _, said := read(t, text); len(said) != 1 {
			t.Errorf("%s: %d problems", name, len(said))
		}
		t.Logf("%s: %s", name, time.Since(start))
	}
}

func TestAliasesTellBothPlaces(t *testing.T) {
	var p Problems
	docs := ReadDocuments("a.yaml", []byte("a: &x {n: no}\nb: *x"), &p)
	b, _ := docs[0].Get("b")
	n, _ := b.Value.Get("n")
	if got, want := n.Value.Pos.String(), "a.yaml:1:11 (used at line 2, column 4)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

type inner struct {
	Name string `json:"name" required:"true" doc:"Its name."`
}

type params struct {
	Text  string         `json:"text"`
	Count *int           `json:"count"`
	Wait  time.Duration  `json:"wait" default:"5s"`
	Mode  string         `json:"mode" enum:"fast|slow" default:"slow"`
	List  []inner        `json:"list"`
	Doc   any            `json:"doc"`
	Map   map[string]int `json:"map"`
	On    bool           `json:"on"`
	Some  float64        `json:"some"`
	Not   string         `json:"not" later:"true"`
}

func TestShapeFills(t *testing.T) {
	docs, said := read(t, "{text: a, count: 3e0, list: [{name: x}], doc: {n: 9007199254740993}, map: {k: 7}, on: true, some: 1.5}")
	var p Problems
	var got params
	ShapeOf(reflect.TypeOf(got)).Fill(docs[0], "parameter", &got, &p)
	three := 3
	want := params{
		Text: "a", Count: &three, Wait: 5 * time.Second, Mode: "slow", List: []inner{{"x"}},
		Doc: map[string]any{"n": json.Number("9007199254740993")}, Map: map[string]int{"k": 7}, On: true, Some: 1.5,
	}
	if d := cmp.Diff(want, got); d != "" || p.Len() > 0 || said != nil {
		t.Error(d, p.Sorted(), said)
	}
}

func TestShapeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"{txt: a}":            `unknown parameter "txt"; did you mean "text"?`,
		"{zzzzzzz: a}":        `unknown parameter "zzzzzzz"; known are count, doc, list, map, mode, on, some, text, wait`,
		"{text: 5}":           `expected text, found the number 5; to mean the text write "5"`,
		"{text: [a]}":         `expected text, found a list`,
		"{count: 1.5}":        `expected a whole number, found 1.5`,
		"{count: \"3\"}":      `expected a whole number, found the text "3"; write it without quotes`,
		"{wait: 5}":           `expected a duration such as 500ms, 20s or 1h30m, found the number 5; a number needs its unit, such as 5s`,
		"{wait: -5s}":         `a duration cannot be negative: -5s`,
		"{mode: fst}":         `"fst" is not one of fast, slow; did you mean "fast"?`,
		"{list: {name: x}}":   `expected a list of a mapping, found a mapping`,
		"{list: [{nam: x}]}":  `key "name" is missing: Its name.` + "\n" + `unknown key "nam"; did you mean "name"?`,
		"{on: \"yes\"}":       `expected true or false, found the text "yes"`,
		"{not: x}":            `"not" belongs to the format, but this version of rehearse cannot honour it yet`,
		"{map: {k: v}}":       `expected a whole number, found the text "v"`,
		"[text]":              `expected a mapping, found a list`,
		"{count: \"${1}\"}":   ``,
		"{wait: \"${1}s\"}":   ``,
		"{mode: \"a${'b'}\"}": ``,
	} {
		docs, _ := read(t, text)
		var p Problems
		ShapeOf(reflect.TypeFor[params]()).Check(docs[0], "parameter", &p)
		var said []string
		for _, x := range p.Sorted() {
			said = append(said, x.Message)
		}
		if got := strings.Join(said, "\n"); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
}
