package report

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestClassname(t *testing.T) {
	for file, want := range map[string]string{
		"scenarios/video-plugins/hooks.scenario.yaml": "scenarios.video-plugins.hooks",
		"a.b/c.d.scenario.yml":                        "a_b.c_d",
		"./x/y.scenario.yaml":                         "x.y",
		"../x/y.scenario.yaml":                        "__.x.y",
		"/abs/x.yaml":                                 "abs.x",
		"plain":                                       "plain",
		".scenario.yaml":                              "_scenario",
		"":                                            "",
	} {
		if got := classname(file); got != want {
			t.Errorf("classname(%q) = %q, want %q", file, got, want)
		}
	}
}

func TestSeconds(t *testing.T) {
	for ms, want := range map[int64][3]string{
		0:         {"0s", "0.00s", "0.000"},
		40:        {"0.04s", "0.04s", "0.040"},
		20_000:    {"20s", "20.0s", "20.000"},
		20_004:    {"20.004s", "20.0s", "20.004"},
		62_000:    {"62s", "1m02s", "62.000"},
		3_720_000: {"3720s", "1h02m", "3720.000"},
	} {
		if got := [3]string{exact(ms), about(ms), seconds(ms)}; got != want {
			t.Errorf("%d ms: %v, want %v", ms, got, want)
		}
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain äöü 日本 \t\n": "plain äöü 日本 \t\n",
		"\x1b[31m\x00\x7f":  `\x1b[31m\x00\x7f`,
		"\u009b\u202e":      `\x9b\u202e`,
		"\ufffe\uffff":      `\ufffe\uffff`,
		"\xff\ufffd":        `\xff` + "\ufffd",
		"line\r\n":          `line\x0d` + "\n",
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCutPairKeepsTheDifferenceInSight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		same := strings.Repeat("é", rapid.IntRange(0, 500).Draw(t, "same"))
		rest := strings.Repeat("z", rapid.IntRange(0, 500).Draw(t, "rest"))
		a, b := cutPair(same+"A"+rest, same+"B"+rest, 40)
		if !strings.Contains(a, "A") || !strings.Contains(b, "B") {
			t.Fatalf("the difference is out of sight:\n%s\n%s", a, b)
		}
		if utf8.RuneCountInString(a) > 90 {
			t.Fatalf("too long: %s", a)
		}
	})
}

func TestMiddleCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(rapid.StringN(0, 60, -1), 0, 80).Draw(t, "lines"), "\n")
		got := middleCut(s, 600)
		switch {
		case len(s) <= 600 && got != s:
			t.Fatal("a short text was cut")
		case len(got) > 600:
			t.Fatalf("%d bytes", len(got))
		case len(s) > 600 && !strings.Contains(got, "are left out here"):
			t.Fatal("the cut is not said")
		case utf8.ValidString(s) && !utf8.ValidString(got):
			t.Fatal("a character was cut in two")
		}
	})
}

func TestWrapLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(20, 60).Draw(t, "width")
		var spans []span
		var text string
		for _, s := range rapid.SliceOfN(rapid.StringMatching(`[a-zé ]{0,90}`), 0, 5).Draw(t, "spans") {
			spans = append(spans, span{plain, s})
			text += s
		}
		var back string
		for i, row := range wrap(spans, width) {
			room, got := width, ""
			if i > 0 {
				room -= 2
			}
			for _, s := range row {
				got += s.text
			}
			if utf8.RuneCountInString(got) > room {
				t.Fatalf("row %d is wider than %d: %q", i, room, got)
			}
			back += got
		}
		bare := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if bare(back) != bare(text) {
			t.Fatalf("%q became %q", text, back)
		}
	})
}

func TestLayout(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{
		"scalar":  {`12.50`, "12.50"},
		"short":   {`{"b":[1,2],"a":"x"}`, "a: \"x\"\nb: [1,2]"},
		"empty":   {`{}`, "{}"},
		"long":    {`{"list":[{"name":"a long name for a thing","n":1},{"n":2}]}`, "list:\n  - n: 1\n    name: \"a long name for a thing\"\n  - {\"n\":2}"},
		"nested":  {`[["aaaaaaaaaaaaaaaaaaaaaaaaaaaa","b"],[]]`, "- - \"aaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\n  - \"b\"\n- []"},
		"lines":   {`{"message":"one\ntwo\n"}`, "message:\n  one\n  two"},
		"control": {`"a\u001bb"`, `a\x1bb`},
	} {
		t.Run(name, func(t *testing.T) {
			var v any
			d := json.NewDecoder(strings.NewReader(c.doc))
			d.UseNumber()
			if err := d.Decode(&v); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(layout(v, 30), "\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
