package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A verdict is what a run of rehearse said.
type verdict struct {
	exit     int
	cases    []string          // their names
	failed   map[string]string // name of a failed case → first line of its message
	messages map[string]string // the same, whole
	output   string
}

// run runs rehearse with a JUnit file of the given name and reads the verdict from both.
func (b *bench) run(ctx context.Context, name string, args ...string) (verdict, error) {
	junit := filepath.Join(b.dir, name+".xml")
	if err := os.Remove(junit); err != nil && !errors.Is(err, os.ErrNotExist) {
		return verdict{}, err
	}
	args = append([]string{"run", "--junit", junit}, args...)
	cmd := exec.CommandContext(ctx, b.rehearse, args...)
	cmd.Env = b.environment()
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it cleans up and ends
	cmd.WaitDelay = time.Minute
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return verdict{}, fmt.Errorf("rehearse %s: %w", strings.Join(args, " "), err)
	}
	v := verdict{exit: cmd.ProcessState.ExitCode(), output: string(out)}
	if err := v.read(junit); err != nil {
		return v, fmt.Errorf("rehearse %s: exit code %d: %w\n%s", strings.Join(args, " "), v.exit, err, out)
	}
	return v, nil
}

// read takes the cases from a JUnit file.
func (v *verdict) read(file string) error {
	type problem struct {
		Message string `xml:"message,attr"`
	}
	var doc struct {
		Cases []struct {
			Name    string   `xml:"name,attr"`
			Class   string   `xml:"classname,attr"`
			Failure *problem `xml:"failure"`
			Error   *problem `xml:"error"`
		} `xml:"testsuite>testcase"`
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := xml.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	v.failed, v.messages = map[string]string{}, map[string]string{}
	for _, c := range doc.Cases {
		name := c.Class + ": " + c.Name
		v.cases = append(v.cases, name)
		if c.Failure != nil {
			v.failed[name], v.messages[name] = firstLine(c.Failure.Message), c.Failure.Message
		}
		if c.Error != nil {
			v.failed[name], v.messages[name] = "(error) "+firstLine(c.Error.Message), c.Error.Message
		}
	}
	return nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
