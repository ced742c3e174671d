package schema

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/nearest"
)

// DidYouMean gives "; did you mean "x"?" for the known name that was probably
// meant by a wrong one: written with a slip, or as other tools call it.
// Nothing when there is none.
func DidYouMean(wrong string, known []string) string {
	if name, rest, ok := strings.Cut(wrong, ":"); ok && rest != "" && slices.Contains(known, name) {
		return fmt.Sprintf("; put a space after %q", name+":")
	}
	if name, rest, ok := strings.Cut(wrong, " "); ok && rest != "" && slices.Contains(known, name) {
		return fmt.Sprintf("; is a colon missing after %q?", name)
	}
	if name, ok := strings.CutPrefix(wrong, "-"); ok && slices.Contains(known, name) {
		return "; put a space after the dash"
	}
	names := nearest.Meant(wrong, known)
	if len(names) == 0 {
		if n := nearest.Name(wrong, known); n != "" {
			names = []string{n}
		}
	}
	if len(names) == 0 {
		return ""
	}
	for i, n := range names {
		names[i] = fmt.Sprintf("%q", n)
	}
	return "; did you mean " + strings.Join(names, " or ") + "?"
}

// listed is how many names a message lists.
const listed = 20

// KnownNames lists names for a message: sorted, at most 20 of them.
func KnownNames(known []string) string {
	l := append([]string(nil), known...)
	sort.Strings(l)
	more := ""
	if len(l) > listed {
		more = fmt.Sprintf(" and %d more", len(l)-listed)
		l = l[:listed]
	}
	if len(l) == 0 {
		return "none"
	}
	for i, name := range l {
		l[i] = shortened(name)
	}
	return strings.Join(l, ", ") + more
}

func sortedKeys[V any](m map[string]V) []string {
	l := make([]string, 0, len(m))
	for k := range m {
		l = append(l, k)
	}
	sort.Strings(l)
	return l
}

// NearFile offers the file that was probably meant by a path that leads to
// none, among those of its folder whose names are of the kind wanted.
func NearFile(missing string, wanted func(name string) bool) string {
	if _, err := os.Stat(missing); err == nil {
		return "" // it is there, and something else is wrong with it
	}
	entries, err := os.ReadDir(filepath.Dir(missing))
	if err != nil {
		return ""
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && (wanted == nil || wanted(e.Name())) {
			names = append(names, e.Name())
		}
	}
	return DidYouMean(filepath.Base(missing), names)
}
