package assertions

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rehearse-dev/rehearse/schema"
)

func parse(t testing.TB, text string) any {
	t.Helper()
	v, err := schema.ParseJSON([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// The verdicts were compared with those of AWS's Event Ruler 1.7.3.
func TestEventPatternMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, event string
		want           bool
	}{
		{`{"a":["x"]}`, `{"a":"x"}`, true},
		{`{"a":["x"]}`, `{"a":"X"}`, false},
		{`{"a":["x","y"]}`, `{"a":"y"}`, true},
		{`{"a":["x"]}`, `{"b":"x"}`, false},
		{`{"a":["x"],"b":["y"]}`, `{"a":"x","b":"y","c":1}`, true},
		{`{"a":["x"],"b":["y"]}`, `{"a":"x","b":"z"}`, false},
		{`{"a":[""]}`, `{"a":""}`, true},
		{`{"a":[null]}`, `{"a":null}`, true},
		{`{"a":[null]}`, `{}`, false},
		{`{"a":[null]}`, `{"a":"null"}`, false},
		{`{"a":[true]}`, `{"a":true}`, true},
		{`{"a":[true]}`, `{"a":"true"}`, false},
		{`{"a":[300]}`, `{"a":300.0}`, true},
		{`{"a":[300]}`, `{"a":3.0e2}`, true},
		{`{"a":["300"]}`, `{"a":300}`, false},
		{`{"a":[9007199254740993]}`, `{"a":9007199254740992}`, false},
		{`{"a":[9007199254740993]}`, `{"a":9007199254740993}`, true},
		{`{"a":[9000000000]}`, `{"a":9e9}`, false},
		{`{"a":["\u00e9"]}`, `{"a":"é"}`, true},
		{`{"a":["x"]}`, `["x"]`, false},
		{`{"":["x"]}`, `{"":"x"}`, true},
		{`{"a.b":[1]}`, `{"a":{"b":1}}`, true},
		{`{"a":{"b":[1]}}`, `{"a.b":1}`, true},
		{`{"prefix":{"a":["b"]}}`, `{"prefix":{"a":"b"}}`, true},
		{`{"a":[1],"a":[2]}`, `{"a":1}`, false},
		{`{"a":[1],"a":[2]}`, `{"a":2}`, true},
		// prefix, suffix, case
		{`{"a":[{"prefix":"ab"}]}`, `{"a":"abc"}`, true},
		{`{"a":[{"prefix":"ab"}]}`, `{"a":"xab"}`, false},
		{`{"a":[{"prefix":""}]}`, `{"a":""}`, true},
		{`{"a":[{"prefix":""}]}`, `{"a":5}`, false},
		{`{"a":[{"suffix":"bc"}]}`, `{"a":"abc"}`, true},
		{`{"a":[{"suffix":""}]}`, `{"a":5}`, false},
		{`{"a":[{"prefix":{"equals-ignore-case":"AB"}}]}`, `{"a":"abc"}`, true},
		{`{"a":[{"prefix":{"equals-ignore-case":"AB"}}]}`, `{"a":"a"}`, false},
		{`{"a":[{"suffix":{"equals-ignore-case":"BC"}}]}`, `{"a":"abc"}`, true},
		{`{"a":[{"suffix":{"equals-ignore-case":"BC"}}]}`, `{"a":7}`, false},
		{`{"a":[{"equals-ignore-case":"ABC"}]}`, `{"a":"abc"}`, true},
		{`{"a":[{"equals-ignore-case":"ABC"}]}`, `{"a":"abcd"}`, false},
		{`{"a":[{"equals-ignore-case":"É"}]}`, `{"a":"é"}`, true},
		{`{"a":[{"equals-ignore-case":"k"}]}`, `{"a":"\u212a"}`, false},
		{`{"a":[{"equals-ignore-case":"ς"}]}`, `{"a":"Σ"}`, true},
		{`{"a":[{"equals-ignore-case":"ς"}]}`, `{"a":"σ"}`, false},
		// wildcard
		{`{"a":[{"wildcard":"a*c"}]}`, `{"a":"abbc"}`, true},
		{`{"a":[{"wildcard":"a*c"}]}`, `{"a":"abb"}`, false},
		{`{"a":[{"wildcard":"*"}]}`, `{"a":""}`, true},
		{`{"a":[{"wildcard":"*"}]}`, `{"a":5}`, false},
		{`{"a":[{"wildcard":""}]}`, `{"a":""}`, true},
		{`{"a":[{"wildcard":"*a*b*"}]}`, `{"a":"x a b"}`, true},
		{`{"a":[{"wildcard":"*a*b*"}]}`, `{"a":"b a"}`, false},
		{`{"a":[{"wildcard":"ab*ba"}]}`, `{"a":"aba"}`, false},
		{`{"a":[{"wildcard":"a\\*c"}]}`, `{"a":"a*c"}`, true},
		{`{"a":[{"wildcard":"a\\*c"}]}`, `{"a":"abc"}`, false},
		{`{"a":[{"wildcard":"a\\\\*c"}]}`, `{"a":"a\\xc"}`, true},
		{`{"a":[{"wildcard":"a*\\*"}]}`, `{"a":"abb*"}`, true},
		{`{"a":[{"wildcard":"é*"}]}`, `{"a":"ébc"}`, true},
		// numeric
		{`{"a":[{"numeric":["=",0.1]}]}`, `{"a":1e-1}`, true},
		{`{"a":[{"numeric":[">",0,"<=",5]}]}`, `{"a":5}`, true},
		{`{"a":[{"numeric":[">",0,"<=",5]}]}`, `{"a":0}`, false},
		{`{"a":[{"numeric":[">=",0,"<",5]}]}`, `{"a":0}`, true},
		{`{"a":[{"numeric":["<",5]}]}`, `{"a":1e-30}`, true},
		{`{"a":[{"numeric":["<",5]}]}`, `{"a":"1"}`, false},
		{`{"a":[{"numeric":[">",5]}]}`, `{"a":6000000000}`, false},
		{`{"a":[{"numeric":[">",5]}]}`, `{"a":1e400}`, false},
		// cidr
		{`{"a":[{"cidr":"10.0.0.0/8"}]}`, `{"a":"10.1.2.3"}`, true},
		{`{"a":[{"cidr":"10.0.0.0/8"}]}`, `{"a":"11.1.2.3"}`, false},
		{`{"a":[{"cidr":"10.0.0.7/24"}]}`, `{"a":"10.0.0.9"}`, true},
		{`{"a":[{"cidr":"10.0.0.0/8"}]}`, `{"a":"::ffff:10.1.2.3"}`, false},
		{`{"a":[{"cidr":"10.0.0.0/8"}]}`, `{"a":"ten"}`, false},
		{`{"a":[{"cidr":"2001:db8::/32"}]}`, `{"a":"2001:DB8::1"}`, true},
		// exists
		{`{"a":[{"exists":true}]}`, `{"a":null}`, true},
		{`{"a":[{"exists":true}]}`, `{"a":[]}`, false},
		{`{"a":[{"exists":true}]}`, `{"a":{"b":1}}`, false},
		{`{"a":[{"exists":false}]}`, `{"a":{"b":1}}`, true},
		{`{"a":[{"exists":false}]}`, `{"a":[]}`, true},
		{`{"a":[{"exists":false}]}`, `{"a":null}`, false},
		{`{"a":{"b":[{"exists":false}]}}`, `{"c":1}`, true},
		{`{"a":[{"exists":false},"x"]}`, `{"a":"x"}`, true},
		{`{"a":[{"exists":false},"x"]}`, `{"a":"y"}`, false},
		{`{"a":[{"exists":false}]}`, `[1]`, false},
		// anything-but
		{`{"a":[{"anything-but":"x"}]}`, `{"a":"y"}`, true},
		{`{"a":[{"anything-but":"x"}]}`, `{"a":"x"}`, false},
		{`{"a":[{"anything-but":"x"}]}`, `{"b":"x"}`, false},
		{`{"a":[{"anything-but":"x"}]}`, `{"a":5}`, true},
		{`{"a":[{"anything-but":"x"}]}`, `{"a":null}`, true},
		{`{"a":[{"anything-but":"x"}]}`, `{"a":["x","y"]}`, true},
		{`{"a":[{"anything-but":"x"}]}`, `{"a":["x"]}`, false},
		{`{"a":[{"anything-but":5}]}`, `{"a":5.0}`, false},
		{`{"a":[{"anything-but":5}]}`, `{"a":"5"}`, true},
		{`{"a":[{"anything-but":[5,6]}]}`, `{"a":6}`, false},
		{`{"a":[{"anything-but":["x","y"]}]}`, `{"a":"z"}`, true},
		{`{"a":[{"anything-but":{"prefix":"x"}}]}`, `{"a":"xz"}`, false},
		{`{"a":[{"anything-but":{"prefix":"x"}}]}`, `{"a":5}`, true},
		{`{"a":[{"anything-but":{"suffix":["x","y"]}}]}`, `{"a":"zy"}`, false},
		{`{"a":[{"anything-but":{"equals-ignore-case":["X","y"]}}]}`, `{"a":"Y"}`, false},
		{`{"a":[{"anything-but":{"wildcard":["x*","*y"]}}]}`, `{"a":"yx"}`, true},
		{`{"a":[{"anything-but":{"wildcard":"*/lib/*"}}]}`, `{"a":"/x/lib/y"}`, false},
		// $or
		{`{"$or":[{"a":[1]},{"b":[2]}]}`, `{"b":2}`, true},
		{`{"$or":[{"a":[1]},{"b":[2]}]}`, `{"b":1}`, false},
		{`{"a":{"$or":[{"x":[2]},{"y":[3]}]}}`, `{"a":{"y":3}}`, true},
		{`{"$or":[{"x":["a"],"$or":[{"p":[1]},{"q":[2]}]},{"y":["b"]}]}`, `{"x":"a","q":2}`, true},
		{`{"x":[1],"$or":[{"x":[2]},{"y":[3]}]}`, `{"x":2}`, true},
		{`{"x":[1],"$or":[{"x":[2]},{"y":[3]}]}`, `{"x":1,"y":3}`, true},
		{`{"$or":[{"x":[2]},{"y":[3]}],"x":[1]}`, `{"x":2}`, false},
		{`{"$or":[{"x":[2]},{"y":[3]}],"x":[1]}`, `{"x":1}`, true},
		{`{"$or":["a","b"]}`, `{"$or":"b"}`, true},
		{`{"$or":[{"prefix":"a"},{"suffix":"b"}]}`, `{"$or":"b"}`, true},
		{`{"$or":{"a":[1]}}`, `{"$or":{"a":1}}`, true},
		// arrays
		{`{"a":[1]}`, `{"a":[2,1]}`, true},
		{`{"a":[1]}`, `{"a":[[2],[[1]]]}`, true},
		{`{"a":{"b":[1],"c":[2]}}`, `{"a":[{"b":1,"c":3},{"b":5,"c":2}]}`, false},
		{`{"a":{"b":[1],"c":[2]}}`, `{"a":[{"b":1,"c":3},{"b":1,"c":2}]}`, true},
		{`{"a":{"b":[1],"c":[2]}}`, `{"a":[[{"b":1,"c":3}],[{"b":5,"c":2}]]}`, false},
		{`{"a":{"b":{"x":[1]},"c":{"y":[2]}}}`, `{"a":[{"b":[{"x":1}],"c":[{"y":2}]}]}`, true},
		{`{"a":{"b":{"x":[1],"y":[2]}}}`, `{"a":[{"b":[{"x":1},{"y":2}]}]}`, false},
		{`{"a":{"b":[{"exists":false}],"c":[2]}}`, `{"a":[{"b":1},{"c":2}]}`, false},
		{`{"a":{"b":[1],"c":[{"exists":false}]}}`, `{"a":[{"b":1},{"c":2}]}`, true},
		{`{"a":{"b":[1],"c":[{"exists":false}]}}`, `{"a":[{"b":1,"c":2}]}`, false},
		{`{"a":[1],"a.b":[2]}`, `{"a":[1,{"b":2}]}`, true},
	} {
		t.Run(c.pattern+" "+c.event, func(t *testing.T) {
			p, err := ParseEventPattern([]byte(c.pattern))
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Matches(parse(t, c.event)); got != c.want {
				t.Errorf("matches: %v, want %v", got, c.want)
			}
		})
	}
}

func TestEventPatternInvalid(t *testing.T) {
	for _, c := range []struct{ pattern, want string }{
		{``, "an event pattern is a JSON document; this is none: EOF"},
		{`{"a":[1]} x`, "an event pattern is a JSON document; this is none: more than one JSON document"},
		{`{"a":[1]} {}`, "an event pattern is a JSON document; this is none: more than one JSON document"},
		{`[]`, "an event pattern is a JSON object, found a list"},
		{`{}`, "an event pattern needs at least one field"},
		{`{"a":{}}`, "a: an empty object says nothing; name at least one field in it"},
		{`{"a":{"b":[]}}`, "a.b: an empty list matches nothing; name at least one value"},
		{`{"a":5}`, "a: values stand in a list: write [5]"},
		{`{"a":"x"}`, `a: values stand in a list: write ["x"]`},
		{`{"a":[[1]]}`, "a: a value is text, a number, true, false, null or an operator, found a list in the list"},
		{`{"a":[{}]}`, "a: a value takes exactly one operator, found 0 ()"},
		{`{"a":[{"prefix":"x","suffix":"y"}]}`, "a: a value takes exactly one operator, found 2 (prefix, suffix)"},
		{`{"a":[{"prefx":"x"}]}`, `a: unknown operator "prefx"; did you mean "prefix"?`},
		{`{"a":[{"prefix":5}]}`, "a: prefix: takes text, found a number"},
		{`{"a":[{"prefix":{"suffix":"x"}}]}`, "a: prefix: takes text or {equals-ignore-case: text}"},
		{`{"a":[{"prefix":{"equals-ignore-case":5}}]}`, "a: prefix: equals-ignore-case: takes text, found a number"},
		{`{"a":[{"equals-ignore-case":["x"]}]}`, "a: equals-ignore-case: takes text, found a list"},
		{`{"a":[{"wildcard":"a**c"}]}`, `a: wildcard: "a**c" has two * in a row; write one`},
		{`{"a":[{"wildcard":"a\\x"}]}`, `a: wildcard: "a\\x": after \ only * or \ may stand`},
		{`{"a":[{"wildcard":"a\\"}]}`, `a: wildcard: "a\\": after \ only * or \ may stand`},
		{`{"a":[{"numeric":5}]}`, `a: numeric: takes an operator and a number, such as ["=", 5], or a range such as [">", 0, "<=", 5]`},
		{`{"a":[{"numeric":["!=",5]}]}`, `a: numeric: takes an operator and a number, such as ["=", 5], or a range such as [">", 0, "<=", 5]; found "!=" where an operator belongs`},
		{`{"a":[{"numeric":["<",5,">",1]}]}`, `a: numeric: takes an operator and a number, such as ["=", 5], or a range such as [">", 0, "<=", 5]; found "<" where an operator belongs`},
		{`{"a":[{"numeric":["=","5"]}]}`, `a: numeric: takes an operator and a number, such as ["=", 5], or a range such as [">", 0, "<=", 5]; found text where a number belongs`},
		{`{"a":[{"numeric":[">",5,"<",5]}]}`, "a: numeric: the lower end 5 must be less than the upper end 5"},
		{`{"a":[{"numeric":["<",5000000001]}]}`, "a: numeric: EventBridge compares numbers from -5000000000 to 5000000000 only, found 5000000001"},
		{`{"a":[{"cidr":"10.0.0.0"}]}`, `a: cidr: "10.0.0.0" is no range such as 10.0.0.0/8 or 2001:db8::/32`},
		{`{"a":[{"cidr":"10.0.0.7/32"}]}`, `a: cidr: "10.0.0.7/32" is a single address, which EventBridge refuses here; write it as a plain value`},
		{`{"a":[{"cidr":5}]}`, "a: cidr: takes a range such as 10.0.0.0/8, found a number"},
		{`{"a":[{"exists":"false"}]}`, "a: exists takes true or false, found text"},
		{`{"a":[{"anything-but":[]}]}`, "a: anything-but: the list is empty; name at least one value"},
		{`{"a":[{"anything-but":[5,"x"]}]}`, "a: anything-but: a list holds text only or numbers only"},
		{`{"a":[{"anything-but":[null]}]}`, "a: anything-but: a list holds text or numbers, found null"},
		{`{"a":[{"anything-but":true}]}`, "a: anything-but: takes text, a number, a list of them or one of equals-ignore-case, prefix, suffix, wildcard, found true or false"},
		{`{"a":[{"anything-but":9000000000}]}`, "a: anything-but: EventBridge compares numbers from -5000000000 to 5000000000 only, found 9000000000"},
		{`{"a":[{"anything-but":{"prefix":""}}]}`, "a: anything-but: prefix: empty text excludes everything"},
		{`{"a":[{"anything-but":{"prefix":[]}}]}`, "a: anything-but: prefix: the list is empty; name at least one text"},
		{`{"a":[{"anything-but":{"cidr":"10.0.0.0/8"}}]}`, `a: anything-but: unknown operator "cidr"; known here are equals-ignore-case, prefix, suffix, wildcard`},
		{`{"a":[{"anything-but":{"prefix":"x","suffix":"y"}}]}`, "a: anything-but: takes exactly one operator, found 2"},
		{`{"$or":[{"a":[1]}]}`, `$or: unknown operator "a" (to mean alternatives, $or takes two or more objects that name fields, none of them with an operator's name)`},
		{`{"$or":[{"prefix":["a"]},{"b":["c"]}]}`, `$or: prefix: takes text, found a list (to mean alternatives, $or takes two or more objects that name fields, none of them with an operator's name)`},
		{`{"$or":[]}`, "$or: an empty list matches nothing; name at least one value (to mean alternatives, $or takes two or more objects that name fields, none of them with an operator's name)"},
		{`{"$or":5}`, "$or: values stand in a list: write [5]"},
	} {
		t.Run(c.pattern, func(t *testing.T) {
			_, err := ParseEventPattern([]byte(c.pattern))
			if err == nil || err.Error() != c.want {
				t.Errorf("\n got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestEventPatternCombinations(t *testing.T) {
	or := func(n int) string {
		var l []string
		for i := range n {
			l = append(l, fmt.Sprintf(`{"f%d":[%d]}`, i, i))
		}
		return strings.Join(l, ",")
	}
	within := fmt.Sprintf(`{"$or":[%s],"x":{"$or":[%s]}}`, or(25), or(40))
	if _, err := ParseEventPattern([]byte(within)); err != nil {
		t.Errorf("1000 combinations: %v", err)
	}
	beyond := fmt.Sprintf(`{"$or":[%s],"x":{"$or":[%s]}}`, or(25), or(41))
	want := "the $or alternatives make more than 1000 combinations; EventBridge takes at most that many"
	if _, err := ParseEventPattern([]byte(beyond)); err == nil || err.Error() != want {
		t.Errorf("1025 combinations: %v", err)
	}
}

// Arrays that have nothing to do with each other must not multiply.
func TestEventPatternManyArrays(t *testing.T) {
	var l []any
	for range 200 {
		l = append(l, map[string]any{"x": "y"})
	}
	event := map[string]any{"z": parse(t, `[{"p":1},{"q":2}]`)}
	pattern := `{"z":{"p":[1],"q":[2]}`
	for _, k := range "abcdefghij" {
		event[string(k)] = l
		pattern += fmt.Sprintf(`,"%c":{"x":["y"]}`, k)
	}
	p, err := ParseEventPattern([]byte(pattern + "}"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Matches(event) {
		t.Error("z matches in two elements")
	}
	event["z"] = parse(t, `[{"p":1},{"p":1,"q":2}]`)
	if !p.Matches(event) {
		t.Error("z matches in its second element")
	}
}

func FuzzParseEventPattern(f *testing.F) {
	f.Add(`{"a":[{"anything-but":{"wildcard":["x*"]}}],"$or":[{"b":[{"numeric":[">",1,"<",5e2]}]},{"c":{"d":[null,{"exists":false}]}}]}`, `{"a":["x",{"b":1}],"c":[{"d":2}]}`)
	f.Add(`{"a":[{"cidr":"10.0.0.0/8"},{"prefix":{"equals-ignore-case":"A"}}]}`, `{"a":"10.0.0.1"}`)
	f.Fuzz(func(t *testing.T, pattern, event string) {
		p, err := ParseEventPattern([]byte(pattern))
		if err != nil {
			if p != nil || err.Error() == "" {
				t.Errorf("%v beside a pattern, or without a message", err)
			}
			return
		}
		doc, err := schema.ParseJSON([]byte(event))
		if err != nil {
			return
		}
		first := p.Matches(doc)
		if second := p.Matches(doc); first != second {
			t.Error("two answers to one question")
		}
	})
}
