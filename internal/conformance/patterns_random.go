package main

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
)

// randomPatterns makes pairs of a pattern and an event that have to do with each other, always the
// same for a seed: most conditions aim at a value of the event, so that about half of the pairs
// match, and about one pattern in eight is not valid.
func randomPatterns(seed uint64, n int) []patternCase {
	d := dice{rand.New(rand.NewPCG(seed, seed))}
	cases := make([]patternCase, n)
	for i := range cases {
		event := d.object(3)
		pattern := d.pattern(event)
		if d.chance(0.12) {
			d.spoil(pattern)
		}
		cases[i] = patternCase{Pattern: json.RawMessage(text(pattern)), Event: json.RawMessage(text(event))}
	}
	return cases
}

// A JSON value is an *object, a list or raw, the JSON text of anything else.
type (
	object struct{ fields []field }
	field  struct {
		key   string
		value any
	}
	list []any
	raw  string
)

func text(v any) string {
	var parts []string
	switch v := v.(type) {
	case *object:
		for _, f := range v.fields {
			parts = append(parts, strconv.Quote(f.key)+":"+text(f.value))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case list:
		for _, e := range v {
			parts = append(parts, text(e))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return string(v.(raw))
}

func quote(s string) raw {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // text always has a JSON form
	}
	return raw(strings.TrimSpace(b.String()))
}

// dice makes random choices.
type dice struct{ *rand.Rand }

func (d dice) chance(p float64) bool { return d.Float64() < p }

func of[T any](d dice, pool ...T) T { return pool[d.IntN(len(pool))] }

var (
	someKeys  = []string{"a", "b", "c", "state", "x-y"}
	someTexts = []string{
		"", "a", "b", "abc", "ABC", "abcabc", "a*c", `a\c`, "ab ba", "éa", "É", "300", "true", "null",
		"10.0.0.1", "10.1.2.3", "192.168.0.77", "2001:db8::1", "fe80::1:2", "img/cat.png", "img/lib/dog.PNG",
	}
	someNumbers = []string{
		"0", "-0", "1", "-1", "5", "5.0", "0.5", "5e-1", "300", "3e2", "300.00", "301.8", "-17.25", "0.000001",
		"999999.999999", "123456789", "4999999999", "5000000000", "-5000000000",
	}
	someWords = []string{"true", "false", "null"}
)

// leaf is a scalar of an event.
func (d dice) leaf() raw {
	switch n := d.IntN(10); {
	case n < 5:
		return quote(of(d, someTexts...))
	case n < 8:
		return raw(of(d, someNumbers...))
	}
	return raw(of(d, someWords...))
}

func (d dice) object(depth int) *object {
	o := &object{}
	for _, i := range d.Perm(len(someKeys))[:1+d.IntN(3)] {
		o.fields = append(o.fields, field{someKeys[i], d.value(depth - 1)})
	}
	return o
}

func (d dice) value(depth int) any {
	n := d.IntN(10)
	switch {
	case depth <= 0 || n < 5:
		return d.leaf()
	case n < 7:
		return d.object(depth)
	}
	var l list
	shared := d.IntN(len(someKeys)) // elements with the same keys, so that lists matter
	for range d.IntN(4) {
		switch d.IntN(5) {
		case 0:
			l = append(l, d.value(depth-1))
		case 1, 2:
			l = append(l, d.leaf())
		default:
			other := (shared + 1) % len(someKeys)
			l = append(l, &object{[]field{{someKeys[shared], d.value(depth - 1)}, {someKeys[other], d.leaf()}}})
		}
	}
	return l
}

// A place of an event: the keys that lead there, and what stands there.
type place struct {
	path  []string
	value any
}

func places(path []string, v any) []place {
	var all []place
	switch v := v.(type) {
	case *object:
		for _, f := range v.fields {
			at := append(path[:len(path):len(path)], f.key)
			all = append(all, places(at, f.value)...)
		}
		if len(path) > 0 {
			all = append(all, place{path, v})
		}
	case list:
		for _, e := range v {
			all = append(all, places(path, e)...)
		}
	default:
		all = append(all, place{path, v})
	}
	return all
}

// pattern makes a valid pattern about an event.
func (d dice) pattern(event *object) *object {
	known := places(nil, event)
	p := &object{}
	for range 1 + d.IntN(4) {
		d.condition(p, known)
	}
	if d.chance(0.25) {
		in := p
		if sub, ok := p.fields[0].value.(*object); ok && d.chance(0.4) {
			in, known = sub, within(p.fields[0].key, known)
		}
		d.alternatives(in, known, 1)
	}
	return p
}

// within gives the places below a key, as seen from there.
func within(key string, known []place) []place {
	var inside []place
	for _, k := range known {
		if k.path[0] == key && len(k.path) > 1 {
			inside = append(inside, place{k.path[1:], k.value})
		}
	}
	return inside
}

func (d dice) alternatives(p *object, known []place, deeper int) {
	var l list
	for range 2 + d.IntN(2) {
		o := &object{}
		for range 1 + d.IntN(2) {
			d.condition(o, known)
		}
		if deeper > 0 && d.chance(0.15) {
			d.alternatives(o, known, deeper-1)
		}
		l = append(l, o)
	}
	at := d.IntN(len(p.fields) + 1)
	p.fields = append(p.fields[:at:at], append([]field{{"$or", l}}, p.fields[at:]...)...)
}

// condition adds a field to a pattern, most often one that the event has.
func (d dice) condition(p *object, known []place) {
	at := place{path: []string{of(d, someKeys...)}}
	if len(known) > 0 && d.chance(0.9) {
		at = of(d, known...)
	}
	values := list{}
	for range of(d, 1, 1, 2) {
		values = append(values, d.test(at.value))
	}
	path := at.path
	if len(path) > 1 && d.chance(0.05) {
		path = []string{strings.Join(path, ".")}
	}
	for i, key := range path {
		last := i == len(path)-1
		if f := p.find(key); f == nil {
			var v any = values
			if !last {
				v = &object{}
			}
			p.fields = append(p.fields, field{key, v})
		} else if last || !f.isObject() {
			return // there is something already
		}
		if !last {
			p = p.find(key).value.(*object)
		}
	}
}

func (o *object) find(key string) *field {
	for i := range o.fields {
		if o.fields[i].key == key {
			return &o.fields[i]
		}
	}
	return nil
}

func (f *field) isObject() bool {
	_, ok := f.value.(*object)
	return ok
}

// test is one value of a pattern, most often one that holds for what stands there.
func (d dice) test(there any) any {
	v, isLeaf := there.(raw)
	switch {
	case !isLeaf && d.chance(0.7):
		return operator("exists", raw("false"))
	case d.chance(0.06):
		return operator("exists", raw(of(d, "true", "false")))
	case !isLeaf || d.chance(0.3):
		v = d.leaf()
	}
	var s string
	switch {
	case v[0] != '"' && d.chance(0.15):
		return operator("anything-but", quote(of(d, someTexts...)))
	case v[0] != '"' && strings.ContainsRune("tfn", rune(v[0])):
		return v
	case v[0] != '"':
		return d.onNumber(v)
	}
	if err := json.Unmarshal([]byte(v), &s); err != nil {
		panic(err) // it was made by quote
	}
	return d.onText(s)
}

func operator(name string, argument any) *object { return &object{[]field{{name, argument}}} }

func (d dice) onNumber(v raw) any {
	n, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		panic(err) // it is of the pool
	}
	plus := func(x float64) raw { return raw(strconv.FormatFloat(max(-5e9, min(5e9, n+x)), 'f', -1, 64)) }
	switch d.IntN(8) {
	case 0, 1:
		return v
	case 2:
		return raw(strconv.FormatFloat(n, 'e', -1, 64))
	case 3:
		return operator("numeric", list{quote("="), v})
	case 4:
		return operator("numeric", list{quote(of(d, "<", "<=")), of(d, v, plus(1))})
	case 5:
		return operator("numeric", list{quote(of(d, ">", ">=")), of(d, v, plus(-1))})
	case 6:
		return operator("numeric", list{quote(of(d, ">", ">=")), plus(-2), quote(of(d, "<", "<=")), plus(2)})
	}
	return operator("anything-but", of[any](d, raw(of(d, someNumbers...)), list{raw(of(d, someNumbers...)), raw("7")}))
}

func (d dice) onText(s string) any {
	r := []rune(s)
	i := d.IntN(len(r) + 1)
	j := i + d.IntN(len(r)-i+1)
	begin, end := string(r[:i]), string(r[j:])
	cased := of(d, strings.ToUpper, strings.ToLower)
	literal := strings.NewReplacer(`\`, `\\`, `*`, `\*`).Replace
	switch d.IntN(10) {
	case 0, 1, 2:
		return quote(s)
	case 3:
		return operator("prefix", of[any](d, quote(begin), operator("equals-ignore-case", quote(cased(begin)))))
	case 4:
		return operator("suffix", of[any](d, quote(end), operator("equals-ignore-case", quote(cased(end)))))
	case 5:
		return operator("equals-ignore-case", quote(cased(s)))
	case 6, 7:
		return operator("wildcard", quote(literal(begin)+"*"+literal(end)))
	case 8:
		if d.chance(0.3) {
			return operator("cidr", quote(of(d, "10.0.0.0/8", "10.0.0.0/24", "192.168.0.64/26", "2001:db8::/32", "::/0", "0.0.0.0/0")))
		}
	}
	return operator("anything-but", d.other())
}

// other is an argument of anything-but.
func (d dice) other() any {
	texts := list{}
	for range 1 + d.IntN(2) {
		texts = append(texts, quote(of(d, someTexts[1:]...)))
	}
	nested := of[any](d, texts, texts[0])
	switch d.IntN(6) {
	case 0:
		return texts[0]
	case 1, 2:
		return texts
	case 3:
		return operator(of(d, "prefix", "suffix"), nested)
	case 4:
		return operator("equals-ignore-case", nested)
	}
	return operator("wildcard", of[any](d, quote("*/lib/*"), quote("a*"), list{quote("*c"), quote("x*y")}))
}

// wrong are values of a pattern that are not valid.
var wrong = []string{
	`[1]`, `{}`, `{"prefx":"a"}`, `{"prefix":5}`, `{"prefix":["a"]}`, `{"prefix":null}`, `{"prefix":{}}`, `{"prefix":{"suffix":"a"}}`,
	`{"prefix":{"equals-ignore-case":["a"]}}`, `{"prefix":"a","suffix":"b"}`, `{"prefix":"a","prefix":"b"}`, `{"suffix":true}`,
	`{"suffix":{"equals-ignore-case":5}}`, `{"equals-ignore-case":["a"]}`, `{"equals-ignore-case":5}`, `{"wildcard":"a**b"}`,
	`{"wildcard":"a\\b"}`, `{"wildcard":"a\\"}`, `{"wildcard":["a*"]}`, `{"numeric":5}`, `{"numeric":[]}`, `{"numeric":["<"]}`,
	`{"numeric":["<",1,">",0]}`, `{"numeric":[">",1,"<"]}`, `{"numeric":[">",1,"<",2,"<",3]}`, `{"numeric":["=","5"]}`,
	`{"numeric":["!=",5]}`, `{"numeric":[5]}`, `{"numeric":[">",5,"<",5]}`, `{"numeric":["=",5,"<",6]}`, `{"numeric":{"=":5}}`,
	`{"cidr":"10.0.0.0"}`, `{"cidr":"10.0.0.0/33"}`, `{"cidr":"10.0.0.0/-1"}`, `{"cidr":"10.0.0/8"}`, `{"cidr":"::/128"}`, `{"cidr":5}`,
	`{"cidr":"host/8"}`, `{"cidr":["10.0.0.0/8"]}`, `{"exists":"true"}`, `{"exists":null}`, `{"exists":1}`, `{"anything-but":[]}`,
	`{"anything-but":null}`, `{"anything-but":true}`, `{"anything-but":["a",1]}`, `{"anything-but":[null]}`, `{"anything-but":[["a"]]}`,
	`{"anything-but":{}}`, `{"anything-but":{"prefix":""}}`, `{"anything-but":{"suffix":[""]}}`, `{"anything-but":{"prefix":5}}`,
	`{"anything-but":{"numeric":["=",5]}}`, `{"anything-but":{"cidr":"10.0.0.0/8"}}`, `{"anything-but":{"prefix":"a","suffix":"b"}}`,
	`{"anything-but":{"wildcard":"a**"}}`, `{"anything-but":{"equals-ignore-case":[5]}}`, `{"anything-but":"a","exists":true}`,
}

// spoil makes a pattern one that is not valid.
func (d dice) spoil(p *object) {
	f := &p.fields[d.IntN(len(p.fields))]
	if inner, ok := f.value.(*object); ok && d.chance(0.8) {
		d.spoil(inner)
		return
	}
	values, ok := f.value.(list)
	switch n := d.IntN(10); {
	case n == 0:
		f.value = raw(of(d, `"a"`, "5", "null", "true"))
	case n == 1 || !ok:
		f.value = of[any](d, list{}, &object{})
	default:
		f.value = append(values, raw(of(d, wrong...)))
	}
}
