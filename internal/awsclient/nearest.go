package awsclient

import "github.com/agnivade/levenshtein"

// nearest gives the known name with the fewest letters changed, "" when more than two are.
func nearest(wrong string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := levenshtein.ComputeDistance(wrong, k); d < least {
			best, least = k, d
		}
	}
	return best
}
