package runner_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/catalogue"
)

// broken is a parameter that breaks while it is read, once it has a value.
type broken string

func (broken) ReadNode(n *schema.Node, _ *schema.Problems) {
	if n.Computed {
		panic("while reading")
	}
}

type brokenParams struct {
	At broken `json:"at"`
}

// breaking is the catalogue and three kinds that break.
type breaking struct{ catalogue.Catalogue }

func (c breaking) Kind(name string) (steps.Kind, bool) {
	switch name {
	case "broken_act":
		return steps.Define(name, steps.Def[brokenParams, struct{}]{Do: func(context.Context, *steps.Env, brokenParams) (struct{}, error) { panic("while acting") }}), true
	case "broken_watch":
		return steps.Define(name, steps.Def[brokenParams, struct{}]{Watch: func(context.Context, *steps.Env, brokenParams) (steps.Probe[struct{}], error) {
			panic("while watching")
		}}), true
	}
	return c.Catalogue.Kind(name)
}

func TestPanicIsAnErrorOfItsCaseAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, "scenario: Acts\nact:\n  - broken_act: {}\n---\nscenario: Watches\nassert:\n  - broken_watch: {}\n    hold: 1s\n"+
			"---\nscenario: Reads\nact:\n  - broken_act: {at: \"${1}\"}\n---\nscenario: Fine\nassert:\n  - check: 1 == 1\n", func(s *stage) {
			s.kinds = breaking{catalogue.New()}
		})
		ends := r.ends()
		if ends["Acts"] != event.Errored || ends["Watches"] != event.Errored || ends["Reads"] != event.Errored || ends["Fine"] != event.Passed {
			t.Errorf("%v", ends)
		}
		wants(t, r.text, "internal error: while acting", "internal error in broken_watch: while watching", "internal error in broken_act: while reading")
	})
}
