package runner

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/steps"
)

// masked hides what a look brings as soon as it is there, so that no event can
// show it: what the step asks to hide, and what stands under the name of a
// credential.
func (g *stage) masked(x *plan.Step, look func(context.Context) (steps.Seen[any], error)) func(context.Context) (steps.Seen[any], error) {
	return func(ctx context.Context) (steps.Seen[any], error) {
		seen, err := look(ctx)
		for _, text := range x.Common.Mask {
			if v, ok := at(seen.Doc, text); ok {
				g.run.stream.hide(v)
			}
		}
		g.run.stream.learn(seen.Doc)
		return seen, err
	}
}

// learn hides the credentials in a document.
func (s *stream) learn(doc any) {
	var found []any
	inDocument(doc, func(c string) { found = append(found, c) })
	if len(found) > 0 {
		s.hide(found)
	}
}

// hidePlanned hides what is known of a suite's masked vars before anything
// runs: names of cases and reasons to skip may show it.
func (r *run) hidePlanned(s *plan.Suite) {
	if len(s.Mask) == 0 {
		return
	}
	for _, c := range r.Plan.Cases {
		if c.Suite == s {
			r.stream.hide(c.Secrets())
		}
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
// the secret out, and so does a short value.
func (g *stage) warnOfUselessMasks(x *plan.Step, f *event.StepFinish, result any) {
	if result == nil || f.Status != event.Passed {
		return
	}
	for _, text := range x.Common.Mask {
		v, ok := at(result, text)
		short, isText := v.(string)
		switch {
		case !ok:
			g.warnOfMask(x, "mask: nothing stands at %s in the result of %s, so nothing was hidden", text, x.Kind.Name)
		case isText && short != "" && utf8.RuneCountInString(short) < minSecret:
			g.warnOfMask(x, "mask: what stands at %s in the result of %s has fewer than %d characters, so it was not hidden: as short a text stands in many other places too", text, x.Kind.Name, minSecret)
		}
	}
}

func (g *stage) warnOfMask(x *plan.Step, format string, args ...any) {
	g.emit(x, event.Message, &event.Note{Level: "warning", Text: fmt.Sprintf(format, args...), File: x.Pos.File, Line: x.Pos.Line})
}

func at(doc any, text string) (any, bool) {
	path, err := expr.ParsePath(text)
	if err != nil {
		return nil, false // told when the file was checked
	}
	v, ok, err := path.Get(doc)
	return v, ok && err == nil
}
