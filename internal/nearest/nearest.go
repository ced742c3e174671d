// Package nearest finds the name that somebody probably meant. It imports
// nothing of the project and knows no message.
package nearest

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// longest is how many bytes of a name are compared: nobody mistypes more.
const longest = 64

// Name gives the known name nearest to a wrong one, "" when none is near:
// about a third of its letters may differ, never all.
func Name(wrong string, known []string) string {
	if len(wrong) > longest {
		return ""
	}
	best, least := "", min(len(wrong)/3+2, len(wrong))
	for _, k := range slices.Sorted(slices.Values(known)) {
		switch d := levenshtein.ComputeDistance(strings.ToLower(wrong), strings.ToLower(k)); {
		case len(k) > longest:
		case plain(k) == plain(wrong):
			return k
		case sameLetters(wrong, k): // letters that changed places
			best, least = k, min(least, 1)
		case d < least && d < len(k):
			best, least = k, d
		}
	}
	return best
}

// plain leaves out what people write differently: case, _ and -.
func plain(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s))
}

func sameLetters(a, b string) bool {
	x, y := []byte(a), []byte(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}
