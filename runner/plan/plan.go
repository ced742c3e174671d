// Package plan turns the files that were found into what a run does: suites,
// cases and steps, with every reference checked. It calls nothing outside the
// process and knows no report.
package plan

import (
	"regexp"
	"slices"
	"time"

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
	VarsFiles      []string          // --vars-file, the nearest last
	Tags           [][]string        // each inner list is an or, the lists together an and
	SkipTags       []string
	Name           *regexp.Regexp // of the case's full name
	Shard          Shard          // the part of the selection that runs
	Repeat         int            // how often each case runs; 0 is once
	Timeout        time.Duration  // of each attempt, whatever the scenarios say; 0 leaves it to them
	Retries        *int           // of each case, whatever the scenarios say; nil leaves it to them
}

// Plan is what a run does.
type Plan struct {
	Suites []*Suite // those that have cases, in the order of their files
	Cases  []*Case  // those that were selected
	Found  int      // cases before the selection
	Chosen int      // cases before the shard and the repetitions
	Sum    string   // of what was chosen: the same for all shards of one selection
	Files  int
}

// Suite is a suite with its environment chosen.
type Suite struct {
	*schema.Suite
	Label       string // how messages call it
	Env         string // the environment, "" without one
	Environment schema.Environment
	Defaults    Defaults
	// Used are the accounts that the suite's own steps and those of selected
	// cases name, sorted; Accounts says where each of them is.
	Accounts map[string]schema.Account
	Used     []string
	Vars     Vars
	Arrange  []*Step
	Cleanup  []*Step

	ids      map[string]*Step // what the cases see as suite.ID
	accounts map[string]*schema.Node
	missing  map[string]missing
}

// Defaults are the suite's, with what it leaves out filled in.
type Defaults struct {
	Timeout, Within, Every, Hold, Settle, StepTimeout, CleanupTimeout time.Duration

	Retries int
}

// Case is one test case: a scenario, or one of its cases.
type Case struct {
	ID       string // file#scenario[case], and @repeat where it is repeated
	Suite    *Suite
	File     string
	Line     int
	Scenario string
	CaseName string
	Name     string // Scenario, or Scenario [case], and (2/5) where it is repeated
	Tags     []string
	Locks    []string // no two cases with one in common overlap; "*" excludes every other case
	Skip     string   // why it does not run; "" when it does
	Vars     Vars
	Row      map[string]any // of the file that the cases come from, nil without one
	Timeout  time.Duration
	Retries  int // how often it is run again from the start when it does not pass
	Steps    Phases

	at schema.Pos // of the row
}

// Phases are the steps of a scenario.
type Phases struct{ Arrange, Act, Assert, Diagnose, Cleanup []*Step }

// All gives every phase's steps in the order in which they run.
func (p Phases) All() []*Step {
	return slices.Concat(p.Arrange, p.Act, p.Assert, p.Diagnose, p.Cleanup)
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
	b := &builder{
		catalogue: c, options: o, p: p, suites: map[*schema.Suite]*Suite{},
		stepsFiles: map[string]*schema.StepsFile{}, blocks: map[blockKey]*Block{}, varNames: map[string]bool{},
	}
	b.given = b.givenVars()
	plan := &Plan{}
	for _, f := range found {
		if f.Steps != nil {
			b.stepsFiles[f.File] = f.Steps
		} else {
			plan.Files++
		}
	}
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
					if c.Skip == "" {
						suite.uses(c.Steps.All())
					}
				}
			}
		}
	}
	for _, f := range found {
		if f.Steps != nil {
			b.unused(f)
		}
	}
	for _, x := range b.suites {
		b.resolveUsed(x)
	}
	if p.Errors() == 0 {
		b.warnOfUselessVars()
		for _, say := range b.atEnd {
			say()
		}
	}
	plan.Chosen, plan.Sum = len(plan.Cases), checksum(plan.Cases)
	plan.Cases = repeated(o.Shard.of(plan.Cases), o.Repeat)
	for _, c := range plan.Cases {
		if !slices.Contains(plan.Suites, c.Suite) {
			plan.Suites = append(plan.Suites, c.Suite)
		}
	}
	return plan
}

type builder struct {
	catalogue  Catalogue
	options    Options
	p          *schema.Problems
	suites     map[*schema.Suite]*Suite
	stepsFiles map[string]*schema.StepsFile // by path, nil where one cannot be read
	blocks     map[blockKey]*Block
	open       []blockKey              // those being planned, the outermost first
	atEnd      []func()                // what is said only where there are no errors
	given      map[string]*schema.Node // vars of the command line
	varNames   map[string]bool         // that files define or use
}

func duration(def time.Duration, nearer ...*time.Duration) time.Duration {
	for _, d := range nearer {
		if d != nil {
			def = *d
		}
	}
	return def
}
