package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// junitFiles are the programs that ask two readers of JUnit files, and the
// packages of one of them.
//
//go:embed junit
var junitFiles embed.FS

// junitReaders lets readers by others take a run's JUnit file apart. What they
// find must be what the run said of itself, in its stream and by its suite.
func junitReaders(ctx context.Context, b *bench) error {
	folder, node, err := b.installPackages(ctx, junitFiles, "junit")
	if err != nil {
		return err
	}
	ran, err := b.runForJUnit(ctx)
	if err != nil {
		return err
	}
	for _, reader := range []struct {
		name    string
		command []string
	}{
		{"junitparser (Python)", []string{b.python, filepath.Join(folder, "judge.py")}},
		{"junit2json (Node.js)", []string{node, filepath.Join(folder, "judge.mjs")}},
	} {
		for _, file := range []string{ran.live, ran.rebuilt} {
			got, err := readJUnit(ctx, b, file, reader.command)
			if err != nil {
				return fmt.Errorf("%s: %w", reader.name, err)
			}
			where := reader.name + " reads of " + filepath.Base(file)
			b.report.check(where+" the counts of the run", ran.sameCounts(got))
			b.report.check(where+" every case, with its result and properties", ran.sameCases(got))
		}
	}
	return nil
}

// junitFile is what a reader finds in a file.
type junitFile struct {
	Tests, Failures, Errors int
	Suites                  []junitSuite
}

type junitSuite struct {
	Name                             string
	Tests, Failures, Errors, Skipped int
	Cases                            []junitCase
}

type junitCase struct {
	Name, Classname, File string
	Results               []junitResult
	Properties            map[string]string
}

type junitResult struct{ Kind, Type, Message, Text string }

func readJUnit(ctx context.Context, b *bench, file string, command []string) (junitFile, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return junitFile{}, err
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env, cmd.Stdin = b.environment(), bytes.NewReader(text)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	answer, err := cmd.Output()
	if err != nil {
		return junitFile{}, fmt.Errorf("%w\n%s", err, stderr.Bytes())
	}
	var got junitFile
	if err := json.Unmarshal(answer, &got); err != nil {
		return got, fmt.Errorf("it answered %q: %w", answer, err)
	}
	return got, nil
}

// junitRun is a run of the suite below, with what its own stream says.
type junitRun struct {
	live, rebuilt string // the files of run and report
	counts        struct{ Total, Passed, Failed, Errors, Skipped int }
	observed      map[string]string // by case and property
}

// runForJUnit runs the suite in the sandbox, and builds the file anew from its recording.
func (b *bench) runForJUnit(ctx context.Context) (junitRun, error) {
	folder := filepath.Join(b.dir, "junit-suite")
	ran := junitRun{live: filepath.Join(folder, "run.xml"), rebuilt: filepath.Join(folder, "report.xml"), observed: map[string]string{}}
	if err := os.RemoveAll(folder); err != nil {
		return ran, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return ran, err
	}
	for name, text := range junitSuiteFiles {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return ran, err
		}
	}
	for _, args := range [][]string{
		{"run", "--sandbox", "--junit", "run.xml", "--json", "run.jsonl", "."},
		{"report", "run.jsonl", "--junit", "report.xml"},
	} {
		cmd := exec.CommandContext(ctx, b.rehearse, args...)
		cmd.Dir, cmd.Env = folder, b.environment()
		out, err := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 1 {
			return ran, fmt.Errorf("rehearse %s: exit code %d, want 1 (%w)\n%s", strings.Join(args, " "), code, err, out)
		}
	}
	return ran, ran.readStream(filepath.Join(folder, "run.jsonl"))
}

// readStream takes the counts and the measured SLAs from the run's stream.
func (r *junitRun) readStream(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for line := range bytes.Lines(text) {
		var e struct {
			Type, Case, Name, Step string
			SLA                    *struct {
				LimitMS    int64 `json:"limit_ms"`
				ObservedMS int64 `json:"observed_ms"`
			}
			Counts json.RawMessage
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		switch {
		case e.Type == "case_planned":
			names[e.Case] = e.Name
		case e.SLA != nil:
			r.observed[names[e.Case]+" sla."+e.Step+".limit_ms"] = fmt.Sprint(e.SLA.LimitMS)
			r.observed[names[e.Case]+" sla."+e.Step+".observed_ms"] = fmt.Sprint(e.SLA.ObservedMS)
		case e.Counts != nil:
			if err := json.Unmarshal(e.Counts, &r.counts); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return nil
}

// sameCounts compares with run_finished; clean-ups that failed come on top.
func (r *junitRun) sameCounts(got junitFile) error {
	var tests, failures, errs, skipped, cleanups int
	for _, s := range got.Suites {
		tests, failures, errs, skipped = tests+s.Tests, failures+s.Failures, errs+s.Errors, skipped+s.Skipped
		for _, c := range s.Cases {
			if strings.HasSuffix(c.Name, " (cleanup)") {
				cleanups++
			}
		}
	}
	n := r.counts
	return errors.Join(
		unless(n.Total > 0 && cleanups == 1, "the run had %d cases and %d failed clean-ups", n.Total, cleanups),
		unless(got.Tests == n.Total+1 && tests == got.Tests, "tests: %d, in the suites %d, want %d", got.Tests, tests, n.Total+1),
		unless(got.Failures == n.Failed && failures == n.Failed, "failures: %d, in the suites %d, want %d", got.Failures, failures, n.Failed),
		unless(got.Errors == n.Errors+1 && errs == got.Errors, "errors: %d, in the suites %d, want %d", got.Errors, errs, n.Errors+1),
		unless(skipped == n.Skipped, "skipped: %d, want %d", skipped, n.Skipped),
	)
}

// sameCases compares every case with what the suite must make of it.
func (r *junitRun) sameCases(got junitFile) error {
	want := maps.Clone(junitWanted)
	var errs []error
	for _, s := range got.Suites {
		for _, c := range s.Cases {
			w, ok := want[c.Name]
			if !ok {
				errs = append(errs, fmt.Errorf("there is a case %q", c.Name))
				continue
			}
			delete(want, c.Name)
			if err := r.sameCase(s.Name, c, w); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", c.Name, err))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		errs = append(errs, fmt.Errorf("there is no case %q", name))
	}
	return errors.Join(errs...)
}

func (r *junitRun) sameCase(suite string, c junitCase, want junitCaseWanted) error {
	var errs []error
	if suite != "odd names.scenario.yaml" || c.File != suite || c.Classname != "odd names" {
		errs = append(errs, fmt.Errorf("it is in %q, file %q, class %q", suite, c.File, c.Classname))
	}
	kinds := map[string]int{}
	for _, x := range c.Results {
		kinds[x.Kind+" "+x.Type]++
		for _, part := range want.says {
			if !strings.Contains(x.Message, part) {
				errs = append(errs, fmt.Errorf("%s: %q is not in its message %q", x.Kind, part, x.Message))
			}
			if x.Kind != "skipped" && !strings.Contains(x.Text, part) {
				errs = append(errs, fmt.Errorf("%s: %q is not in its text %q", x.Kind, part, x.Text))
			}
		}
	}
	if want.result == "" && len(kinds) > 0 || want.result != "" && kinds[want.result] == 0 || want.also != "" && kinds[want.also] == 0 {
		errs = append(errs, fmt.Errorf("its results are %v, want %q and %q", kinds, want.result, want.also))
	}
	for name, value := range want.properties {
		if value == "" {
			value = r.observed[c.Name+" "+name]
		}
		if value == "" || c.Properties[name] != value {
			errs = append(errs, fmt.Errorf("the property %s is %q, want %q", name, c.Properties[name], value))
		}
	}
	return errors.Join(errs...)
}
