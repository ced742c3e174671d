package mock

import (
	"errors"
	"slices"
)

// andOthers adds to the error of one place those of others that have no value
// either, so that all of them can be mended at once: it goes on as if the place
// had been set.
func (m *maker) andOthers(root place, first error) error {
	const most = 10
	said := []string{first.Error()}
	var done []*unsatisfiable
	for err := first; len(said) < most; _, err = m.value(root) {
		var u *unsatisfiable
		if !errors.As(err, &u) || u.spent || len(u.path) == 0 {
			break
		}
		if slices.ContainsFunc(done, func(d *unsatisfiable) bool { return holds(u.path, d.path) }) {
			break // of its own, or of what we put into it
		}
		if !slices.ContainsFunc(done, func(d *unsatisfiable) bool { return d.at == u.at }) && len(done) > 0 {
			said = append(said, err.Error())
		}
		done = append(done, u)
		w := root.wish
		for _, key := range u.path {
			w = w.make(key)
		}
		w.has, w.value = true, nil
	}
	if len(said) == 1 {
		return first
	}
	return alike{sayAll("several places get no value: ", said), first}
}

// alike tells of several errors and is, to who asks, the first of them.
type alike struct {
	error
	first error
}

func (e alike) Unwrap() error { return e.first }

// holds says whether one path is another or leads to it.
func holds(outer, inner []any) bool {
	return len(outer) <= len(inner) && slices.Equal(outer, inner[:len(outer)])
}
