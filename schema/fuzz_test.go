package schema

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzReadDocuments holds of every file: reading it neither panics nor hangs,
// says the same every time, and every place lies inside the file.
func FuzzReadDocuments(f *testing.F) {
	for _, x := range slipped {
		f.Add([]byte(x.text))
	}
	files, err := filepath.Glob("../scenarios/*/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal("no scenarios", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
		f.Add([]byte(strings.ReplaceAll(string(src), "\n", "\r\n")))
		f.Add([]byte(strings.ReplaceAll(string(src), "\"", "")))
		f.Add([]byte(strings.ReplaceAll(string(src), "  ", "\t")))
	}
	f.Add([]byte(aliasBomb("{k: x}", "{<<: [", "*%c,", "]}")))
	f.Add([]byte("a: &a [&b {x: *a}, *b]\n? *a\n: {<<: [*b, *a]}\n--- |\n  ${x}\n...\n%YAML 1.2\n---\n- &x !!str y\n- \"\\u0024{1}\""))
	for _, found := range []string{"? 0", "0\n-\n0:"} { // each was an error once
		f.Add([]byte(found))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var p, again Problems
		docs := ReadDocuments("f", src, &p)
		ReadDocuments("f", src, &again)
		if d := cmp.Diff(p.Sorted(), again.Sorted()); d != "" {
			t.Fatal("not the same every time", d)
		}
		lines := strings.Split(string(normal(src)), "\n")
		for _, x := range p.Sorted() {
			if x.Message == "" || strings.Contains(x.Message, "%!") && !strings.Contains(string(src), "%") {
				t.Fatalf("the message %q", x.Message)
			}
			if x.Pos.Line > 0 {
				inside(t, lines, x.Message, x.Pos)
			}
		}
		for _, n := range docs {
			n.Walk(func(x *Node) {
				inside(t, lines, x.Kind.String(), x.Pos)
				for _, e := range x.Entries {
					inside(t, lines, e.Key, e.KeyPos)
				}
				for _, at := range x.Holes {
					inside(t, lines, "${", at)
				}
				if x.Template != nil && len(x.Holes) > len(x.Template.Holes()) {
					t.Fatalf("%d places of %d holes", len(x.Holes), len(x.Template.Holes()))
				}
			})
		}
	})
}

// inside wants a place, and every alias that leads there, to lie in the file.
func inside(t *testing.T, lines []string, what string, at Pos) {
	for ; ; at = *at.Via {
		if at.File != "f" || at.Line < 1 || at.Line > len(lines) || at.Col < 1 || at.Col > len([]rune(lines[at.Line-1]))+1 {
			t.Fatalf("%s at %s, which is not in the file", what, at)
		}
		excerpt(lines[at.Line-1], at.Col-1)
		if at.Via == nil {
			return
		}
	}
}
