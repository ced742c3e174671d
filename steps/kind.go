// Package steps is the contract between the kinds of steps and the runner: how
// a kind is defined, what it is given and what it gives back. It knows no
// service and no kind; those live in its folders, one file a kind.
package steps

import (
	"context"
	"reflect"
	"sync"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/schema"
)

// Def is how a kind is written: P are its parameters, R its result, both
// structs whose tags schema.Shape reads (json, doc, required, default, enum).
// One of Do and Watch is set, or both together with WatchWhen; a kind with
// Control has neither.
type Def[P, R any] struct {
	Summary string // one sentence, for the list of kinds
	Doc     string // what a user must know beyond it; may be empty
	Example string // phases of a scenario that shows the kind; a test runs it

	// Do acts. It makes one attempt unless the user asks for more.
	Do func(context.Context, *Env, P) (R, error)
	// Watch observes: its probe looks until the checks hold.
	Watch func(context.Context, *Env, P) (Probe[R], error)
	// WatchWhen chooses, for a kind with both, whether these parameters observe.
	WatchWhen func(P) bool

	// Success is what a result must show when the user's checks do not look at
	// the same path; Demands is what the parameters ask for in any case.
	Success func(P) assertions.Checks
	Demands func(P) assertions.Checks
	// Empty is the answer before anything has happened, where that is not simply
	// nothing: a check that holds on it proves nothing. Its lists are made empty.
	Empty R
	// Selects describes the documents among which match and where select.
	Selects *Selection
	// Saw says in a few words what a result shows that is not what was asked
	// for, such as how an execution ended; "" when there is nothing to add.
	Saw func(R) string
	// Rules are about parameters together: OneOf, AtMostOne.
	Rules []Rule
	// Check tells at load what else is wrong with the parameters, beyond their
	// types and rules; what is still an expression is left to Do and Watch.
	Check func(*schema.Node, *schema.Problems)
	// Shorthand is the parameter that a lone scalar stands for: "wait: 5s".
	Shorthand string
	// Condition is the parameter that is an expression with or without ${}.
	Condition string
	// Needs lists the IAM actions, with the resources where they are known.
	Needs func(P) []Permission
	// Idempotent kinds may be sent again when an answer was lost.
	Idempotent bool
	// Within is how long assert waits for the checks unless the step says so; 0:
	// as long as the suite says.
	Within time.Duration
	// Settles is for a kind that itself waits until nothing more comes, so that no
	// hold is needed behind it: for how long, and whether its parameters alone,
	// without checks of the user, let it pass before that.
	Settles func(P) (quiet time.Duration, early bool)
	// Unbounded kinds have only the scenario's timeout as a bound on one attempt.
	Unbounded bool
	// Pure kinds call nothing outside the process.
	Pure bool
	// FreeResult says that the result has more keys than R names.
	FreeResult bool
	// Keys are those of a free result, where the parameters tell them; nil: nobody knows.
	Keys func(P) []string
	// Absent are the keys of the result that these parameters leave out: a check
	// that they are missing would hold whatever is there.
	Absent func(P) []string
	// Control kinds stand for other steps, which the plan finds in their parameters.
	Control bool
	// Beside are files that the example needs, by their name.
	Beside map[string]string
	// Reapers remove what the kind creates.
	Reapers []Reaper
}

// Permission is an IAM action and what it is called on.
type Permission struct {
	Action   string // such as events:PutEvents
	Resource string // a name or an ARN as the user wrote it; "" means any
}

// Kind is a definition with its types erased: what the runner, the reference
// and the editor schema work with.
type Kind struct {
	Name, Summary, Doc, Example string
	Params, Result              *schema.Shape
	Rules                       []Rule
	Selects                     *Selection
	Shorthand, Condition        string
	Idempotent, Unbounded, Pure bool
	FreeResult, Control         bool
	Within                      time.Duration
	Settles                     bool
	Beside                      map[string]string
	Reapers                     []Reaper

	bind  func(*schema.Node, *schema.Problems) Bound
	check func(*schema.Node, *schema.Problems)
	facts func(*schema.Node) Facts
	empty func() (any, error)
}

// Facts are what a step's parameters tell, as far as they are known.
type Facts struct {
	Reads  bool         // it observes
	Needs  []Permission // what it may call
	Keys   []string     // of a free result; nil: nobody can know
	Absent []string     // keys that the result never has
	// Schemas are those of registries that checks among the parameters need.
	Schemas []*assertions.SchemaRef
	// Quiet is how long nothing more may come before the step can pass; Early says
	// that without checks of the user it can pass before that.
	Quiet time.Duration
	Early bool
}

// Bound is a step of a kind with its parameters filled, ready to run.
type Bound struct {
	// Success and Demands are the checks that come from the kind.
	Success, Demands assertions.Checks
	// Schemas are those of registries that checks among the parameters need: they
	// are bound before the step begins.
	Schemas []*assertions.SchemaRef
	// Do acts once; nil for a kind that observes.
	Do func(context.Context, *Env) (Seen[any], error)
	// Watch starts to observe; nil for a kind that acts.
	Watch func(context.Context, *Env) (Probe[any], error)
}

// Probe is an observation under way; what it remembers between looks lives in
// its closures.
type Probe[R any] struct {
	// Look looks once. An error that cannot pass by itself is wrapped in Final.
	Look func(context.Context) (Seen[R], error)
	// Wake, when set, says that a look may see something new; then nothing is polled.
	Wake <-chan struct{}
	// Rest is the least pause between two looks, whatever the step asks for; the
	// last look, which a deadline asks for, may come sooner.
	Rest time.Duration
	// Close ends the observation; it may be nil.
	Close func()
}

// Seen is what one look saw.
type Seen[R any] struct {
	Doc R
	// At is when it became so, as the source says; zero: when we saw it.
	At time.Time
	// ByService says that At is the service's own time, on our clock as far as
	// its Date header tells; it counts only well inside a limit.
	ByService bool
	// Unmet is what the kind itself finds wrong, beyond the checks.
	Unmet []assertions.Mismatch
	// Final says that no later look can see anything else.
	Final bool
	// Confirm proves that what was seen is all there is to see. It is called
	// before a pass that rests on nothing more having come, and then looked again.
	Confirm func(context.Context) error
	// Explain tells more about a failure; it is called only for one.
	Explain func() Explanation
}

// Explanation is what a person wants to know when something did not arrive.
type Explanation struct {
	Summary string   // what was seen instead, in a few words
	Nothing bool     // that was nothing: Summary says so, such as "no event matched"
	Arrived *int     // how many came in all, matching or not, where something is listened to
	Matched []string // what did match, when that was too much or looked otherwise
	Misses  []Miss   // the nearest first
	Picture []string // lines of a drawing of what was seen; ← marks what differs
}

// Miss is something that came and was not what was asked for.
type Miss struct {
	Summary string
	Diff    []assertions.Difference
}

// Define makes a kind of a definition. It panics on a definition that is wrong
// in itself, which every test of the catalogue would meet.
func Define[P, R any](name string, d Def[P, R]) Kind {
	if (d.Do == nil && d.Watch == nil) != d.Control || (d.Do != nil && d.Watch != nil) != (d.WatchWhen != nil) {
		panic(name + ": a kind has Do or Watch, or both and WatchWhen, or is Control")
	}
	shape := schema.ShapeOf(reflect.TypeFor[P]())
	return Kind{
		Name: name, Summary: d.Summary, Doc: d.Doc, Example: d.Example,
		Params: shape, Result: schema.ShapeOf(reflect.TypeFor[R]()),
		Rules: d.Rules, Selects: d.Selects, Shorthand: d.Shorthand, Condition: d.Condition,
		Idempotent: d.Idempotent || d.Do == nil, Unbounded: d.Unbounded, Pure: d.Pure,
		FreeResult: d.FreeResult, Control: d.Control, Within: d.Within, Settles: d.Settles != nil, Beside: d.Beside, Reapers: d.Reapers, check: d.Check,
		bind: func(n *schema.Node, p *schema.Problems) Bound {
			var params P
			shape.Fill(n, "parameter", &params, p)
			return bindDef(d, params)
		},
		facts: func(n *schema.Node) Facts {
			var params P
			shape.Fill(n, "parameter", &params, &schema.Problems{})
			return d.facts(params)
		},
		empty: sync.OnceValues(func() (any, error) {
			r := d.Empty
			return schema.Document(emptied(reflect.ValueOf(&r).Elem()))
		}),
	}
}

// emptied makes the lists and mappings of a result empty ones: nothing was
// found, which is not the same as null.
func emptied(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				emptied(f)
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
	case reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
	}
	return v.Interface()
}

func (d Def[P, R]) reads(params P) bool {
	if d.WatchWhen != nil {
		return d.WatchWhen(params)
	}
	return d.Watch != nil
}

func (d Def[P, R]) facts(params P) Facts {
	f := Facts{Reads: d.reads(params), Schemas: schemasIn(params)}
	if d.Needs != nil {
		f.Needs = d.Needs(params)
	}
	f.Needs = append(f.Needs, SchemaNeeds(f.Schemas)...)
	if d.Keys != nil {
		f.Keys = d.Keys(params)
	}
	if d.Absent != nil {
		f.Absent = d.Absent(params)
	}
	if d.Settles != nil {
		f.Quiet, f.Early = d.Settles(params)
	}
	return f
}

func bindDef[P, R any](d Def[P, R], params P) Bound {
	b := Bound{Schemas: schemasIn(params)}
	if d.Success != nil {
		b.Success = d.Success(params)
	}
	if d.Demands != nil {
		b.Demands = d.Demands(params)
	}
	if !d.reads(params) {
		b.Do = func(ctx context.Context, e *Env) (Seen[any], error) {
			r, err := d.Do(ctx, e, params)
			if err != nil {
				return Seen[any]{}, err
			}
			return d.erase(Seen[R]{Doc: r})
		}
		return b
	}
	b.Watch = func(ctx context.Context, e *Env) (Probe[any], error) {
		p, err := d.Watch(ctx, e, params)
		if err != nil {
			return Probe[any]{}, err
		}
		return Probe[any]{Wake: p.Wake, Rest: p.Rest, Close: p.Close, Look: func(ctx context.Context) (Seen[any], error) {
			s, err := p.Look(ctx)
			if err != nil {
				return Seen[any]{}, err
			}
			return d.erase(s)
		}}, nil
	}
	return b
}

// erase makes a result the plain document that checks look at.
func (d Def[P, R]) erase(s Seen[R]) (Seen[any], error) {
	if d.Saw != nil && s.Explain == nil {
		s.Explain = func() Explanation { return Explanation{Summary: d.Saw(s.Doc)} }
	}
	doc, err := schema.Document(s.Doc)
	return Seen[any]{Doc: doc, At: s.At, ByService: s.ByService, Unmet: s.Unmet, Final: s.Final, Confirm: s.Confirm, Explain: s.Explain}, err
}

// Bind fills a step's parameters from a node whose expressions have values.
// When p has gained errors, the result must not be run.
func (k Kind) Bind(n *schema.Node, p *schema.Problems) Bound { return k.bind(n, p) }

// Facts are what a step's parameters tell.
func (k Kind) Facts(n *schema.Node) Facts { return k.facts(n) }

// EmptyAnswer is what the kind gives when there is nothing there.
func (k Kind) EmptyAnswer() (any, error) { return k.empty() }

// Listener is the id of a listen step, as received names it; the step's result
// takes its place before the parameters are filled.
type Listener string

// ListenerType is Listener's, for those who look for such parameters.
var ListenerType = reflect.TypeFor[Listener]()

// AccountName is a name from the suite's accounts. A parameter of this type, or
// a list of it, is checked before anything runs, and the places it names are
// connected then: Env.Account gives them.
type AccountName string

// AccountNameType is AccountName's, for those who look for such parameters.
var AccountNameType = reflect.TypeFor[AccountName]()
