package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestFlagsAreDocumented: the page about running tells of every flag of run.
func TestFlagsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/running.md")
	if err != nil {
		t.Fatal(err)
	}
	newRun().Flags().VisitAll(func(f *pflag.Flag) {
		if !strings.Contains(string(page), "--"+f.Name) {
			t.Errorf("docs/running.md does not tell of --%s (%s)", f.Name, f.Usage)
		}
	})
}
