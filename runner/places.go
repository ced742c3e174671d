package runner

import (
	"fmt"
	"slices"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/runner/plan"
)

// Places are where the steps of each suite run: its own place, and those that
// its accounts name.
type Places struct {
	bySuite map[*plan.Suite]map[string]*awsclient.Place
	all     []*awsclient.Place
}

// Add says where the steps of a suite run that name an account with in; ""
// are those that name none.
func (p *Places) Add(s *plan.Suite, account string, place *awsclient.Place) {
	if p.bySuite == nil {
		p.bySuite = map[*plan.Suite]map[string]*awsclient.Place{}
	}
	if p.bySuite[s] == nil {
		p.bySuite[s] = map[string]*awsclient.Place{}
	}
	p.bySuite[s][account] = place
	if !slices.Contains(p.all, place) {
		p.all = append(p.all, place)
	}
}

// Of gives a suite's place; every account that a step names has been added.
func (p *Places) Of(s *plan.Suite, account string) *awsclient.Place {
	place, ok := p.bySuite[s][account]
	if !ok {
		panic(fmt.Sprintf("suite %s has no place %q", s.Label, account))
	}
	return place
}

// All gives every place once, in the order they were added.
func (p *Places) All() []*awsclient.Place { return p.all }

// At finds the place of a record by its key, nil where there is none.
func (p *Places) At(key string) *awsclient.Place {
	for _, x := range p.all {
		if x.Key() == key {
			return x
		}
	}
	return nil
}
