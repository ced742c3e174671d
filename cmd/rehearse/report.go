package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/report"
	"github.com/rehearse-dev/rehearse/schema"
)

// reportOptions are the flags of report.
type reportOptions struct{ reporting }

func newReport() *cobra.Command {
	o := &reportOptions{}
	c := &cobra.Command{
		Use:   "report EVENTS…",
		Short: "Build reports from one or more recorded runs (merges shards)",
		Long: "Build reports from recordings, which `rehearse run --json FILE` writes: of one run what run said\n" +
			"and wrote, of several, such as the shards of one, a single report of all cases. The exit code is\n" +
			"the strongest of the runs': 130, 1, 5, 4. A run that died and a shard that is missing are 1.",
		Example: "  rehearse report events.jsonl --junit junit.xml\n  rehearse report shard1.jsonl shard2.jsonl --junit junit.xml --json all.jsonl",
		RunE: func(c *cobra.Command, files []string) error {
			return o.build(files, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	o.flags(c.Flags())
	return c
}

func (o *reportOptions) build(files []string, stdout, stderr io.Writer) error {
	if err := o.checkAll(files); err != nil {
		return err
	}
	if err := o.removeOld(); err != nil {
		return exit{runner.ExitReport, err}
	}
	consoleTo := stdout
	if o.json == "-" {
		consoleTo = stderr
	}
	var text, lines bytes.Buffer // nothing is said of recordings that turn out to be wrong
	console := report.NewConsole(&text, report.ConsoleOptions{Color: o.coloured(consoleTo), Several: true})
	junit := report.NewJUnit()
	junit.Strict = o.strict
	keep := io.Discard
	if o.json != "" {
		keep = &lines
	}
	found := report.Gather(files, keep, console, junit)
	for _, text := range append(found.Problems, found.Warnings...) {
		fmt.Fprintln(stderr, text)
	}
	if n := len(found.Problems); n > 0 {
		return exit{runner.ExitInvalid, fmt.Errorf("%s; no report was built", schema.CountOf(n, "problem"))}
	}
	err := errors.Join(console.Close(), copyTo(consoleTo, &text))
	if o.json == "-" {
		err = errors.Join(err, copyTo(stdout, &lines))
	} else if o.json != "" {
		err = errors.Join(err, report.WriteFile(o.json, func(w io.Writer) error { return copyTo(w, &lines) }))
	}
	if o.junit != "" {
		err = errors.Join(err, report.WriteFile(o.junit, func(w io.Writer) error { return copyTo(w, junit) }))
	}
	code := console.ExitCode()
	if err != nil && (code == runner.ExitPassed || code == runner.ExitLeft) {
		code = runner.ExitReport
	}
	if code == runner.ExitPassed {
		return nil
	}
	return exit{code, err}
}

func copyTo(w io.Writer, from io.WriterTo) error {
	_, err := from.WriteTo(w)
	return err
}

// check refuses what cannot be meant.
func (o *reportOptions) checkAll(files []string) error {
	if len(files) == 0 {
		return errors.New("report takes recordings; name the files that `rehearse run --json FILE` wrote")
	}
	if err := o.check(); err != nil {
		return err
	}
	for _, to := range []string{o.junit, o.json} {
		there, err := os.Stat(to)
		for _, file := range files {
			if info, err2 := os.Stat(file); err == nil && err2 == nil && os.SameFile(there, info) {
				return fmt.Errorf("the report would be written over %s, of which it is made; name another file", file)
			}
		}
	}
	return nil
}
