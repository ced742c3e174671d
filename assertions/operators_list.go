package assertions

import (
	"encoding/json"
	"fmt"
	"math/big"
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
		ops = r.operations(n)
	case n.Kind == schema.Number && isWhole(n.Scalar) && n.Scalar[0] != '-':
		ops = r.expectation(schema.Entry{Key: "length", KeyPos: n.Pos, Value: n})
	default:
		r.wrong(n, "length", "a number of 0 or more, or operators")
		return nil
	}
	return func(f finding) verdict {
		size, ok := sizeOf(f.value)
		if !ok {
			return unfit("only text, lists and mappings have a length, that is %s", kindName(f.value))
		}
		v, _ := holdAll(ops, count(size))
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
		for i := range l {
			for j := range i {
				if expr.Equal(l[i], l[j]) {
					return verdict{why: fmt.Sprintf("; [%d] and [%d] are both %s", j, i, showShort(l[i]))}
				}
			}
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
		taken := make([]bool, len(l))
		var d []Difference
		for i, w := range want {
			found := false
			for j := range l {
				if !taken[j] && expr.Equal(w, l[j]) {
					taken[j], found = true, true
					break
				}
			}
			if !found && len(d) < maxDifferences {
				d = append(d, Difference{Path: fmt.Sprintf("$[%d]", i), Expected: w, Kind: Missing})
			}
		}
		for j := range l {
			if !taken[j] && len(d) < maxDifferences {
				d = append(d, Difference{Path: fmt.Sprintf("$[%d]", j), Found: l[j], Kind: Extra})
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
				return verdict{why: fmt.Sprintf("; %s does not come%s", showShort(w), after)}
			}
			at++
		}
		return yes(true)
	})
}

// elementsThatFail asks every element and says what fails of which.
func elementsThatFail(l []any, inside func(any) []Mismatch) (failed []int, why map[int]string) {
	why = map[int]string{}
	for i, e := range l {
		if unmet := inside(e); len(unmet) > 0 {
			failed = append(failed, i)
			why[i] = unmet[0].Message
		}
	}
	return failed, why
}

func readEach(r *reader, n *schema.Node) func(finding) verdict {
	inside := r.inside(n, "each")
	return listTest("each", func(l []any) verdict {
		if len(l) == 0 {
			return unfit("there is no element to look at")
		}
		failed, why := elementsThatFail(l, inside)
		if len(failed) == 0 {
			return yes(true)
		}
		return verdict{why: sayElements(failed, why)}
	})
}

func readAny(r *reader, n *schema.Node) func(finding) verdict {
	inside := r.inside(n, "any")
	return listTest("any", func(l []any) verdict {
		if len(l) == 0 {
			return unfit("there is no element to look at")
		}
		failed, why := elementsThatFail(l, inside)
		if len(failed) < len(l) {
			return yes(true)
		}
		return verdict{why: sayElements(failed, why)}
	})
}

func readShare(r *reader, n *schema.Node) func(finding) verdict {
	const takes = "where, which says what an element must hold, and operators for the share, such as {where: {ok: true}, gte: 0.99}"
	where, ok := n.Get("where")
	if n.Kind != schema.Map || n.Computed || !ok || len(n.Entries) < 2 {
		r.wrong(n, "share", takes)
		return nil
	}
	rest := *n
	rest.Entries = nil
	for _, e := range n.Entries {
		if e.Key != "where" {
			rest.Entries = append(rest.Entries, e)
		}
	}
	inside, ops := r.inside(where.Value, "where"), r.operations(&rest)
	return listTest("share", func(l []any) verdict {
		if len(l) == 0 {
			return unfit("there is no element to look at")
		}
		failed, why := elementsThatFail(l, inside)
		hold := int64(len(l) - len(failed))
		share := new(big.Rat).SetFrac64(hold, int64(len(l))).FloatString(12)
		v, _ := holdAll(ops, finding{value: json.Number(share)})
		if !v.holds {
			v.why = fmt.Sprintf("; %d of %s hold%s", hold, elements(len(l)), v.why)
			if len(failed) > 0 {
				v.why += sayElements(failed, why)
			}
		}
		return v
	})
}

func readNot(r *reader, n *schema.Node) func(finding) verdict {
	if n.Kind != schema.Map || n.Computed {
		r.wrong(n, "not", "operators, such as {equals: …}")
		return nil
	}
	ops := r.operations(n)
	return func(f finding) verdict {
		v, _ := holdAll(ops, f)
		if v.unfit {
			return v
		}
		return yes(!v.holds)
	}
}
