package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/rehearse-dev/rehearse/runner"
)

// wanted is the section of an archive that holds what validate must say.
const wanted = "want"

// head is the comment of an archive: what the slip is, and whether an editor
// that has the JSON Schema could see it.
var head = regexp.MustCompile(`\A[^\n]+\neditor: (sees|cannot) \([^\n]+\)\n+\z`)

// TestWrongInputs holds what validate says of files with a slip in them, each
// an archive in testdata/wrong, exact to the character. None of them may pass
// in silence.
func TestWrongInputs(t *testing.T) {
	t.Setenv("REHEARSE_ENV", "")
	archives, err := filepath.Glob("testdata/wrong/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	var accepted []string
	for _, path := range archives {
		path, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			if passesInSilence(t, path) {
				accepted = append(accepted, filepath.Base(path))
				t.Error("this wrong input is accepted without a word")
			}
		})
	}
	if len(accepted) > 0 {
		t.Errorf("accepted without a word: %s", strings.Join(accepted, ", "))
	}
}

// passesInSilence compares what validate says of an archive's files with what
// it holds, or writes it there, and tells whether that is nothing.
func passesInSilence(t *testing.T, path string) bool {
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !head.Match(a.Comment) {
		t.Errorf("the archive begins with %q; want a line that says what the slip is, and `editor: sees (why)` or `editor: cannot (why)`", a.Comment)
	}
	want := ""
	if last := len(a.Files) - 1; last >= 0 && a.Files[last].Name == wanted {
		want, a.Files = string(a.Files[last].Data), a.Files[:last]
	}
	dir := t.TempDir()
	if err := txtar.Write(a, dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o700); err != nil { // no suite above it counts
		t.Fatal(err)
	}
	t.Chdir(dir)
	said, code := validated(".")
	got := fmt.Sprintf("%sexit %d\n", said, code)
	switch {
	case got == want:
	case *update:
		a.Files = append(a.Files, txtar.File{Name: wanted, Data: []byte(got)})
		if err := os.WriteFile(path, txtar.Format(a), 0o600); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error(cmp.Diff(want, got))
	}
	return code == runner.ExitPassed && !strings.Contains(said, ": warning: ")
}

// validated runs validate in the working folder and gives what it says to
// stderr and then to stdout, and its exit code.
func validated(path string) (string, int) {
	var stdout, stderr bytes.Buffer
	root := newRoot()
	root.SetArgs([]string{"validate", path})
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	code := runner.ExitPassed
	if err := root.Execute(); err != nil {
		code = runner.ExitInvalid
		var e exit
		if errors.As(err, &e) {
			code = e.code
		}
		fmt.Fprintln(&stderr, err)
	}
	return stderr.String() + stdout.String(), code
}
