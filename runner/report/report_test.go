package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

func console(t *testing.T, events []event.Event, o report.ConsoleOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	c := report.NewConsole(&b, o)
	for _, e := range events {
		c.Emit(e)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func xmlOf(t *testing.T, j *report.JUnit) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := j.WriteTo(&b)
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(b.Len()) {
		t.Errorf("WriteTo gives %d bytes, wrote %d", n, b.Len())
	}
	return b.Bytes()
}

func junitOf(t *testing.T, events []event.Event) []byte {
	t.Helper()
	j := report.NewJUnit()
	for _, e := range events {
		j.Emit(e)
	}
	return xmlOf(t, j)
}

func TestConsole(t *testing.T) {
	for name, events := range situations {
		t.Run(name, func(t *testing.T) {
			golden(t, name+".console.txt", console(t, events(), report.ConsoleOptions{}))
		})
	}
	t.Run("color", func(t *testing.T) {
		golden(t, "color.console.txt", console(t, checkFailed(), report.ConsoleOptions{Color: true}))
	})
	t.Run("verbose and narrow", func(t *testing.T) {
		golden(t, "verbose.console.txt", console(t, allPassed(), report.ConsoleOptions{Verbose: true, Width: 60}))
	})
}

func TestConsoleKeepsControlCharactersOut(t *testing.T) {
	if out := console(t, control(), report.ConsoleOptions{}); bytes.ContainsFunc(out, func(r rune) bool { return r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 }) {
		t.Errorf("a control character reached the terminal: %q", out)
	}
}

func TestJUnit(t *testing.T) {
	for name, events := range situations {
		t.Run(name, func(t *testing.T) {
			got := junitOf(t, events())
			wellFormed(t, got)
			golden(t, name+".junit.xml", got)
		})
	}
	t.Run("strict", func(t *testing.T) {
		j := report.NewJUnit()
		j.Strict = true
		for _, e := range allPassed() {
			j.Emit(e)
		}
		golden(t, "strict.junit.xml", xmlOf(t, j))
	})
}

func wellFormed(t *testing.T, doc []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(doc))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
}

// TestNoFalsePass: a run that did not end well never leaves a JUnit file without a failure.
func TestNoFalsePass(t *testing.T) {
	for name, events := range situations {
		t.Run(name, func(t *testing.T) {
			all := events()
			last, finished := all[len(all)-1].Body.(*event.RunFinish)
			ok := finished && last.ExitCode == 0 && name != "unknown"
			doc := string(junitOf(t, all))
			if red := strings.Contains(doc, "<failure ") || strings.Contains(doc, "<error "); red == ok {
				t.Errorf("failure or error in the file: %v, want %v", red, !ok)
			}
		})
	}
	t.Run("cut anywhere", func(t *testing.T) {
		all := allPassed()
		for n := range all {
			if doc := string(junitOf(t, all[:n])); !strings.Contains(doc, "<error ") {
				t.Errorf("after %d of %d events the file has no error", n, len(all))
			}
		}
	})
}

func TestUnrecordableEventIsSaid(t *testing.T) {
	events := checkFailed()
	for _, e := range events {
		if f, ok := e.Body.(*event.StepFinish); ok && f.Status == event.Failed {
			f.Result = func() {}
		}
	}
	if out := string(console(t, events, report.ConsoleOptions{})); !strings.Contains(out, "cannot be recorded") || !strings.Contains(out, "0 passed, 1 failed") && !strings.Contains(out, "1 passed, 1 failed") {
		t.Errorf("the console does not say it:\n%s", out)
	}
	var b bytes.Buffer
	j := report.NewJSON(&b)
	for _, e := range events {
		j.Emit(e)
	}
	if j.Err() == nil {
		t.Error("the recording has no error")
	}
}

type broken struct{ after int }

func (w *broken) Write(b []byte) (int, error) {
	if w.after--; w.after < 0 {
		return 0, errors.New("no space left")
	}
	return len(b), nil
}

func TestWriteErrors(t *testing.T) {
	for after := range 3 {
		c, r, j := report.NewConsole(&broken{after}, report.ConsoleOptions{}), report.NewJSON(&broken{after}), report.NewJUnit()
		for _, e := range allPassed() {
			c.Emit(e)
			r.Emit(e)
			j.Emit(e)
		}
		if err := c.Close(); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("console after %d writes: %v", after, err)
		}
		if err := r.Err(); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("json after %d writes: %v", after, err)
		}
		if _, err := j.WriteTo(&broken{min(after, 1)}); err == nil {
			t.Errorf("junit after %d writes: no error", after)
		}
	}
}
