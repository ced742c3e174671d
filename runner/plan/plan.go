// Package plan turns the files that were found into what a run does: suites,
// cases and steps, with every reference checked. It calls nothing outside the
// process and knows no report.
package plan

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// Options are what a user chooses on the command line.
type Options struct {
	Environment string // --env; "" leaves it to default_environment
	// Detached runs against a sandbox or an endpoint given on the command line:
	// no environment is chosen then.
	Detached bool
	// AnyEnvironment checks files without choosing an environment: every
	// environment's vars count as there.
	AnyEnvironment bool
	Vars           map[string]string // --var
	Tags           [][]string        // each inner list is an or, the lists together an and
	SkipTags       []string
	Name           *regexp.Regexp // of the case's full name
}

// Plan is what a run does.
type Plan struct {
	Suites []*Suite // those that have cases, in the order of their files
	Cases  []*Case  // those that were selected
	Found  int      // cases before the selection
	Files  int
}

// Suite is a suite with its environment chosen.
type Suite struct {
	*schema.Suite
	Label       string // how messages call it
	Env         string // the environment, "" without one
	Environment schema.Environment
	Defaults    Defaults
	Vars        Vars
	Arrange     []*Step
	Cleanup     []*Step
}

// Defaults are the suite's, with what it leaves out filled in.
type Defaults struct {
	Timeout, Within, Every, Hold, Settle, StepTimeout, CleanupTimeout time.Duration
}

// Case is one test case: a scenario, or one of its cases.
type Case struct {
	ID       string // file#scenario[case]
	Suite    *Suite
	File     string
	Line     int
	Scenario string
	CaseName string
	Name     string // Scenario, or Scenario [case]
	Tags     []string
	Skip     string // why it does not run; "" when it does
	Vars     Vars
	Timeout  time.Duration
	Steps    Phases
}

// Phases are the steps of a scenario.
type Phases struct{ Arrange, Act, Assert, Diagnose, Cleanup []*Step }

// All gives every phase's steps in the order in which they run.
func (p Phases) All() []*Step {
	return slices.Concat(p.Arrange, p.Act, p.Assert, p.Diagnose, p.Cleanup)
}

// Step is one step, checked as far as can be without running it.
type Step struct {
	Phase  string // arrange, act, assert, diagnose, cleanup
	Index  int    // from 0
	Kind   steps.Kind
	Pos    schema.Pos
	Params *schema.Node // normal, with holes
	Fields *schema.Node // the common fields as written, with holes
	Common schema.StepFields
	When   *schema.Node // an expression, nil without one
	Expect assertions.Checks
	Uses   []string // ids of other steps it refers to
	Needs  []string // those of them whose results must be there
}

// Place is the step's phase and index, such as assert/0.
func (s *Step) Place() string { return fmt.Sprintf("%s/%d", s.Phase, s.Index) }

// Label names the step for a person: its kind and, where it has one, its name or id.
func (s *Step) Label() string {
	switch {
	case s.Common.Name != "":
		return s.Kind.Name + " " + s.Common.Name
	case s.Common.ID != "":
		return s.Kind.Name + " " + s.Common.ID
	}
	return s.Kind.Name
}

// Catalogue is what the plan must know of the kinds.
type Catalogue interface {
	Kind(name string) (steps.Kind, bool)
	Names() []string
	// Later lists kinds of the format that this version does not have.
	Later() []string
}

// Build makes the plan. Everything wrong with any file goes into p, whether
// its cases are selected or not.
func Build(found []*schema.Found, c Catalogue, o Options, p *schema.Problems) *Plan {
	b := &builder{catalogue: c, options: o, p: p, suites: map[*schema.Suite]*Suite{}}
	plan := &Plan{Files: len(found)}
	for _, f := range found {
		suite := b.suite(f.Suite)
		names := map[string]schema.Pos{}
		for _, s := range f.Scenarios {
			cases := b.cases(f, suite, s)
			b.uniqueNames(cases, s, names)
			plan.Found += len(cases)
			for _, c := range cases {
				if b.selected(c) {
					plan.Cases = append(plan.Cases, c)
				}
			}
		}
	}
	for _, c := range plan.Cases {
		if !slices.Contains(plan.Suites, c.Suite) {
			plan.Suites = append(plan.Suites, c.Suite)
		}
	}
	return plan
}

type builder struct {
	catalogue Catalogue
	options   Options
	p         *schema.Problems
	suites    map[*schema.Suite]*Suite
}

// cases makes the cases of a scenario; they share its steps.
func (b *builder) cases(f *schema.Found, suite *Suite, s *schema.Scenario) []*Case {
	layers := append(slices.Clone(suite.Vars.layers), s.Vars)
	names := NewVars(b.options.Vars, append(layers, commonVars(s.Cases.List))...)
	phases := b.phases(suite, s, names)
	b.knownEnvironments(suite, s)
	list := s.Cases.List
	if len(list) == 0 {
		list = []schema.Case{{Pos: s.Node.Pos}}
	}
	var out []*Case
	for _, c := range list {
		x := &Case{
			Suite: suite, File: f.File, Line: c.Pos.Line, Scenario: s.Scenario, CaseName: c.Name,
			ID: f.File + "#" + s.Scenario, Name: s.Scenario,
			Tags: slices.Concat(s.Tags, c.Tags), Steps: phases,
			Vars:    NewVars(b.options.Vars, append(slices.Clone(layers), c.Vars)...),
			Timeout: duration(suite.Defaults.Timeout, s.Timeout, c.Timeout),
		}
		if c.Name != "" {
			x.Name += " [" + c.Name + "]"
			x.ID += "[" + c.Name + "]"
		}
		b.checkVars(x.Vars, c.Pos)
		x.Skip = b.skip(x, s, c)
		out = append(out, x)
	}
	return out
}

// knownEnvironments refuses a name that would keep the scenario from ever running.
func (b *builder) knownEnvironments(suite *Suite, s *schema.Scenario) {
	known := slices.Collect(maps.Keys(suite.Environments))
	list, _ := s.Node.Get("environments")
	for i, name := range s.Environments {
		if !slices.Contains(known, name) && i < len(list.Value.Items) {
			b.p.Add(list.Value.Items[i].Pos, "the suite has no environment %q%s", name, insteadOf(name, known))
		}
	}
}

// uniqueNames refuses two cases of a file that reports could not tell apart:
// those of one name, and those whose names differ in a blank only.
func (b *builder) uniqueNames(cases []*Case, s *schema.Scenario, first map[string]schema.Pos) {
	for i, c := range cases {
		at := s.Name
		if i < len(s.Cases.List) {
			at = s.Cases.List[i].Pos
		}
		key := strings.ReplaceAll(c.Name, " [", "[")
		if other, ok := first[key]; ok && c.Scenario != "" {
			b.p.Add(at, "%q stands in this file twice (first in line %d); reports could not tell them apart", c.Name, other.Line)
			continue
		}
		first[key] = at
	}
}

// commonVars are those that every case defines: only they may be used by the
// scenario's steps without another definition.
func commonVars(cases []schema.Case) map[string]*schema.Node {
	if len(cases) == 0 {
		return nil
	}
	common := maps.Clone(cases[0].Vars)
	for _, c := range cases[1:] {
		maps.DeleteFunc(common, func(name string, _ *schema.Node) bool {
			_, ok := c.Vars[name]
			return !ok
		})
	}
	return common
}

func duration(def time.Duration, nearer ...*time.Duration) time.Duration {
	for _, d := range nearer {
		if d != nil {
			def = *d
		}
	}
	return def
}

// selected says whether the options choose a case.
func (b *builder) selected(c *Case) bool {
	has := func(tag string) bool { return slices.Contains(c.Tags, tag) }
	for _, any := range b.options.Tags {
		if !slices.ContainsFunc(any, has) {
			return false
		}
	}
	if slices.ContainsFunc(b.options.SkipTags, has) {
		return false
	}
	return b.options.Name == nil || b.options.Name.MatchString(c.Name)
}

// skip says why a case does not run.
func (b *builder) skip(c *Case, s *schema.Scenario, one schema.Case) string {
	if len(s.Environments) > 0 {
		switch {
		case b.options.Detached:
			return "runs only in the environments " + strings.Join(s.Environments, ", ") + ", and none is chosen here"
		case !slices.Contains(s.Environments, c.Suite.Env):
			return "runs only in the environments " + strings.Join(s.Environments, ", ")
		}
	}
	for _, n := range []*schema.Node{s.Skip, one.Skip} {
		if why := b.skipReason(n, c); why != "" {
			return why
		}
	}
	return ""
}
