package xray

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rehearse-dev/rehearse/internal/trace"
)

// shop is Api > Place > (Queue, Ship > Table, Ship), with a fault in Ship's second call.
func shop() trace.Result {
	r := trace.Result{}
	for _, s := range [][3]string{{"1", "", "Api"}, {"2", "1", "Place"}, {"3", "2", "Queue"}, {"4", "2", "Ship"}, {"5", "4", "Table"}, {"6", "2", "Ship"}} {
		r.Services = append(r.Services, trace.Service{ID: s[0], Parent: s[1], Name: s[2]})
		if n := len(r.Visited); n == 0 || r.Visited[n-1] != s[2] {
			r.Visited = append(r.Visited, s[2])
		}
	}
	return r
}

// told is what findings say, with what they mark.
func told(findings []finding) string {
	var out []string
	for _, f := range findings {
		text := f.Message
		for _, id := range slices.Sorted(maps.Keys(f.marks)) {
			text += "\n  " + id + " " + f.marks[id]
		}
		out = append(out, text)
	}
	return strings.Join(out, "\n")
}

func TestVisits(t *testing.T) {
	for _, c := range []struct {
		name, want string
		visits     []string
	}{
		{"all of them", "", []string{"Api", "Place", "Queue", "Ship", "Table", "Ship"}},
		{"some of them", "", []string{"Place", "Table"}},
		{"none asked for", "", nil},
		{"one twice", "", []string{"Ship", "Ship"}},
		{
			"one that never appears", "visits: no service is called Shipp (did you mean Ship?); visited: Api, Place, Queue, Ship, Table, Ship",
			[]string{"Api", "Shipp"},
		},
		{
			"two that never appear, one named twice",
			"visits: no service is called Bank; visited: Api, Place, Queue, Ship, Table, Ship\nvisits: no service is called table (did you mean Table?); visited: Api, Place, Queue, Ship, Table, Ship",
			[]string{"Bank", "Api", "table", "Bank"},
		},
		{
			"another order", "visits: Queue should come behind Table, and comes before it; visited: Api, Place, Queue, Ship, Table, Ship\n  3 ← visits: comes before Table\n  5 ← visits: Queue should come behind it",
			[]string{"Api", "Table", "Queue", "Place"},
		},
		{
			"too often", "visits: Ship should come once more behind Ship, so 3 times in all, and does not; visited: Api, Place, Queue, Ship, Table, Ship\n  6 ← visits: Ship should come behind it",
			[]string{"Ship", "Ship", "Ship"},
		},
		{
			"both at once", "visits: no service is called Bank; visited: Api, Place, Queue, Ship, Table, Ship\nvisits: Api should come behind Place, and comes before it; visited: Api, Place, Queue, Ship, Table, Ship\n  1 ← visits: comes before Place\n  2 ← visits: Api should come behind it",
			[]string{"Place", "Bank", "Api"},
		},
		{"never what is asked for as well", "visits: no service is called Shap; visited: Api, Place, Queue, Ship, Table, Ship", []string{"Shap", "Ship"}},
		{"case matters", "visits: no service is called api (did you mean Api?); visited: Api, Place, Queue, Ship, Table, Ship", []string{"api"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := told(checkVisits(shop(), c.visits)); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestPaths(t *testing.T) {
	const all = "; paths: Api > Place > Queue; Api > Place > Ship > Table; Api > Place > Ship"
	for _, c := range []struct{ name, path, want string }{
		{"a chain", "Api > Place > Queue", ""},
		{"without spaces", "Api>Place>Ship>Table", ""},
		{"a leaf of the same name", "Api > Place > Ship", ""},
		{"one service", "Api > * > Queue", ""},
		{"any number", "** > Table", ""},
		{"any number, none of them", "** > Api > ** > Place > Queue > **", ""},
		{"a part", "** > Place > Ship > **", ""},
		{"wildcards only", "* > * > *", ""},
		{
			"a part without wildcards", "Place > Ship",
			"paths: no path is Place > Ship, but it is a part of Api > Place > Ship > Table; write ** before or behind it where more services may stand" + all,
		},
		{
			"no leaf", "Api > Place",
			"paths: no path is Api > Place, but it is a part of Api > Place > Queue; write ** before or behind it where more services may stand" + all,
		},
		{
			"something else below", "Api > Place > Table",
			"paths: no path is Api > Place > Table: behind Api > Place comes Queue, not Table" + all + "\n  2 ← paths: Table should come below it",
		},
		{
			"nothing below", "Api > Place > Ship > Table > Queue",
			"paths: no path is Api > Place > Ship > Table > Queue: behind Api > Place > Ship > Table nothing comes, not Queue" + all + "\n  5 ← paths: Queue should come below it",
		},
		{"a name that never appears", "Api > Plaze > Queue", "paths: no path is Api > Plaze > Queue: no service is called Plaze (did you mean Place?)" + all + "\n  1 ← paths: Plaze should come below it"},
		{"another root", "Queue > Api", "paths: no path is Queue > Api: no root is called Queue" + all},
		{"too many", "Api > * > * > * > *", "paths: no path is Api > * > * > * > *: behind Api > Place > Ship > Table nothing comes, not *" + all + "\n  5 ← paths: * should come below it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if bad := badPath(c.path); bad != "" && c.want == "" {
				t.Errorf("refused: %s", bad)
			}
			if got := told(checkPaths(shop(), []string{c.path})); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	if got := checkPaths(shop(), []string{"Api > X", "** > Table", "Y"}); len(got) != 2 || got[0].Expected != "Api > X" || got[1].Expected != "Y" {
		t.Errorf("got %+v", got)
	}
}

func TestBadPath(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{"Api > Place", ""},
		{"Api", ""},
		{"orders-api/prod > a.b:c", ""},
		{"* > *", ""},
		{"", "a path names the services"},
		{" ", "a path names the services"},
		{"Api > > Place", "a name is missing"},
		{"> Place", "a name is missing"},
		{"Api >", "a name is missing"},
		{"Api -> Place", "separated by >"},
		{"Api => Place", "separated by >"},
		{"Api → Place", "separated by >"},
		{"Order* > Place", "cannot be part of a name"},
		{"***", "cannot be part of a name"},
		{"**", "names no service"},
		{"** > **", "names no service"},
	} {
		if got := badPath(c.path); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.path, got, c.want)
		}
	}
}

func TestOnly(t *testing.T) {
	for _, c := range []struct {
		name, want string
		only       []string
	}{
		{"all", "", []string{"Api", "Place", "Queue", "Ship", "Table"}},
		{"more than there are", "", []string{"Api", "Place", "Queue", "Ship", "Table", "Bank"}},
		{
			"extra ones",
			"only: Queue appears at Api > Place > Queue and is not among the names that may (Api, Place, Table)\n  3 ← only: may not appear\n" +
				"only: Ship appears at Api > Place > Ship and is not among the names that may (Api, Place, Table) (2 times)\n  4 ← only: may not appear\n  6 ← only: may not appear",
			[]string{"Api", "Place", "Table"},
		},
		{
			"like one that is there as well", "only: Ship appears at Api > Place > Ship and is not among the names that may (Api, Place, Queue, Table, Shop) (2 times); Shop is: is it the same?\n  4 ← only: may not appear\n  6 ← only: may not appear",
			[]string{"Api", "Place", "Queue", "Table", "Shop"},
		},
		{
			"a slip", "only: Api appears as a root of the tree and is not among the names that may (api, Place, Queue, Ship, Table); api is: is it the same?\n  1 ← only: may not appear",
			[]string{"api", "Place", "Queue", "Ship", "Table"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := told(checkOnly(shop(), c.only)); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestNoErrors(t *testing.T) {
	r := shop()
	if got := checkNoErrors(r); len(got) > 0 {
		t.Errorf("got %s", told(got))
	}
	status := 502
	r.Errors = []trace.Failure{{Service: "Api", Name: "Api", ID: "1", Fault: true, HTTPStatus: &status}}
	if got, want := told(checkNoErrors(r)), "no_errors: 1 segment or subsegment has an error: Api (fault): status 502\n  1 ← no_errors"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	r.Errors = append(r.Errors, trace.Failure{Service: "Ship", Name: "DynamoDB", ID: "x", Error: true, Throttle: true, Type: "Throttled", Message: "slow down"}, trace.Failure{Name: "lost", ID: "y", Error: true, Message: "no"})
	want := "no_errors: 3 segments and subsegments have errors: Api (fault): status 502; Ship, in DynamoDB (error, throttle): Throttled: slow down; lost (error): no\n  1 ← no_errors\n  x ← no_errors\n  y ← no_errors"
	if got := told(checkNoErrors(r)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestATraceWithoutAServiceSatisfiesNothing(t *testing.T) {
	for check, findings := range map[string][]finding{
		"visits":    checkVisits(trace.Result{}, nil),
		"paths":     checkPaths(trace.Result{}, []string{"**"}),
		"only":      checkOnly(trace.Result{}, []string{"Api"}),
		"no_errors": checkNoErrors(trace.Result{Errors: []trace.Failure{}}),
	} {
		if len(findings) != 1 || !findings[0].Missing || findings[0].Path != check || findings[0].Message != check+": no service has appeared in the trace" {
			t.Errorf("%s: %+v", check, findings)
		}
	}
}

// What a finding says goes into the stream of events.
func TestFindingsAreJSON(t *testing.T) {
	for _, f := range slices.Concat(checkVisits(shop(), []string{"X"}), checkPaths(shop(), []string{"X"}), checkOnly(shop(), nil)) {
		if b, err := json.Marshal(f.Mismatch); err != nil || f.Op != f.Path || f.Expected == nil && f.Path != "only" {
			t.Errorf("%s, %v", b, err)
		}
	}
}

// Ids are unique in one trace only: a chain never leads from one trace's segment to another's of the same id.
func TestPathsOfTwoTracesWithTheSameIDs(t *testing.T) {
	r := trace.Result{Services: []trace.Service{
		{ID: "1", Name: "A", TraceID: "x"},
		{ID: "2", Name: "B", TraceID: "x", Parent: "1"},
		{ID: "1", Name: "C", TraceID: "y", Parent: "2"},
		{ID: "2", Name: "D", TraceID: "y", Parent: "1"},
		{ID: "3", Name: "E", TraceID: "x", Parent: "2"},
	}}
	if got := told(checkPaths(r, []string{"A > B > C > D", "A > B > E"})); got != "" {
		t.Error(got)
	}
	if got := checkPaths(r, []string{"A > B", "A > D", "A > B > C > D > E"}); len(got) != 3 {
		t.Error(told(got))
	}
}

// A path means what it would mean as a regular expression over the names.
func TestAlong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"A", "B", "*", "**"}), 1, 6).Draw(t, "path")
		var chain []trace.Service
		text := ""
		for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"A", "B", "C"}), 1, 6).Draw(t, "chain") {
			chain = append(chain, trace.Service{Name: name})
			text += name + ">"
		}
		expr := strings.NewReplacer("**", "([^>]*>)*", "*", "[^>]*>", "A", "A>", "B", "B>", " ", "").Replace(strings.Join(parts, " "))
		matched, services := along(parts, chain)
		if got, want := matched == len(parts) && services == len(chain), regexp.MustCompile("^"+expr+"$").MatchString(text); got != want {
			t.Fatalf("%v on %s: got %t, want %t", parts, text, got, want)
		}
	})
}
