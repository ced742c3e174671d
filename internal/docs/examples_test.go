package docs_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/docs"
	"github.com/rehearse-dev/rehearse/internal/docs/fence"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/ledger"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/runner/report"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps/catalogue"
	"github.com/rehearse-dev/rehearse/steps/schemas"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

// TestExamplesRun runs every file that the pages show, the example of every kind
// among them: all pass, without a warning, and leave nothing behind.
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
	files, err := fence.WriteFiles(os.DirFS(folder), dir)
	if err != nil || len(files) < len(catalogue.Kinds()) {
		t.Fatal(len(files), err)
	}
	var problems schema.Problems
	p := plan.Build(schema.Discover([]string{dir}, &problems), catalogue.New(), plan.Options{Detached: true}, &problems)
	for _, x := range problems.Sorted() {
		t.Error(x.Error()) // warnings too: people copy examples
	}
	if t.Failed() {
		return
	}
	place, err := awsclient.Connect(t.Context(), awsclient.Settings{
		Region: sandbox.Region, EndpointURL: sandbox.URL, Dial: s.Dial, AccessKey: "test", SecretKey: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	places := &runner.Places{}
	for _, x := range p.Suites {
		places.Add(x, "", place)
	}
	before := s.Inventory()
	var text bytes.Buffer
	code, err := runner.Run(t.Context(), runner.Options{
		ID: runner.NewID(), Plan: p, Parallel: 100, Places: places, Schemas: schemas.Bind,
		HTTP: awsclient.HTTPClient(nil), Ledger: ledger.InMemory(), Reapers: ledger.ReapersOf(catalogue.Kinds()),
		Sinks: []event.Sink{report.NewConsole(&text, report.ConsoleOptions{})},
	})
	if err != nil || code != runner.ExitPassed {
		t.Errorf("exit code %d, %v\n%s", code, err, text.String())
	}
	after := s.Inventory()
	for what, n := range before {
		if after[what] != n && what != "log_groups" {
			t.Errorf("%s: %d before, %d after", what, n, after[what])
		}
	}
}

// TestEveryExampleIsAFile holds that what is shown as YAML is a file with a
// name, which the examples' test runs, or comes from what is checked where it
// is written: operators, and what a kind takes for success.
func TestEveryExampleIsAFile(t *testing.T) {
	pages, err := docs.Pages(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	for page, text := range pages {
		seen := map[string]bool{}
		for _, b := range fence.Blocks(text) {
			if seen[b.File] && b.File != "" {
				t.Errorf("%s shows two files %s", page, b.File)
			}
			seen[b.File] = true
			generated := page == "checks.md" || page == "what-goes-wrong.md" || strings.HasPrefix(page, "kinds/")
			if b.File == "" && b.Language == "yaml" && !generated && !strings.HasPrefix(b.Text, "# yaml-language-server") {
				t.Errorf("%s shows YAML that no test reads; begin it with # NAME.scenario.yaml:\n%s", page, b.Text)
			}
		}
	}
}

var (
	link   = regexp.MustCompile(`\]\(([^)#]*)(?:#([^)]*))?\)`)
	header = regexp.MustCompile(`(?m)^#+ (.*)$`)
	noWord = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// TestLinksLeadSomewhere follows every link between the pages, to the heading too.
func TestLinksLeadSomewhere(t *testing.T) {
	pages, err := docs.Pages(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	for page, text := range pages {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			to := filepath.Join(filepath.Dir(page), m[1])
			if m[1] == "" {
				to = page
			}
			target, err := os.ReadFile(filepath.Join(folder, to))
			if info, errDir := os.Stat(filepath.Join(folder, to)); errDir == nil && info.IsDir() {
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			found := m[2] == ""
			for _, h := range header.FindAllStringSubmatch(string(target), -1) {
				anchor := strings.ReplaceAll(strings.ToLower(noWord.ReplaceAllString(h[1], "")), " ", "-")
				found = found || anchor == m[2]
			}
			if !found {
				t.Errorf("%s: %s has no heading %q", page, to, m[2])
			}
		}
	}
}
