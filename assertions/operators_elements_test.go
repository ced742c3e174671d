package assertions

import (
	"strings"
	"testing"
)

// What could not be judged is neither a yes nor a no: whichever way round an
// operator asks, it must not pass because of it.
func TestElementsThatCannotBeJudged(t *testing.T) {
	for _, c := range []struct {
		yaml, doc string
		holds     bool
		says      string
	}{
		{"l: {any: {gt: 5}}", `{"l":["x",7]}`, true, ""},
		{"l: {any: {gt: 5}}", `{"l":["x",1]}`, false, `"x" (text) is not 5 (number)`},
		{"l: {not: {any: {gt: 5}}}", `{"l":[1,2]}`, true, ""},
		{"l: {not: {any: {gt: 5}}}", `{"l":[1,7]}`, false, "found [1,7]"},
		{"l: {not: {any: {gt: 5}}}", `{"l":[1,"7"]}`, false, `"7" (text) is not 5 (number)`},
		{"l: {not: {any: {type: admin}}}", `{"l":[{"typ":"admin"}]}`, false, `[0]: type: expected equals "admin", found nothing there; did you mean "typ"?`},
		{"l: {not: {any: {type: admin}}}", `{"l":[{"type":"user"},{"typ":"admin"}]}`, false, `[1]: type: expected equals "admin", found nothing there`},
		{"l: {not: {any: {type: {exists: true, equals: admin}}}}", `{"l":[{"type":"user"},{}]}`, true, ""},
		{"l: {not: {any: {exists: false}}}", `{"l":[]}`, false, "there is no element to look at"},
		{"l: {not: {each: {gt: 5}}}", `{"l":[7,1]}`, true, ""},
		{"l: {not: {each: {gt: 5}}}", `{"l":["x",1]}`, true, ""},
		{"l: {not: {each: {gt: 5}}}", `{"l":["x",7]}`, false, `[0]: expected gt 5, found "x"`},
		{"l: {not: {each: {a: 1, b: 2}}}", `{"l":[{"a":2}]}`, true, ""},
		{"l: {not: {each: {a: 1, b: 2}}}", `{"l":[{"a":1}]}`, false, "b: expected equals 2, found nothing there"},
		{"l: {each: {not: {matches: x}}}", `{"l":["a",5]}`, false, "[1]: expected not"},
		{"l: {share: {where: {ms: {gt: 1000}}, lte: 0.5}}", `{"l":[{"ms":1},{"ms":2000}]}`, true, ""},
		{"l: {share: {where: {ms: {gt: 1000}}, lte: 0.5}}", `{"l":[{"mss":1},{"mss":2000}]}`, false, `2 of 2 elements could not be judged; [0]: ms: expected gt 1000, found nothing there; the document has mss`},
		{"l: {share: {where: {ms: {gt: 1000}}, lte: 0.5}}", `{"l":[{"ms":1},{},{"ms":2000}]}`, false, "1 of 3 elements could not be judged"},
		{"l: {share: {where: {ms: {gt: 1000}}, lte: 0.5}}", `{"l":[{"ms":1},{},{"ms":1}]}`, true, ""},
		{"l: {share: {where: {ms: {gt: 1000}}, gte: 0.5}}", `{"l":[{"ms":2000},{}]}`, true, ""},
		{"l: {share: {where: {ms: {gt: 1000}}, gte: 0.5}}", `{"l":[{"ms":2000},{},{}]}`, false, "2 of 3 elements could not be judged"},
		{"l: {share: {where: {ms: {gt: 1000}}, gte: 0.9}}", `{"l":[{"ms":2000},{"ms":1},{}]}`, false, "1 of 3 elements hold; [1]: ms: expected gt 1000, found 1; [2]: ms"},
		{"l: {not: {share: {where: {ms: {gt: 1000}}, between: [0.4, 0.6]}}}", `{"l":[{},{}]}`, false, "2 of 2 elements could not be judged"},
		{"l: {not: {share: {where: {ms: {gt: 1000}}, gte: 0.5}}}", `{"l":[{},{}]}`, false, "could not be judged"},
		{"l: {not: {share: {where: {ms: {gt: 1000}}, gte: 0.5}}}", `{"l":[{"ms":1},{"ms":1},{}]}`, true, ""},
		{"l: {not: {json: {a: {gt: 5}}}}", `{"l":"{\"a\":1}"}`, true, ""},
		{"l: {not: {json: {a: {gt: 5}}}}", `{"l":"{\"b\":1}"}`, false, "a: expected gt 5, found nothing there"},
		{"l: {not: {json: {a: {exists: true}}}}", `{"l":"{\"b\":1}"}`, true, ""},
		{"l: {not: {length: {gt: 5}}}", `{"l":5}`, false, "only text, lists and mappings have a length"},
		{"l: {not: {schema: {type: array}}}", `{"l":[1e9999]}`, false, "too large or too long to calculate with"},
		// a misspelt operator among paths
		{"l: {each: {gtt: 5}}", `{"l":[7]}`, false, `the document is a number; gtt was read as a path; did you mean "gt"?`},
		{"l: {each: {gtt: 5}}", `{"l":[{"id":1}]}`, false, `the document has id; gtt was read as a path; did you mean "gt"?`},
		{"l: {each: {id: 5}}", `{"l":[{"name":1}]}`, false, "found nothing there; the document has name"},
		// everything that does not hold of an element
		{"l: {each: {a: 1, b: 2}}", `{"l":[{"a":2,"b":3}]}`, false, "[0]: a: expected equals 1, found 2, and b: expected equals 2, found 3"},
		{"l: {each: {gt: 5, lt: 0}}", `{"l":[3]}`, false, "[0]: expected gt 5, found 3, and expected lt 0, found 3"},
		{"l: {each: {json: {a: 1, b: 2}}}", `{"l":["{\"a\":2,\"b\":3}"]}`, false, "[0]: a: expected equals 1, found 2, and b: expected equals 2, found 3"},
	} {
		t.Run(c.yaml+" "+c.doc, func(t *testing.T) {
			_, unmet := checksOf(t, c.yaml).Run(parse(t, c.doc))
			if got := messages(unmet); (unmet == nil) != c.holds || !strings.Contains(got, c.says) {
				t.Errorf("holds %v: %s", unmet == nil, got)
			}
		})
	}
}
