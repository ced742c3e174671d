package expr

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestFunctions(t *testing.T) {
	tests := []struct{ source, want string }{
		{`lower("ÄB")`, `"äb"`},
		{`upper('ab')`, `"AB"`},
		{`trim("  a b\n")`, `"a b"`},
		{`split("a,b,,c", ",")`, `["a","b","","c"]`},
		{`split("", ",")`, `[""]`},
		{`split("a,b", ",")[1]`, `"b"`},
		{`join(["a", "b"], "-")`, `"a-b"`},
		{`join([], "-")`, `""`},
		{`replace("a.b.c", ".", "")`, `"abc"`},
		{`length("Köln")`, `4`},
		{`length(vars.umlaut) == 4`, `true`},
		{`length([1, 2])`, `2`},
		{`length({"a": 1})`, `1`},
		{`length($.order.body.items[*])`, `3`},
		{`keys({"b": 1, "a": 2})`, `["a","b"]`},
		{`keys(byname)`, `["alpha","mid","zeta"]`},
		{`text(1.50)`, `"1.50"`},
		{`text(true)`, `"true"`},
		{`text("a")`, `"a"`},
		{`text({"b": [1, null], "a": "<"})`, `"{\"a\":\"<\",\"b\":[1,null]}"`},
		{`vars.stack + text(vars.big)`, `"video-dev9007199254740993"`},
		{`number("9007199254740993") + 1`, `9007199254740994`},
		{`number("-1.5e3")`, `-1.5e3`},
		{`number(3)`, `3`},
		{`to_json({"b": 9007199254740993, "a": "<&>"})`, `"{\"a\":\"<&>\",\"b\":9007199254740993}"`},
		{`to_json(null)`, `"null"`},
		{`from_json("{\"n\": 9007199254740993}").n`, `9007199254740993`},
		{`from_json('[1.50]')[0]`, `1.50`},
		{`from_json(" null ")`, `null`},
		{`base64("hällo")`, `"aMOkbGxv"`},
		{`from_base64("aMOkbGxv")`, `"hällo"`},
		{`from_base64("YWI")`, `"ab"`},
		{`from_base64("YWI=")`, `"ab"`},
		{`from_base64(base64("a?>b")) == from_base64("YT8-Yg")`, `true`},
		{`base64(from_base64("/wA="))`, `"/wA="`},
		{`sha256("abc")`, `"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"`},
		{`range(3)`, `[0,1,2]`},
		{`range(0)`, `[]`},
		{`sum([1, 2.5, 9007199254740993])`, `9007199254740996.5`},
		{`sum([0.1, 0.2]) == 0.3`, `true`},
		{`avg([1, 2])`, `1.5`},
		{`avg([0.1, 0.2, 0.3]) == 0.2`, `true`},
		{`min([3, 1.0, 2])`, `1.0`},
		{`max([9007199254740992, 9007199254740993])`, `9007199254740993`},
		{`max(1, 3, 2)`, `3`},
		{`min(["b", "a"])`, `"a"`},
		{`max($.order.body.items[?(@.n < 100)].n)`, `5`},
		{`percentile([15, 20, 35, 40, 50], 30)`, `20`},
		{`percentile([50, 15, 35, 40, 20], 40)`, `20`},
		{`percentile([15, 20, 35, 40, 50], 50)`, `35`},
		{`percentile([15, 20, 35, 40, 50], 100)`, `50`},
		{`percentile([15, 20, 35, 40, 50], 1)`, `15`},
		{`percentile(range(100), 99)`, `98`},
		{`percentile([7], 95)`, `7`},
	}
	s := sample(t)
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			got, err := eval(t, tt.source, s)
			if err != nil {
				t.Fatal(err)
			}
			text, err := compact(got)
			if err != nil {
				t.Fatal(err)
			}
			if want, _ := compact(decode(t, tt.want)); text != want {
				t.Errorf("got %s, want %s", text, want)
			}
		})
	}
}

func TestFunctionErrors(t *testing.T) {
	tests := []struct{ source, want string }{
		{`upper(1)`, "upper(): its argument must be text, not number"},
		{`lower(null)`, "lower(): its argument must be text, not null"},
		{`trim([])`, "trim(): its argument must be text, not list"},
		{`split(1, ",")`, "split(): the first argument must be text"},
		{`split("a", "")`, "split(): the separator is empty"},
		{`join("a", "b")`, "join(): the first argument must be a list, not text"},
		{`join(["a", 1], "b")`, "join(): joins texts, but element [1] is number"},
		{`join([], 1)`, "join(): the second argument must be text"},
		{`replace("a", "b", 1)`, "replace(): the third argument must be text, not number"},
		{`replace("a", "", "b")`, "replace(): the text to replace is empty"},
		{`length(1)`, "length(): its argument must be text, a list or a document, not number"},
		{`length(null)`, "length(): "},
		{`keys([])`, "keys(): its argument must be a document, not list"},
		{`text(null)`, "text(): the value is null"},
		{`number("abc")`, `number(): "abc" is not a number`},
		{`number("")`, `number(): "" is not a number`},
		{`number(" 1")`, "number(): "},
		{`number("0x1F")`, "number(): "},
		{`number("1_0")`, "number(): "},
		{`number(true)`, "number(): its argument must be text, not boolean"},
		{`from_json("")`, "from_json(): the text is empty"},
		{`from_json("{")`, "from_json(): the text is not JSON"},
		{`from_json("1 2")`, "from_json(): the text is not JSON: line 1, character 3: something follows the value"},
		{`from_json(1)`, "from_json(): "},
		{`base64(1)`, "base64(): "},
		{`from_base64("%")`, "from_base64(): the text is not base64"},
		{`from_base64("/wA=")`, "not UTF-8 text"},
		{`[from_base64("/wA=")]`, "not UTF-8 text"},
		{`upper(from_base64("/wA="))`, "upper(): the text is not UTF-8"},
		{`sha256(1)`, "sha256(): "},
		{`date(1)`, "date(): its argument must be text"},
		{`date("%")`, "date(): "},
		{`date("%Q")`, "date(): "},
		{`date("%Y", "1 day")`, `date(): the offset is a duration such as "-24h" or "1h30m", not "1 day"`},
		{`date("%Y", 5)`, "date(): the second argument must be text"},
		{`random_int(2, 1)`, "random_int(): the first argument, 2, is above the second, 1"},
		{`random_int(1.5, 2)`, "random_int(): 1.5 is not a whole number"},
		{`random_int("1", 2)`, "random_int(): the first argument must be a whole number, not text"},
		{`random_int(0, 1e30)`, "random_int(): 1e30 is not a whole number that can be counted with"},
		{`range(-1)`, "range(): n is -1"},
		{`range("3")`, "range(): "},
		{`sum(1)`, "sum(): its argument must be a list"},
		{`sum([1, "2"])`, "sum(): element [1]: text is not a number"},
		{`avg([])`, "avg(): the list is empty"},
		{`min([])`, "min(): the list is empty"},
		{`max([1, "a"])`, "max(): text and number have no order"},
		{`min(1)`, "min(): its argument must be a list, not number"},
		{`percentile([], 50)`, "percentile(): the list is empty"},
		{`percentile([1], 0)`, "percentile(): p is 0"},
		{`percentile([1], 101)`, "percentile(): p is 101"},
		{`percentile([1], "a")`, "percentile(): the second argument must be a number"},
		{`percentile(["a"], 5)`, "percentile(): element [0] is text"},
		{`file("no-such-file")`, "file(): there is no file"},
		{`file(".")`, "is a folder, not a file"},
		{`file(1)`, "file(): "},
	}
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			got, err := eval(t, tt.source, sample(t))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock of a bubble begins at 2000-01-01
		<-time.After(1500 * time.Millisecond) // no real time passes
		tests := []struct{ source, want string }{
			{`now()`, `"2000-01-01T00:00:01.500Z"`},
			{`unix_ms()`, `946684801500`},
			{`date("%Y-%m-%dT%H:%M:%S.%LZ")`, `"2000-01-01T00:00:01.500Z"`},
			{`date("%F", "-24h")`, `"1999-12-31"`},
			{`date('%H:%M', '1h30m')`, `"01:30"`},
			{`number(date("%s"))`, `946684801`},
		}
		for _, tt := range tests {
			got, err := eval(t, tt.source, nil)
			if err != nil || !Equal(got, decode(t, tt.want)) {
				t.Errorf("%s: got %v, %v", tt.source, got, err)
			}
		}
	})
}

func TestRandom(t *testing.T) {
	uuids := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	got, err := eval(t, `uuid() == uuid() ? "same" : uuid()`, nil)
	if s, _ := got.(string); err != nil || !uuids.MatchString(s) {
		t.Error(got, err)
	}
	draw := func(source string, seed uint64) []any {
		s := &Scope{Rand: rand.New(rand.NewPCG(seed, 1))}
		var all []any
		for range 200 {
			v, err := eval(t, source, s)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, v)
		}
		return all
	}
	first, second, other := draw("random_int(-1, 2)", 1), draw("random_int(-1, 2)", 1), draw("random_int(-1, 2)", 2)
	if !Equal(first, second) || Equal(first, other) {
		t.Error("the seed does not decide")
	}
	seen := map[string]bool{}
	for _, v := range first {
		text, _ := textOf(v)
		seen[text] = true
	}
	if len(seen) != 4 || !seen["-1"] || !seen["0"] || !seen["1"] || !seen["2"] {
		t.Errorf("drew %v", seen)
	}
	for _, source := range []string{"random_int(5, 5) == 5", "random_int(-9223372036854775808, 9223372036854775807) != 0.5"} {
		if got, err := eval(t, source, nil); err != nil || got != true {
			t.Error(source, got, err)
		}
	}
}

func TestFileFunctions(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("plain.txt", "id ${vars.id}\n")
	write("whole.txt", "${vars.n}")
	write("sub/outer.json", `{"id": "${vars.id}", "inner": ${render("inner.json")}}`)
	write("sub/inner.json", `{"big": ${vars.big}}`)
	write("loop.txt", `${render("loop.txt")}`)
	write("bad.txt", "one\ntwo ${vars.}")
	write("missing.txt", "${vars.nope}")
	write("logo.png", "\x89PNG")
	s := &Scope{Dir: dir, Names: decode(t, `{"vars": {"id": "x1", "n": 3, "big": 9007199254740993, "loop": "loop.txt"}}`).(map[string]any)}
	tests := []struct{ source, want string }{
		{`file("plain.txt")`, `"id ${vars.id}\n"`},
		{`render("plain.txt")`, `"id x1\n"`},
		{`render("whole.txt")`, `"3"`},
		{`from_json(render("sub/outer.json"))`, `{"id": "x1", "inner": {"big": 9007199254740993}}`},
		{`base64(file("logo.png"))`, `"iVBORw=="`},
		{`length(sha256(file("logo.png")))`, `64`},
	}
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			got, err := eval(t, tt.source, s)
			if err != nil || !Equal(got, decode(t, tt.want)) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	failures := []struct{ source, want string }{
		{`file("logo.png")`, "not UTF-8 text"},
		{`render("logo.png")`, "is not UTF-8 text"},
		{`render(vars.loop)`, "more than 10 files render one another"},
		{`render("bad.txt")`, "bad.txt: line 2, character 12: the expression ends too early"},
		{`render("nope.txt")`, "render(): there is no file"},
		{`default(render("missing.txt"), 1)`, `missing.txt: ${vars.nope}: vars has no "nope"`},
		{`default(file("nope.txt"), 1)`, "file(): there is no file"},
	}
	for _, tt := range failures {
		t.Run(tt.source, func(t *testing.T) {
			got, err := eval(t, tt.source, s)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// TestReference holds the table to what the reference prints.
func TestReference(t *testing.T) {
	all := Functions()
	if len(all) != 29 {
		t.Errorf("%d functions", len(all))
	}
	for _, f := range all {
		if !strings.HasPrefix(f.Signature, f.Name+"(") || f.Doc == "" || strings.Contains(f.Doc, "\n") {
			t.Errorf("%+v", f)
		}
	}
	const inSpec = "uuid now unix_ms date random_int range to_json from_json base64 from_base64 sha256 file render " +
		"lower upper trim split join replace length keys text number sum avg min max percentile default"
	for name := range strings.FieldsSeq(inSpec) {
		if functions[name] == nil {
			t.Errorf("no %s()", name)
		}
	}
	for _, known := range foreignFunctions {
		if functions[known] == nil {
			t.Errorf("no %s()", known)
		}
	}
}

func TestCancelledCall(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	e, err := Parse("uuid()")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Eval(ctx, nil); err == nil {
		t.Error("a cancelled call went on")
	}
}
