package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// Model gathers a run, or several whose cases are disjoint, from their events.
// It implements event.Sink and is not safe for concurrent use: a stream is one
// event after the other, and so are runs.
type Model struct {
	Runs  []*Run
	Cases []*Case // of all runs, in planned order

	byKey map[string]*Case
	note  func(event.Note) // what to do with a message; nil: nothing
}

// Run is what a run tells of itself, its cases aside.
type Run struct {
	ID        string
	Start     *event.RunStart
	StartedAt time.Time        // of the first event
	Own       *Attempt         // what belongs to no case: the set-up and clean-up of suites
	Finish    *event.RunFinish // nil: the run goes on, or it died
	LastMS    int64            // of the latest event, since the run's start

	cases int // how many are planned
}

// Case is a planned case and what became of it.
type Case struct {
	Key      string // file#scenario[case]@repeat
	Run      *Run
	Plan     event.CasePlan
	Attempts []*Attempt

	why string // in a line, why it did not pass or, if it is flaky, did not at first; set by the console
}

// Attempt is one attempt of a case.
type Attempt struct {
	N         int
	Start     *event.ScenarioStart
	StartedAt time.Time
	StartMS   int64 // since the run's start
	EndMS     int64
	Phases    []event.PhaseFinish
	Resources []event.ResourceChange
	Finish    *event.ScenarioFinish // nil: it goes on, or the run died

	top    []*Step          // the steps of the phases, as planned
	latest map[string]*Step // by place, those inside others too
}

// Step is a step of an attempt.
type Step struct {
	Plan    event.StepPlan
	Start   *event.StepStart
	StartMS int64 // since the run's start
	Looks   []Look
	Finish  *event.StepFinish

	parent *Step   // the step it stands inside of, nil for one of a phase
	index  int     // in the parent
	inside []*Step // those inside it, in their order
}

// Look is a look of a probe and when it was made, since the run's start.
type Look struct {
	MS int64
	event.Probe
}

// NewModel gives an empty model.
func NewModel() *Model { return &Model{byKey: map[string]*Case{}} }

// Emit takes an event as a recording would give it back, so that a live report
// and a later one have the same values before them.
func (m *Model) Emit(live event.Event) {
	e, err := recorded(live)
	if err != nil {
		e = live
		m.say(event.Note{Level: "error", Text: fmt.Sprintf("event %d (%s) cannot be recorded: %v", live.Seq, live.Type, err)})
	}
	r := m.run(e)
	r.LastMS = max(r.LastMS, e.TMS)
	switch b := e.Body.(type) {
	case *event.RunStart:
		r.Start = b
	case *event.CasePlan:
		m.caseOf(r, e.Case).Plan = *b
	case *event.Note:
		m.say(*b)
	case *event.RunFinish:
		r.Finish = b
	case nil: // of a later version's type
	default:
		m.attemptOf(r, e).take(e)
	}
}

func (m *Model) say(n event.Note) {
	if m.note != nil {
		m.note(n)
	}
}

// run finds the run of an event, nearly always the latest, or makes one.
func (m *Model) run(e event.Event) *Run {
	for _, r := range slices.Backward(m.Runs) {
		if r.ID == e.Run {
			return r
		}
	}
	r := &Run{ID: e.Run, StartedAt: e.Time.UTC(), Own: &Attempt{N: 1}}
	m.Runs = append(m.Runs, r)
	return r
}

func (m *Model) caseOf(r *Run, key string) *Case {
	if c, ok := m.byKey[key]; ok {
		return c
	}
	file, name, _ := strings.Cut(key, "#")
	c := &Case{Key: key, Run: r, Plan: event.CasePlan{File: file, Scenario: name, Name: name}}
	m.byKey[key] = c
	m.Cases = append(m.Cases, c)
	r.cases++
	return c
}

func (m *Model) attemptOf(r *Run, e event.Event) *Attempt {
	if e.Case == "" {
		return r.Own
	}
	c, n := m.caseOf(r, e.Case), max(e.Attempt, 1)
	for _, a := range c.Attempts {
		if a.N == n {
			return a
		}
	}
	a := &Attempt{N: n, StartedAt: e.Time.UTC(), StartMS: e.TMS}
	for _, p := range c.Plan.Steps {
		s := &Step{Plan: p}
		a.top = append(a.top, s)
		a.know(s)
	}
	c.Attempts = append(c.Attempts, a)
	return a
}

func (a *Attempt) take(e event.Event) {
	a.EndMS = max(a.EndMS, e.TMS)
	switch b := e.Body.(type) {
	case *event.ScenarioStart:
		a.Start, a.StartedAt, a.StartMS = b, e.Time.UTC(), e.TMS
	case *event.PhaseFinish:
		a.Phases = append(a.Phases, *b)
	case *event.StepStart:
		s := a.step(e.Step)
		if s.Start != nil { // another suite's step in the same place
			s = a.insert(e.Step)
		}
		s.Start, s.StartMS = b, e.TMS
		if b.Plan != nil {
			s.Plan = *b.Plan
			s.Plan.Step = e.Step
		}
	case *event.Probe:
		s := a.step(e.Step)
		s.Looks = append(s.Looks, Look{MS: e.TMS, Probe: *b})
	case *event.StepFinish:
		own := *b // what the stream hands on is not ours to change
		a.step(e.Step).Finish = &own
	case *event.ResourceChange:
		a.Resources = append(a.Resources, *b)
	case *event.ScenarioFinish:
		a.Finish = b
	}
}

// step finds the latest step of that place, or makes one.
func (a *Attempt) step(place string) *Step {
	if s := a.latest[place]; s != nil {
		return s
	}
	return a.insert(place)
}

// Phase is the phase that a step belongs to.
func (s *Step) Phase() string {
	if s.Start != nil && s.Start.Phase != "" {
		return s.Start.Phase
	}
	phase, _, _ := strings.Cut(s.Plan.Step, "/")
	return phase
}

// Status is how the step ended; empty while it has not.
func (s *Step) Status() event.Status {
	if s.Finish == nil {
		return ""
	}
	return s.Finish.Status
}

// forget keeps of a case no more than a summary needs, its measured SLAs: a run
// of thousands of cases must not hold all their documents.
func (c *Case) forget() {
	c.Plan.Steps = nil
	for _, a := range c.Attempts {
		var kept []*Step
		for _, s := range a.steps() {
			if s.Finish != nil && s.Finish.SLA != nil {
				kept = append(kept, s)
			}
			s.Looks, s.inside = nil, nil
			if s.Finish != nil {
				s.Finish = &event.StepFinish{Status: s.Finish.Status, SLA: s.Finish.SLA}
			}
		}
		a.top, a.latest, a.Resources, a.Phases = kept, nil, nil, nil
	}
}
