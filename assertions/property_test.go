package assertions

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
)

// written makes a check as a file would hold it, so that mappings are operators.
func written(path, op string, arg any) Checks {
	n := schema.NodeOf(map[string]any{path: map[string]any{op: arg}}, schema.Pos{})
	n.Walk(func(x *schema.Node) {
		if x.Computed = false; x.Kind == schema.Null {
			x.Scalar = "null"
		}
	})
	var p schema.Problems
	var c Checks
	c.ReadNode(n, &p)
	if err := p.Err(); err != nil {
		panic(err)
	}
	return c
}

// numbers are written in every way that JSON knows, beyond what machines hold.
func numbers() *rapid.Generator[json.Number] {
	return rapid.Custom(func(t *rapid.T) json.Number {
		s := rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?`).Draw(t, "number")
		if rapid.Bool().Draw(t, "scaled") {
			s += fmt.Sprintf("e%d", rapid.IntRange(-30, 30).Draw(t, "exponent"))
		}
		return json.Number(s)
	})
}

// Whatever a document is, it holds against itself in every way that compares
// whole values.
func TestADocumentHoldsAgainstItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := rapid.OneOf(documents(), rapid.Map(numbers(), func(n json.Number) any { return n })).Draw(t, "doc")
		all := Rule("a", "equals", doc).
			And(Rule("a", "one_of", []any{doc})).
			And(written("a", "not", map[string]any{"not_equals": doc})).
			And(Rule("l", "contains", doc)).
			And(Rule("l", "unordered", []any{"x", doc})).
			And(Rule("l", "in_order", []any{doc, "x"})).
			And(written("l", "each", map[string]any{"one_of": []any{doc, "x"}})).
			And(Rule("a", "schema", map[string]any{"const": doc})).
			And(Rule("a", "schema", map[string]any{"enum": []any{nil, doc}}))
		switch doc := doc.(type) {
		case map[string]any:
			all = all.And(Rule("a", "match", doc))
		case []any:
			all = all.And(Rule("a", "match", doc)).And(Rule("a", "unordered", reversed(doc))).And(Rule("a", "in_order", doc))
		}
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if _, unmet := all.Run(map[string]any{"a": doc, "l": []any{doc, "x"}}); unmet != nil {
			t.Error(messages(unmet))
		}
		if _, unmet := written("text", "json", map[string]any{"$": map[string]any{"equals": doc}}).Run(map[string]any{"text": string(text)}); unmet != nil {
			t.Error(messages(unmet))
		}
		for _, partial := range []bool{false, true} {
			if d := Differences(doc, doc, partial); d != nil {
				t.Errorf("partial %v: %v", partial, d)
			}
		}
	})
}

func reversed(l []any) []any {
	l = slices.Clone(l)
	slices.Reverse(l)
	return l
}

// leaves are the places in a document where no mapping and no list stands.
func leaves(doc any) (out [][]string) {
	switch d := doc.(type) {
	case map[string]any:
		for k, e := range d {
			for _, below := range leaves(e) {
				out = append(out, append([]string{k}, below...))
			}
		}
	case []any:
		for i, e := range d {
			for _, below := range leaves(e) {
				out = append(out, append([]string{fmt.Sprint(i)}, below...))
			}
		}
	default:
		return [][]string{nil}
	}
	slices.SortFunc(out, compareLocations)
	return out
}

// changed is a copy of a document with another leaf at a place.
func changed(doc any, at []string) any {
	switch d := doc.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range d {
			out[k] = e
		}
		out[at[0]] = changed(d[at[0]], at[1:])
		return out
	case []any:
		out := slices.Clone(d)
		i, err := strconv.Atoi(at[0])
		if err != nil {
			panic(err) // leaves made it
		}
		out[i] = changed(d[i], at[1:])
		return out
	case json.Number:
		return d.String() // the same digits as text
	case string:
		return d + "x"
	case bool:
		return !d
	}
	return "null"
}

// A changed leaf never passes, and the message says where it is.
func TestAChangedLeafIsNamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := documents().Draw(t, "doc")
		all := leaves(doc)
		at := all[rapid.IntRange(0, len(all)-1).Draw(t, "leaf")]
		other := map[string]any{"a": changed(doc, at)}
		checks := map[string]Checks{"equals": Rule("a", "equals", doc), "schema": Rule("a", "schema", map[string]any{"const": doc})}
		switch doc.(type) {
		case map[string]any, []any:
			checks["match"] = Rule("a", "match", doc)
		}
		for name, c := range checks {
			_, unmet := c.Run(other)
			if len(unmet) != 1 {
				t.Fatalf("%s: %d mismatches", name, len(unmet))
			}
			if path := location(doc, at); name != "schema" && path != "$" && (len(unmet[0].Diff) != 1 || unmet[0].Diff[0].Path != path || !strings.Contains(unmet[0].Message, path+": expected")) {
				t.Errorf("%s does not name %s: %s", name, path, unmet[0].Message)
			}
		}
	})
}

// A part of a document, wherever it stands, matches at its path.
func TestAPartMatchesAtItsPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := documents().Draw(t, "doc")
		all := leaves(doc)
		at := all[rapid.IntRange(0, len(all)-1).Draw(t, "leaf")]
		at = at[:rapid.IntRange(0, len(at)).Draw(t, "depth")]
		sub := valueAt(doc, at)
		path := location(doc, at)
		if _, unmet := Rule(path, "equals", sub).Run(doc); unmet != nil {
			t.Errorf("at %s: %s", path, messages(unmet))
		}
		if !isDocument(sub) {
			return
		}
		if _, unmet := Rule(path, "match", part(t, sub)).Run(doc); unmet != nil {
			t.Errorf("at %s: %s", path, messages(unmet))
		}
	})
}

// An element that was put into a list is the one thing told of it.
func TestAnElementThatWasPutInIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SliceOfN(documents(), 0, 8).Draw(t, "list")
		i := rapid.IntRange(0, len(l)).Draw(t, "place")
		longer := slices.Insert(slices.Clone(l), i, documents().Draw(t, "element"))
		for _, partial := range []bool{false, true} {
			if d := Differences(any(l), any(longer), partial); len(d) != 1 || d[0].Kind != Extra {
				t.Errorf("put in: %v", d)
			}
		}
		if d := Differences(any(longer), any(l), false); len(d) != 1 || d[0].Kind != Missing {
			t.Errorf("left out: %v", d)
		}
	})
}

// Lists are the same or there is something to tell, whatever was moved.
func TestListsDifferOrNot(t *testing.T) {
	small := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 3), func(i int) any { return json.Number(fmt.Sprint(i)) }), 0, 7)
	rapid.Check(t, func(t *rapid.T) {
		a, b := any(small.Draw(t, "a")), any(small.Draw(t, "b"))
		for _, partial := range []bool{false, true} {
			d := Differences(a, b, partial)
			if (d == nil) != expr.Equal(a, b) {
				t.Errorf("%v", d)
			}
			for _, x := range d {
				if x.Kind == Changed && expr.Equal(x.Expected, x.Found) {
					t.Errorf("tells of what is the same: %v", x)
				}
			}
		}
	})
}

// Two values have one identity if, and only if, they are equal.
func TestIdentity(t *testing.T) {
	value := rapid.OneOf(documents(), rapid.Map(numbers(), func(n json.Number) any { return n }))
	rapid.Check(t, func(t *rapid.T) {
		a := value.Draw(t, "a")
		b := rapid.OneOf(rapid.Just(a), value).Draw(t, "b")
		if (identity(a) == identity(b)) != expr.Equal(a, b) {
			t.Errorf("%v %s, %v %s", a, identity(a), b, identity(b))
		}
	})
}

func TestNumbersAreExact(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"9007199254740993", "9007199254740992", false},
		{"9007199254740993", "9007199254740993.0", true},
		{"1.0", "1", true},
		{"1", "1.0000000000000000000001", false},
		{"10e-1", "1", true},
		{"1e2", "100", true},
		{"1e400", "1e400", true},
		{"1e400", "1e401", false},
		{"1e400", "10e399", true},
		{"1e-400", "0", false},
		{"-0", "0", true},
		{"0e5", "0.00", true},
		{"0.1", "0.10000000000000000555", false},
		{"0.3", "0.30000000000000004", false},
		{"1e999999999999999999999", "1e999999999999999999999", true},
		{"123456789012345678901234567890", "123456789012345678901234567891", false},
	} {
		t.Run(c.a+" "+c.b, func(t *testing.T) {
			a, b := json.Number(c.a), json.Number(c.b)
			doc := map[string]any{"n": b, "l": []any{b}}
			for op, holds := range map[string]bool{"equals": c.same, "not_equals": !c.same} {
				if Rule("n", op, a).Holds(doc) != holds {
					t.Errorf("%s: not %v", op, holds)
				}
			}
			for op, arg := range map[string]any{"contains": a, "unordered": []any{a}, "in_order": []any{a}, "each": a, "any": a} {
				if Rule("l", op, arg).Holds(doc) != c.same {
					t.Errorf("%s: not %v", op, c.same)
				}
			}
			if Rule("l", "unique", true).Holds(map[string]any{"l": []any{a, b}}) == c.same {
				t.Errorf("unique: %v", c.same)
			}
			if (identity(a) == identity(b)) != c.same {
				t.Errorf("identity %s %s", identity(a), identity(b))
			}
			if (Differences(a, b, false) == nil) != c.same {
				t.Error("Differences")
			}
		})
	}
	sum := Rule("n", "approx", map[string]any{"value": json.Number("0.3"), "within": json.Number("0.00000000000000003")})
	if sum.Holds(map[string]any{"n": json.Number("0.30000000000000004")}) {
		t.Error("0.1 + 0.2 of a machine is not within 3e-17 of 0.3")
	}
}
