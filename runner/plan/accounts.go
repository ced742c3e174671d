package plan

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// accounts finds the accounts that the suite's steps can name: those of the
// suite, and those of the environment, which replace them.
func (b *builder) accounts(x *Suite) {
	x.Accounts, x.accounts, x.missing = map[string]schema.Account{}, map[string]*schema.Node{}, map[string]missing{}
	if x.Node == nil {
		return
	}
	places := []*schema.Node{x.Node}
	if all, ok := x.Node.Get("environments"); ok {
		for _, e := range all.Value.Entries {
			if e.Key == x.Env || x.Env == "" && b.options.AnyEnvironment {
				places = append(places, e.Value)
			}
		}
	}
	for _, n := range places {
		all, _ := n.Get("accounts")
		if all.Value == nil {
			continue
		}
		for _, e := range all.Value.Entries {
			x.accounts[e.Key] = e.Value
			b.checkRegion(e.Value)
		}
	}
}

func (b *builder) checkRegion(account *schema.Node) {
	e, ok := account.Get("region")
	if !ok || e.Value.Kind != schema.Text || e.Value.Open() {
		return
	}
	if err := awsclient.CheckRegion(e.Value.Scalar); err != nil {
		b.p.Add(e.Value.Pos, "%v", err)
	}
}

// resolveUsed fills the accounts that are named by steps which will run, and
// refuses those that the chosen environment does not have. Their expressions
// see env alone; without an environment they wait for one.
func (b *builder) resolveUsed(x *Suite) {
	for _, name := range x.Used {
		n := x.accounts[name]
		m, elsewhere := x.missing[name]
		switch {
		case elsewhere && x.Env != "":
			b.p.Add(m.at, "the environment %s has no account %q; only %s has", x.Env, name, schema.KnownNames(m.in))
			continue
		case elsewhere:
			b.p.Add(m.at, "the account %q is one of the environment %s, and none is chosen here; declare it under accounts of rehearse.yaml itself too", name, schema.KnownNames(m.in))
			continue
		case n == nil:
			continue // told where it is named
		}
		p := &schema.Problems{} // what is wrong was told with the file
		if n.AnyOpen() && !b.options.AnyEnvironment {
			p = b.p
			n = n.Resolve(context.Background(), &expr.Scope{Names: map[string]any{"env": Environ()}}, p)
			schema.CheckAccount(n, p)
			b.checkRegion(n)
		}
		var a schema.Account
		schema.ShapeOf(accountType).Fill(n, "key", &a, p)
		x.Accounts[name] = a
	}
}

// missing is an account that only other environments have.
type missing struct {
	at schema.Pos // of the first step that names it
	in []string
}

// checkLimits refuses limits of what nothing calls.
func (b *builder) checkLimits(x *Suite) {
	if x.Node == nil {
		return
	}
	all, ok := x.Node.Get("limits")
	if !ok {
		return
	}
	for _, e := range all.Value.Entries {
		service, operation, ok := strings.Cut(e.Key, ".")
		known := awsclient.Operations(service)
		switch {
		case !ok:
			b.p.Add(e.KeyPos, "a limit belongs to an operation: write SERVICE.OPERATION, such as states.DescribeExecution, found %q", e.Key)
		case known == nil:
			b.p.Add(e.KeyPos, "no step calls a service %q%s", service, insteadOf(service, awsclient.Services()))
		case !slices.Contains(known, operation):
			b.p.Add(e.KeyPos, "%s has no operation %q%s", service, operation, schema.DidYouMean(operation, known))
		}
	}
}

// CallLimits are the suite's limits.
func (x *Suite) CallLimits() awsclient.Limits {
	l := awsclient.Limits{}
	for name, limit := range x.Limits {
		l[name] = awsclient.Limit{Rate: limit.Rate}
		if limit.Burst != nil {
			l[name] = awsclient.Limit{Rate: limit.Rate, Burst: *limit.Burst}
		}
	}
	return l
}

// uses notes the accounts that steps name.
func (x *Suite) uses(lists ...[]*Step) {
	for _, s := range slices.Concat(lists...) {
		names := []string{s.Common.In}
		for _, n := range accountNames(s) {
			names = append(names, n.Scalar)
		}
		for _, name := range names {
			if name != "" && !slices.Contains(x.Used, name) {
				x.Used = append(x.Used, name)
			}
		}
		x.uses(s.Together)
		if s.Block != nil {
			x.uses(s.Block.Steps, s.Block.Cleanup)
		}
	}
	slices.Sort(x.Used)
}

// checkIn refuses an account that is not there, and one for a step that calls
// nothing in it, nor reads a schema there.
func (s *scenarioScope) checkIn(x *Step) {
	e, given := x.Fields.Get("in")
	if !given || e.Value.Kind != schema.Text || e.Value.Open() || x.Kind.Control {
		return
	}
	sign, signs := x.Kind.Params.Field("sign")
	switch {
	case len(x.Expect.Schemas())+len(x.facts.Schemas) > 0: // a registry is somewhere, whatever the kind
	case x.Kind.Pure:
		s.p.Add(e.KeyPos, "in says where a step calls AWS, and %s calls nothing", x.Kind.Name)
		return
	case slices.ContainsFunc(x.Kind.Params.Fields, func(f schema.Field) bool { return f.Shape.Type == steps.ListenerType }):
		s.p.Add(e.KeyPos, "%s looks at what its listener received; write in on the step that listens", x.Kind.Name)
		return
	case signs && !x.Params.Hole():
		if _, signed := x.Params.Get(sign.Name); !signed {
			s.p.Add(e.KeyPos, "in says whose credentials sign a request, and this %s signs none; add %s, or leave in out", x.Kind.Name, sign.Name)
			return
		}
	}
	if s.suite.accounts[e.Value.Scalar] == nil {
		s.noAccount(e.Value)
	}
}

// accountNames are the names of accounts among a step's parameters.
func accountNames(x *Step) []*schema.Node {
	var names []*schema.Node
	for _, f := range x.Kind.Params.Fields {
		e, given := x.Params.Get(f.Name)
		switch {
		case !given:
		case f.Shape.Type == steps.AccountNameType:
			names = append(names, e.Value)
		case f.Shape.Want != schema.List || f.Shape.Elem.Type != steps.AccountNameType:
		case e.Value.Kind == schema.List:
			names = append(names, e.Value.Items...)
		default:
			names = append(names, e.Value) // an expression, or something that was refused
		}
	}
	return names
}

// checkAccountNames refuses parameters that name accounts which are not there.
// They are connected before anything has a value.
func (s *scenarioScope) checkAccountNames(x *Step) {
	for _, n := range accountNames(x) {
		switch {
		case n.Open():
			s.p.Add(n.Pos, "the name of an account must be written out: all that steps name are connected before anything runs")
		case n.Kind == schema.Text && s.suite.accounts[n.Scalar] == nil:
			s.noAccount(n)
		}
	}
}

// noAccount says that an account is not there. Where another environment has
// it, that counts only for steps that will run.
func (s *scenarioScope) noAccount(n *schema.Node) {
	name := n.Scalar
	var elsewhere []string // environments that have it
	for env, y := range s.suite.Environments {
		if _, ok := y.Accounts[name]; ok {
			elsewhere = append(elsewhere, env)
		}
	}
	known := slices.Collect(maps.Keys(s.suite.accounts))
	switch {
	case len(elsewhere) > 0:
		if _, told := s.suite.missing[name]; !told {
			s.suite.missing[name] = missing{n.Pos, elsewhere}
		}
	case len(known) == 0:
		s.p.Add(n.Pos, "there is no account %q: the suite has none; accounts are declared in rehearse.yaml, such as accounts: {%s: {role_arn: …}}", name, name)
	default:
		s.p.Add(n.Pos, "there is no account %q%s", name, insteadOf(name, known))
	}
}
