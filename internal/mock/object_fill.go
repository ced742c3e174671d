package mock

import (
	"maps"
	"slices"
)

// fill adds properties until there are enough: optional ones, those that a
// pattern names, others. A map without named properties gets an entry or two.
func (m *maker) fill(o *object, optional []string) (any, error) {
	for _, name := range optional {
		if len(o.value) >= o.limits.low {
			break
		}
		if m.room(o, name) {
			if err := m.add(o, name, false); err != nil {
				return nil, err
			}
		}
	}
	patterns := m.namePatterns(o)
	want := o.limits.low
	if !m.o.RequiredOnly {
		want = max(want, m.entries(o, patterns))
	}
	for try := 0; len(o.value) < min(want, o.limits.high); try++ {
		if try > 20+2*want {
			break
		}
		if err := m.spend(); err != nil {
			return nil, err
		}
		name, ok := m.newName(o, patterns)
		if !ok {
			continue
		}
		c, _ := m.child(o, name)
		if m.again(c) && len(o.value) >= o.limits.low {
			break
		}
		if err := m.add(o, name, false); err != nil {
			return nil, err
		}
	}
	if len(o.value) < o.limits.low {
		return nil, m.missed(o.place, o.limits.lowAt, "minProperties asks for %d properties, only %d can be there", o.limits.low, len(o.value))
	}
	return o.value, nil
}

// entries is how many properties with names of our own an object gets.
func (m *maker) entries(o *object, patterns []string) int {
	if len(o.value) > 0 && len(patterns) == 0 {
		return 0
	}
	n := len(o.value) + len(patterns)
	for _, x := range o.flat {
		if _, isSchema := x.object()["additionalProperties"].(map[string]any); isSchema && len(o.value) == 0 {
			n = max(n, 1+m.rand.IntN(2))
		}
	}
	return n
}

// namePatterns are the patterns of properties that have a schema.
func (m *maker) namePatterns(o *object) []string {
	var all []string
	for _, n := range o.flat {
		patterns, _ := n.object()["patternProperties"].(map[string]any)
		for _, source := range slices.Sorted(maps.Keys(patterns)) {
			if patterns[source] != false && !slices.Contains(all, source) {
				all = append(all, source)
			}
		}
	}
	return all
}

// newName finds a name that may be there and is not yet.
func (m *maker) newName(o *object, patterns []string) (string, bool) {
	good := func(name string) bool {
		_, there := o.value[name]
		return !there && m.welcome(o, name, map[string]bool{}) && m.room(o, name)
	}
	for _, source := range patterns {
		m.schema.mu.Lock()
		q := m.schema.pattern(source)
		m.schema.mu.Unlock()
		taken := slices.ContainsFunc(slices.Collect(maps.Keys(o.value)), q.MatchString)
		if q.why != "" || taken && m.rand.IntN(4) > 0 {
			continue
		}
		if s, ok := q.text(m.rand, 0, 60, m.spend, good); ok {
			return s, true
		}
	}
	for i := range 4 {
		name := []string{"key", "name", "item", "field"}[i] + "-" + m.letters(4)
		if good(name) {
			return name, true
		}
	}
	for _, n := range o.flat {
		if _, ok := n.object()["propertyNames"]; !ok {
			continue
		}
		v, err := m.value(place{nodes: []node{n.below("propertyNames"), textNode}, path: append(slices.Clone(o.path), "name"), avoid: names(o.value)})
		if s, ok := v.(string); err == nil && ok && good(s) {
			return s, true
		}
	}
	return "", false
}

// textNode is a schema of ours, for names.
var textNode = node{at: "\x00text", body: map[string]any{"type": "string"}}

func names(o map[string]any) []any {
	var all []any
	for _, name := range slices.Sorted(maps.Keys(o)) {
		all = append(all, name)
	}
	return all
}
