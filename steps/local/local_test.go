package local

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		name string
		kind steps.Kind
		yaml string
		want []string
	}{
		{"set nothing", Set, "{}", []string{"nothing is set; write at least one name: value"}},
		{"set without a mapping", Set, "[1]", []string{"expected names with their values, found a list; write {name: value}"}},
		{"set null", Set, "", []string{"nothing is set; write at least one name: value"}},
		{"check nothing", Check, "{}", []string{`parameter "expression" is missing: An expression that must be true, with or without ${}.`}},
		{"check something else", Check, "{expresion: a}", []string{
			`parameter "expression" is missing: An expression that must be true, with or without ${}.`, `unknown parameter "expresion"; did you mean "expression"?`,
		}},
		{"check a number", Check, "5", []string{"check takes an expression that is true or false, found a number"}},
		{"check what is always text", Check, "'upper(\"yes\")'", []string{"check takes an expression that is true or false; this one is always text"}},
		{"check what is always true", Check, "1 == 1", nil},
		{"check a list", Check, "[a == 1, b == 2]", []string{"check takes one expression, found a list; make each of them a step of its own"}},
		{"check text around a hole", Check, "${a} == 1", []string{"text around ${…} makes text of it, which is never true or false; put the whole comparison into ${…}, or leave ${} out"}},
		{"check nothing given", Check, "{expression: }", []string{"check takes an expression that is true or false, found null"}},
		{"wait for a list", Wait, "[5s]", []string{"wait takes one duration, found a list; make each of them a step of its own"}},
		{"check paths", Check, "{order.total: 5, order.id: 1}", []string{`check takes one expression, written check: … or check: {expression: …}; found a mapping with "order.total"`}},
		{"wait for seconds", Wait, "{seconds: 5}", []string{`wait takes one duration, written wait: … or wait: {duration: …}; found a mapping with "seconds"`}},
		{"a field of the step", Check, "{expression: a == 1, within: 5s}", []string{`"within" is not a parameter of check but a field of the step; write it one level up, beside check:`}},
		{"wait a number", Wait, "5", []string{"expected a duration such as 500ms, 20s or 1h30m, found the number 5; a number needs its unit, such as 5s"}},
		{"wait a word", Wait, "soon", []string{`"soon" is not a duration; write it like 500ms, 20s or 1h30m`}},
		{"good", Wait, "5s", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, stage.Complaints(c.kind, c.yaml)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// resolved reads a step and gives its holes values.
func resolved(t *testing.T, k steps.Kind, yaml string, values map[string]any) *schema.Node {
	t.Helper()
	p := &schema.Problems{}
	n, ok := schema.ReadDocuments("step.yaml", []byte("step: "+yaml+"\n"), p)[0].Get("step")
	if !ok {
		t.Fatal("no step")
	}
	out := k.Normal(n.Value, p).Resolve(t.Context(), &expr.Scope{Names: values}, p)
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ name, yaml, message, failure string }{
		{"true", `a == 1`, "", ""},
		{"in braces", `"${a == 1}"`, "", ""},
		{"false", `a == 2`, "${a == 2} is false", ""},
		{"false in braces", `"${a == 2}"`, "${a == 2} is false", ""},
		{"a number", `a`, "", "${a} is a number, not true or false; put the whole comparison into ${…}, or leave ${} out"},
		{"text around", `"x ${a == 1}"`, "", "x ${a == 1} is text, not true or false; put the whole comparison into ${…}, or leave ${} out"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &schema.Problems{}
			n := resolved(t, Check, c.yaml, map[string]any{"a": schema.NodeOf(1, schema.Pos{}).Value()})
			bound := Check.Bind(n, p)
			if err := p.Err(); err != nil {
				t.Fatal(err)
			}
			probe, err := bound.Watch(t.Context(), &steps.Env{})
			if err != nil {
				t.Fatal(err)
			}
			seen, err := probe.Look(t.Context())
			switch {
			case c.failure != "":
				if err == nil || err.Error() != c.failure || !steps.IsFinal(err) {
					t.Fatalf("error %v, want a final %q", err, c.failure)
				}
			case err != nil:
				t.Fatal(err)
			case !seen.Final || bound.Success.Holds(seen.Doc) != (c.message == ""):
				t.Fatalf("seen %+v", seen)
			case c.message != "" && seen.Explain().Summary != c.message:
				t.Errorf("says %q, want %q", seen.Explain().Summary, c.message)
			}
		})
	}
}

func TestSetGivesItsValues(t *testing.T) {
	p := &schema.Problems{}
	b := Set.Bind(resolved(t, Set, `{n: 9007199254740993, list: ["${a}", null], empty: {}}`, map[string]any{"a": "x"}), p)
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	seen, err := b.Do(t.Context(), &steps.Env{})
	got := seen.Doc
	if err != nil {
		t.Fatal(err)
	}
	want, _ := schema.ParseJSON([]byte(`{"n": 9007199254740993, "list": ["x", null], "empty": {}}`))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &schema.Problems{}
		b := Wait.Bind(resolved(t, Wait, `1h30m`, nil), p)
		began := time.Now()
		if _, err := b.Do(t.Context(), &steps.Env{}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 90*time.Minute {
			t.Errorf("waited %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.Do(ctx, &steps.Env{}); err == nil {
			t.Error("a wait must end with its context")
		}
	})
}
