package runner

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rehearse-dev/rehearse/runner/event"
)

func maskerOf(secrets ...any) *masker {
	m := newMasker()
	for _, s := range secrets {
		m.hide(s)
	}
	return m
}

func TestTextsAreMasked(t *testing.T) {
	for _, c := range []struct {
		name    string
		secrets []any
		text    string
		want    string
	}{
		{"as it is", []any{"hunter2"}, "is hunter2!", "is ***!"},
		{"short", []any{"short", "äöüßé"}, "short äöüßé", "short äöüßé"},
		{"the longest wins", []any{"secret", "secret-of-more"}, "a secret-of-more b", "a *** b"},
		{"overlapping", []any{"abcdefgh", "efghijkl"}, "<abcdefghijkl>", "<***>"},
		{"one inside the other", []any{"abcdefghij", "cdefgh"}, "abcdefghij cdefgh", "*** ***"},
		{"nearly the longer", []any{"abcdef", "abcdefzz"}, "abcdefzy", "***zy"},
		{"two neighbours", []any{"abcdefA", "abcdefB", "abcdef"}, "abcdefAA abcdefBB abcdefC", "***A ***B ***C"},
		{"an asterisk brings forth another", []any{"SECRET", "a***b!"}, "aSECRETb!", "***"},
		{"lines", []any{"-----BEGIN-----\r\nMIIEvQIBADAN\nx=\n"}, "MIIEvQIBADAN", "***"},
		{"lines in JSON", []any{"-----BEGIN-----\nMIIEvQIBADAN\nx="}, `{"pem":"-----BEGIN-----\nMIIEvQIBADAN\nx="}`, `{"pem":"***"}`},
		{"leaves of a JSON secret", []any{`{"user":"adminis","deep":[{"pass":"pa\"ss1"}],"port":1234567}`}, `adminis pa"ss1 1234567`, "*** *** ***"},
		{"a query", []any{"a b/c+d"}, "t=a+b%2Fc%2Bd&u", "t=***&u"},
		{"a path", []any{"a b/c+d"}, "t=a%20b%2fc+d/u", "t=***/u"},
		{"a URL in a URL", []any{"a b/c+d"}, "a%2520b%252fc%252Bd", "***"},
		{"JSON", []any{"a\"b\\c\td"}, `{"x":"a\"b\\c\td"}`, `{"x":"***"}`},
		{"JSON in JSON", []any{"a\"b\\c\td"}, `{"x":"{\"y\":\"a\\\"b\\\\c\\td\"}"}`, `{"x":"{\"y\":\"***\"}"}`},
		{"JSON for HTML", []any{"a<b>&é😀"}, `"a\u003cb\u003e\u0026\u00e9\ud83d\ude00"`, `"***"`},
		{"as Go quotes it", []any{"a\x07\u00ad\"quoted"}, strconv.Quote("a\x07\u00ad\"quoted"), `"***"`},
		{"as Go quotes ASCII", []any{"päßwö\U0001F600"}, strconv.QuoteToASCII("päßwö\U0001F600"), `"***"`},
		{"XML", []any{`a<b>&"c`}, "<x>a&lt;b&gt;&amp;&#34;c</x>", "<x>***</x>"},
		{"no UTF-8", []any{"caf\xe9caf\xe9"}, "caf\uFFFDcaf\uFFFD", "***"},
		{"base64", []any{"secret1"}, base64.StdEncoding.EncodeToString([]byte("secret1")), "***"},
		{"base64 of an escaped one", []any{`pass"word`}, base64.StdEncoding.EncodeToString([]byte(`{"p":"pass\"word"}`)), "eyJwIjoi***CJ9"},
		{"cut by an ellipsis", []any{"a-very-long-secret"}, "found a-very-lo…, expected", "found ***…, expected"},
		{"cut in quotes", []any{"a-very-long-secret"}, `found "a-very-lo"…`, `found "***"…`},
		{"cut at its beginning", []any{"a-very-long-secret"}, `found …"g-secret"`, `found …"***"`},
		{"cut on both sides", []any{"a-very-long-secret"}, `found …"ry-long-s"…`, `found …"***"…`},
		{"cut before a sign that begins like the ellipsis", []any{"secret€uro"}, "secret…", "***…"},
		{"not cut", []any{"a-very-long-secret"}, "a-very-lo", "a-very-lo"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := maskerOf(c.secrets...).text(c.text)
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestBase64OfWhatHoldsASecret: what stands before a secret moves its letters.
func TestBase64OfWhatHoldsASecret(t *testing.T) {
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 6 {
			for after := range 4 {
				for _, secret := range []string{"secret", "sec/ret~~~???", "päßwörter"} {
					m := maskerOf(secret)
					text := e.EncodeToString([]byte(strings.Repeat("u", before) + secret + strings.Repeat("v", after)))
					got := m.text(text)
					if !strings.Contains(got, hidden) {
						t.Errorf("%d before %q, %d after: %s is not masked", before, secret, after, text)
					}
					// What is left holds no whole letter of the secret.
					if len(got)-len(hidden) > (8*before+5)/6+(8*after+5)/6+3 {
						t.Errorf("%d before %q, %d after: %s leaves %s", before, secret, after, text, got)
					}
				}
			}
		}
	}
}

func TestDocumentsAreMasked(t *testing.T) {
	m := maskerOf("secret-1", "secret-2", json.Number("123456789"), 7654321)
	doc := map[string]any{
		"secret-1": "a", "secret-2": "b", "plain": []any{"secret-1", json.Number("123456789"), json.Number("12"), true, nil, 7654321, 1.5},
		"types": map[string]string{"x": "secret-2"}, "count": 3,
	}
	before := fmt.Sprint(doc)
	got, changed := m.document(doc)
	want := map[string]any{
		"***": "a", "*** (2)": "b", "plain": []any{"***", "***", json.Number("12"), true, nil, "***", 1.5},
		"types": map[string]any{"x": "***"}, "count": 3,
	}
	if diff := cmp.Diff(want, got); diff != "" || !changed {
		t.Error(diff)
	}
	if fmt.Sprint(doc) != before {
		t.Error("the run's own document was changed")
	}
}

// bodies are bodies of events with a word in every text and document.
func bodies(word string) []event.Body {
	var list []event.Body
	for _, b := range []event.Body{
		&event.RunStart{}, &event.CasePlan{}, &event.ScenarioStart{}, &event.PhaseFinish{}, &event.StepStart{}, &event.Probe{},
		&event.StepFinish{}, &event.ScenarioFinish{}, &event.ResourceChange{}, &event.Note{}, &event.RunFinish{},
	} {
		fill(reflect.ValueOf(b).Elem(), word)
		list = append(list, b)
	}
	return list
}

func fill(v reflect.Value, word string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(word)
	case reflect.Int, reflect.Int64:
		v.SetInt(100000)
	case reflect.Interface:
		v.Set(reflect.ValueOf(map[string]any{word: []any{word}}))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), word)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), word)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), word)
		}
	}
}

// TestOnlyTheFormatStaysAsItIs: what the stream defines itself is never
// masked, else no report could read it; everything else is.
func TestOnlyTheFormatStaysAsItIs(t *testing.T) {
	for _, b := range bodies("passed") {
		m := maskerOf("passed", "100000")
		e := m.apply(event.Event{Type: "passed", Run: "passed", Step: "assert/0", Case: "f#passed", Attempt: 1, Body: b})
		if e.Type != "passed" || e.Run != "passed" || e.Case != "f#***" {
			t.Errorf("header %+v", e)
		}
		checkMasked(t, reflect.ValueOf(e.Body).Elem(), reflect.TypeOf(b).Elem().Name())
	}
}

func checkMasked(t *testing.T, v reflect.Value, where string) {
	switch v.Kind() {
	case reflect.String:
		want := "***"
		if slices.Contains(formatTypes, v.Type()) {
			want = "passed"
		}
		if got := strings.TrimSuffix(v.String(), " (2)"); got != want {
			t.Errorf("%s is %q, want %q", where, v, want)
		}
	case reflect.Int, reflect.Int64:
		if v.Int() != 100000 {
			t.Errorf("%s is %v", where, v)
		}
	case reflect.Interface:
		if diff := cmp.Diff(map[string]any{"***": []any{"***"}}, v.Interface()); diff != "" {
			t.Errorf("%s: %s", where, diff)
		}
	case reflect.Pointer:
		checkMasked(t, v.Elem(), where)
	case reflect.Slice:
		checkMasked(t, v.Index(0), where)
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if slices.Contains(format[v.Type()], name) {
				if v.Field(i).String() != "passed" {
					t.Errorf("%s.%s belongs to the format and was masked", where, name)
				}
				continue
			}
			checkMasked(t, v.Field(i), where+"."+name)
		}
	}
}

func TestTheFormatNamesFieldsThatExist(t *testing.T) {
	for kind, names := range format {
		for _, name := range names {
			if _, ok := kind.FieldByName(name); !ok {
				t.Errorf("%s has no field %s", kind, name)
			}
		}
	}
	for kind, names := range sharedNames {
		for name := range names {
			if _, ok := kind.FieldByName(name); !ok {
				t.Errorf("%s has no field %s", kind, name)
			}
		}
	}
}

// TestNamesStayTheSame: a case that was told under a name keeps it, and two
// cases stay two, though secrets stand in their names.
func TestNamesStayTheSame(t *testing.T) {
	m := newMasker()
	key := func(k string) string {
		return m.apply(event.Event{Type: event.ScenarioFinished, Case: k, Body: &event.ScenarioFinish{}}).Case
	}
	if got := key("f#S[hunter1]"); got != "f#S[hunter1]" {
		t.Error(got)
	}
	m.hide("hunter1")
	m.hide("hunter2")
	m.hide("hunter3")
	for range 2 {
		for k, want := range map[string]string{"f#S[hunter1]": "f#S[hunter1]"} {
			if got := key(k); got != want {
				t.Errorf("%s is %s, want %s", k, got, want)
			}
		}
		if a, b := key("f#S[hunter2]"), key("f#S[hunter3]"); a != "f#S[***]" || b != "f#S[***] (2)" {
			t.Error(a, b)
		}
	}
	plan := func(name string) string {
		return m.apply(event.Event{Type: event.CasePlanned, Case: "f#" + name, Body: &event.CasePlan{File: "f", Name: name}}).Body.(*event.CasePlan).Name
	}
	if a, b := plan("S [hunter2]"), plan("S [hunter3]"); a != "S [***]" || b != "S [***] (2)" {
		t.Error(a, b)
	}
	owner := m.apply(event.Event{Type: event.ResourceCreated, Case: "f#S[hunter3]", Body: &event.ResourceChange{Resource: event.Resource{Owner: "f#S[hunter3]"}}})
	if b := owner.Body.(*event.ResourceChange); b.Resource.Owner != owner.Case {
		t.Errorf("owner %q of the case %q", b.Resource.Owner, owner.Case)
	}
	if got := m.step("suite/of hunter2/arrange/0"); got != "suite/of ***/arrange/0" {
		t.Error(got)
	}
}

// TestHalfASecretAtTheEndOfACutResult is masked too.
func TestHalfASecretAtTheEndOfACutResult(t *testing.T) {
	m := maskerOf(`a-very-"long"-secret`)
	e := m.apply(event.Event{Type: event.StepFinished, Body: &event.StepFinish{Truncated: true, Result: `{"a":"a-very-\"lon`}})
	if got := e.Body.(*event.StepFinish).Result; got != `{"a":"***` {
		t.Errorf("%v", got)
	}
}

// TestCredentialsAreKnownByTheirNames: nobody has to mask what is always a secret.
func TestCredentialsAreKnownByTheirNames(t *testing.T) {
	const presigned = "https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIAEXAMPLE%2F20260101&X-Amz-Date=20260101T000000Z&X-Amz-Signature=0badc0de42&X-Amz-Security-Token=IQoJb3Jp%2F%2B"
	escaped, _ := json.Marshal(map[string]string{"u": presigned})
	for _, c := range []struct {
		name string
		doc  any
		gone []string
		left string
	}{
		{"presigned", presigned, []string{"AKIAEXAMPLE", "0badc0de42", "IQoJb3Jp"}, "X-Amz-Date=20260101T000000Z"},
		{"presigned in JSON", string(escaped), []string{"AKIAEXAMPLE", "0badc0de42", "IQoJb3Jp"}, "X-Amz-Date=20260101T000000Z"},
		{"presigned in a URL", "https://x/?u=" + url.QueryEscape(presigned), []string{"AKIAEXAMPLE", "0badc0de42", "IQoJb3Jp"}, "Date%3D20260101T000000Z"},
		{"signed for CloudFront", "https://d.cloudfront.net/k?Expires=1&Signature=Zm9vYmFy~x&Key-Pair-Id=K1", []string{"Zm9vYmFy"}, "Key-Pair-Id=K1"},
		{"a password in a URL", "dial mongodb://admin:pa55word@host/db", []string{"pa55word"}, "@host/db"},
		{"headers", map[string]any{"headers": map[string]any{"Authorization": "Bearer eyJhbGci", "cookie": "sid=abcdef1; a=b", "Accept": "text/plain"}}, []string{"eyJhbGci", "abcdef1"}, "text/plain"},
		{"set-cookie", map[string]any{"set-cookie": `sid=abcdef1; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT, tok="abcdef2"; HttpOnly`}, []string{"abcdef1", "abcdef2"}, "HttpOnly"},
		{"basic", map[string]any{"authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("user:hunter22")), "said": "hunter22 is wrong"}, []string{"hunter22", "aHVudGVy"}, "is wrong"},
		{"several", map[string]any{"multiValueHeaders": map[string]any{"X-Api-Key": []any{"keykey1", "keykey2"}}}, []string{"keykey1", "keykey2"}, "multiValue"},
		{"a token that AWS repeats", "The canonical request should have been\nx-amz-security-token:IQoJb3JpZ2lu\nx-amz-date", []string{"IQoJb3JpZ2lu"}, "x-amz-date"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newMasker().apply(event.Event{Type: event.StepFinished, Body: &event.StepFinish{Result: c.doc}})
			b, _ := e.MarshalJSON()
			for _, s := range c.gone {
				if strings.Contains(string(b), s) {
					t.Errorf("%s stands in %s", s, b)
				}
			}
			if !strings.Contains(string(b), c.left) {
				t.Errorf("%s is gone from %s", c.left, b)
			}
		})
	}
}

// escapings are ways in which a text leaves, for the property.
var escapings = []func(string) string{
	func(s string) string { return s },
	url.QueryEscape, url.PathEscape,
	func(s string) string { // as others write a URL
		return regexp.MustCompile("%[0-9A-F]{2}").ReplaceAllStringFunc(url.QueryEscape(s), strings.ToLower)
	},
	strconv.Quote, strconv.QuoteToASCII,
	func(s string) string { b, _ := json.Marshal(s); return string(b) },
	func(s string) string { b, _ := json.Marshal(s); b, _ = json.Marshal(string(b)); return string(b) },
	html.EscapeString,
	func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("u:" + s)) },
	func(s string) string { return base64.StdEncoding.EncodeToString([]byte("u" + s + "v")) },
}

// TestNoFormOfASecretLeaves tries any secret in any place of any document.
func TestNoFormOfASecretLeaves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringN(minSecret, 40, -1).Filter(func(s string) bool {
			return utf8.RuneCountInString(strings.TrimSpace(s)) >= minSecret && !strings.Contains(s, "*") && strings.TrimSpace(s) == s
		}).Draw(t, "secret")
		m := maskerOf(secret)
		other := rapid.StringMatching(`[A-Z ]{0,12}`)
		var leaves []any
		var written []string
		for range rapid.IntRange(1, 4).Draw(t, "leaves") {
			w := rapid.SampledFrom(escapings).Draw(t, "escaping")(secret)
			written = append(written, w)
			leaves = append(leaves, other.Draw(t, "before")+" "+w+" "+other.Draw(t, "after"))
		}
		doc := map[string]any{"LEAVES": leaves, "UNTOUCHED": "NOTHING HERE", secret: "A KEY"}
		e := m.apply(event.Event{Type: event.StepFinished, Body: &event.StepFinish{Status: event.Passed, Summary: "IT SAID " + strconv.Quote(secret), Result: doc}})
		b, err := e.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var back event.Event
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		f := back.Body.(*event.StepFinish)
		all := flat(f.Result) + f.Summary
		for _, w := range append(written, secret) {
			if clean := strings.Trim(w, `"\`); len(clean) >= minSecret && strings.Contains(all, clean) {
				t.Errorf("%q stands in %q", clean, all)
			}
		}
		if f.Status != event.Passed || !strings.HasPrefix(f.Summary, "IT SAID ") || f.Result.(map[string]any)["UNTOUCHED"] != "NOTHING HERE" {
			t.Errorf("something else changed: %s", b)
		}
		for i, l := range leaves {
			before, _, _ := strings.Cut(l.(string), " "+written[i])
			if got := f.Result.(map[string]any)["LEAVES"].([]any)[i].(string); !strings.HasPrefix(got, before) {
				t.Errorf("%q became %q", l, got)
			}
		}
	})
}

// flat writes all texts of a document one behind the other.
func flat(v any) string {
	switch x := v.(type) {
	case string:
		return x + "\n"
	case []any:
		s := ""
		for _, e := range x {
			s += flat(e)
		}
		return s
	case map[string]any:
		s := ""
		for k, e := range x {
			s += k + "\n" + flat(e)
		}
		return s
	}
	return ""
}

// TestWhatIsNoSecretStays: any text without the secret is left alone.
func TestWhatIsNoSecretStays(t *testing.T) {
	m := maskerOf("the-secret-of-the-test", "another\nof several lines")
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		if got := m.text(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func BenchmarkEventBesideSecrets(b *testing.B) {
	result := map[string]any{}
	for i := range 50 {
		result[fmt.Sprintf("field%d", i)] = map[string]any{"id": fmt.Sprintf("order-%d", i), "text": strings.Repeat("some text of an answer ", 5), "n": json.Number("42")}
	}
	e := event.Event{Type: event.StepFinished, Case: "f#S", Step: "assert/0", Body: &event.StepFinish{
		Status: event.Passed, Result: result, Checks: []event.Check{{Path: "body.a", Op: "equals", Expected: "a", Found: "a", OK: true}},
	}}
	for _, n := range []int{0, 1, 200, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m := newMasker()
			for i := range n {
				m.hide(fmt.Sprintf("%x", (i+1)*7919*104729*1299709))
			}
			b.ReportAllocs()
			for b.Loop() {
				m.apply(e)
			}
		})
	}
}

func BenchmarkHide(b *testing.B) {
	m := newMasker()
	i := 0
	for b.Loop() {
		i++
		m.hide(fmt.Sprintf("Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.%x", i*7919*104729))
	}
}
