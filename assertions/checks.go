package assertions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/internal/nearest"
	"github.com/rehearse-dev/rehearse/schema"
)

// Checks are expectations by path, as `expect`, `where` and `json` take them.
// The zero value checks nothing. Once read, they are never changed: they may
// be used concurrently.
type Checks struct {
	list    []check
	hole    bool         // the whole mapping is an expression without a value
	schemas []*SchemaRef // those of registries that the checks need
}

// check is everything that is expected at one path.
type check struct {
	text string // the path as the user wrote it
	path *expr.Path
	pos  schema.Pos
	ops  []operation
}

// PathUse is one path that checks look at, and where it stands.
type PathUse struct {
	Path *expr.Path
	Pos  schema.Pos
	Text string // as the user wrote it
}

// ReadNode reads a mapping of paths to checks and reports everything that is
// wrong with it. Holes may still be open.
func (c *Checks) ReadNode(n *schema.Node, p *schema.Problems) {
	*c = newReader(p).all(n)
}

// String names what stands for checks in a file.
func (c Checks) String() string { return "a mapping of paths to checks" }

// Rule makes one check in code, such as Rule("count", "gte", 1). It panics when
// path, operator or argument are wrong, which is a mistake in the code.
func Rule(path, op string, arg any) Checks {
	value := &schema.Node{Kind: schema.Map, Entries: []schema.Entry{{Key: op, Value: schema.NodeOf(arg, schema.Pos{})}}}
	var p schema.Problems
	c := newReader(&p).all(&schema.Node{Kind: schema.Map, Entries: []schema.Entry{{Key: path, Value: value}}})
	if err := p.Err(); err != nil {
		panic(fmt.Sprintf("assertions: Rule(%q, %q, %v): %v", path, op, arg, err))
	}
	return c
}

// And gives the checks of both.
func (c Checks) And(o Checks) Checks {
	return Checks{list: slices.Concat(c.list, o.list), hole: c.hole || o.hole, schemas: slices.Concat(c.schemas, o.schemas)}
}

// Empty says that nothing is checked, as by a parameter that was left out.
func (c Checks) Empty() bool { return len(c.list) == 0 && !c.hole }

// Known says that no expression in the checks lacks its value, and no schema of
// a registry is unread, so that they can be run.
func (c Checks) Known() bool {
	unread := slices.ContainsFunc(c.schemas, func(r *SchemaRef) bool { return r.schema == nil })
	return !c.hole && !unread && !slices.ContainsFunc(c.list, func(k check) bool {
		return slices.ContainsFunc(k.ops, func(o operation) bool { return o.open })
	})
}

// Paths lists the paths that the checks look at, in the order written. What
// json looks at inside a text is not among them.
func (c Checks) Paths() []PathUse {
	out := make([]PathUse, 0, len(c.list))
	for _, k := range c.list {
		out = append(out, PathUse{Path: k.path, Pos: k.pos, Text: k.text})
	}
	return out
}

// Uncovered gives the checks on paths that another's checks do not look at:
// a check of the user's replaces a kind's own rule of success on its path.
func (c Checks) Uncovered(by Checks) Checks {
	covered := func(k check) bool {
		return slices.ContainsFunc(by.list, func(o check) bool { return plainPath(o.text) == plainPath(k.text) })
	}
	return Checks{list: slices.DeleteFunc(slices.Clone(c.list), covered), hole: c.hole, schemas: c.schemas}
}

// BreakableByMore says whether checks that hold now may stop holding when more
// arrives: exact numbers and upper bounds of counts, lengths, whole lists,
// each, unique, absence.
func (c Checks) BreakableByMore() bool {
	return c.hole || slices.ContainsFunc(c.list, func(k check) bool {
		return slices.ContainsFunc(k.ops, func(o operation) bool {
			return o.open || o.operator.breaks != nil && o.operator.breaks(k, o)
		})
	})
}

// Holds says whether every check holds.
func (c Checks) Holds(doc any) bool {
	_, unmet := c.Run(doc)
	return len(unmet) == 0
}

// Run makes every check, in the order written. Without checks it gives nothing:
// callers decide what Empty checks mean. Of checks inside text that is JSON,
// those that do not hold stand in the results in place of json itself.
func (c Checks) Run(doc any) (results []Result, unmet []Mismatch) {
	o := c.run(doc)
	return o.results, o.unmet
}

// outcome is what checks say of one document.
type outcome struct {
	results []Result
	unmet   []Mismatch
	no      bool // one of them was clear: it could be judged and does not hold
}

// unfit says that nothing holds back the checks but what could not be judged.
func (o outcome) unfit() bool { return len(o.unmet) > 0 && !o.no }

func (c Checks) run(doc any) (out outcome) {
	if c.hole {
		out.unmet = append(out.unmet, Mismatch{Message: "the checks are an expression that has no value yet"})
	}
	for _, k := range c.list {
		k.run(doc, &out)
	}
	return out
}

func (k check) run(doc any, out *outcome) {
	f := k.find(doc)
	for _, o := range k.ops {
		v := o.judge(f)
		if v.holds {
			out.results = append(out.results, Result{Path: k.text, Op: o.name, Expected: o.expected, Found: f.shown(), OK: true})
			continue
		}
		out.no = out.no || !v.unfit
		for _, m := range o.mismatches(k.text, f, v) {
			out.results = append(out.results, Result{Path: m.Path, Op: m.Op, Expected: m.Expected, Found: m.Found, Diff: m.Diff})
			out.unmet = append(out.unmet, m)
		}
	}
}

// find looks at the path.
func (k check) find(doc any) finding {
	value, found, err := k.path.Get(doc)
	if err != nil {
		return finding{missing: true, broken: true, why: strings.TrimPrefix(err.Error(), k.path.String()+": ")}
	}
	f := finding{value: value, missing: !found, many: k.path.Many()}
	if f.missing {
		f.why = sayLost(k.path, doc)
	}
	return f
}

// plainPath gives one form to the ways in which a path of names can be written.
func plainPath(text string) string {
	s := strings.TrimPrefix(strings.TrimSpace(text), "$")
	s = strings.NewReplacer("['", ".", "']", "", `["`, ".", `"]`, "").Replace(s)
	return strings.TrimPrefix(s, ".")
}

// lastName is the last part of a path; how often something is there is read
// from names such as count.
func (k check) lastName() string {
	s := plainPath(k.text)
	return s[strings.LastIndexByte(s, '.')+1:]
}

// sayLost says how far a path leads into the document.
func sayLost(path *expr.Path, doc any) string {
	at := ""
	for _, name := range path.Leading() {
		what := at
		if what == "" {
			what = "the document"
		}
		m, ok := doc.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s is %s", what, kindName(doc))
		}
		next, ok := m[name]
		if !ok {
			names := make([]string, 0, len(m))
			for k := range m {
				names = append(names, k)
			}
			if near := nearest.Name(name, names); near != "" && len(name) > 2 { // shorter names are near to everything
				return fmt.Sprintf("did you mean %q? %s has %s", near, what, schema.KnownNames(names))
			}
			if len(names) == 0 {
				return what + " is empty"
			}
			return fmt.Sprintf("%s has %s", what, schema.KnownNames(names))
		}
		at, doc = childPath(at, name), next
	}
	if l, ok := doc.([]any); ok {
		if at == "" {
			at = "the document"
		}
		return fmt.Sprintf("%s is a list of %s", at, elements(len(l)))
	}
	return ""
}

func elements(n int) string {
	if n == 1 {
		return "1 element"
	}
	return fmt.Sprintf("%d elements", n)
}

// finding is what stands at a path.
type finding struct {
	value   any // of a path that selects many: the list of what was selected
	missing bool
	many    bool
	broken  bool   // the path cannot be followed in this document
	why     string // why it is missing, as far as it can be said
}

// shown is what a result tells of a finding: nothing where nothing is.
func (f finding) shown() any {
	if f.missing && !f.selectedNothing() {
		return nil
	}
	return f.value
}

// selectedNothing says that a path could select from something that is there,
// and nothing in it was selected.
func (f finding) selectedNothing() bool { return f.missing && f.many && f.value != nil }

// verdict is what one operator says of one finding.
type verdict struct {
	holds bool
	unfit bool // the operator cannot be applied to what was found: not fails too
	why   string
	want  string // what was expected, where the argument alone does not say it
	diff  []Difference
	inner []Mismatch // of the checks inside json: they stand for themselves
}

func yes(holds bool) verdict { return verdict{holds: holds} }

func unfit(format string, args ...any) verdict {
	return verdict{unfit: true, why: "; " + fmt.Sprintf(format, args...)}
}

// operation is one operator with its argument.
type operation struct {
	name     string
	operator operator
	pos      schema.Pos
	expected any
	open     bool // an expression in the argument has no value yet
	test     func(finding) verdict
	inner    Checks // of json
}

func (o operation) judge(f finding) verdict {
	switch {
	case o.open || o.test == nil:
		return unfit("an expression in %s has no value yet", o.name)
	case f.broken:
		return verdict{unfit: true}
	case f.missing && !o.operator.onMissing && !(o.operator.onNothing && f.selectedNothing()):
		return verdict{unfit: true}
	}
	return o.test(f)
}

// mismatches say what does not hold.
func (o operation) mismatches(path string, f finding, v verdict) []Mismatch {
	if len(v.inner) > 0 {
		out := make([]Mismatch, len(v.inner))
		for i, m := range v.inner {
			m.Message = path + " > " + m.Message
			m.Path = path + " > " + m.Path
			out[i] = m
		}
		return out
	}
	return []Mismatch{{
		Path: path, Op: o.name, Expected: o.expected, Found: f.shown(), Missing: f.missing, Diff: v.diff, Pos: o.pos,
		Message: path + ": " + o.sentence(f, v),
	}}
}

// sentence says what was expected and what was found, without the path. Where
// documents are long, it says how they differ instead.
func (o operation) sentence(f finding, v verdict) string {
	want, got := show(o.expected), ""
	switch {
	case f.broken:
		got = "a path that cannot be followed here"
	case f.selectedNothing():
		got = "nothing: the path selects nothing"
	case f.missing:
		got = "nothing there"
	case o.name == "equals":
		want, got = showPair(o.expected, f.value)
	default:
		got = show(f.value)
	}
	worded := slices.ContainsFunc(v.diff, func(d Difference) bool { return d.Message != "" })
	if worded && isDocument(o.expected) {
		want = "" // it says more than was asked for
	}
	long := len(v.diff) > 0 && len(want)+len(got) > comparedDocuments
	if long {
		got = sayCount(len(v.diff))
		if len(want) > shownShortLength {
			want = ""
		}
	}
	expected := strings.TrimSuffix(o.name+" "+want, " ")
	if v.want != "" {
		expected = v.want
	}
	s := "expected " + expected + ", found " + got
	if f.missing && f.why != "" {
		s += "; " + f.why
	}
	s += v.why
	switch {
	case len(v.diff) == 0:
		return s
	case long && v.why == "":
		return s + ": " + sayDifferences(v.diff)
	}
	return s + "; " + sayDifferences(v.diff)
}

func isDocument(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}

// holdAll judges several operators of one finding: all must hold. A clear no
// outweighs an operator that does not fit.
func holdAll(ops []operation, f finding) verdict {
	v := yes(true)
	for _, o := range ops {
		if w := o.judge(f); !w.holds && (v.holds || v.unfit && !w.unfit) {
			v = w
		}
	}
	return v
}
