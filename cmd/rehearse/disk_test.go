package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rehearse-dev/rehearse/runner"
)

// full is a device on which nothing can be written.
const full = "/dev/full"

// TestDiskFull: a report that cannot be written is exit code 5 and named, and
// the other one is there, whole. A run that did not pass stays exit code 1.
func TestDiskFull(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no " + full)
	}
	for _, c := range []struct {
		name, check string
		flags       []string // %s is a file that can be written
		code        int
		flag        string // of the report that is not written
		whole       string // how the other one ends
	}{
		{"JUnit", "1 == 1", []string{"--junit", full, "--json", "%s"}, runner.ExitReport, full, `"exit_code":0`},
		{"JSON", "1 == 1", []string{"--json", full, "--junit", "%s"}, runner.ExitReport, full, "</testsuites>"},
		{"JSON of a run that fails", "1 == 2", []string{"--json", full, "--junit", "%s"}, runner.ExitFailed, full, "</testsuites>"},
		{"JSON on stdout", "1 == 1", []string{"--json", "-", "--junit", "%s"}, runner.ExitReport, "no space left on device", "</testsuites>"},
		{"the console", "1 == 1", []string{"--json", "%s"}, runner.ExitReport, "no space left on device", `"exit_code":0`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "a.scenario.yaml"), []byte("scenario: A\nassert:\n  - check: "+c.check+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(dir, ".git"), 0o700); err != nil { // no suite above it counts
				t.Fatal(err)
			}
			args := []string{"run", "--sandbox", "a.scenario.yaml"}
			for _, f := range c.flags {
				args = append(args, strings.Replace(f, "%s", "other", 1))
			}
			run := exec.CommandContext(t.Context(), os.Args[0], args...)
			run.Dir = dir
			run.Env = append(os.Environ(), asProgram+"=1", "REHEARSE_ENV=", "REHEARSE_STATE_DIR="+t.TempDir())
			var said bytes.Buffer
			run.Stdout, run.Stderr = &said, &said
			if c.name == "JSON on stdout" || c.name == "the console" {
				disk, err := os.OpenFile(full, os.O_WRONLY, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer disk.Close()
				run.Stdout = disk
			}
			err := run.Run()
			var exited *exec.ExitError
			if !errors.As(err, &exited) || exited.ExitCode() != c.code {
				t.Errorf("ended with %v, want exit code %d\n%s", err, c.code, said.String())
			}
			if !strings.Contains(said.String(), c.flag) {
				t.Errorf("%q is not named:\n%s", c.flag, said.String())
			}
			other, err := os.ReadFile(filepath.Join(dir, "other"))
			if err != nil || !strings.Contains(string(other), c.whole) {
				t.Errorf("the other report: %v\n%s", err, other)
			}
			t.Log(said.String())
		})
	}
}
