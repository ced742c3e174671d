package schema

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/agnivade/levenshtein"
)

// DidYouMean gives "; did you mean "x"?" for the known name nearest to a wrong
// one, or nothing when none is near.
func DidYouMean(wrong string, known []string) string {
	if n := Nearest(wrong, known); n != "" {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	return ""
}

// Nearest gives the known name nearest to a wrong one, "" when none is near:
// about a third of its letters may differ, never all.
func Nearest(wrong string, known []string) string {
	sorted := append([]string(nil), known...)
	sort.Strings(sorted)
	best, least := "", min(len(wrong)/3+2, len(wrong))
	for _, k := range sorted {
		if strings.EqualFold(k, wrong) || strings.EqualFold(strings.ReplaceAll(k, "_", ""), strings.NewReplacer("_", "", "-", "").Replace(wrong)) {
			return k
		}
		d := levenshtein.ComputeDistance(wrong, k)
		if sameLetters(wrong, k) {
			d = 1 // letters that changed places
		}
		if d < least {
			best, least = k, d
		}
	}
	return best
}

func sameLetters(a, b string) bool {
	x, y := []byte(a), []byte(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// KnownNames lists names for a message: sorted, at most 12 of them.
func KnownNames(known []string) string {
	l := append([]string(nil), known...)
	sort.Strings(l)
	more := ""
	if len(l) > 12 {
		more = fmt.Sprintf(" and %d more", len(l)-12)
		l = l[:12]
	}
	if len(l) == 0 {
		return "none"
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
