package plan

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
)

// Block is a definition of a steps file, planned once for each suite and phase
// that uses it.
type Block struct {
	Name    string // file#name, as messages call it
	File    string
	Pos     schema.Pos // where it is defined
	Params  map[string]schema.Param
	Steps   []*Step
	Cleanup []*Step
	Result  *schema.Node // a mapping of names to expressions, empty without any
	Needs   []string     // ids whose results the result needs

	outer []use // names that depend on who uses it: they are checked there
}

type blockKey struct {
	suite             *Suite
	file, name, phase string
}

// planUse finds what a use runs and checks what it is given.
func (s *scenarioScope) planUse(x *Step) {
	before := s.p.Errors()
	x.Kind.Check(x.Params, s.p)
	if s.p.Errors() > before {
		return
	}
	ref, _ := x.Params.Get("steps")
	if ref.Value.Open() {
		s.p.Add(ref.Value.Pos, "steps names a file that is read before anything is evaluated, so it takes no expression")
		return
	}
	x.Block = s.blockOf(ref.Value, x.Phase)
	if x.Block == nil {
		return
	}
	s.checkWith(x)
	for _, u := range x.Block.outer {
		via := ref.Value.Pos
		u.pos.Via = &via
		if step := s.check(u); step != nil {
			x.Uses, x.Needs = withID(x.Uses, step), withID(x.Needs, step)
		}
	}
}

// checkWith compares what is given with what the block declares.
func (s *scenarioScope) checkWith(x *Step) {
	with, given := x.Params.Get("with")
	x.With = &schema.Node{Pos: x.Pos, Kind: schema.Map}
	if given {
		x.With = with.Value
	}
	if x.With.Open() {
		s.p.Add(x.With.Pos, "the params of a definition must be written out; expressions go into their values")
		return
	}
	names := keys(x.Block.Params)
	for _, e := range x.With.Entries {
		if _, ok := x.Block.Params[e.Key]; !ok {
			hint := "; it has no params"
			if len(names) > 0 {
				hint = insteadOf(e.Key, names)
			}
			s.p.Add(e.KeyPos, "%s has no param %q%s", x.Block.Name, e.Key, hint)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		param := x.Block.Params[name]
		if _, ok := x.With.Get(name); param.Required && !ok {
			s.p.Add(x.With.Pos, "%s needs the param %q%s", x.Block.Name, name, afterColon(param.Doc))
		}
	}
}

func afterColon(doc string) string {
	if doc == "" {
		return ""
	}
	return ": " + doc
}

// blockOf finds and plans the definition that a text such as
// orders.steps.yaml#place_order names, nil when it cannot be used.
func (s *scenarioScope) blockOf(ref *schema.Node, phase string) *Block {
	path, name, ok := strings.Cut(ref.Scalar, "#")
	if !ok && !schema.IsStepsFile(path) {
		s.p.Add(ref.Pos, "%q names no steps file; write FILE.steps.yaml#%s", ref.Scalar, path)
		return nil
	}
	file := s.stepsFile(path, ref.Pos)
	switch {
	case file == nil:
		return nil
	case !ok || name == "":
		s.p.Add(ref.Pos, "%q names no definition; write %s#NAME, where NAME is one of %s", ref.Scalar, path, schema.KnownNames(file.Names()))
		return nil
	}
	d, ok := file.Definition(name)
	if !ok {
		s.p.Add(ref.Pos, "%s defines no %q%s", path, name, insteadOf(name, file.Names()))
		return nil
	}
	key := blockKey{s.suite, file.File, name, phase}
	if i := slices.Index(s.open, key); i >= 0 {
		round := []string{}
		for _, k := range append(slices.Clone(s.open[i:]), key) {
			round = append(round, k.name)
		}
		s.p.Add(ref.Pos, "%s uses itself: %s", name, strings.Join(round, " → "))
		return nil
	}
	return s.planBlock(key, d)
}

// planBlock plans a definition once. Its problems are told where they stand;
// a definition that cannot be run gives a block all the same, so that its
// users are checked too.
func (b *builder) planBlock(key blockKey, d schema.Definition) *Block {
	if x, ok := b.blocks[key]; ok {
		return x
	}
	x := &Block{
		Name: filepath.Base(key.file) + "#" + key.name, File: key.file, Pos: d.Pos, Params: d.Params,
		Result: &schema.Node{Pos: d.Pos, Kind: schema.Map},
	}
	b.blocks[key] = x
	b.open = append(b.open, key)
	defer func() { b.open = b.open[:len(b.open)-1] }()
	in := newScope(b, key.suite, Vars{})
	in.block = x
	in.all = idsOf(d.Steps)
	for _, p := range d.Params {
		for _, u := range usesOf(p.Default) {
			if u.path[0] == "params" || in.all[u.path[0]] != "" {
				b.p.Add(u.pos, "a default sees vars, env, run, suite, scenario and case, not %q", u.path[0])
				continue
			}
			in.check(u)
		}
	}
	x.Steps = in.steps("", key.phase, d.Steps)
	if r, ok := d.Node.Get("result"); ok && r.Value.Kind == schema.Map {
		x.Result = r.Value
		for _, u := range usesOf(r.Value) {
			if step := in.check(u); step != nil && !u.optional {
				x.Needs = withID(x.Needs, step)
			}
		}
	}
	x.Cleanup = in.steps("", "cleanup", d.Cleanup)
	return x
}

// stepsFile reads a steps file once; its path counts from the file it is named in.
func (b *builder) stepsFile(path string, at schema.Pos) *schema.StepsFile {
	if path == "" {
		b.p.Add(at, "no steps file is named; write FILE.steps.yaml#NAME")
		return nil
	}
	full := path
	if !filepath.IsAbs(full) {
		full = filepath.Join(filepath.Dir(at.File), filepath.FromSlash(path))
	}
	full = filepath.ToSlash(full)
	if f, ok := b.stepsFiles[full]; ok {
		if f == nil {
			b.p.Add(at, "%s: the file cannot be read", path)
		}
		return f
	}
	f, err := schema.LoadStepsFile(full, b.p)
	if err != nil {
		b.p.Add(at, "%s: %v%s", path, err, schema.NearFile(filepath.FromSlash(full), schema.IsStepsFile))
	}
	b.stepsFiles[full] = f
	return f
}

// unused checks the definitions of a steps file that nothing uses.
func (b *builder) unused(f *schema.Found) {
	for _, d := range f.Steps.Definitions {
		used := false
		for key := range b.blocks {
			used = used || key.file == f.File && key.name == d.Name
		}
		if !used {
			b.planBlock(blockKey{b.suite(f.Suite), f.File, d.Name, ""}, d)
		}
	}
}
