package mock

import (
	"maps"
	"slices"
)

// object is one that is being made.
type object struct {
	place
	flat     []node
	required map[string]string // the schema that requires it
	limits   limits
	value    map[string]any
}

// requiredNames are the properties that schemas require, and where.
func requiredNames(flat []node) map[string]string {
	all := map[string]string{}
	for _, n := range flat {
		list, _ := n.object()["required"].([]any)
		for _, v := range list {
			if name, ok := v.(string); ok {
				if _, known := all[name]; !known {
					all[name] = n.at
				}
			}
		}
	}
	return all
}

// property gives the schemas that a property must fit; closed is where it is
// forbidden.
func (m *maker) property(flat []node, name string) (all []node, closed string) {
	for _, n := range flat {
		o := n.object()
		described := false
		if properties, _ := o["properties"].(map[string]any); properties != nil {
			if _, ok := properties[name]; ok {
				all, described = append(all, n.below("properties", name)), true
			}
		}
		patterns, _ := o["patternProperties"].(map[string]any)
		for _, source := range slices.Sorted(maps.Keys(patterns)) {
			if m.matches(source, name) {
				all, described = append(all, n.below("patternProperties", source)), true
			}
		}
		if described {
			continue
		}
		if rest, ok := o["additionalProperties"]; ok {
			if rest == false {
				return nil, pointer(n.at, "additionalProperties")
			}
			all = append(all, n.below("additionalProperties"))
		}
	}
	in, _ := m.expand(all)
	for _, n := range in {
		if n.body == false || nothing(n.object()["not"]) {
			return nil, n.at
		}
	}
	return all, ""
}

// nothing says whether the schema in not lets everything through.
func nothing(not any) bool {
	o, ok := not.(map[string]any)
	return not == true || ok && len(o) == 0
}

func (m *maker) matches(source, name string) bool {
	m.schema.mu.Lock()
	defer m.schema.mu.Unlock()
	return m.schema.pattern(source).MatchString(name)
}

// object makes an object.
func (m *maker) object(p place, flat []node) (any, error) {
	o := &object{place: p, flat: flat, required: requiredNames(flat), limits: limitsOf(flat, "minProperties", "maxProperties"), value: map[string]any{}}
	m.leaveOut(o)
	if err := m.checkCounts(o); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(o.required)) {
		if err := m.add(o, name, true); err != nil {
			return nil, err
		}
	}
	for _, name := range o.wish.wanted() {
		if err := m.add(o, name, true); err != nil {
			return nil, err
		}
	}
	optional := m.optional(o)
	if !m.o.RequiredOnly {
		for _, name := range optional {
			if m.retry && m.rand.IntN(3) == 0 { // perhaps it is what did not fit
				continue
			}
			if err := m.addOptional(o, name); err != nil {
				return nil, err
			}
		}
	}
	return m.fill(o, optional)
}

// leaveOut notes the properties that not rules out, one of each.
func (m *maker) leaveOut(o *object) {
	for _, r := range m.ruledOut(o.flat) {
		list, _ := r["required"].([]any)
		if len(list) == 0 || len(r) > 2 || len(r) == 2 && r["type"] == nil && r["properties"] == nil || !trivial(r["properties"]) {
			continue
		}
		for _, i := range m.rand.Perm(len(list)) {
			name, _ := list[i].(string)
			if _, required := o.required[name]; !required && o.wish.below(name) == nil {
				o.without = with(o.without, name)
				break
			}
		}
	}
}

// trivial says whether properties are described without asking anything.
func trivial(properties any) bool {
	all, _ := properties.(map[string]any)
	for _, v := range all {
		if o, ok := v.(map[string]any); v != true && (!ok || len(o) > 0) {
			return false
		}
	}
	return true
}

func (m *maker) checkCounts(o *object) error {
	l := o.limits
	switch {
	case l.low > l.high:
		return m.never(o.place, l.highAt, "minProperties %d is above maxProperties %d", l.low, l.high)
	case len(o.required) > l.high:
		return m.never(o.place, l.highAt, "%d properties are required (%s), maxProperties allows %d", len(o.required), listed(slices.Sorted(maps.Keys(o.required))), l.high)
	}
	for _, name := range slices.Sorted(maps.Keys(o.required)) {
		if _, closed := m.property(o.flat, name); closed != "" {
			return m.never(o.place, o.required[name], "the required property %q is forbidden by #%s", name, closed)
		}
		if o.without[name] {
			return m.never(o.place, o.required[name], "the required property %q is ruled out by what else applies here", name)
		}
		if at, why := m.badName(o, name); why != "" {
			return m.never(o.place, at, "the required property %q has a name that propertyNames forbids: %s", name, why)
		}
	}
	return nil
}

// badName says why propertyNames forbids a name.
func (m *maker) badName(o *object, name string) (at, why string) {
	for _, n := range o.flat {
		if _, ok := n.object()["propertyNames"]; ok {
			if at, why = m.wrong([]node{n.below("propertyNames")}, name); why != "" {
				return at, why
			}
		}
	}
	return "", ""
}

// child is the place of a property.
func (m *maker) child(o *object, name string) (place, string) {
	nodes, closed := m.property(o.flat, name)
	c := place{nodes: nodes, path: append(slices.Clone(o.path), name), wish: o.wish.below(name), trail: o.trail}
	if len(o.path) == 0 && isEnvelope(o.flat) {
		c.hints = m.hints(o.flat, name)
	}
	return c, closed
}

// add makes a property, and those that it requires.
func (m *maker) add(o *object, name string, must bool) error {
	if _, there := o.value[name]; there {
		return nil
	}
	c, closed := m.child(o, name)
	c.optional = o.optional || !must
	if c.wish == nil && closed != "" {
		return m.never(o.place, closed, "the property %q is forbidden here, and others require it", name)
	}
	v, err := m.value(c)
	if err != nil {
		return err
	}
	o.value[name] = v
	for _, other := range m.follows(o.flat, name) {
		if err := m.add(o, other, must); err != nil {
			return err
		}
	}
	return nil
}

// follows are the properties that another requires.
func (m *maker) follows(flat []node, name string) []string {
	var all []string
	for _, n := range flat {
		d, _ := n.object()["dependentRequired"].(map[string]any)
		list, _ := d[name].([]any)
		for _, v := range list {
			if s, ok := v.(string); ok {
				all = append(all, s)
			}
		}
	}
	return all
}

// optional are the names of properties that may be there.
func (m *maker) optional(o *object) []string {
	names := map[string]bool{}
	for _, n := range o.flat {
		properties, _ := n.object()["properties"].(map[string]any)
		for name := range properties {
			names[name] = true
		}
	}
	maps.DeleteFunc(names, func(name string, _ bool) bool {
		_, required := o.required[name]
		return required || o.wish.below(name) != nil || !m.welcome(o, name, map[string]bool{})
	})
	return slices.Sorted(maps.Keys(names))
}

// welcome says whether a property may be there, and all that it requires.
func (m *maker) welcome(o *object, name string, seen map[string]bool) bool {
	if seen[name] {
		return true
	}
	seen[name] = true
	if o.without[name] {
		return false
	}
	if _, closed := m.property(o.flat, name); closed != "" {
		return false
	}
	if _, why := m.badName(o, name); why != "" {
		return false
	}
	for _, other := range m.follows(o.flat, name) {
		if !m.welcome(o, other, seen) {
			return false
		}
	}
	return true
}

// addOptional makes a property that may be left out: where there is no room, and
// where a schema would come again inside itself, it is.
func (m *maker) addOptional(o *object, name string) error {
	if _, there := o.value[name]; there || !m.room(o, name) {
		return nil
	}
	c, _ := m.child(o, name)
	if m.again(c) {
		return nil
	}
	before := maps.Clone(o.value)
	err := m.add(o, name, false)
	if isEndless(err) {
		o.value = before
		return nil
	}
	return err
}

// room says whether a property and all that it requires fit in.
func (m *maker) room(o *object, name string) bool {
	more := map[string]bool{}
	todo := []string{name}
	for len(todo) > 0 {
		n := todo[0]
		todo = todo[1:]
		if _, there := o.value[n]; !there && !more[n] {
			more[n] = true
			todo = append(todo, m.follows(o.flat, n)...)
		}
	}
	return len(o.value)+len(more) <= o.limits.high
}

// Beyond these pieces of work less is made of what may be left out, so that
// schemas that contain each other in many ways end soon.
const (
	muchWork = 200
	mostWork = 2000
)

// again says whether what a place may be left out for is in sight: its schema
// stands around it already. Once is shown, so that a recursive schema is seen to
// be one, but not in many ways at a time.
func (m *maker) again(p place) bool {
	_, refs := m.expand(p.nodes)
	for _, ref := range refs {
		n := p.trail.count(ref)
		switch {
		case n > 1, n == 1 && (m.work > muchWork || p.trail.repeats()), m.work > mostWork && m.schema.recursive(ref):
			return true
		}
	}
	return false
}
