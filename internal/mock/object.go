package mock

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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

// isEnvelope says whether schemas describe an event of EventBridge.
func isEnvelope(flat []node) bool {
	found := 0
	for _, n := range flat {
		o := n.object()
		if o[eventSource] != nil || o[eventType] != nil {
			return true
		}
		properties, _ := o["properties"].(map[string]any)
		for _, name := range []string{"source", "detail-type", "detail"} {
			if _, ok := properties[name]; ok {
				found++
			}
		}
	}
	return found >= 3
}

// What the registry adds to the schema of an event.
const (
	eventSource = "x-amazon-events-source"
	eventType   = "x-amazon-events-detail-type"
)

// hints are what the fields of an event hold when nobody says otherwise, the
// best first. Source: EventBridge User Guide, event structure.
func (m *maker) hints(flat []node, name string) []any {
	var all []any
	for _, e := range examples(flat) {
		if o, ok := e.(map[string]any); ok && name != "id" && name != "time" {
			if v, ok := o[name]; ok {
				all = append(all, v)
			}
		}
	}
	nodes, _ := m.property(flat, name)
	in, _ := m.expand(nodes)
	switch name {
	case "version":
		all = append(all, "0")
	case "id":
		return []any{randomUUID(m.rand.IntN)}
	case "time":
		return []any{m.o.Now.Format("2006-01-02T15:04:05Z")}
	case "account":
		all = append(append(all, examples(in)...), fmt.Sprintf("%012d", 100_000_000_000+m.rand.Int64N(900_000_000_000)))
	case "region":
		all = append(append(all, examples(in)...), regions[m.rand.IntN(len(regions))])
	case "resources":
		all = append(append(all, examples(in)...), []any{})
	case "source":
		all = append(append(extension(flat, eventSource), all...), examples(in)...)
		all = append(all, "example.events")
	case "detail-type":
		all = append(append(extension(flat, eventType), all...), examples(in)...)
		all = append(all, m.typeName(flat))
	}
	return all
}

var regions = []string{"us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2"}

func extension(flat []node, word string) []any {
	for _, n := range flat {
		if s, ok := n.object()[word].(string); ok && s != "" {
			return []any{s}
		}
	}
	return nil
}

// typeName is the name of the schema of an event's detail.
func (m *maker) typeName(flat []node) string {
	nodes, _ := m.property(flat, "detail")
	_, refs := m.expand(nodes)
	if len(refs) == 0 {
		return "Example Event"
	}
	all := tokens(refs[0])
	return strings.TrimSpace(all[len(all)-1])
}
