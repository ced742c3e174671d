package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rehearse-dev/rehearse/runner/plan"
)

// BenchmarkValidate measures what `rehearse validate` does in the process: it
// finds, reads and checks 1,000 scenario files of five steps each.
func BenchmarkValidate(b *testing.B) {
	const files = 1000
	dir := b.TempDir()
	writeSuite(b, dir, files)
	b.ReportAllocs()
	for b.Loop() {
		var said bytes.Buffer
		p, err := load([]string{dir}, plan.Options{AnyEnvironment: true}, false, &said)
		if err != nil || said.Len() > 0 || p.Files != files {
			b.Fatal(err, said.String())
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/run")
}

// writeSuite makes a suite of so many scenario files of the video plugins.
func writeSuite(b *testing.B, dir string, files int) {
	b.Helper()
	const example = "../../scenarios/video-plugins"
	scenario, err := os.ReadFile(filepath.Join(example, "completion.scenario.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	suite, err := os.ReadFile(filepath.Join(example, "rehearse.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	write := func(name string, data []byte) {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	write(filepath.Join(dir, ".git", "HEAD"), nil) // no suite above it counts
	write(filepath.Join(dir, "rehearse.yaml"), suite)
	for i := range files {
		name := fmt.Sprintf("area-%02d/plugin-%04d.scenario.yaml", i%20, i)
		write(filepath.Join(dir, name), scenario)
	}
}
