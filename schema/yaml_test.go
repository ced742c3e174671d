package schema

import (
	"encoding/json"
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

func TestReadDocumentsPlacesExpressions(t *testing.T) {
	for text, want := range map[string]string{
		"a: \"${1 +}\"":                         `a.yaml:1:5`,
		"b: x\na: |\n  one ${1}\n  two ${1 +}":  `a.yaml:4:7`,
		"a: |\r\n  x: ${1 +} y\r\n  ${2}\r\n":   `a.yaml:2:6`,
		"a: >-\n  x: ${vars.a}\n  ${2 +}\n":     `a.yaml:3:3`,
		"a: 'it''s ${1 +}'":                     `a.yaml:1:11`,
		"a: {ä: \"öö ${1}\", b: \"ü ${1 +}\"}":  `a.yaml:1:25`,
		"# x\n---\na: 1\n---\nb:\n  - ${1 +}\n": `a.yaml:6:5`,
		"a: 1\n...\nb: ${1 +}":                  `a.yaml:3:4`,
		"a: \"$${x} ${1 +}\"":                   `a.yaml:1:11`,
	} {
		if _, said := read(t, text); len(said) != 1 || !strings.HasPrefix(said[0], want+": the expression ends too early") {
			t.Errorf("%q: got %v, want %s", text, said, want)
		}
	}
}

// Text behind a document that the decoder would stop at must not be dropped.
func TestReadDocumentsDropsNothing(t *testing.T) {
	for text, want := range map[string]int{
		"a: 1\n...\nb: 2\n":            2,
		"a: 1\n... # end\n---\nb: 2\n": 2,
		"a: |\n  x\n---\nb: 1\n":       2,
		"--- |\n x\n--- # c\n---\ty\n": 2,
		"a: |\n  x\n  ---\n  ...\n":    1,
		"a: ---x\nb: ...\n":            1,
		"":                             0,
		"# nothing\n---\n...\n---\n":   0,
		"\n\n%YAML 1.2\n---\na: 1":     1,
	} {
		if docs, said := read(t, text); len(docs) != want || said != nil {
			t.Errorf("%q: %d documents, want %d; %v", text, len(docs), want, said)
		}
	}
	for _, text := range []string{" a: 1\nb: 2", "\"a\":b", "{a: 1} b: 2", "[a]\n[b]", "- a\n...x\n"} {
		if _, said := read(t, text); len(said) != 1 {
			t.Errorf("%q: %v", text, said)
		}
	}
}

func TestReadDocumentsReadsThemAll(t *testing.T) {
	docs, said := read(t, "# none\n---\na: 1\n---\n---\nb: [\n---\nc: 3\n")
	if len(docs) != 2 || len(said) != 1 || docs[1].Pos.Line != 8 {
		t.Errorf("%d documents, %v", len(docs), said)
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

func TestAliasesTellThePlacesOfExpressions(t *testing.T) {
	var p Problems
	docs := ReadDocuments("a.yaml", []byte("a: &x\n  n: \"é ${vars.y} ${vars.z}\"\nb: *x\nc: {<<: *x, m: 1}"), &p)
	for key, want := range map[string]string{
		"a": "a.yaml:2:9 a.yaml:2:19",
		"b": "a.yaml:2:9 (used at line 3, column 4) a.yaml:2:19 (used at line 3, column 4)",
		"c": "a.yaml:2:9 (used at line 4, column 9) a.yaml:2:19 (used at line 4, column 9)",
	} {
		e, _ := docs[0].Get(key)
		n, _ := e.Value.Get("n")
		var got []string
		for _, at := range n.Value.Holes {
			got = append(got, at.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", key, got, want)
		}
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
		"{txt: a}":             `unknown parameter "txt"; did you mean "text"?`,
		"{zzzzzzz: a}":         `unknown parameter "zzzzzzz"; known are count, doc, list, map, mode, on, some, text, wait`,
		"{text: 5}":            `expected text, found the number 5; to mean the text write "5"`,
		"{text: [a]}":          `expected text, found a list; text that begins with [ or { needs quotes`,
		"{count: 1.5}":         `expected a whole number, found 1.5`,
		"{count: \"3\"}":       `expected a whole number, found the text "3"; write it without quotes`,
		"{wait: 5}":            `expected a duration such as 500ms, 20s or 1h30m, found the number 5; a number needs its unit, such as 5s`,
		"{wait: -5s}":          `a duration cannot be negative: -5s`,
		"{mode: fst}":          `"fst" is not one of fast, slow; did you mean "fast"?`,
		"{list: {name: x}}":    `expected a list of mappings, found a mapping`,
		"{list: [{nam: x}]}":   `key "name" is missing: Its name.` + "\n" + `unknown key "nam"; did you mean "name"?`,
		"{on: \"yes\"}":        `expected true or false, found the text "yes"; write true`,
		"{on: yes}":            `expected true or false, found the text "yes"; write true`,
		"{on: Off}":            `expected true or false, found the text "Off"; write false`,
		"{on: 'true'}":         `expected true or false, found the text "true"; write true without quotes`,
		"{on: 1}":              `expected true or false, found the number 1; write true`,
		"{on: }":               `expected true or false, found nothing`,
		"{on: ~}":              `expected true or false, found null`,
		"{text: {$.a = 1}}":    `expected text, found a mapping; text that begins with [ or { needs quotes`,
		"text:\n  a: 1":        `expected text, found a mapping`,
		"list:\n  name: x":     `expected a list of mappings, found a mapping; begin each element with "- "`,
		"{map: \"k:7\"}":       `expected a mapping, found the text "k:7"; put a space after "k:"`,
		"{list: [name:x]}":     `expected a mapping, found the text "name:x"; put a space after "name:"`,
		"{\"text:a\": b}":      `unknown parameter "text:a"; put a space after "text:"`,
		"{text a: b}":          `unknown parameter "text a"; is a colon missing after "text"?`,
		"{-text: b}":           `unknown parameter "-text"; put a space after the dash`,
		"{wait: 5 sec}":        `"5 sec" is not a duration; write 5s`,
		"{wait: 1 hour 30min}": `"1 hour 30min" is not a duration; write 1h30m`,
		"{wait: 2 days}":       `"2 days" is not a duration; write 48h`,
		"{wait: PT5S}":         `"PT5S" is not a duration; write 5s`,
		"{wait: \"5\"}":        `"5" is not a duration; write 5s for seconds`,
		"{wait: soon}":         `"soon" is not a duration; write it like 500ms, 20s or 1h30m`,
		"{not: x}":             `"not" belongs to the format, but this version of rehearse cannot honour it yet`,
		"{map: {k: v}}":        `expected a whole number, found the text "v"`,
		"[text]":               `expected a mapping, found a list`,
		"{count: \"${1}\"}":    ``,
		"{wait: \"${1}s\"}":    ``,
		"{mode: \"a${'b'}\"}":  ``,
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
