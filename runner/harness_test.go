package runner_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/ledger"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/runner/report"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps/catalogue"
	"github.com/rehearse-dev/rehearse/steps/schemas"
	play "github.com/rehearse-dev/rehearse/steps/stage"
)

// recorder keeps the events of a run.
type recorder struct{ events []event.Event }

func (r *recorder) Emit(e event.Event) { r.events = append(r.events, e) }

// stage is a sandbox and what is to be run against it. It works in a synctest
// bubble, where waiting costs no time.
type stage struct {
	t        testing.TB
	sandbox  *sandbox.Sandbox
	paths    []string
	parallel int
	stop     chan struct{}
	watch    func(event.Event) // sees every event as it comes
	secrets  []string
	kinds    plan.Catalogue
	chosen   plan.Options          // beyond what every test needs
	change   func(*runner.Options) // of what the run is given
	context  context.Context       // of the run
	limits   awsclient.Limits
	broken   error // what the run is to end with
}

// result is what a run left behind.
type result struct {
	code   int
	events []event.Event
	json   []byte // the stream as --json writes it
	junit  []byte
	text   string // the console
	before map[string]int
	after  map[string]int
}

func newStage(t *testing.T, o sandbox.Options, paths ...string) *stage {
	t.Helper()
	s, err := sandbox.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return stageOf(t, s, paths...)
}

func stageOf(t testing.TB, s *sandbox.Sandbox, paths ...string) *stage {
	t.Cleanup(func() { _ = s.Close() }) // a test that ended early leaves it open
	return &stage{t: t, sandbox: s, paths: paths, parallel: 100, stop: make(chan struct{}), kinds: catalogue.New(), context: t.Context()}
}

// files writes scenario files and gives their folder. Names end in .yaml.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// beside writes a further file into the folder that is run.
func (s *stage) beside(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.paths[0], name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

type watcher func(event.Event)

func (w watcher) Emit(e event.Event) {
	if w != nil {
		w(e)
	}
}

// run runs what is there to its end.
func (s *stage) run() result {
	s.t.Helper()
	p := s.plan()
	place, err := awsclient.Connect(s.t.Context(), awsclient.Settings{
		Region: sandbox.Region, EndpointURL: sandbox.URL, Dial: s.sandbox.Dial, AccessKey: "test", SecretKey: "test",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	place.Limit(s.limits)
	places := &runner.Places{}
	for _, x := range p.Suites {
		places.Add(x, "", place)
		for _, name := range x.Used {
			a := x.Accounts[name]
			other, err := place.Elsewhere(s.t.Context(), awsclient.Settings{RoleARN: a.RoleARN, Region: a.Region, Session: "test"})
			if err != nil {
				s.t.Fatal(err)
			}
			places.Add(x, name, other)
		}
	}
	rec, junit, stream, text := &recorder{}, report.NewJUnit(), &bytes.Buffer{}, &bytes.Buffer{}
	console := report.NewConsole(text, report.ConsoleOptions{})
	r := result{before: s.sandbox.Inventory()}
	o := runner.Options{
		ID: runner.NewID(), Plan: p, Parallel: s.parallel,
		Places: places, Schemas: schemas.Bind,
		HTTP: awsclient.HTTPClient(s.sandbox.Dial), Ledger: ledger.InMemory(), Reapers: ledger.ReapersOf(catalogue.Kinds()),
		Sinks: []event.Sink{rec, junit, report.NewJSON(stream), console, watcher(s.watch)}, Stop: s.stop, Secrets: s.secrets,
	}
	if s.change != nil {
		s.change(&o)
	}
	r.code, err = runner.Run(s.context, o)
	if !errors.Is(err, s.broken) {
		s.t.Errorf("the run ended with %v, want %v", err, s.broken)
	}
	r.after = s.sandbox.Inventory()
	if err := s.sandbox.Close(); err != nil {
		s.t.Error(err)
	}
	var b bytes.Buffer
	if _, err := junit.WriteTo(&b); err != nil {
		s.t.Error(err)
	}
	r.events, r.json, r.junit, r.text = rec.events, stream.Bytes(), b.Bytes(), text.String()
	return r
}

func (s *stage) plan() *plan.Plan {
	s.t.Helper()
	var problems schema.Problems
	found := schema.Discover(s.paths, &problems)
	s.chosen.Detached = true
	p := plan.Build(found, s.kinds, s.chosen, &problems)
	if err := problems.Err(); err != nil {
		s.t.Fatal(err)
	}
	return p
}

// ends says how each case ended, by its name.
func (r result) ends() map[string]event.Status {
	m, names := map[string]event.Status{}, map[string]string{}
	for _, e := range r.events {
		switch b := e.Body.(type) {
		case *event.CasePlan:
			names[e.Case] = b.Name
		case *event.ScenarioFinish:
			m[names[e.Case]] = b.Status
		}
	}
	return m
}

// steps says how each step of the only case ended, by its place.
func (r result) steps() map[string]*event.StepFinish {
	m := map[string]*event.StepFinish{}
	for _, e := range r.events {
		if b, ok := e.Body.(*event.StepFinish); ok {
			m[e.Step] = b
		}
	}
	return m
}

// finish is the end of the only case.
func (r result) finish(t *testing.T) *event.ScenarioFinish {
	t.Helper()
	i := slices.IndexFunc(r.events, func(e event.Event) bool { return e.Type == event.ScenarioFinished })
	if i < 0 {
		t.Fatal("no case finished")
	}
	return r.events[i].Body.(*event.ScenarioFinish)
}

// clean fails the test when the run left something behind.
func (r result) clean(t *testing.T) {
	t.Helper()
	for what, n := range r.after {
		if what != "log_groups" && n != r.before[what] {
			t.Errorf("%s: %d before the run, %d after it", what, r.before[what], n)
		}
	}
}

// wants fails the test when a text does not say something.
func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("want %q in:\n%s", p, text)
		}
	}
}

// systems lists the example systems.
func systems(t *testing.T, templates fs.FS) []string {
	t.Helper()
	found, err := fs.Glob(templates, "*/template.yaml")
	if err != nil || len(found) == 0 {
		t.Fatal("no templates", err)
	}
	for i := range found {
		found[i] = filepath.Dir(found[i])
	}
	return found
}

// deployPlay deploys the small application that the kinds are tried with.
func deployPlay(t *testing.T, s *sandbox.Sandbox) {
	t.Helper()
	if err := play.Deploy(t.Context(), s, "http://127.0.0.1:9/"); err != nil {
		t.Fatal(err)
	}
}
