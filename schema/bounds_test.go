package schema

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// allocated is how many bytes a function takes in all, freed or not; the race
// detector makes it more.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func aliasBomb(first, open, list, end string) string {
	bomb := "a: &a " + first + "\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c %s%s%s\n", c, c, open, strings.TrimSuffix(strings.Repeat(fmt.Sprintf(list, c-1), 10), ","), end)
	}
	return bomb
}

// Whatever a file holds, reading it takes a bounded amount of memory, and says
// a few clear things.
func TestReadDocumentsIsBounded(t *testing.T) {
	steps := "act:\n" + strings.Repeat("  - put_event: {source: shop, detail_type: placed, detail: {run: \"${scenario.id}\"}}\n", 10_000)
	laughs := aliasBomb("{k: x}", "{<<: [", "*%c,", "]}")
	var keys strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&keys, "  k%d: 1\n", i)
	}
	for _, x := range []struct {
		name, text string
		problems   int    // how many, at most
		says       string // what each of them says
		megabytes  uint64 // allocated in all
	}{
		{"a file of 10 MB", "a: [" + strings.Repeat("x, ", 3_500_000) + "x]", 1, "more than 4 MiB", 1},
		{"10,000 steps", steps, 0, "", 150},
		{"an alias bomb", aliasBomb("[x,x,x,x,x,x,x,x,x,x]", "[", "*%c,", "]"), 1, "aliases make this document many times larger", 20},
		{"a bomb of merge keys", laughs, 1, "aliases make this document many times larger", 20},
		{"a bomb of long texts", aliasBomb("\""+strings.Repeat("${x}", 10_000)+"\"", "[", "*%c,", "]"), 1, "aliases make this document many times larger", 120},
		{"merge keys of large mappings", "a: &a\n" + keys.String() + "b: &b\n" + strings.ReplaceAll(keys.String(), "k", "l") + "c: {<<: [*a, *b]}\n", 0, "", 150},
		{"aliases of aliases of themselves", "a: &a [&b [*a, *b], *b]\n", 20, "contains itself", 1},
		{"deep lists", "a: " + strings.Repeat("[", 100_000), 1, "more than 200 levels", 60},
		{"deep lists, closed", "a: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000), 1, "more than 200 levels", 20},
		{"deep mappings", strings.Repeat("{a: ", 100_000) + "1" + strings.Repeat("}", 100_000), 1, "more than 200 levels", 100},
		{"deep dashes", strings.Repeat("- ", 100_000), 1, "more than 200 levels", 60},
		{"a line of 1 MB", "a: \"" + strings.Repeat("é", 500_000) + "\"", 0, "", 40},
		{"a line of 1 MB with 20,000 expressions", "a: [" + strings.Repeat("\"ééééééééééééé ${vars.x}\", ", 20_000) + "]", 0, "", 150},
		{"20,000 problems", strings.Repeat("- 012\n", 20_000), 20_000, "is not a number in JSON", 300},
		{"10,000 slips", strings.Repeat("- [${x}]\n", 10_000), mendings + 1, "needs quotes", 1500},
		{"a broken file of 4 MB", strings.Repeat("- [${x}]\n", 450_000), mendings + 1, "needs quotes", 3000},
		{"a broken line of 1 MB", "a: " + strings.Repeat("x: ", 350_000), 1, "needs quotes", 60},
		{"a key of 1 MB", "? " + strings.Repeat("k", 1<<20) + "\n: ${1 +}", 1, "ends too early", 60},
		{"a wrong number of 1 MB", "a: " + strings.Repeat("0", 1<<20), 1, "is not a number", 60},
		{"a wrong hexadecimal number of 1 MB", "a: 0x" + strings.Repeat("1", 1<<20), 1, "is not a number", 60},
		{"a tag of 1 MB", "a: !" + strings.Repeat("x", 1<<20) + " b", 1, "not known here", 60},
		{"an unknown anchor of 1 MB", "a: *" + strings.Repeat("x", 1<<20), 1, "needs quotes", 100},
		{"many directives", strings.Repeat("%FOO x\n", 10_000) + "---\na: 1", 10_000, "not known here", 150},
		{"many documents", strings.Repeat("---\na: 1\n", 5_000), 0, "", 150},
		{"many brackets that nothing opens", "a: 1\nb: " + strings.Repeat("]", 100_000), mendings + 1, "", 60},
	} {
		t.Run(x.name, func(t *testing.T) {
			var p Problems
			src := []byte(x.text)
			taken := allocated(func() { ReadDocuments("a.yaml", src, &p) })
			t.Logf("%d problems, %d MB", p.Len(), taken>>20)
			if p.Len() > x.problems || x.problems > 0 && p.Len() == 0 {
				t.Errorf("%d problems, want 1 to %d", p.Len(), x.problems)
			}
			if taken > x.megabytes<<20 {
				t.Errorf("took %d MB, want at most %d", taken>>20, x.megabytes)
			}
			for _, said := range p.Sorted() {
				if !strings.Contains(said.Message, x.says) || len(said.Message) > maxMessage+10 {
					t.Fatalf("says %.300s", said.Message)
				}
			}
		})
	}
}

func TestALongLineIsShownShort(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	line := strings.Repeat("é", 1<<20)
	if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	var s Snippets
	for _, col := range []int{0, 1, 90, 500_000, 1 << 20, 1 << 30} {
		got := s.Of(Pos{File: file, Line: 1, Col: col})
		if len([]rune(got)) > 2*snippetWidth+30 || strings.Count(got, "\n") != 2 {
			t.Errorf("column %d: %.300q", col, got)
		}
	}
}

// What would move a terminal's cursor is not sent there.
func TestASnippetShowsNoControlCharacters(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(file, []byte("a: \x1b[2J\tb\u202e\rc: \xff\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var s Snippets
	for line, want := range map[int]string{
		1: "    1 | a: �[2J\tb�\n      |        \t^\n",
		2: "    2 | c: �\n      |    ^\n",
		4: "",
	} {
		if got := s.Of(Pos{File: file, Line: line, Col: map[int]int{1: 9, 2: 4}[line]}); got != want {
			t.Errorf("line %d: %q, want %q", line, got, want)
		}
	}
}

func TestALargeFileIsReadNoFurther(t *testing.T) {
	file := filepath.Join(t.TempDir(), "large.scenario.yaml")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(1 << 30); err != nil { // no blocks on the disk
		t.Fatal(err)
	}
	f.Close()
	var p Problems
	taken := allocated(func() { Discover([]string{file}, &p) })
	if l := p.Sorted(); len(l) != 1 || !strings.Contains(l[0].Message, "more than 4 MiB") || taken > 12<<20 {
		t.Errorf("%v, %d MB", l, taken>>20)
	}
}
