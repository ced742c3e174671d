package plan

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
)

// suite plans a suite once, however many files belong to it.
func (b *builder) suite(s *schema.Suite) *Suite {
	if x, ok := b.suites[s]; ok {
		return x
	}
	x := &Suite{Suite: s, Label: s.Suite}
	b.suites[s] = x
	b.environment(x)
	b.accounts(x)
	b.checkLimits(x)
	x.Defaults = defaults(s.Defaults, x.Environment.Defaults)
	x.Vars = b.varsOf(s.Vars, x.Environment.Vars)
	in := newScope(b, x, x.Vars)
	in.ofSuite = true
	x.Arrange = in.steps("arrange", "arrange", s.Arrange)
	maps.Copy(in.suiteSteps, in.ids)
	x.ids = maps.Clone(in.ids)
	b.checkVars(x.Vars, in, false)
	x.Cleanup = in.steps("cleanup", "cleanup", s.Cleanup)
	x.uses(x.Arrange, x.Cleanup)
	return x
}

// environment chooses the suite's environment and fills its expressions, which
// see env alone.
func (b *builder) environment(x *Suite) {
	names := slices.Collect(maps.Keys(x.Environments))
	if len(names) == 0 || b.options.Detached {
		return
	}
	chosen := b.options.Environment
	if chosen == "" {
		chosen = x.DefaultEnvironment
	}
	at := x.Node.At("environments")
	if e, ok := x.Node.Get("environments"); ok {
		at = e.KeyPos
	}
	if chosen == "" && b.options.AnyEnvironment {
		x.Environment.Vars = map[string]*schema.Node{}
		for _, e := range x.Environments {
			maps.Copy(x.Environment.Vars, e.Vars)
		}
		return
	}
	if chosen == "" {
		b.p.Add(at, "the suite runs in an environment and none is chosen; give --env with one of %s, or use --sandbox", schema.KnownNames(names))
		return
	}
	if _, ok := x.Environments[chosen]; !ok && b.options.Environment == "" {
		return // default_environment is wrong, which was told with the file
	} else if !ok {
		at = schema.Pos{File: "--env " + chosen}
		instead := schema.DidYouMean(chosen, names)
		if instead == "" {
			instead = "; there are " + schema.KnownNames(names)
		}
		b.p.Add(at, "%s has no environment %q%s", schema.Shown(x.File), chosen, instead)
		return
	}
	x.Env = chosen
	all, _ := x.Node.Get("environments")
	one, _ := all.Value.Get(chosen)
	node := *one.Value
	vars, _ := node.Get("vars") // these wait for their turn
	node.Entries = slices.DeleteFunc(slices.Clone(node.Entries), func(e schema.Entry) bool { return e.Key == "vars" || e.Key == "accounts" })
	resolved := node.Resolve(context.Background(), &expr.Scope{Names: map[string]any{"env": Environ()}}, b.p)
	schema.ShapeOf(environmentType).Fill(resolved, "key", &x.Environment, b.p)
	if vars.Value != nil {
		x.Environment.Vars = x.Environments[chosen].Vars
	}
}

func defaults(layers ...schema.Defaults) Defaults {
	d := Defaults{
		Timeout: 5 * time.Minute, Within: 30 * time.Second, Every: 500 * time.Millisecond, Hold: 2 * time.Second,
		Settle: 5 * time.Second, StepTimeout: 30 * time.Second, CleanupTimeout: time.Minute,
	}
	for _, l := range layers {
		d.Timeout = duration(d.Timeout, l.Timeout)
		d.Within = duration(d.Within, l.Within)
		d.Every = duration(d.Every, l.Every)
		d.Hold = duration(d.Hold, l.Hold)
		d.Settle = duration(d.Settle, l.Settle)
		d.StepTimeout = duration(d.StepTimeout, l.StepTimeout)
		d.CleanupTimeout = duration(d.CleanupTimeout, l.CleanupTimeout)
		if l.Retries != nil {
			d.Retries = *l.Retries
		}
	}
	return d
}
