package trace

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// recorded is a trace as a file in testdata has it: the documents that have
// arrived after one look, those that came by the next, and so on.
type recorded struct {
	About, ID, Own string
	Arrivals       [][]json.RawMessage
}

// read gives what is known at each look.
func read(t testing.TB, file string) (recorded, []Gathered) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r recorded
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	var looks []Gathered
	g := Gathered{ID: r.ID, Own: r.Own}
	for _, docs := range r.Arrivals {
		for _, d := range docs {
			s, err := ParseSegment(d)
			if err != nil {
				t.Fatal(err)
			}
			g.Segments = append(slices.Clip(g.Segments), s)
		}
		g.Wanted = Linked(g.Segments)
		looks = append(looks, g)
	}
	return r, looks
}

// told is all that people see of a tree.
func told(tree *Tree) string {
	var b strings.Builder
	b.WriteString(tree.Picture(nil))
	r := tree.Result()
	list := func(name string, items []string) {
		if len(items) > 0 {
			fmt.Fprintf(&b, "%s:\n  %s\n", name, strings.Join(items, "\n  "))
		}
	}
	list("missing", tree.Missing())
	var others, failures []string
	others = append(others, r.TraceIDs[1:]...)
	for _, e := range r.Errors {
		failures = append(failures, fmt.Sprintf("%s / %s error=%t fault=%t throttle=%t %s %q", e.Service, e.Name, e.Error, e.Fault, e.Throttle, e.Type, e.Message))
	}
	list("linked", others)
	list("visited", r.Visited)
	list("paths", r.Paths)
	list("errors", failures)
	subs := 0
	for _, s := range r.Segments {
		subs += yes(s.Type == subsegment)
	}
	fmt.Fprintf(&b, "%v ms, %d services, %d segments, %d subsegments\n", r.DurationMS, len(r.Services), len(r.Segments)-subs, subs)
	return b.String()
}

func TestTraces(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.json")
	if len(files) < 14 {
		t.Fatalf("found %d traces", len(files))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			r, looks := read(t, file)
			got := r.About + "\n"
			for i, g := range looks {
				got += fmt.Sprintf("\n--- look %d ---\n", i+1) + told(Build(g))
			}
			golden := strings.TrimSuffix(file, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s is not what is told now:\n%s", golden, got)
			}
		})
	}
}
