package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/schema"
)

// connect finds where each suite runs, and where the accounts are that its
// steps name. What goes to the same place shares it. Everything that is wrong
// is told at once.
func (o *runOptions) connect(ctx context.Context, p *plan.Plan, where awsclient.Settings) (*runner.Places, error) {
	c := &connections{where: where, needed: needed(p), places: &runner.Places{}}
	for _, s := range p.Suites {
		c.suite(ctx, s, o.settings(s, where))
	}
	return c.places, errors.Join(c.problems...)
}

// settings say where a suite runs: flags beat its environment.
func (o *runOptions) settings(s *plan.Suite, where awsclient.Settings) awsclient.Settings {
	if where.Dial != nil {
		return where
	}
	e := s.Environment
	return awsclient.Settings{
		Profile: cmp.Or(o.profile, e.Profile), Region: cmp.Or(o.region, e.Region),
		EndpointURL: cmp.Or(o.endpoint, e.EndpointURL), Account: e.Account,
	}
}

// needed is how long the longest case may take.
func needed(p *plan.Plan) time.Duration {
	var longest time.Duration
	for _, c := range p.Cases {
		if c.Skip == "" {
			longest = max(longest, c.Timeout)
		}
	}
	return longest
}

// connections are the places found so far.
type connections struct {
	where    awsclient.Settings // of the sandbox, empty without it
	needed   time.Duration
	pacers   awsclient.Pacers
	places   *runner.Places
	tried    []connection
	problems []error
}

// connection is a place that was asked for, or why there is none.
type connection struct {
	asked
	place *awsclient.Place
	err   error
}

// asked is what makes a connection: where to, and from which place if not with
// credentials of its own.
type asked struct {
	from                                          *awsclient.Place
	profile, region, endpoint, account, role, key string
}

// suite finds the suite's own place and those of its accounts.
func (c *connections) suite(ctx context.Context, s *plan.Suite, set awsclient.Settings) {
	own, err := c.find(ctx, nil, set)
	if err != nil {
		c.problem(err)
		return // its accounts are reached from there
	}
	c.add(s, "", own)
	for _, name := range s.Used {
		place, err := c.account(ctx, own, set, s.Accounts[name])
		if err != nil {
			c.problem(&awsclient.UnusableError{Message: fmt.Sprintf("account %q of %s: %v", name, schema.Shown(s.File), err)})
			continue
		}
		c.add(s, name, place)
	}
}

// account finds the place of an account. In the sandbox no account is checked
// and no profile looked up: there a profile is the account that stands beside
// it, whose digits are its access key, or else the suite's own.
func (c *connections) account(ctx context.Context, own *awsclient.Place, set awsclient.Settings, a schema.Account) (*awsclient.Place, error) {
	switch {
	case c.where.Dial != nil && a.Profile != "" && a.Account != "":
		set.AccessKey, set.Region = a.Account, cmp.Or(a.Region, own.Region)
		return c.find(ctx, nil, set)
	case c.where.Dial != nil:
		a.Profile, a.Account = "", ""
	case a.Profile != "":
		return c.find(ctx, nil, awsclient.Settings{
			Profile: a.Profile, Region: cmp.Or(a.Region, own.Region), EndpointURL: set.EndpointURL, Account: a.Account,
		})
	}
	return c.find(ctx, own, awsclient.Settings{
		RoleARN: a.RoleARN, Session: fmt.Sprintf("rehearse-%d", os.Getpid()), Region: a.Region, Account: a.Account,
	})
}

// find connects once for each settings; what turns out to be the same place as
// another is that one.
func (c *connections) find(ctx context.Context, from *awsclient.Place, set awsclient.Settings) (*awsclient.Place, error) {
	x := connection{asked: asked{from, set.Profile, set.Region, set.EndpointURL, set.Account, set.RoleARN, set.AccessKey}}
	for _, y := range c.tried {
		if y.asked == x.asked {
			return y.place, y.err
		}
	}
	set.Needed, set.Pacers = c.needed, &c.pacers
	if from != nil {
		x.place, x.err = from.Elsewhere(ctx, set)
	} else {
		x.place, x.err = awsclient.Connect(ctx, set)
	}
	for _, y := range c.tried {
		if x.err == nil && y.err == nil && x.place.Origin == y.place.Origin {
			x.place = y.place
			break
		}
	}
	c.tried = append(c.tried, x)
	return x.place, x.err
}

func (c *connections) add(s *plan.Suite, account string, place *awsclient.Place) {
	place.Limit(s.CallLimits())
	c.places.Add(s, account, place)
}

// problem notes what is wrong, once.
func (c *connections) problem(err error) {
	for _, other := range c.problems {
		if other.Error() == err.Error() {
			return
		}
	}
	c.problems = append(c.problems, err)
}

func secrets(ctx context.Context, p *plan.Plan, places *runner.Places) []string {
	var l []string
	for _, s := range p.Suites {
		l = append(l, s.Secrets()...)
	}
	for _, p := range places.All() {
		l = append(l, p.Secrets(ctx)...)
	}
	return l
}
