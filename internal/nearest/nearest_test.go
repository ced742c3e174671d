package nearest

import (
	"slices"
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	known := []string{"put_event", "put_events", "put_item", "status", "states", "equals", "all", "any"}
	for wrong, want := range map[string]string{
		"put_evnt": "put_event", "putEvent": "put_event", "put-item": "put_item", "PUT_ITEM": "put_item", "statsu": "status", "equal": "equals",
		"al": "all", "url": "", "arn": "", "frobnicate": "", "x": "", "": "", strings.Repeat("put_event", 100): "",
	} {
		if got := Name(wrong, known); got != want {
			t.Errorf("%s: got %q, want %q", wrong, got, want)
		}
	}
}

func TestNameDependsOnNoOrder(t *testing.T) {
	known := []string{"ad", "ab", "ac"}
	for range known {
		known = append(known[1:], known[0])
		if got := Name("ax", known); got != "ab" {
			t.Errorf("%v: got %q", known, got)
		}
	}
}

func TestMeant(t *testing.T) {
	fields := []string{"name", "when", "attempt_timeout", "expect", "within", "every", "hold", "throughout", "after", "for_each", "in"}
	scenario := []string{"scenario", "arrange", "act", "assert", "cleanup", "cases", "vars", "skip"}
	kinds := []string{"wait", "invoke_function", "put_event", "received", "http_request"}
	for _, x := range []struct {
		wrong string
		known []string
		want  string
	}{
		{"timeout", fields, "attempt_timeout within"},
		{"expected", fields, "expect"},
		{"expected", scenario, "assert"},
		{"retry", fields, "within"},
		{"eventually", fields, "within"},
		{"wait-for", fields, "within"},
		{"waitUntil", fields, "within"},
		{"Depends On", fields, "after"},
		{"for", fields, "for_each hold"},
		{"if", fields, "when"},
		{"steps", scenario, "act"},
		{"before", scenario, "arrange"},
		{"after", scenario, "cleanup"},
		{"teardown", scenario, "cleanup"},
		{"given", scenario, "arrange"},
		{"then", scenario, "assert"},
		{"sleep", kinds, "wait"},
		{"lambda", kinds, "invoke_function"},
		{"event_bus", []string{"bus", "source"}, "bus"},
		{"steps", kinds, ""},
		{"nothing_like_it", kinds, ""},
		{strings.Repeat("x", 1000), kinds, ""},
	} {
		if got := strings.Join(Meant(x.wrong, x.known), " "); got != x.want {
			t.Errorf("%s among %v: got %q, want %q", x.wrong, x.known, got, x.want)
		}
	}
}

// A name in the table that cannot be asked for would be there for nothing.
func TestSynonymsAreWrittenAsTheyAreLookedUp(t *testing.T) {
	for wrong, names := range synonyms {
		if snake(wrong) != wrong || slices.Contains(strings.Fields(names), wrong) {
			t.Errorf("%s: %s", wrong, names)
		}
	}
}
