package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps/catalogue"
)

// selection are the flags that choose cases.
type selection struct {
	env      string
	tags     []string
	skipTags []string
	name     string
	vars     []string
	varsFile []string
	shard    string
	repeat   int
}

func (s *selection) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.env, "env", os.Getenv("REHEARSE_ENV"), "the environment of rehearse.yaml to run in (REHEARSE_ENV)")
	f.StringArrayVar(&s.tags, "tags", nil, "only cases with one of these tags, a,b; repeated: with one of each")
	f.StringArrayVar(&s.skipTags, "skip-tags", nil, "no cases with one of these tags, a,b")
	f.StringVar(&s.name, "name", "", "only cases whose name matches this regular expression")
	f.StringVar(&s.shard, "shard", "", "only the I-th of N parts of the selection, I/N; cases linked by a lock share one")
	f.IntVar(&s.repeat, "repeat", 1, "how often each case runs, each time as a case of its own; turns retries off unless --retries is given")
	f.StringArrayVar(&s.vars, "var", nil, "a var, name=value; beats every other")
	f.StringArrayVar(&s.varsFile, "vars-file", nil, "a YAML or JSON file of vars; beats those of suites, scenarios and cases; of several the last")
}

// maxRepeat bounds how often each case runs: each time is a case of its own,
// with events of its own.
const maxRepeat = 10_000

func (s *selection) options() (plan.Options, error) {
	o := plan.Options{Environment: s.env, Vars: map[string]string{}, VarsFiles: s.varsFile, Repeat: s.repeat}
	if s.repeat < 1 || s.repeat > maxRepeat {
		return o, fmt.Errorf("--repeat takes a number from 1 to %d, got %d", maxRepeat, s.repeat)
	}
	if s.shard != "" {
		shard, err := plan.ParseShard(s.shard)
		if err != nil {
			return o, err
		}
		o.Shard = shard
	}
	for _, t := range s.tags {
		o.Tags = append(o.Tags, strings.Split(t, ","))
	}
	for _, t := range s.skipTags {
		o.SkipTags = append(o.SkipTags, strings.Split(t, ",")...)
	}
	for _, v := range s.vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return o, fmt.Errorf("--var takes name=value, got %q", v)
		}
		o.Vars[name] = value
	}
	if s.name != "" {
		re, err := regexp.Compile(s.name)
		if err != nil {
			return o, fmt.Errorf("--name takes a regular expression: %w", err)
		}
		o.Name = re
	}
	return o, nil
}

// loadGCPercent is the collector's percentage while files are read.
const loadGCPercent = 120

// load reads and checks the files and tells every problem. Without a valid
// plan, and without a case where there must be one, it gives an exit with code 2.
func load(paths []string, o plan.Options, emptyIsFine bool, problemsTo io.Writer) (*plan.Plan, error) {
	// What is read stays, so the collector may as well look often: half the memory in the same time.
	defer debug.SetGCPercent(debug.SetGCPercent(loadGCPercent))
	var p schema.Problems
	found := schema.Discover(paths, &p)
	built := plan.Build(found, catalogue.New(), o, &p)
	if n := show(problemsTo, &p, func() curtain { return curtainOf(found, o) }); n > 0 {
		return nil, exit{runner.ExitInvalid, fmt.Errorf("%s; nothing was run", schema.CountOf(n, "problem"))}
	}
	if len(built.Cases) == 0 && !emptyIsFine {
		return nil, exit{runner.ExitInvalid, nothingSelected(built, o)}
	}
	return built, nil
}

// nothingSelected says why there is no case to run.
func nothingSelected(p *plan.Plan, o plan.Options) error {
	if p.Chosen > 0 {
		return fmt.Errorf("shard %s is empty: the %s make fewer than %d groups (cases linked by a lock are one); use fewer shards, or --pass-with-no-tests; nothing was run",
			o.Shard, schema.CountOf(p.Chosen, "selected case"), o.Shard.N)
	}
	return fmt.Errorf("none of the %s is selected by --tags, --skip-tags and --name; nothing was run", schema.CountOf(p.Found, "case"))
}

// maxShown is how many problems are printed: nobody reads more at once.
const maxShown = 200

// show prints problems with the lines they stand in. Of more than maxShown it
// prints those first that keep the files from running; it gives how many these are.
func show(w io.Writer, p *schema.Problems, draw func() curtain) (wrong int) {
	if p.Len() == 0 {
		return 0
	}
	hide := draw()
	lines := schema.Snippets{Clean: hide.line}
	sorted := p.Sorted()
	for _, x := range sorted {
		if !x.Warning {
			wrong++
		}
	}
	errors, left := min(maxShown, wrong), 0
	warnings := maxShown - errors
	for _, x := range sorted {
		level, room := "", &errors
		if x.Warning {
			level, room = "warning: ", &warnings
		}
		if *room--; *room < 0 {
			left++
			continue
		}
		fmt.Fprintf(w, "%s: %s%s\n%s", x.Pos, level, hide.text(x.Message), lines.Of(x.Pos))
	}
	if left > 0 {
		fmt.Fprintf(w, "and %d more, not shown\n", left)
	}
	return wrong
}
