package sandbox

import (
	"crypto/rand"
	"strings"

	"github.com/google/uuid"
)

func newID() string { return uuid.NewString() }

// afterLast is what follows the last separator: the name at the end of an ARN or a URL, or all of it.
func afterLast(s, separator string) string {
	return s[strings.LastIndex(s, separator)+1:]
}

const suffixLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// suffix is the random end that CloudFormation gives the names it makes.
func suffix() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	for i := range b {
		b[i] = suffixLetters[int(b[i])%len(suffixLetters)]
	}
	return string(b)
}

// fitting shortens a generated name from the left part, keeping its random end.
func fitting(stack, logicalID string, limit int) string {
	end := "-" + suffix()
	start := stack + "-" + logicalID
	if len(start)+len(end) > limit {
		start = start[:limit-len(end)]
	}
	return start + end
}
