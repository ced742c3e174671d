package runner_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/ledger"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/catalogue"
)

// nowhere are no parameters.
type nowhere struct{}

// shown is a result.
type shown struct {
	A int `json:"a"`
}

// kinds are the catalogue and kinds of a test's own.
type kinds struct {
	catalogue.Catalogue
	own map[string]steps.Def[nowhere, shown]
}

func (k kinds) Kind(name string) (steps.Kind, bool) {
	if d, ok := k.own[name]; ok {
		return steps.Define(name, d), true
	}
	return k.Catalogue.Kind(name)
}

// looking is a kind that sees what it is told to.
func looking(seen steps.Seen[shown]) steps.Def[nowhere, shown] {
	return steps.Def[nowhere, shown]{Watch: func(context.Context, *steps.Env, nowhere) (steps.Probe[shown], error) {
		return steps.Probe[shown]{Look: func(context.Context) (steps.Seen[shown], error) { return seen, nil }}, nil
	}}
}

// TestPanicsStayInTheirCase wherever in a kind they come from: that case is an
// error that asks to report it, the other passes, and nothing is left.
func TestPanicsStayInTheirCase(t *testing.T) {
	acts := func(do func(*steps.Env)) steps.Def[nowhere, shown] {
		return steps.Def[nowhere, shown]{Do: func(_ context.Context, e *steps.Env, _ nowhere) (shown, error) {
			do(e)
			return shown{}, nil
		}}
	}
	probe := func(p steps.Probe[shown]) steps.Def[nowhere, shown] {
		return steps.Def[nowhere, shown]{Watch: func(context.Context, *steps.Env, nowhere) (steps.Probe[shown], error) { return p, nil }}
	}
	look := func(context.Context) (steps.Seen[shown], error) { return steps.Seen[shown]{}, nil }
	for _, c := range []struct {
		name   string
		def    steps.Def[nowhere, shown]
		fields string
	}{
		{"acting", acts(func(*steps.Env) { panic("ouch") }), ""},
		{"watching", steps.Def[nowhere, shown]{Watch: func(context.Context, *steps.Env, nowhere) (steps.Probe[shown], error) { panic("ouch") }}, "hold: 1s"},
		{"looking", probe(steps.Probe[shown]{Look: func(context.Context) (steps.Seen[shown], error) { panic("ouch") }}), "hold: 1s"},
		{"confirming", looking(steps.Seen[shown]{Confirm: func(context.Context) error { panic("ouch") }}), "hold: 1s"},
		{"explaining", looking(steps.Seen[shown]{Explain: func() steps.Explanation { panic("ouch") }}), "expect: {a: 1}\n    within: 1s"},
		{"closing", probe(steps.Probe[shown]{Look: look, Close: func() { panic("ouch") }}), "hold: 1s"},
		{"sharing", acts(func(e *steps.Env) {
			_, err := steps.Share(e.Run.Context(), e.Run, "shared", func(context.Context) (int, error) { panic("ouch") })
			panic(err)
		}), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := perform(t, "scenario: Breaks\narrange:\n  - put_item: {table: play-table, item: {pk: \"${scenario.id}\"}}\n"+
					"act:\n  - set: {a: 1}\nassert:\n  - broken: {}\n    "+c.fields+"\n---\n"+whole, func(s *stage) {
					s.kinds = kinds{catalogue.New(), map[string]steps.Def[nowhere, shown]{"broken": c.def}}
				})
				ends := r.ends()
				if r.code != runner.ExitFailed || ends["Breaks"] != event.Errored || ends["Events"] != event.Passed || ends["Things"] != event.Passed {
					t.Errorf("exit code %d, %v\n%s", r.code, ends, r.text)
				}
				says(t, r, "internal error", "ouch", "please report it")
				r.clean(t)
			})
		})
	}
}

// TestPanicOfAReaper leaves one resource, which is named, and no other.
func TestPanicOfAReaper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, strings.ReplaceAll(creates, "%KEEP%", "false"), func(s *stage) {
			s.change = func(o *runner.Options) {
				reapers := ledger.ReapersOf(catalogue.Kinds())
				reapers["dynamodb.item"] = steps.Reaper{Type: "dynamodb.item", Remove: func(context.Context, *awsclient.Place, steps.Resource) error { panic("ouch") }}
				o.Reapers = reapers
			}
		})
		if r.code != runner.ExitLeft || r.finish(t).Status != event.Passed || r.after["objects"] != 0 || r.after["items"] != 1 {
			t.Errorf("exit code %d, %s, %v", r.code, r.finish(t).Status, r.after)
		}
		says(t, r, "Left behind", "dynamodb.item play-table", "internal error: ouch")
	})
}
