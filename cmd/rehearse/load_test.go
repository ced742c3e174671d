package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rehearse-dev/rehearse/schema"
)

// Nobody reads 100,000 problems; those that keep the files from running come first.
func TestShowIsBounded(t *testing.T) {
	for _, x := range []struct {
		errors, warnings           int
		shownErrors, shownWarnings int
		last                       string
	}{
		{0, 3, 0, 3, "warning"},
		{2, 3, 2, 3, "wrong"},
		{maxShown - 1, 5, maxShown - 1, 1, "and 4 more, not shown\n"},
		{100_000, 50, maxShown, 0, "and 99850 more, not shown\n"},
		{1, 100_000, 1, maxShown - 1, "and 99801 more, not shown\n"},
	} {
		var p schema.Problems
		for i := range x.warnings {
			p.Warn(schema.Pos{File: "a.yaml", Line: i + 1, Col: 1}, "odd")
		}
		for i := range x.errors {
			p.Add(schema.Pos{File: "b.yaml", Line: i + 1, Col: 1}, "wrong")
		}
		var said bytes.Buffer
		show(&said, &p, func() curtain { return curtain{text: func(s string) string { return s }} })
		got := said.String()
		if e, w := strings.Count(got, ": wrong\n"), strings.Count(got, ": warning: odd\n"); e != x.shownErrors || w != x.shownWarnings || !strings.Contains(got[strings.LastIndex(got[:len(got)-1], "\n")+1:], x.last) {
			t.Errorf("%d errors, %d warnings: shown %d and %d, at the end %q", x.errors, x.warnings, e, w, got[max(0, len(got)-60):])
		}
	}
}
