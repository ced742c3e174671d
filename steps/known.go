package steps

import (
	"context"
	"errors"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/schema"
)

// mostPages is how many pages of the names of what exists are read to find those
// that were probably meant: some services allow a few such calls a second only.
const mostPages = 10

// Known ends a message that something does not exist: with the names that were
// probably meant, else with some of those that do exist, else with why nobody
// can list them. next gives one page of names, and whether another follows.
func Known(ctx context.Context, wrong, what string, next func(context.Context) (names []string, more bool, err error)) string {
	var known []string
	for range mostPages {
		page, more, err := next(ctx)
		switch {
		case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			return ""
		case err != nil:
			return " (the " + what + " that exist cannot be listed: " + awsclient.Explain(err) + ")"
		}
		known = append(known, page...)
		if !more {
			break
		}
	}
	if near := schema.DidYouMean(wrong, known); near != "" {
		return near
	}
	return "; there are: " + schema.KnownNames(known)
}
