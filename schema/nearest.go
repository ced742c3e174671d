package schema

import (
	"fmt"
	"sort"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/nearest"
)

// DidYouMean gives "; did you mean "x"?" for the known name nearest to a wrong
// one, or nothing when none is near.
func DidYouMean(wrong string, known []string) string {
	if n := nearest.Name(wrong, known); n != "" {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	return ""
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
