package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// spelling is a scenario of the page and what the program says of it.
var spelling = regexp.MustCompile("(?s)## ([^\n]+)\n(?:[^`]|`[^`]+`)*?```yaml\n(.*?)```\n\n```text\n(.*?)```\n")

// TestSpellings runs every scenario of docs/spellings.md through the program
// and holds that the page says what it says.
func TestSpellings(t *testing.T) {
	const page = "../../docs/spellings.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	found := spelling.FindAllSubmatchIndex(text, -1)
	if sections := strings.Count(string(text), "\n## "); len(found) != sections || sections < 20 {
		t.Fatalf("%d of %d sections show a scenario and what is said of it; at least 20 are wanted", len(found), sections)
	}
	var out strings.Builder
	at := 0
	for _, f := range found {
		title, scenario, want := string(text[f[2]:f[3]]), text[f[4]:f[5]], string(text[f[6]:f[7]])
		t.Run(title, func(t *testing.T) {
			got := said(t, scenario)
			out.Write(text[at:f[6]])
			out.WriteString(got)
			at = f[7]
			if got != want && !*update {
				t.Error(cmp.Diff(want, got))
			}
		})
	}
	out.Write(text[at:])
	if *update {
		if err := os.WriteFile(page, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// said runs one scenario as a user would and gives what is worth showing.
func said(t *testing.T, scenario []byte) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "spelling.scenario.yaml"), scenario, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o700); err != nil { // no suite above it counts
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, "run", "--sandbox", ".")
	c.Dir = dir
	c.Env = append(os.Environ(), asProgram+"=1", "REHEARSE_ENV=", "REHEARSE_STATE_DIR="+t.TempDir())
	var stdout, stderr strings.Builder
	c.Stdout, c.Stderr = &stdout, &stderr
	_ = c.Run() // its exit code says what follows
	switch code := c.ProcessState.ExitCode(); code {
	case 0:
		return "passes\n"
	case 1:
		_, story, _ := strings.Cut(stdout.String(), "\n\n")
		story, _, _ = strings.Cut(story, "\n\n")
		return regexp.MustCompile(`(?m)  +[0-9.]+m?s$`).ReplaceAllString(story, "") + "\n"
	case 2:
		problems, _, _ := strings.Cut(stderr.String(), "nothing was run")
		return problems[:strings.LastIndexByte(problems, '\n')+1]
	default:
		t.Errorf("exit code %d: %s%s", code, stdout.String(), stderr.String())
		return ""
	}
}
