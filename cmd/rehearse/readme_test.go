package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rehearse-dev/rehearse/runner/plan"
)

// TestReadme holds what the README shows: its scenario is valid, its commands
// and its kinds that are not there yet are what the program says.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatal("the README shows no scenario")
	}
	file := filepath.Join(t.TempDir(), "orders.scenario.yaml")
	if err := os.WriteFile(file, block[1], 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	if _, err := load([]string{file}, plan.Options{AnyEnvironment: true}, false, &said); err != nil || said.Len() > 0 {
		t.Errorf("%v\n%s", err, said.String())
	}
	for _, c := range newRoot().Commands() {
		if name := c.Name(); name != "help" && name != "completion" && !strings.Contains(string(readme), "\nrehearse "+name) {
			t.Errorf("the README does not show rehearse %s", name)
		}
	}
	for _, flag := range []string{"sandbox", "endpoint-url", "profile", "region", "env", "parallel", "tags", "skip-tags", "name", "var", "vars-file", "junit", "json"} {
		if newRun().Flags().Lookup(flag) == nil {
			t.Errorf("run has no --%s", flag)
		}
	}
}
