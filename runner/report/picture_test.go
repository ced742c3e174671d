package report

import (
	"fmt"
	"strings"
	"testing"
)

func TestLongPicturesKeepTheirMarks(t *testing.T) {
	lines := []string{"A", "└─ B"}
	for i := range 100 {
		lines = append(lines, fmt.Sprintf("   └─ %d", i))
	}
	lines[80] += "  ← error"
	p := &page{}
	describePicture(p, lines, brief)
	got := strings.Split(strings.TrimSuffix(p.String(), "\n"), "\n")
	if len(got) != 40+3 || got[40] != "      … 40 more lines" || !strings.HasSuffix(got[41], "78  ← error") || got[42] != "      … 21 more lines" {
		t.Errorf("%d lines, at the end\n%s", len(got), strings.Join(got[39:], "\n"))
	}
	p = &page{}
	describePicture(p, lines, full)
	if n := len(p.lines); n != len(lines) {
		t.Errorf("in full %d lines of %d", n, len(lines))
	}
	p = &page{}
	describePicture(p, nil, brief)
	if len(p.lines) != 0 {
		t.Errorf("of nothing\n%s", p)
	}
}
