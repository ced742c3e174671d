package expr

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func TestFunctionEdges(t *testing.T) {
	tests := []struct{ source, want string }{
		{`text(null ?? "")`, `""`},
		{`text(1e2)`, `"1e2"`},
		{`text(-0.50)`, `"-0.50"`},
		{`text(false)`, `"false"`},
		{`text([1, {"a": null}])`, `"[1,{\"a\":null}]"`},
		{`length("👍é")`, `2`},
		{`length("日本")`, `2`},
		{`length({})`, `0`},
		{`keys({"b": 1, "B": 2, "a": 3})`, `["B","a","b"]`},
		{`split("a", ",")`, `["a"]`},
		{`split(",", ",")`, `["",""]`},
		{`split("a--b", "--")`, `["a","b"]`},
		{`split("日本", "本")`, `["日",""]`},
		{`join(["a"], ",")`, `"a"`},
		{`join(split("a,b", ","), ",")`, `"a,b"`},
		{`replace("aaa", "aa", "b")`, `"ba"`},
		{`replace("a", "a", "aa")`, `"aa"`},
		{`trim("\u00a0\t a b \n")`, `"a b"`},
		{`number("1E+2") == 100`, `true`},
		{`number("-0")`, `-0`},
		{`from_base64("YQ==\n")`, `"a"`},
		{`from_base64(" YQ ")`, `"a"`},
		{`from_base64("")`, `""`},
		{`base64(from_base64("_-8"))`, `"/+8="`},
		{`from_json(" [1] \n")`, `[1]`},
		{`to_json("a\u2028<&>")`, `"\"a\\u2028<&>\""`},
		{`random_int(-3, -3)`, `-3`},
		{`random_int(3, 3.0)`, `3`},
		{`range(2.0)`, `[0,1]`},
		{`min("b", "a")`, `"a"`},
		{`percentile([1, 2, 3, 4], 50)`, `2`},
		{`percentile([1, 2, 3, 4], 50.1)`, `3`},
		{`length(vars.tags) == 0 ? 0 : sum(vars.tags)`, `0`},
		{`"a$${b}"`, `"a${b}"`},
		{"`$$${b}`", `"$${b}"`},
		{`replace("$${a}", "$${", "<")`, `"<a}"`},
		// the one place where what is missing is no error
		{`default(vars.a.b[7].c, 1)`, `1`},
		{`default(vars["no such"], 1)`, `1`},
		{`default(order.body.items[99].sku, 1)`, `1`},
		{`default(order.body.items[vars.n - 9], 1)`, `1`},
		{`default(vars.tags[length(@) - 1], "none")`, `"none"`},
		{`default(env.NOT_SET, "x")`, `"x"`},
		{`default($.nope, 1)`, `1`},
		{`default(vars.nope + 1, 0)`, `0`},
		{`default(upper(vars.nope), "x")`, `"x"`},
		{`default(vars.nope, vars.none)`, `null`},
		{`default(order.body.items[*].nope, 1)`, `[]`},
	}
	s := sample(t)
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			got, err := eval(t, tt.source, s)
			if err != nil {
				t.Fatal(err)
			}
			text, err := compact(got)
			if want, _ := compact(decode(t, tt.want)); err != nil || text != want {
				t.Errorf("got %s, %v", text, err)
			}
		})
	}
}

// TestDefaultForgivesNothingElse holds default() to what is missing.
func TestDefaultForgivesNothingElse(t *testing.T) {
	for _, x := range []string{
		`uper("a")`, `upper(vars.n)`, `vars.n / 0`, `vars.n + "a"`, `vars.n && true`, `number("a")`, `from_json("{")`, `file("nope")`, `render("nope")`,
		`vars.n < vars.stack`, `order.body.items[vars.f]`, `sum(vars.tags)`, `vars.n in vars.n`, `order.body.items[?(@.n + 1)]`, `order.body.items[-1]`,
	} {
		t.Run(x, func(t *testing.T) {
			if got, err := eval(t, "default("+x+", 1)", sample(t)); err == nil {
				t.Errorf("gave %v", got)
			}
		})
	}
}

func TestDates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock of a bubble begins at 2000-01-01
		tests := []struct{ source, want string }{
			{`date("%Y-%m-%dT%H:%M:%SZ")`, "2000-01-01T00:00:00Z"},
			{`date("%Y-%m-%d", "-1h")`, "1999-12-31"},
			{`date("%Y-%m-%d", "+1h")`, "2000-01-01"},
			{`date("%Y-%m-%d", "48h")`, "2000-01-03"},
			{`date("%H:%M:%S.%L", "-1ms")`, "23:59:59.999"},
			{`date("%H:%M", "1h30m")`, "01:30"},
			{`date("%d.%m.%y %j %a %b %p %Z %z 100%%")`, "01.01.00 001 Sat Jan AM UTC +0000 100%"},
			{`date("größe %Y")`, "größe 2000"},
		}
		for _, tt := range tests {
			if got, err := eval(t, tt.source, nil); err != nil || got != tt.want {
				t.Errorf("%s: got %v, %v", tt.source, got, err)
			}
		}
	})
}

func TestFilesAreRelativeToTheirOwn(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"a.txt": "top", "sub/a.txt": "below", "sub/use.txt": `${file("a.txt")} ${render("../up.txt")}`, "up.txt": `${file("a.txt")}`,
		"slip.txt": "ä\nä ${1 = 2}", "latin.txt": "caf\xe9", "crlf.txt": "a\r\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	large := filepath.Join(dir, "large.bin")
	if err := os.WriteFile(large, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, maxText+1); err != nil {
		t.Fatal(err)
	}
	s := &Scope{Dir: dir}
	for source, want := range map[string]string{
		`file("a.txt")`:                                "top",
		`file("./sub/a.txt")`:                          "below",
		`render("sub/use.txt")`:                        "below top",
		`file("crlf.txt")`:                             "a\r\n",
		`file("` + filepath.Join(dir, "a.txt") + `")`:  "top",
		`base64(file("latin.txt"))`:                    "Y2Fm6Q==",
		`default(vars.x, file("a.txt"))`:               "top",
		`length(file("large.bin")) == 1 ? "" : "much"`: "",
	} {
		got, err := eval(t, source, s)
		if want == "" {
			if err == nil || !strings.Contains(err.Error(), "longer than 64 MiB") {
				t.Errorf("%s: %.40v, %v", source, got, err)
			}
		} else if err != nil || got != want {
			t.Errorf("%s: got %v, %v", source, got, err)
		}
	}
	for source, want := range map[string]string{
		`file("sub")`:         "sub is a folder, not a file",
		`file("b.txt")`:       `did you mean "a.txt"?`,
		`file("nope/b.txt")`:  "nor the folder",
		`file("latin.txt")`:   "not UTF-8 text",
		`render("latin.txt")`: "latin.txt is not UTF-8 text",
		`render("slip.txt")`:  `slip.txt: line 2, character 7: "=" means nothing here`,
		`file(1)`:             "",
	} {
		if got, err := eval(t, source, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v", source, got, err)
		}
	}
}

func TestParseBare(t *testing.T) {
	tpl, err := ParseBare(` {"a": vars.n}.a `)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tpl.Eval(context.Background(), sample(t)); err != nil || !Equal(got, 3) || !tpl.Whole() || len(tpl.Holes()) != 1 {
		t.Error(got, err)
	}
	for source, want := range map[string]string{
		`(vars.n == 1`:  `'(' is not closed`,
		`{"a": 1 == 1`:  `'{' is not closed`,
		`vars.n} == 1`:  `'}' closes nothing`,
		`vars.list[0 =`: `write "=="`,
		``:              "empty",
	} {
		if _, err := ParseBare(source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", source, err)
		}
	}
}

// TestPlainPaths holds the short way for names with dots to the long one.
func TestPlainPaths(t *testing.T) {
	for _, source := range []string{
		`vars.stack`, ` order . body.items `, `vars.nope.x`, `order.body.items.sku`, `a.b.c.d.e`, `true.x`, `null.x`, `not.x`, `uuid.x`, `in.x`, `vars.true`,
		`vars.and.None`, `größe.ä`, `env.NOPE`,
	} {
		t.Run(source, func(t *testing.T) {
			toks, _, err := lex(source, lexExpr)
			if err != nil {
				t.Fatal(err)
			}
			st := &parseState{source: source, toks: toks}
			long, longErr := st.run(exprLanguage)
			short, shortErr := Parse(source)
			if (longErr == nil) != (shortErr == nil) {
				t.Fatal(longErr, shortErr)
			}
			if longErr != nil {
				if diff := cmp.Diff(longErr, shortErr); diff != "" {
					t.Error(diff)
				}
				return
			}
			if diff := cmp.Diff(st.refs, short.Refs()); diff != "" {
				t.Error(diff)
			}
			want, wantErr := (&Expr{source: source, eval: long}).Eval(context.Background(), sample(t))
			got, gotErr := short.Eval(context.Background(), sample(t))
			if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(gotErr, wantErr) {
				t.Errorf("%v, %v; want %v, %v", got, gotErr, want, wantErr)
			}
		})
	}
}
