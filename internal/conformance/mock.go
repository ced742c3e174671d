package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// mockVerdict is what internal/conformance/mock/check.py says of a file of values.
type mockVerdict struct {
	Values, Fit, Agreed, Schemas int
	Judges                       map[string]int
	Differing                    []json.RawMessage
}

// mocksOnValidators has validators of the Python world judge events that were made from schemas, and others that were
// broken on purpose: they must agree with every verdict.
func mocksOnValidators(ctx context.Context, b *bench) error {
	file := filepath.Join(b.dir, "mock-values.jsonl")
	if _, err := output(ctx, os.Environ(), "go", "test", "-count=1", "./internal/mock", "-run", "TestCorpus$", "-values", file); err != nil {
		return err
	}
	said, err := output(ctx, b.environment(), b.python, "internal/conformance/mock/check.py", file)
	if err != nil {
		return err
	}
	var v mockVerdict
	if err := json.Unmarshal(said, &v); err != nil {
		return fmt.Errorf("what the judge says: %w", err)
	}
	// Floors, so that a file with little in it does not pass.
	err = unless(v.Values >= 70_000 && v.Schemas >= 1_500 && v.Fit >= 20_000 && v.Values-v.Fit >= 20_000, "too little was judged")
	if err == nil {
		err = unless(v.Agreed == v.Values && len(v.Differing) == 0, "%d values are judged otherwise, such as\n%s", v.Values-v.Agreed, differing(v.Differing))
	}
	var notes []string
	for name, n := range v.Judges {
		notes = append(notes, fmt.Sprintf("%-22s %6d values", name, n))
	}
	slices.Sort(notes)
	b.report.check(fmt.Sprintf("%d values of %d schemas, of which %d fit, are judged alike", v.Values, v.Schemas, v.Fit), err, notes...)
	return nil
}

func differing(l []json.RawMessage) (text string) {
	for _, d := range l[:min(len(l), 5)] {
		text += string(d) + "\n"
	}
	return text
}
