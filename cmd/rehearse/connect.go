package main

import (
	"context"
	"fmt"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/plan"
)

// connect finds where each suite runs; suites that go to the same place share it.
func (o *runOptions) connect(ctx context.Context, p *plan.Plan, where awsclient.Settings) (*runner.Places, error) {
	places := &runner.Places{}
	made := map[string]*awsclient.Place{}
	for _, s := range p.Suites {
		set := where
		if where.Dial == nil {
			e := s.Environment
			set = awsclient.Settings{
				Profile: first(o.profile, e.Profile), Region: first(o.region, e.Region),
				EndpointURL: first(o.endpoint, e.EndpointURL), Account: e.Account,
			}
		}
		key := fmt.Sprintf("%s|%s|%s|%s", set.Profile, set.Region, set.EndpointURL, set.Account)
		if made[key] == nil {
			place, err := awsclient.Connect(ctx, set)
			if err != nil {
				return nil, err
			}
			made[key] = place
		}
		made[key].Limit(s.CallLimits())
		places.Add(s, "", made[key])
	}
	return places, nil
}

func first(l ...string) string {
	for _, s := range l {
		if s != "" {
			return s
		}
	}
	return ""
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
