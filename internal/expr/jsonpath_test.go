package expr

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/PaesslerAG/gval"
	"github.com/PaesslerAG/jsonpath"
	"pgregory.net/rapid"
)

// TestPathAgainstJSONPath judges Path by an implementation of others, wherever
// that one does not do what a check cannot live with: it passes over errors
// inside filters, visits a document's fields in any order, selects nothing for
// [1:-1], and takes 0 and "" in a filter for false.
func TestPathAgainstJSONPath(t *testing.T) {
	judge := gval.Full(jsonpath.Language())
	segment := rapid.SampledFrom([]string{
		".a", ".b", ".c", "['a']", "[0]", "[1]", "[*]", ".*", "..a", "..*", "..[0]", "[0,1]", "['a','b']", "[0:1]", "[1:]", "[-1:]", "[::2]",
		"[?(@.a == 1)]", "[?(@.a != 1)]", "[?(@.b > 1)]", "[?(@.a == 1 && @.b == 2)]", "[?(@.a == $.a)]", "[?(@ == 2)]", "..[?(@.a == 1)]",
	})
	rapid.Check(t, func(t *rapid.T) {
		doc := drawDocument(t, 4)
		text, err := compact(doc)
		if err != nil {
			t.Fatal(err)
		}
		source := "$" + strings.Join(rapid.SliceOfN(segment, 0, 4).Draw(t, "segments"), "")
		var floats any
		if err := json.Unmarshal([]byte(text), &floats); err != nil {
			t.Fatal(err)
		}
		theirs, theirErr := judge.Evaluate(source, floats)

		p, err := ParsePath(source)
		if err != nil {
			t.Fatal(err)
		}
		ours, found, err := p.Get(doc)
		var evalErr *EvalError
		if errors.As(err, &evalErr) {
			return // a comparison that they pass over
		}
		if !p.Many() {
			if found != (theirErr == nil) || found && !Equal(ours, theirs) {
				t.Fatalf("%s of %s: we found %v %v; they %v, %v", source, text, found, ours, theirs, theirErr)
			}
			return
		}
		if theirErr != nil {
			t.Fatal(theirErr)
		}
		list, _ := ours.([]any)
		if !slices.Equal(inAnyOrder(list), inAnyOrder(theirs.([]any))) {
			t.Fatalf("%s of %s: we selected %v, they %v", source, text, ours, theirs)
		}
	})
}

func inAnyOrder(list []any) []string {
	var all []string
	for _, v := range list {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		all = append(all, string(b))
	}
	slices.Sort(all)
	return all
}

func drawDocument(t *rapid.T, depth int) any {
	kind := 2
	if depth > 0 {
		kind = rapid.IntRange(0, 5).Draw(t, "kind")
	}
	switch kind {
	case 0, 1:
		doc := map[string]any{}
		for _, name := range []string{"a", "b", "c"} {
			if rapid.Bool().Draw(t, "has "+name) {
				doc[name] = drawDocument(t, depth-1)
			}
		}
		return doc
	case 3, 4:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			list = append(list, drawDocument(t, depth-1))
		}
		return list
	}
	return count(rapid.IntRange(0, 3).Draw(t, "number"))
}
