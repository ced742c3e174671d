package assertions

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/schema"
)

func messages(unmet []Mismatch) string {
	var l []string
	for _, m := range unmet {
		l = append(l, m.Message)
	}
	return strings.Join(l, "\n")
}

// Every operator: what holds (want is empty), and what is said when it does not.
func TestChecksRun(t *testing.T) {
	for _, c := range []struct{ yaml, doc, want string }{
		// equals
		{"s: OK", `{"s":"OK"}`, ""},
		{"s: OK", `{"s":"BAD"}`, `s: expected equals "OK", found "BAD"`},
		{"$.s: OK", `{"s":"BAD"}`, `$.s: expected equals "OK", found "BAD"`},
		{"n: 178", `{"n":"178"}`, `n: expected equals 178, found "178"; "178" (text) is not 178 (number): types are never converted`},
		{`n: "178"`, `{"n":178}`, `n: expected equals "178", found 178; 178 (number) is not "178" (text): types are never converted`},
		{"n: true", `{"n":"true"}`, `n: expected equals true, found "true"; "true" (text) is not true (boolean): types are never converted`},
		{"n: 178", `{"n":1.78e2}`, ""},
		{"n: 9007199254740993", `{"n":9007199254740992}`, "n: expected equals 9007199254740993, found 9007199254740992"},
		{"n: null", `{"n":null}`, ""},
		{"n: null", `{}`, "n: expected equals null, found nothing there; the document is empty"},
		{"n: 1", `{"n":null}`, "n: expected equals 1, found null"},
		{"n: 1", `{"n":{"a":1}}`, `n: expected equals 1, found {"a":1}; that is a mapping and not a number`},
		{"n: [1]", `{"n":{"a":1}}`, `n: expected equals [1], found {"a":1}; that is a mapping and not a list`},
		{"n: [1, 2]", `{"n":[1,3,4]}`, `n: expected equals [1,2], found [1,3,4]; $[1]: expected 2, found 3; $[2] was not expected, found 4`},
		{"n: {equals: {a: 1, b: {c: x}, d: 2}}", `{"n":{"a":1,"b":{"c":"y"},"e":3}}`, `n: expected equals {"a":1,"b":{"c":"x"},"d":2}, found {"a":1,"b":{"c":"y"},"e":3}; b.c: expected "x", found "y"; d is missing, expected 2; e was not expected, found 3`},
		{"n: {equals: {a: 1}}", `{"n":{"a":"1"}}`, `n: expected equals {"a":1}, found {"a":"1"}; a: expected 1 (number), found "1" (text)`},
		{"$: {equals: {a: 1}}", `{"a":1.0}`, ""},
		{"n[*]: [1, 2]", `{"n":[1,2]}`, ""},
		{"n[*].a: [1]", `{"n":[{"a":1},{"b":1}]}`, ""},
		{"n: {equals: 1, gt: 5}", `{"n":2}`, "n: expected equals 1, found 2\nn: expected gt 5, found 2"},
		{"a: 1\nb: 2", `{"a":2,"b":2}`, "a: expected equals 1, found 2"},
		// missing
		{"stauts: OK", `{"status":"OK","id":1}`, `stauts: expected equals "OK", found nothing there; did you mean "status"? the document has id, status`},
		{"a.b.c: 1", `{"a":{"b":{"x":1}}}`, "a.b.c: expected equals 1, found nothing there; a.b has x"},
		{"a.b.c: 1", `{"a":{"b":{}}}`, "a.b.c: expected equals 1, found nothing there; a.b is empty"},
		{"a.b: 1", `{"a":"text"}`, "a.b: expected equals 1, found nothing there; a is text"},
		{"a[5]: 1", `{"a":[1,2]}`, "a[5]: expected equals 1, found nothing there; a is a list of 2 elements"},
		{"a[*].b: [1]", `{"a":[{"c":1}]}`, "a[*].b: expected equals [1], found nothing: the path selects nothing; a is a list of 1 element"},
		{"a[*].b: [1]", `{}`, "a[*].b: expected equals [1], found nothing there; the document is empty"},
		{"n: {not_equals: 1}", `{}`, "n: expected not_equals 1, found nothing there; the document is empty"},
		{"n: {not: {equals: 1}}", `{}`, `n: expected not {"equals":1}, found nothing there; the document is empty`},
		{"n: {not: {exists: true}}", `{}`, `n: expected not {"exists":true}, found nothing there; the document is empty`},
		{"n: {gt: 1}", `{}`, "n: expected gt 1, found nothing there; the document is empty"},
		{"n: {is: string}", `{}`, `n: expected is "string", found nothing there; the document is empty`},
		{"n: {not_contains: x}", `{}`, `n: expected not_contains "x", found nothing there; the document is empty`},
		// not_equals
		{"n: {not_equals: 1}", `{"n":2}`, ""},
		{"n: {not_equals: 1}", `{"n":"1"}`, ""},
		{"n: {not_equals: 1}", `{"n":null}`, ""},
		{"n: {not_equals: 1}", `{"n":1.0}`, "n: expected not_equals 1, found 1.0"},
		// order
		{"n: {gt: 1}", `{"n":1.0000000000000000001}`, ""},
		{"n: {gt: 1}", `{"n":1}`, "n: expected gt 1, found 1"},
		{"n: {gte: 1}", `{"n":1.0}`, ""},
		{"n: {gte: 9007199254740993}", `{"n":9007199254740992}`, "n: expected gte 9007199254740993, found 9007199254740992"},
		{"n: {lt: 1}", `{"n":0}`, ""},
		{"n: {lt: 1}", `{"n":1}`, "n: expected lt 1, found 1"},
		{"n: {lte: 1}", `{"n":1}`, ""},
		{"n: {lte: 1}", `{"n":2}`, "n: expected lte 1, found 2"},
		{"n: {gt: 1}", `{"n":"2"}`, `n: expected gt 1, found "2"; "2" (text) is not 1 (number): types are never converted`},
		{"n: {gt: 1}", `{"n":null}`, "n: expected gt 1, found null; gt compares numbers with numbers and text with text"},
		{"n: {lt: 1}", `{"n":[0]}`, "n: expected lt 1, found [0]; that is a list and not a number"},
		{"n: {gt: a}", `{"n":"b"}`, ""},
		{"n: {gt: b}", `{"n":"a"}`, `n: expected gt "b", found "a"`},
		{`n: {gt: "2026-01-01T00:00:00Z"}`, `{"n":"2026-01-01T00:00:00.5Z"}`, ""},
		{`n: {lt: "2026-01-01T00:30:00Z"}`, `{"n":"2026-01-01T02:00:00+02:00"}`, ""},
		{"n: {between: [1, 2]}", `{"n":2}`, ""},
		{"n: {between: [1, 2]}", `{"n":3}`, "n: expected between [1,2], found 3"},
		{"n: {between: [1, 2]}", `{"n":"1"}`, `n: expected between [1,2], found "1"; "1" (text) is not 1 (number): types are never converted`},
		{"n: {between: [a, c]}", `{"n":"b"}`, ""},
		// a timestamp is not compared by its characters
		{`n: {lt: "2026-01-01T00:00:00Z"}`, `{"n":""}`, `n: expected lt "2026-01-01T00:00:00Z", found ""; "2026-01-01T00:00:00Z" is a timestamp, what was found is not (RFC 3339, such as 2026-01-31T12:00:00Z)`},
		{`n: {not: {gt: "2026-01-01T00:00:00Z"}}`, `{"n":"2026-01-01 10:00"}`, `n: expected not {"gt":"2026-01-01T00:00:00Z"}, found "2026-01-01 10:00"; "2026-01-01T00:00:00Z" is a timestamp, what was found is not (RFC 3339, such as 2026-01-31T12:00:00Z)`},
		{`n: {gt: "2026-01-01"}`, `{"n":"2026-01-02T00:00:00Z"}`, ""},
		// one_of
		{"n: {one_of: [1, x, null]}", `{"n":null}`, ""},
		{"n: {one_of: [1, 2]}", `{"n":3}`, "n: expected one_of [1,2], found 3"},
		{"n: {one_of: [1, 2]}", `{"n":"2"}`, `n: expected one_of [1,2], found "2"; "2" (text) is not 2 (number): types are never converted`},
		// approx
		{"n: {approx: {value: 0.3, within: 0.1}}", `{"n":0.2}`, ""},
		{"n: {approx: {value: 0.3, within: 0.1}}", `{"n":0.19999999999999999999}`, `n: expected approx {"value":0.3,"within":0.1}, found 0.19999999999999999999`},
		{"n: {approx: {value: 3, within: 1}}", `{"n":"3"}`, `n: expected approx {"value":3,"within":1}, found "3"; approx takes numbers, that is text`},
		{"n: {approx: {value: 3, within: 1}}", `{"n":1e9999}`, `n: expected approx {"value":3,"within":1}, found 1e9999; 1e9999 is too large or too long to calculate with`},
		// contains
		{"s: {contains: ell}", `{"s":"hello"}`, ""},
		{"s: {contains: ELL}", `{"s":"hello"}`, `s: expected contains "ELL", found "hello"`},
		{"s: {contains: 2}", `{"s":[1,2.0]}`, ""},
		{"s: {contains: 2}", `{"s":["2"]}`, `s: expected contains 2, found ["2"]; "2" (text) is not 2 (number): types are never converted`},
		{"s: {contains: {a: 1}}", `{"s":[{"a":1}]}`, ""},
		{"s: {contains: {a: 1}}", `{"s":[{"a":1,"b":2}]}`, `s: expected contains {"a":1}, found [{"a":1,"b":2}]`},
		{"s: {contains: a}", `{"s":{"a":1}}`, `s: expected contains "a", found {"a":1}; contains looks for text in text and for an element in a list; for fields of a mapping write match, or a path to the field`},
		{"s: {contains: 2}", `{"s":"12"}`, `s: expected contains 2, found "12"; in text contains looks for text, 2 is a number: types are never converted`},
		{`s: {contains: ""}`, `{"s":"12"}`, `s: expected contains "", found "12"; contains with empty text checks nothing: every text contains it`},
		{`s: {contains: ""}`, `{"s":[""]}`, ""},
		{"s: {contains: 2}", `{"s":2}`, `s: expected contains 2, found 2; contains looks for text in text and for an element in a list, that is a number`},
		{"s[*].a: {contains: 2}", `{"s":[{"a":1},{"a":2}]}`, ""},
		{"s: {not_contains: x}", `{"s":"hello"}`, ""},
		{"s: {not_contains: ell}", `{"s":"hello"}`, `s: expected not_contains "ell", found "hello"`},
		{"s: {not_contains: 2}", `{"s":[1]}`, ""},
		{"s: {not_contains: x}", `{"s":5}`, `s: expected not_contains "x", found 5; not_contains looks for text in text and for an element in a list, that is a number`},
		{"s: {not_contains: [a, b]}", `{"s":["a"]}`, `s: expected not_contains ["a","b"], found ["a"]; not_contains looks for one element, and none here is a list; for several write in_order, or for none of them each: {not: {one_of: […]}}`},
		{"s: {not_contains: [a, b]}", `{"s":[["a"]]}`, ""},
		{"s: {not_contains: [a, b]}", `{"s":[]}`, ""},
		{"s: {contains: [a]}", `{"s":[["a"],1]}`, ""},
		{"s: {contains: [a]}", `{"s":["a"]}`, `s: expected contains ["a"], found ["a"]; contains looks for one element, and none here is a list; for several write in_order, or for none of them each: {not: {one_of: […]}}`},
		// text
		{"s: {starts_with: he}", `{"s":"hello"}`, ""},
		{"s: {starts_with: lo}", `{"s":"hello"}`, `s: expected starts_with "lo", found "hello"`},
		{"s: {starts_with: lo}", `{"s":["lo"]}`, `s: expected starts_with "lo", found ["lo"]; starts_with takes text, that is a list`},
		{"s: {ends_with: lo}", `{"s":"hello"}`, ""},
		{"s: {ends_with: he}", `{"s":"hello"}`, `s: expected ends_with "he", found "hello"`},
		{"s: {matches: l+}", `{"s":"hello"}`, ""},
		{"s: {matches: ^l}", `{"s":"hello"}`, `s: expected matches "^l", found "hello"`},
		{`s: {matches: "1"}`, `{"s":1}`, `s: expected matches "1", found 1; matches takes text, that is a number`},
		{`s: {filter: "?ERROR ?WARN"}`, `{"s":"WARN x"}`, ""},
		{"s: {filter: ERROR}", `{"s":{"a":1}}`, `s: expected filter "ERROR", found {"a":1}; filter takes text, that is a mapping`},
		// exists
		{"n: {exists: true}", `{"n":null}`, ""},
		{"n: {exists: true}", `{"m":null}`, `n: expected exists true, found nothing there; the document has m`},
		{"n: {exists: false}", `{}`, ""},
		{"n: {exists: false}", `{"n":null}`, "n: expected exists false, found null"},
		{"n.m: {exists: false}", `{"n":"text"}`, ""},
		{"n[*]: {exists: false}", `{"n":[]}`, ""},
		{"n[*]: {exists: false}", `{"n":[1]}`, "n[*]: expected exists false, found [1]"},
		{"n[*]: {exists: true}", `{"n":[]}`, "n[*]: expected exists true, found nothing: the path selects nothing; n is a list of 0 elements"},
		// empty
		{"n: {empty: true}", `{"n":""}`, ""},
		{"n: {empty: true}", `{"n":[]}`, ""},
		{"n: {empty: true}", `{"n":{}}`, ""},
		{"n: {empty: true}", `{"n":" "}`, `n: expected empty true, found " "`},
		{"n: {empty: false}", `{"n":[0]}`, ""},
		{"n: {empty: false}", `{"n":[]}`, "n: expected empty false, found []"},
		{"n: {empty: true}", `{"n":null}`, "n: expected empty true, found null; only text, lists and mappings can be empty, that is null"},
		{"n: {empty: false}", `{"n":0}`, "n: expected empty false, found 0; only text, lists and mappings can be empty, that is a number"},
		{"n: {empty: true}", `{}`, "n: expected empty true, found nothing there; the document is empty"},
		{"n[*].a: {empty: true}", `{"n":[{"b":1}]}`, ""},
		{"n[*].a: {empty: false}", `{"n":[{"b":1}]}`, "n[*].a: expected empty false, found nothing: the path selects nothing; n is a list of 1 element"},
		{"n[*].a: {empty: true}", `{"m":[]}`, `n[*].a: expected empty true, found nothing there; the document has m`},
		// length
		{"n: {length: 2}", `{"n":"é€"}`, ""},
		{"n: {length: 2}", `{"n":[1,2]}`, ""},
		{"n: {length: 1}", `{"n":{"a":1}}`, ""},
		{"n: {length: 2}", `{"n":[1]}`, "n: expected length 2, found [1]; its length is 1"},
		{"n: {length: {gte: 2, lt: 4}}", `{"n":[1,2,3]}`, ""},
		{"n: {length: {gte: 2, lt: 4}}", `{"n":[1]}`, `n: expected length {"gte":2,"lt":4}, found [1]; its length is 1`},
		{"n: {length: 2}", `{"n":22}`, "n: expected length 2, found 22; only text, lists and mappings have a length, that is a number"},
		{"n: {length: 0}", `{}`, "n: expected length 0, found nothing there; the document is empty"},
		{"n[*]: {length: 0}", `{"n":[]}`, ""},
		{"n[*]: {length: 0}", `{}`, "n[*]: expected length 0, found nothing there; the document is empty"},
		{"n[*]: {length: 1}", `{"n":[]}`, "n[*]: expected length 1, found nothing: the path selects nothing; n is a list of 0 elements; its length is 0"},
		// a path that cannot be followed is not a path where nothing is
		{"n[?(@.a > 5)]: {exists: false}", `{"n":[{"a":3}]}`, ""},
		{"n[?(@.a > 5)]: {exists: false}", `{"n":[{"a":"7"}]}`, "n[?(@.a > 5)]: expected exists false, found a path that cannot be followed here; text > number: text and number have no order; only two numbers or two texts do; number(x) makes a number of text"},
		{"n[?(@.a > 5)]: {length: 0}", `{"n":[{"a":"7"}]}`, "n[?(@.a > 5)]: expected length 0, found a path that cannot be followed here; text > number: text and number have no order; only two numbers or two texts do; number(x) makes a number of text"},
		{"n[?(@.a > 5)]: {not: {exists: true}}", `{"n":[{"a":"7"}]}`, `n[?(@.a > 5)]: expected not {"exists":true}, found a path that cannot be followed here; text > number: text and number have no order; only two numbers or two texts do; number(x) makes a number of text`},
		// lists
		{"n: {unique: true}", `{"n":[1,"1",{"a":1}]}`, ""},
		{"n: {unique: true}", `{"n":[1,2,1.0]}`, "n: expected unique true, found [1,2,1.0]; [0] and [2] are both 1.0"},
		{"n: {unique: true}", `{"n":"ab"}`, `n: expected unique true, found "ab"; unique takes a list, that is text`},
		{"n: {unordered: [b, a, a]}", `{"n":["a","b","a"]}`, ""},
		{"n: {unordered: [b, a]}", `{"n":["a","c"]}`, `n: expected unordered ["b","a"], found ["a","c"]; $[0] is missing, expected "b"; $[1] was not expected, found "c"`},
		{"n: {unordered: []}", `{"n":[]}`, ""},
		{"n: {unordered: [a]}", `{"n":["a","a"]}`, `n: expected unordered ["a"], found ["a","a"]; $[1] was not expected, found "a"`},
		{"n: {in_order: [a, c]}", `{"n":["a","b","c"]}`, ""},
		{"n: {in_order: [c, a]}", `{"n":["a","b","c"]}`, `n: expected in_order ["c","a"], found ["a","b","c"]; "a" does not come after "c"`},
		{"n: {in_order: [a, a]}", `{"n":["a"]}`, `n: expected in_order ["a","a"], found ["a"]; "a" does not come after "a"`},
		{"n: {in_order: [1, 2]}", `{"n":[1,"2"]}`, `n: expected in_order [1,2], found [1,"2"]; 2 does not come after 1; "2" (text) is not 2 (number): types are never converted`},
		{"n: {in_order: [x]}", `{"n":["a"]}`, `n: expected in_order ["x"], found ["a"]; "x" does not come`},
		{"n: {each: {gt: 0}}", `{"n":[1,2]}`, ""},
		{"n: {each: {gt: 0}}", `{"n":[1,0,-1]}`, `n: expected each {"gt":0}, found [1,0,-1]; [1]: expected gt 0, found 0; [2]: expected gt 0, found -1`},
		{"n: {each: {gt: 9}}", `{"n":[1,2,3,4,5]}`, `n: expected each {"gt":9}, found [1,2,3,4,5]; [0]: expected gt 9, found 1; [1]: expected gt 9, found 2; [2]: expected gt 9, found 3; and 2 more`},
		{"n: {each: ok}", `{"n":["ok","no"]}`, `n: expected each "ok", found ["ok","no"]; [1]: expected equals "ok", found "no"`},
		{"n: {each: {sku: {is: string}}}", `{"n":[{"sku":"a"},{"skv":1}]}`, `n: expected each {"sku":{"is":"string"}}, found [{"sku":"a"},{"skv":1}]; [1]: sku: expected is "string", found nothing there; did you mean "skv"? the document has skv`},
		{"n: {each: {gt: 0}}", `{"n":[]}`, `n: expected each {"gt":0}, found []; there is no element to look at`},
		{"n[*]: {each: {gt: 0}}", `{"n":[]}`, `n[*]: expected each {"gt":0}, found nothing: the path selects nothing; n is a list of 0 elements`},
		{"n: {each: {gt: 0}}", `{"n":{"a":1}}`, `n: expected each {"gt":0}, found {"a":1}; each takes a list, that is a mapping`},
		{"n: {any: {gt: 1}}", `{"n":["x",2]}`, ""},
		{"n: {any: {sku: A1, n: {gt: 1}}}", `{"n":[{"sku":"A1","n":1},{"sku":"A2","n":2}]}`, `n: expected any {"n":{"gt":1},"sku":"A1"}, found [{"n":1,"sku":"A1"},{"n":2,"sku":"A2"}]; [0]: n: expected gt 1, found 1; [1]: sku: expected equals "A1", found "A2"`},
		{"n: {any: 1}", `{"n":[]}`, "n: expected any 1, found []; there is no element to look at"},
		{"n: {any: 1}", `{}`, "n: expected any 1, found nothing there; the document is empty"},
		{"n: {share: {where: {gt: 0}, gte: 0.5}}", `{"n":[1,0]}`, ""},
		{"n: {share: {where: {gt: 0}, gt: 0.5}}", `{"n":[1,0]}`, `n: expected share {"gt":0.5,"where":{"gt":0}}, found [1,0]; 1 of 2 elements hold; [1]: expected gt 0, found 0`},
		{"n: {share: {where: {ok: true}, equals: 1}}", `{"n":[{"ok":true}]}`, ""},
		{"n: {share: {where: 1, lt: 1}}", `{"n":[1]}`, `n: expected share {"lt":1,"where":1}, found [1]; 1 of 1 element hold`},
		{"n: {share: {where: 1, gte: 0.1}}", `{"n":[]}`, `n: expected share {"gte":0.1,"where":1}, found []; there is no element to look at`},
		// documents
		{"n: {match: {a: 1}}", `{"n":{"a":1,"b":2}}`, ""},
		{"n: {match: {a: {c: [1, {d: 1}]}}}", `{"n":{"a":{"c":[1,{"d":1,"e":2}],"x":1}}}`, ""},
		{"n: {match: {a: {c: [1]}}}", `{"n":{"a":{"c":[1,2]}}}`, `n: expected match {"a":{"c":[1]}}, found {"a":{"c":[1,2]}}; a.c[1] was not expected, found 2`},
		{"n: {match: {a: 1, b: 2}}", `{"n":{"a":"1"}}`, `n: expected match {"a":1,"b":2}, found {"a":"1"}; a: expected 1 (number), found "1" (text); b is missing, expected 2`},
		{"n: {match: {a: 1}}", `{"n":[1]}`, `n: expected match {"a":1}, found [1]; that is a list and not a mapping`},
		{"n: {match: {a: 1}}", `{"n":null}`, `n: expected match {"a":1}, found null; that is null and not a mapping`},
		{"n: {pattern: {source: [{prefix: vid}]}}", `{"n":{"source":"video"}}`, ""},
		{"n: {pattern: {source: [{prefix: vid}]}}", `{"n":{"source":"audio"}}`, `n: expected pattern, found {"source":"audio"}; source: expected prefix "vid", found "audio"`},
		{"n: {match: {a: 1}}", `{"n":"{\"a\":1}"}`, `n: expected match {"a":1}, found "{\"a\":1}"; that is text and not a mapping; the text holds JSON: to look inside write json: {$: {match: …}}`},
		{"n: {pattern: {a: [1]}}", `{"n":"{\"a\":1}"}`, `n: expected pattern {"a":[1]}, found "{\"a\":1}"; pattern takes a mapping, that is text; the text holds JSON: to look inside write json: {$: {pattern: …}}`},
		{"n: {pattern: {source: [{exists: false}]}}", `{"n":[]}`, `n: expected pattern {"source":[{"exists":false}]}, found []; pattern takes a mapping, that is a list`},
		{"n: {json: {a.b: 1}}", `{"n":"{\"a\":{\"b\":1}}"}`, ""},
		{"n: {json: {a.b: 1}}", `{"n":{"a":{"b":1}}}`, ""},
		{"n: {json: {$: {equals: [1]}}}", `{"n":"[1]"}`, ""},
		{"n: {json: {$.a: 1, b: 2}}", `{"n":"{\"a\":2}"}`, "n > $.a: expected equals 1, found 2\nn > b: expected equals 2, found nothing there; the document has a"},
		{"n: {json: {a: {json: {b: 1}}}}", `{"n":"{\"a\":\"{\\\"b\\\":2}\"}"}`, "n > a > b: expected equals 1, found 2"},
		{"n: {json: {a: 1}}", `{"n":"nope"}`, `n: expected json {"a":1}, found "nope"; that text is not JSON`},
		{"n: {json: {a: 1}}", `{"n":5}`, `n: expected json {"a":1}, found 5; json takes text or a document, that is a number`},
		// not
		{"n: {not: {equals: 1}}", `{"n":2}`, ""},
		{"n: {not: {equals: 1}}", `{"n":1}`, `n: expected not {"equals":1}, found 1`},
		{"n: {not: {gt: 1, lt: 5}}", `{"n":7}`, ""},
		{"n: {not: {json: {a: 1}}}", `{"n":"{\"a\":2}"}`, ""},
		{"n: {not: {json: {a: 1}}}", `{"n":"{\"b\":1}"}`, `n: expected not {"json":{"a":1}}, found "{\"b\":1}"; a: expected equals 1, found nothing there; the document has b`},
		{"n: {not: {gt: 1, lt: 5}}", `{"n":3}`, `n: expected not {"gt":1,"lt":5}, found 3`},
		{"n: {not: {gt: 1}}", `{"n":"0"}`, `n: expected not {"gt":1}, found "0"; "0" (text) is not 1 (number): types are never converted`},
		{"n: {not: {matches: x}}", `{"n":null}`, `n: expected not {"matches":"x"}, found null; matches takes text, that is null`},
		{"n: {not: {is: string, matches: x}}", `{"n":5}`, ""},
		{"n: {not: {not: {equals: 1}}}", `{"n":1}`, ""},
		{"n: {not: {each: {gt: 0}}}", `{"n":[]}`, `n: expected not {"each":{"gt":0}}, found []; there is no element to look at`},
		{"n: {not: {empty: true}}", `{"n":[]}`, `n: expected not {"empty":true}, found []`},
	} {
		t.Run(c.yaml+" "+c.doc, func(t *testing.T) {
			k := checksOf(t, c.yaml)
			if !k.Known() {
				t.Error("not known")
			}
			doc := parse(t, c.doc)
			results, unmet := k.Run(doc)
			if d := cmp.Diff(c.want, messages(unmet)); d != "" {
				t.Error(d)
			}
			if k.Holds(doc) != (c.want == "") {
				t.Error("Holds disagrees with Run")
			}
			good := true
			for _, r := range results {
				good = good && r.OK
			}
			if len(results) == 0 || good != (c.want == "") {
				t.Errorf("results disagree: %+v", results)
			}
		})
	}
}

func TestIs(t *testing.T) {
	holds := map[string][]string{
		"string":    {`""`, `"x"`},
		"number":    {`1`, `-1.5e400`},
		"integer":   {`1`, `3.0`, `3e2`, `1.5e1`, `0.0`, `-0`, `1e999999999999999999999`, `0e-5`},
		"boolean":   {`true`, `false`},
		"object":    {`{}`},
		"array":     {`[]`},
		"null":      {`null`},
		"uuid":      {`"c9bf9e57-1685-4c89-bafb-ff5af830be8a"`, `"C9BF9E57-1685-4C89-BAFB-FF5AF830BE8A"`},
		"timestamp": {`"2026-01-02T03:04:05Z"`, `"2026-01-02T03:04:05.123+02:00"`},
		"date":      {`"2026-02-28"`},
		"email":     {`"a.b+c@example.com"`},
		"url":       {`"https://example.com/x?y=1"`, `"s3://bucket/key"`},
		"arn":       {`"arn:aws:s3:::bucket/key"`, `"arn:aws-cn:lambda:cn-north-1:111122223333:function:f"`, `"arn:aws:iam::aws:policy/X"`},
		"ip":        {`"10.0.0.1"`, `"2001:db8::1"`},
		"base64":    {`"aGVsbG8="`},
		"json":      {`"{\"a\":1}"`, `"5"`},
	}
	fails := map[string][]string{
		"string":    {`1`, `null`},
		"number":    {`"1"`, `true`},
		"integer":   {`1.5`, `15e-2`, `"1"`, `1e-1`, `1.25e1`},
		"boolean":   {`"true"`, `0`},
		"object":    {`[]`, `"{}"`},
		"array":     {`{}`, `"[]"`},
		"null":      {`""`, `0`, `false`},
		"uuid":      {`"c9bf9e57"`, `"{c9bf9e57-1685-4c89-bafb-ff5af830be8a}"`, `1`},
		"timestamp": {`"2026-01-02"`, `"2026-01-02 03:04:05Z"`, `"2026-01-02T03:04:05"`, `"2026-13-02T03:04:05Z"`, `"2026-01-02T03:04:05,5Z"`, `1767322800`},
		"date":      {`"2026-02-30"`, `"2026-2-3"`, `"2026-01-02T03:04:05Z"`},
		"email":     {`"a"`, `"A <a@example.com>"`, `"a@b@c"`},
		"url":       {`"example.com"`, `"/x"`, `"mailto:a@example.com"`, `"http://"`},
		"arn":       {`"arn:aws:s3"`, `"arn:aws:s3:::"`, `"bucket"`, `"arn:aws:lambda:eu-west-1:123:function:f"`},
		"ip":        {`"10.0.0.256"`, `"10.0.0.0/8"`, `"fe80::1%eth0"`},
		"base64":    {`""`, `"aGVsbG8"`, `"a b="`, `"aGVs\nbG8="`},
		"json":      {`"{"`, `5`, `{}`, `""`},
	}
	for name := range types {
		if len(holds[name]) == 0 || len(fails[name]) == 0 {
			t.Errorf("%s is not tried", name)
		}
		k := checksOf(t, "$: {is: "+name+"}")
		for _, v := range holds[name] {
			if !k.Holds(parse(t, v)) {
				t.Errorf("%s is %s", v, name)
			}
		}
		for _, v := range fails[name] {
			if k.Holds(parse(t, v)) {
				t.Errorf("%s is not %s", v, name)
			}
		}
	}
	_, unmet := checksOf(t, "id: {is: uuid}").Run(parse(t, `{"id":"x"}`))
	if got, want := messages(unmet), `id: expected is "uuid", found "x", which is text`; got != want {
		t.Errorf("got %s", got)
	}
}

func TestLongDocumentsAndTexts(t *testing.T) {
	long := strings.Repeat("a", 100)
	_, unmet := Rule("s", "equals", long+"X"+long).Run(map[string]any{"s": long + "Y" + long})
	some := strings.Repeat("a", 40)
	want := `s: expected equals …"` + some + "X" + some[1:] + `"…, found …"` + some + "Y" + some[1:] + `"…; they differ from character 101 on`
	if got := messages(unmet); got != want {
		t.Errorf("texts: %s", got)
	}
	lines := strings.Repeat("a line of a log\n", 20)
	_, unmet = Rule("s", "equals", lines+"the end").Run(map[string]any{"s": lines + "the End"})
	if got := messages(unmet); !strings.HasSuffix(got, `log\nthe End"; they differ from line 21, character 5 on`) {
		t.Errorf("lines: %s", got)
	}
	text := strings.Repeat("a", 50)
	_, unmet = Rule("s", "equals", text+"b").Run(map[string]any{"s": text + "\n"})
	if got := messages(unmet); !strings.HasSuffix(got, `aaab", found "`+text+`\n"; they differ from character 51 on`) {
		t.Errorf("shorter texts: %s", got)
	}
	var big []any
	for i := range 5000 {
		big = append(big, map[string]any{"n": json.Number(fmt.Sprint(i))})
	}
	_, unmet = Rule("l", "equals", []any{}).Run(map[string]any{"l": big})
	if m := unmet[0]; len(m.Message) > 1500 || len(m.Diff) != 50 || !strings.HasSuffix(m.Message, "; and at least 40 more") {
		t.Errorf("list: %d characters, %d differences: %s", len(m.Message), len(m.Diff), m.Message)
	}
}

// The reasons are the pattern's own; here it counts that they are told.
func TestPatternsSayWhy(t *testing.T) {
	for _, c := range []struct{ yaml, doc, begins string }{
		{`s: {filter: '{ $.level = "ERROR" }'}`, `{"s":"{\"level\":\"INFO\"}"}`, `s: expected filter "{ $.level = \"ERROR\" }", found "{\"level\":\"INFO\"}"; $.level`},
		{"s: {filter: '?ERROR ?WARN'}", `{"s":"fine"}`, `s: expected filter "?ERROR ?WARN", found "fine"; `},
		{"s: {pattern: {detail: {n: [{numeric: ['>', 5]}]}}}", `{"s":{"detail":{"n":3}}}`, `s: expected pattern, found {"detail":{"n":3}}; detail.n: `},
	} {
		t.Run(c.yaml, func(t *testing.T) {
			_, unmet := checksOf(t, c.yaml).Run(parse(t, c.doc))
			if got := messages(unmet); len(unmet) != 1 || !strings.HasPrefix(got, c.begins) || len(got) <= len(c.begins) {
				t.Error(got)
			}
		})
	}
}

func TestMismatchFields(t *testing.T) {
	c := checksOf(t, "a: 1\nb:\n  gt: 5\n  equals: {c: 1}\nd: {json: {e: {lt: 1}}}")
	results, unmet := c.Run(parse(t, `{"b":{"c":2},"d":"{\"e\":3}"}`))
	type row struct {
		Path, Op  string
		Missing   bool
		Line, Col int
		Diff      []Difference
	}
	var got []row
	for _, m := range unmet {
		got = append(got, row{m.Path, m.Op, m.Missing, m.Pos.Line, m.Pos.Col, m.Diff})
	}
	want := []row{
		{"a", "equals", true, 1, 4, nil},
		{"b", "gt", false, 3, 3, nil},
		{"b", "equals", false, 4, 3, []Difference{{Path: "c", Expected: json.Number("1"), Found: json.Number("2"), Kind: Changed}}},
		{"d > e", "lt", false, 5, 16, nil},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	text, err := json.Marshal(results)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(`[{"path":"a","op":"equals","expected":1,"ok":false},{"path":"b","op":"gt","expected":5,"found":{"c":2},"ok":false},{"path":"b","op":"equals","expected":{"c":1},"found":{"c":2},"diff":[{"path":"c","expected":1,"found":2,"kind":"changed"}],"ok":false},{"path":"d \u003e e","op":"lt","expected":1,"found":3,"ok":false}]`, string(text)); d != "" {
		t.Error(d)
	}
	if text, err = json.Marshal(unmet[0]); err != nil || string(text) != `{"path":"a","op":"equals","expected":1,"missing":true,"message":"a: expected equals 1, found nothing there; the document has b, d"}` {
		t.Errorf("%s %v", text, err)
	}
}

func TestChecksUncovered(t *testing.T) {
	by := checksOf(t, "$.status: OK\ncount: {gte: 1}\n$['exists']: true\nbody.count: 1")
	for path, covered := range map[string]bool{"status": true, "$.status": true, "count": true, "exists": true, "body": false, "stat": false, "exit_code": false} {
		if left := Rule(path, "equals", 1).Uncovered(by); left.Empty() != covered {
			t.Errorf("a check on %q is left: %v, want %v", path, !left.Empty(), !covered)
		}
	}
}

func TestChecksBreakableByMore(t *testing.T) {
	for yaml, want := range map[string]bool{
		"count: 1":                             true,
		"$.count: {equals: 1}":                 true,
		"count: {gte: 1}":                      false,
		"count: {lte: 3}":                      true,
		"count: {lt: 3}":                       true,
		"count: {between: [1, 3]}":             true,
		"count: {one_of: [1, 2]}":              true,
		"count: {not_equals: 2}":               true,
		"size: 5":                              false,
		"status: SUCCEEDED":                    false,
		"status: {one_of: [A, B]}":             false,
		"items: [1]":                           true,
		"items: {equals: {a: 1}}":              false,
		"items[*].sku: {contains: A}":          false,
		"items[*].sku: {equals: [A]}":          true,
		"items: {length: 2}":                   true,
		"items: {length: {gte: 2}}":            false,
		"items: {length: {gte: 2, lt: 9}}":     true,
		"items: {each: {gt: 1}}":               true,
		"items: {any: {gt: 1}}":                false,
		"items: {unique: true}":                true,
		"items: {unordered: [a]}":              true,
		"items: {in_order: [a]}":               false,
		"items: {share: {where: 1, gte: 0.1}}": true,
		"items: {empty: true}":                 true,
		"items: {empty: false}":                false,
		"items: {exists: false}":               true,
		"items: {exists: true}":                false,
		"items: {not_contains: a}":             true,
		"items: {not: {contains: a}}":          true,
		"doc: {match: {a: 1}}":                 false,
		"doc: {match: {a: [1]}}":               true,
		"doc: {json: {a: 1}}":                  false,
		"doc: {json: {count: 1}}":              true,
		"doc: {is: object}":                    false,
		"doc: {matches: x}":                    false,
	} {
		if got := checksOf(t, yaml).BreakableByMore(); got != want {
			t.Errorf("%s: %v", yaml, got)
		}
	}
}

func TestRuleAndAnd(t *testing.T) {
	c := Rule("count", "gte", 1).And(Rule("status", "equals", "SUCCEEDED"))
	if !c.Holds(parse(t, `{"count":1,"status":"SUCCEEDED"}`)) || c.Holds(parse(t, `{"count":0,"status":"SUCCEEDED"}`)) || c.Holds(parse(t, `{"count":1}`)) {
		t.Error("wrong verdicts")
	}
	if !Rule("exists", "equals", true).Holds(parse(t, `{"exists":true}`)) {
		t.Error("a boolean")
	}
	var zero Checks
	if !zero.Empty() || !zero.Known() || c.Empty() || !zero.And(zero).Empty() {
		t.Error("empty")
	}
	var paths []string
	for _, u := range c.Paths() {
		paths = append(paths, u.Text+" "+strings.Join(u.Path.Leading(), "/"))
	}
	if d := cmp.Diff([]string{"count count", "status status"}, paths); d != "" {
		t.Error(d)
	}
	defer func() {
		if recover() == nil {
			t.Error("a rule that is wrong must be noticed")
		}
	}()
	Rule("count", "gtt", 1)
}

// Every operator's example must be one that can be read.
func TestOperatorExamples(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range Operators() {
		t.Run(o.Name, func(t *testing.T) {
			if seen[o.Name] {
				t.Error("twice")
			}
			seen[o.Name] = true
			if o.Doc == "" || !strings.Contains(o.Example, o.Name+":") {
				t.Errorf("doc %q, example %q", o.Doc, o.Example)
			}
			c := checksOf(t, o.Example)
			if !c.Known() || c.Empty() {
				t.Error("nothing to run")
			}
		})
	}
}

func TestEditorDefinitions(t *testing.T) {
	checks, more := EditorDefinitions()
	properties := more["operators"].(map[string]any)["properties"].(map[string]any)
	if len(properties) != len(Operators()) || checks["additionalProperties"] == nil {
		t.Errorf("%d operators described", len(properties))
	}
	if _, err := json.Marshal([]any{checks, more}); err != nil {
		t.Error(err)
	}
	var d schema.Describer = Checks{}
	if d.EditorSchema()["$ref"] != "#/definitions/checks" {
		t.Error("Checks do not point to their definition")
	}
}
