// Package nearest finds the name that somebody probably meant. It imports
// nothing of the project and knows no message.
package nearest

import (
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
	best, least := "", most(len(wrong))
	for _, k := range known {
		d := 1
		switch {
		case len(k) > longest:
			continue
		case samePlain(wrong, k):
			return k
		case sameLetters(wrong, k): // letters that changed places
		default:
			d = levenshtein.ComputeDistance(strings.ToLower(wrong), strings.ToLower(k))
		}
		if d >= len(k) || d > least {
			continue
		}
		if d < least || best == "" || k < best {
			best, least = k, d
		}
	}
	return best
}

// Slip says whether a name is another one written with a single slip: a letter
// wrong, missing or too many, letters that changed places, case, _ and -.
func Slip(wrong, right string) bool {
	return samePlain(wrong, right) || sameLetters(wrong, right) ||
		len(wrong) <= longest && levenshtein.ComputeDistance(strings.ToLower(wrong), right) <= 1
}

// most is how many letters of a name may be wrong.
func most(length int) int {
	switch {
	case length <= 3:
		return length / 2
	case length <= 5:
		return 2
	}
	return length/3 + 1
}

// samePlain leaves out what people write differently: case, _ and -.
func samePlain(a, b string) bool {
	for {
		a, b = strings.TrimLeft(a, "_-"), strings.TrimLeft(b, "_-")
		if a == "" || b == "" {
			return a == b
		}
		if lower(a[0]) != lower(b[0]) {
			return false
		}
		a, b = a[1:], b[1:]
	}
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// sameLetters says whether two names differ only in the order of their letters.
func sameLetters(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	var count [256]int8
	for i := range len(a) {
		count[a[i]]++
		count[b[i]]--
	}
	return count == [256]int8{}
}
