// Command rehearse runs declarative test scenarios against event-driven
// applications on AWS. Each command is a file of its own: options, flags, run.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/rehearse-dev/rehearse/runner"
)

// gcPercent trades memory for time: documents are many and short-lived.
const gcPercent = 400

// exit is an error with its exit code; what is to be said was said already
// when the error inside is nil.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func main() {
	debug.SetGCPercent(gcPercent)
	os.Exit(execute(os.Args[1:]))
}

func execute(args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.Execute()
	var e exit
	switch {
	case err == nil:
		return runner.ExitPassed
	case errors.As(err, &e):
		if e.err != nil {
			fmt.Fprintln(os.Stderr, hiding(e.err))
		}
		return e.code
	}
	fmt.Fprintf(os.Stderr, "%v\n", hiding(err))
	return runner.ExitInvalid
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "rehearse",
		Short:         "Run declarative test scenarios against event-driven applications on AWS",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newRun(), newValidate(), newList(), newReport(), newSteps(), newSchema(), newSandbox(), newSweep(), newVersion())
	return root
}
