package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/report"
	"github.com/rehearse-dev/rehearse/schema"
)

// reporting are the flags that say which reports are written.
type reporting struct {
	junit, json, color string
	strict             bool

	given func(flag string) bool // whether the user wrote a flag
}

func (o *reporting) flags(f *pflag.FlagSet) {
	o.given = f.Changed
	f.StringVar(&o.junit, "junit", "", "write JUnit XML to this file")
	f.BoolVar(&o.strict, "junit-strict", false, "leave out of it what the XML schema of Jenkins does not know")
	f.StringVar(&o.json, "json", "", "write the stream of events to this file, one JSON document a line; - is stdout")
	f.StringVar(&o.color, "color", "auto", "auto, always or never")
}

func (o *reporting) check() error {
	for _, name := range []string{"junit", "json"} {
		if o.given(name) && map[string]string{"junit": o.junit, "json": o.json}[name] == "" {
			return fmt.Errorf("--%s takes the name of a file, and got none; is a variable unset?", name)
		}
	}
	switch {
	case o.junit == "-":
		return errors.New("--junit takes the name of a file; stdout is the console's, or that of --json -")
	case o.junit != "" && filepath.Clean(o.junit) == filepath.Clean(o.json):
		return fmt.Errorf("--junit and --json would both be written to %s; name two files", o.junit)
	case o.strict && o.junit == "":
		return errors.New("--junit-strict says how the JUnit file is written; give --junit FILE with it")
	case o.color != "auto" && o.color != "always" && o.color != "never":
		return fmt.Errorf("--color takes auto, always or never, got %q", o.color)
	}
	return nil
}

// removeOld keeps an earlier run's reports from being taken for this one's,
// however early this one ends.
func (o *reporting) removeOld() error {
	for _, file := range []string{o.junit, o.json} {
		if file == "" || file == "-" {
			continue
		}
		if base := filepath.Base(file); schema.IsScenarioFile(base) || schema.IsStepsFile(base) || base == schema.SuiteFile {
			return fmt.Errorf("the report would be written over %s", file)
		}
		if err := report.RemoveOld(file); err != nil {
			return err
		}
		if err := report.Writable(file); err != nil {
			return err
		}
	}
	return nil
}

// reports are the consumers of the stream and what must be done at its end.
type reports struct {
	sinks []event.Sink
	atEnd []func() error
}

func (o *reporting) open(stdout, stderr io.Writer) (*reports, error) {
	r := &reports{}
	console := stdout
	switch o.json {
	case "":
	case "-":
		console = stderr
		j := report.NewJSON(stdout)
		r.add(j, j.Err)
	default:
		if err := os.MkdirAll(filepath.Dir(o.json), 0o755); err != nil {
			return nil, fmt.Errorf("--json: %w", err)
		}
		f, err := os.Create(o.json)
		if err != nil {
			return nil, fmt.Errorf("--json: %w", err)
		}
		j := report.NewJSON(f)
		r.add(j, func() error { return errors.Join(j.Err(), f.Close()) })
	}
	c := report.NewConsole(console, report.ConsoleOptions{Color: o.coloured(console)})
	r.add(c, c.Close)
	if o.junit != "" {
		j := report.NewJUnit()
		j.Strict = o.strict
		r.add(j, func() error {
			return report.WriteFile(o.junit, func(w io.Writer) error { _, err := j.WriteTo(w); return err })
		})
	}
	return r, nil
}

func (r *reports) add(s event.Sink, atEnd func() error) {
	r.sinks = append(r.sinks, s)
	r.atEnd = append(r.atEnd, atEnd)
}

func (r *reports) close() error {
	var errs []error
	for _, f := range r.atEnd {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// coloured says whether a writer is a terminal that wants colours.
func (o *reporting) coloured(w io.Writer) bool {
	f, ok := w.(*os.File)
	switch {
	case o.color == "always":
		return true
	case o.color == "never" || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb":
		return false
	}
	return ok && term.IsTerminal(int(f.Fd()))
}
