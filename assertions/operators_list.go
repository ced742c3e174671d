package assertions

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
)

// listTest is an operator that looks at lists only.
func listTest(op string, test func(l []any) verdict) func(finding) verdict {
	return func(f finding) verdict {
		l, ok := f.value.([]any)
		if !ok {
			return unfit("%s takes a list, that is %s", op, kindName(f.value))
		}
		return test(l)
	}
}

func readExists(r *reader, n *schema.Node) func(finding) verdict {
	want, ok := r.boolean(n, "exists")
	if !ok {
		return nil
	}
	return func(f finding) verdict { return yes(f.missing != want) }
}

func readEmpty(r *reader, n *schema.Node) func(finding) verdict {
	want, ok := r.boolean(n, "empty")
	if !ok {
		return nil
	}
	return func(f finding) verdict {
		size, ok := sizeOf(f.value)
		if !ok {
			return unfit("only text, lists and mappings can be empty, that is %s", kindName(f.value))
		}
		return yes((size == 0) == want)
	}
}

// sizeOf counts the characters of text, the elements of a list, the keys of a mapping.
func sizeOf(v any) (int, bool) {
	switch v := v.(type) {
	case string:
		return utf8.RuneCountInString(v), true
	case []any:
		return len(v), true
	case map[string]any:
		return len(v), true
	}
	return 0, false
}

func readLength(r *reader, n *schema.Node) func(finding) verdict {
	var ops []operation
	switch {
	case n.Hole():
		return nil
	case n.Kind == schema.Map && !n.Computed:
		ops = r.numeric(n, "length", "a length", nil)
	case n.Kind == schema.Number && isWhole(n.Scalar) && n.Scalar[0] != '-':
		ops = r.expectation(schema.Entry{Key: "length", KeyPos: n.Pos, Value: n})
	default:
		r.wrong(n, "length", "a number of 0 or more, or operators", aNumber)
		return nil
	}
	return func(f finding) verdict {
		size, ok := sizeOf(f.value)
		if !ok {
			return unfit("only text, lists and mappings have a length, that is %s", kindName(f.value))
		}
		v := holdAll(ops, finding{value: json.Number(fmt.Sprint(size))})
		if !v.holds {
			v.why = fmt.Sprintf("; its length is %d%s", size, v.why)
		}
		return v
	}
}

func readUnique(r *reader, n *schema.Node) func(finding) verdict {
	if want, ok := r.boolean(n, "unique"); !ok {
		return nil
	} else if !want {
		r.p.Add(n.Pos, "unique takes true; to expect doubles write not: {unique: true}")
		return nil
	}
	return listTest("unique", func(l []any) verdict {
		first := make(map[string]int, len(l))
		for i, e := range l {
			k := identity(e)
			if j, ok := first[k]; ok {
				return verdict{why: fmt.Sprintf("; [%d] and [%d] are both %s", j, i, showShort(e))}
			}
			first[k] = i
		}
		return yes(true)
	})
}

func readUnordered(r *reader, n *schema.Node) func(finding) verdict {
	want, ok := r.list(n, "unordered", "a list", 0)
	if !ok {
		return nil
	}
	return listTest("unordered", func(l []any) verdict {
		places := map[string][]int{} // of what was found, those not taken
		for j, e := range l {
			k := identity(e)
			places[k] = append(places[k], j)
		}
		var d []Difference
		taken := make([]bool, len(l))
		for i, w := range want {
			k := identity(w)
			if at := places[k]; len(at) > 0 {
				taken[at[0]], places[k] = true, at[1:]
			} else if len(d) < maxDifferences {
				d = append(d, Difference{Path: fmt.Sprintf("$[%d]", i), Expected: w, Kind: Missing})
			}
		}
		for j, e := range l {
			if !taken[j] && len(d) < maxDifferences {
				d = append(d, Difference{Path: fmt.Sprintf("$[%d]", j), Found: e, Kind: Extra})
			}
		}
		return verdict{holds: len(d) == 0, diff: d}
	})
}

func readInOrder(r *reader, n *schema.Node) func(finding) verdict {
	want, ok := r.list(n, "in_order", "a list of elements in their order", 1)
	if !ok {
		return nil
	}
	return listTest("in_order", func(l []any) verdict {
		at := 0
		for i, w := range want {
			for at < len(l) && !expr.Equal(w, l[at]) {
				at++
			}
			if at == len(l) {
				after := ""
				if i > 0 {
					after = " after " + showShort(want[i-1])
				}
				return verdict{why: fmt.Sprintf("; %s does not come%s%s", showShort(w), after, sayLookalike(w, l))}
			}
			at++
		}
		return yes(true)
	})
}

func readNot(r *reader, n *schema.Node) func(finding) verdict {
	if n.Kind != schema.Map || n.Computed {
		r.wrong(n, "not", "operators, such as {equals: …}", nil)
		return nil
	}
	ops := r.operations(n)
	return func(f finding) verdict {
		v := holdAll(ops, f)
		if !v.unfit {
			return yes(!v.holds)
		}
		if len(v.inner) > 0 {
			v.why, v.inner = "; "+sayAll(v.inner), nil
		}
		return v
	}
}
