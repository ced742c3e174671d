package runner

import (
	"context"
	"fmt"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/steps"
)

// masked hides what the step asks to hide as soon as it is seen, so that no
// event can show it.
func (g *stage) masked(x *plan.Step, look func(context.Context) (steps.Seen[any], error)) func(context.Context) (steps.Seen[any], error) {
	if len(x.Common.Mask) == 0 {
		return look
	}
	return func(ctx context.Context) (steps.Seen[any], error) {
		seen, err := look(ctx)
		for _, text := range x.Common.Mask {
			if v, ok := at(seen.Doc, text); ok {
				g.run.stream.hide(v)
			}
		}
		return seen, err
	}
}

// hideVars hides the vars whose names the suite masks. One that cannot be
// evaluated has no value that could be shown.
func (g *stage) hideVars(vars plan.Vars) {
	for _, name := range vars.Names() {
		if g.suite.Masks(name) {
			g.run.stream.hide(g.scope.variable(name))
		}
	}
}

// warnOfUselessMasks tells of paths that hid nothing: a misspelt one would let
// the secret out.
func (g *stage) warnOfUselessMasks(x *plan.Step, f *event.StepFinish, result any) {
	if result == nil || f.Status != event.Passed {
		return
	}
	for _, text := range x.Common.Mask {
		if _, ok := at(result, text); !ok {
			g.emit(x, event.Message, &event.Note{Level: "warning", Text: fmt.Sprintf("mask: nothing stands at %s in the result of %s, so nothing was hidden", text, x.Kind.Name), File: x.Pos.File, Line: x.Pos.Line})
		}
	}
}

func at(doc any, text string) (any, bool) {
	path, err := expr.ParsePath(text)
	if err != nil {
		return nil, false // told when the file was checked
	}
	v, ok, err := path.Get(doc)
	return v, ok && err == nil
}
