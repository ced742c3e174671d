package catalogue_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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
	"github.com/rehearse-dev/rehearse/steps/stage"
)

// TestExamplesRun runs the example of every kind, as the reference prints it,
// and holds that nothing of it is left.
func TestExamplesRun(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"items": []int{}})
	}))
	defer api.Close()
	s, err := sandbox.New(t.Context(), sandbox.Options{Functions: stage.Functions()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := stage.Deploy(t.Context(), s, api.URL); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, schema.SuiteFile, "arrange:\n  - stack_outputs: {stack: play}\n    id: app\n")
	for _, k := range catalogue.Kinds() {
		write(t, dir, k.Name+".scenario.yaml", "scenario: "+k.Name+"\n"+k.Example)
		for name, text := range k.Beside {
			write(t, dir, name, text)
		}
	}
	before := s.Inventory()
	console, code := run(t, s, dir)
	if code != runner.ExitPassed {
		t.Errorf("exit code %d\n%s", code, console)
	}
	after := s.Inventory()
	for what, n := range before {
		if after[what] != n && what != "log_groups" {
			t.Errorf("%s: %d before, %d after", what, n, after[what])
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, s *sandbox.Sandbox, dir string) (string, int) {
	t.Helper()
	var problems schema.Problems
	p := plan.Build(schema.Discover([]string{dir}, &problems), catalogue.New(), plan.Options{Detached: true}, &problems)
	for _, x := range problems.Sorted() {
		t.Error(x.Error()) // warnings too: people copy examples
	}
	place, err := awsclient.Connect(t.Context(), awsclient.Settings{
		Region: sandbox.Region, EndpointURL: sandbox.URL, Dial: s.Dial, AccessKey: "test", SecretKey: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	code := runner.Run(t.Context(), runner.Options{
		ID: runner.NewID(), Plan: p, Parallel: 100, Place: func(*plan.Suite) *awsclient.Place { return place },
		HTTP: awsclient.HTTPClient(nil), Ledger: ledger.InMemory(), Reapers: ledger.ReapersOf(catalogue.Kinds()),
		Sinks: []event.Sink{report.NewConsole(io.Writer(&text), report.ConsoleOptions{})},
	})
	return text.String(), code
}
