package schema

import (
	"path"
	"reflect"
	"regexp"
	"time"
)

var suiteType = reflect.TypeFor[Suite]()

// Format is the version of the file format.
const Format = 1

// Suite is what rehearse.yaml says.
type Suite struct {
	Format             *int                   `json:"format" doc:"The version of the file format: 1."`
	Suite              string                 `json:"suite" doc:"The suite's name."`
	Defaults           Defaults               `json:"defaults" doc:"What steps and scenarios do not say themselves."`
	Tags               map[string]string      `json:"tags" doc:"Put on every resource that listeners create."`
	Limits             map[string]Limit       `json:"limits" doc:"How often an operation may be called, such as states.DescribeExecution, where an account's quotas differ."`
	CanarySource       string                 `json:"canary_source" default:"rehearse.canary" doc:"The source of the events that prove a listener live."`
	Vars               map[string]*Node       `json:"vars" doc:"Values for ${vars.NAME}."`
	DefaultEnvironment string                 `json:"default_environment" doc:"The environment when none is chosen."`
	Environments       map[string]Environment `json:"environments" doc:"Where the suite can run; chosen with --env or REHEARSE_ENV."`
	Accounts           map[string]Account     `json:"accounts" doc:"Other accounts and regions that steps name with in."`
	Arrange            []Step                 `json:"arrange" doc:"Once a run, before the first case; results are ${suite.ID…}."`
	Cleanup            []Step                 `json:"cleanup" doc:"Once a run, after the last case, always."`
	Mask               []string               `json:"mask" doc:"Names of environment variables and vars that are never printed; * stands for any letters."`

	Root string `json:"-"` // the suite's folder
	File string `json:"-"` // its rehearse.yaml, "" when there is none
	Node *Node  `json:"-"`
}

// Environment is a place where a suite can run.
type Environment struct {
	Profile     string             `json:"profile" doc:"A profile of the AWS configuration."`
	Region      string             `json:"region" doc:"The AWS region."`
	Account     string             `json:"account" doc:"The account's 12 digits; with another one nothing is touched."`
	EndpointURL string             `json:"endpoint_url" doc:"Where AWS is served, for emulators."`
	Vars        map[string]*Node   `json:"vars" doc:"Values that override the suite's."`
	Defaults    Defaults           `json:"defaults" doc:"Defaults that override the suite's."`
	Accounts    map[string]Account `json:"accounts" doc:"Accounts that replace those of the same name, each as a whole."`
}

// Defaults are what steps and scenarios do not say themselves.
type Defaults struct {
	Timeout        *time.Duration `json:"timeout" doc:"Of a scenario (5m)."`
	Within         *time.Duration `json:"within" doc:"How long assert steps that read are patient (30s)."`
	Every          *time.Duration `json:"every" doc:"The pause between two looks (500ms)."`
	Hold           *time.Duration `json:"hold" doc:"How long a count must go on holding (2s)."`
	Settle         *time.Duration `json:"settle" doc:"What listeners wait that cannot be proven live (5s)."`
	StepTimeout    *time.Duration `json:"step_timeout" doc:"Of one attempt (30s)."`
	CleanupTimeout *time.Duration `json:"cleanup_timeout" doc:"Of all cleanup steps together (1m)."`
	Retries        *int           `json:"retries" doc:"Of scenarios that do not say (0)."`
}

// ReadSuite reads a rehearse.yaml.
func ReadSuite(file string, src []byte, p *Problems) *Suite {
	docs := ReadDocuments(file, src, p)
	s := &Suite{File: file, CanarySource: "rehearse.canary"}
	if len(docs) == 0 {
		return s
	}
	if len(docs) > 1 {
		p.Add(docs[1].Pos, "rehearse.yaml holds one document, this is a second one")
	}
	n := docs[0]
	if n.Kind != Map {
		p.Add(n.Pos, "rehearse.yaml is a mapping, found %s", n.Kind)
		return s
	}
	ShapeOf(suiteType).fillLiteral(withoutOwn(n), s, p)
	s.Node = n
	s.check(p)
	return s
}

var (
	accountForm  = regexp.MustCompile(`^[0-9]{12}$`)
	endpointForm = regexp.MustCompile(`^https?://[^/\s]+`)
)

// check looks at what the types of the keys do not say.
func (s *Suite) check(p *Problems) {
	n := s.Node
	if e, ok := n.Get("format"); ok && s.Format != nil && *s.Format != Format && e.Value.Kind == Number {
		p.Add(n.At("format"), "format %d is not known; this rehearse knows format %d", *s.Format, Format)
	}
	for _, k := range []string{"format", "suite", "defaults", "tags", "canary_source", "default_environment", "mask", "limits"} {
		forbidHoles(n, k, p)
	}
	if d := s.DefaultEnvironment; d != "" {
		if _, ok := s.Environments[d]; !ok {
			p.Add(n.At("default_environment"), "no environment %q%s", d, instead(d, environmentNames(s)))
		}
	}
	checkDefaults(n, p)
	checkAccounts(n, p)
	checkLimits(n, p)
	if all, ok := n.Get("environments"); ok {
		for _, e := range all.Value.Entries {
			checkEnvironment(e.Value, p)
		}
	}
	if masks, ok := n.Get("mask"); ok {
		for _, x := range masks.Value.Items {
			if _, err := path.Match(x.Scalar, ""); err != nil {
				p.Add(x.Pos, "%q is not a pattern for names: a [ is never closed, or a \\ ends it; * stands for any letters", x.Scalar)
			} else if x.Kind == Text && x.Scalar == "" {
				p.Add(x.Pos, "an empty name masks nothing; write the name of an environment variable or a var")
			}
		}
	}
}

func checkDefaults(n *Node, p *Problems) {
	if d, ok := n.Get("defaults"); ok {
		longerThanNothing(d.Value, p, "timeout", "within", "every", "step_timeout", "cleanup_timeout")
		checkRetries(d.Value, p)
	}
}

func checkEnvironment(n *Node, p *Problems) {
	checkDefaults(n, p)
	checkAccounts(n, p)
	checkAccountID(n, p)
	if e, ok := n.Get("endpoint_url"); ok && e.Value.Kind == Text && !e.Value.Open() && !endpointForm.MatchString(e.Value.Scalar) {
		p.Add(e.Value.Pos, "%q is not a URL such as http://localhost:4566", e.Value.Scalar)
	}
}

func environmentNames(s *Suite) []string {
	l := make([]string, 0, len(s.Environments))
	for k := range s.Environments {
		l = append(l, k)
	}
	return l
}

func instead(wrong string, known []string) string {
	if d := DidYouMean(wrong, known); d != "" {
		return d
	}
	return "; there are " + KnownNames(known)
}
