package expr

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/PaesslerAG/gval"
)

// eval is the path's value: one value, or the list of what it selects.
func (n *path) eval(ctx context.Context, param any) (any, error) {
	f := param.(*frame)
	v, rest, err := n.lead(ctx, f)
	if err != nil {
		return nil, err
	}
	if v, err = document(v); err != nil || len(rest) == 0 {
		return v, err
	}
	if !isContainer(v) {
		return nil, n.lost(len(n.segments)-len(rest), fmt.Sprintf("is %s, and only a list or a document holds something to select", typeName(v)))
	}
	return n.spread(ctx, f, v, rest)
}

func isContainer(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return true
	}
	return false
}

// lead follows the path as far as it is one way. rest are the segments from
// the first that selects many. Where the way leads nowhere, err is a missing
// fault that says what is there instead.
func (n *path) lead(ctx context.Context, f *frame) (v any, rest []segment, err error) {
	switch n.from {
	case fromName, fromRoot:
		v = f.root
	case fromCurrent:
		v = f.current
	case fromValue:
		if v, err = n.value(ctx, f); err != nil {
			return nil, nil, err
		}
	}
	for i := range n.segments {
		s := &n.segments[i]
		if s.many() {
			return v, n.segments[i:], nil
		}
		key := any(s.name)
		if s.kind == segmentKey {
			if key, err = evalAt(ctx, f, v, s.keys[0]); err != nil {
				return nil, nil, err
			}
			if problem := checkKey(key); problem != nil {
				return nil, nil, faultf("%s[…]: %s", n.upTo(i), problem.msg)
			}
		}
		next, ok, err := child(v, key)
		if err != nil {
			return nil, nil, &fault{msg: fmt.Sprintf("%s: %v", n.upTo(i+1), err), cause: err}
		}
		if !ok {
			return nil, nil, n.nowhere(i, v, key)
		}
		v = next
	}
	return v, nil, nil
}

// evalAt computes what stands in the brackets after v. There @ means v, so that
// [length(@) - 1] is the last element; but all through a filter it means the
// element that the filter looks at.
func evalAt(ctx context.Context, f *frame, v any, e gval.Evaluable) (any, error) {
	if f.filter {
		return e(ctx, f)
	}
	inside := *f
	inside.current = v
	return e(ctx, &inside)
}

// checkKey says what is wrong with a value in brackets, if anything. An index
// below 0 that was calculated leads nowhere, as one above the last does.
func checkKey(key any) *fault {
	if _, ok := key.(string); ok {
		return nil
	}
	if _, ok := integer(key); ok {
		return nil
	}
	if _, isNumber := numberText(key); isNumber {
		return faultf("an index is a whole number")
	}
	return faultf("brackets hold an index or the name of a field, not %s", typeName(key))
}

// child is the field or the element of v that key names.
func child(v, key any) (any, bool, error) {
	name, isName := key.(string)
	switch x := v.(type) {
	case map[string]any:
		if isName {
			c, ok := x[name]
			return c, ok, nil
		}
	case Lazy:
		if isName {
			return x.Field(name)
		}
	case []any:
		if i, ok := integer(key); ok && !isName && i >= 0 && i < len(x) {
			return x[i], true, nil
		}
	}
	return nil, false, nil
}

func counted(n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// spread selects from v. What one value lacks is passed over, as JSONPath has
// it; what goes wrong in a filter is an error.
func (n *path) spread(ctx context.Context, f *frame, v any, segments []segment) ([]any, error) {
	selected := []any{v}
	for i := range segments {
		sel := selection{ctx: ctx, frame: f, segment: &segments[i], out: []any{}}
		for _, v := range selected {
			if err := sel.from(v); err != nil {
				return nil, err
			}
		}
		selected = sel.out
	}
	return selected, nil
}

// selection collects what one segment selects.
type selection struct {
	ctx     context.Context
	frame   *frame
	segment *segment
	out     []any
}

func (s *selection) from(v any) error {
	v, err := document(v)
	if err != nil {
		return err
	}
	if err := s.frame.spend(1); err != nil {
		return err
	}
	if err := s.at(v); err != nil || !s.segment.descend {
		return err
	}
	return eachChild(v, s.from)
}

// eachChild visits elements in order and fields in the order of their names.
func eachChild(v any, visit func(any) error) error {
	switch x := v.(type) {
	case []any:
		for _, c := range x {
			if err := visit(c); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(x)) {
			if err := visit(x[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *selection) take(v any) error {
	v, err := document(v)
	if err != nil {
		return err
	}
	s.out = append(s.out, v)
	return s.frame.spend(1)
}

func (s *selection) at(v any) error {
	switch s.segment.kind {
	case segmentName:
		return s.takeChild(v, s.segment.name)
	case segmentAll:
		return eachChild(v, s.take)
	case segmentSlice:
		return s.slice(v)
	case segmentFilter:
		inside := *s.frame
		inside.filter = true
		return eachChild(v, func(c any) error {
			inside.current = c
			ok, err := s.holds(&inside)
			if err != nil || !ok {
				return err
			}
			return s.take(c)
		})
	}
	if !isContainer(v) {
		return nil
	}
	for _, e := range s.segment.keys {
		key, err := evalAt(s.ctx, s.frame, v, e)
		if isAbsent(err) {
			continue
		}
		if err != nil {
			return err
		}
		if problem := checkKey(key); problem != nil {
			return problem
		}
		if err := s.takeChild(v, key); err != nil {
			return err
		}
	}
	return nil
}

func (s *selection) takeChild(v, key any) error {
	c, ok, err := child(v, key)
	if err != nil || !ok {
		return err
	}
	return s.take(c)
}

// holds decides about one element. An element that lacks what the filter asks
// for is not selected. A filter that is a path alone asks whether that is
// there: null and false are not.
func (s *selection) holds(inside *frame) (bool, error) {
	if err := s.ctx.Err(); err != nil {
		return false, err
	}
	if err := s.frame.spend(1); err != nil {
		return false, err
	}
	v, err := s.segment.filter(s.ctx, inside)
	if isAbsent(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if b, ok := v.(bool); ok {
		return b, nil
	}
	if !s.segment.bare {
		return false, faultf("a filter wants a boolean, got %s", typeName(v))
	}
	if list, ok := v.([]any); ok && s.segment.bareMany {
		return len(list) > 0, nil
	}
	return v != nil, nil
}

// slice selects [start:end:step] of a list; negative places count from its
// end, a negative step goes backwards.
func (s *selection) slice(v any) error {
	list, ok := v.([]any)
	if !ok {
		return nil
	}
	place := [3]int{0, len(list), 1}
	given := [3]bool{}
	for i, e := range s.segment.keys {
		if e == nil {
			continue
		}
		key, err := evalAt(s.ctx, s.frame, v, e)
		if err != nil {
			return err
		}
		if place[i], given[i] = integer(key); !given[i] {
			return faultf("the places of a slice are whole numbers, not %s", typeName(key))
		}
	}
	step := place[2]
	if step == 0 {
		return faultf("the step of a slice cannot be 0")
	}
	low, high := 0, len(list)
	if step < 0 {
		low, high = -1, len(list)-1
		place[0], place[1] = pick(given[0], place[0], high), pick(given[1], place[1], low-len(list))
	}
	for i := range 2 {
		if place[i] < 0 {
			place[i] += len(list)
		}
		place[i] = min(max(place[i], low), high)
	}
	step = min(max(step, -len(list)-1), len(list)+1)
	for at := place[0]; step > 0 && at < place[1] || step < 0 && at > place[1]; at += step {
		if err := s.take(list[at]); err != nil {
			return err
		}
	}
	return nil
}

func pick(given bool, a, b int) int {
	if given {
		return a
	}
	return b
}
