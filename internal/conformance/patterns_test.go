package main

import (
	"encoding/json"
	"testing"
)

func TestRandomPatterns(t *testing.T) {
	first, again, other := randomPatterns(1, 200), randomPatterns(1, 200), randomPatterns(2, 200)
	same := 0
	for i, c := range first {
		if c.String() != again[i].String() {
			t.Fatalf("another case for the same seed: %s, %s", c, again[i])
		}
		if c.String() == other[i].String() {
			same++
		}
		pattern, event := c.question()
		if !json.Valid([]byte(pattern)) || !json.Valid([]byte(event)) {
			t.Errorf("no JSON: %s", c)
		}
	}
	if same > len(first)/10 {
		t.Errorf("%d of %d cases are the same for another seed", same, len(first))
	}
}

func TestValueAndFields(t *testing.T) {
	for pattern, want := range map[string]bool{
		`{"a":[1],"b":{"c":[1]}}`:                           false,
		`{"a":[1],"a.b":[1]}`:                               true,
		`{"x":{"a":[1],"$or":[{"a":{"b":[1]}},{"c":[1]}]}}`: true,
		`{"$or":[{"a":[1]},{"b":[1]}],"ab":{"c":[1]}}`:      false,
		`[]`: false,
	} {
		if got := valueAndFields([]byte(pattern)); got != want {
			t.Errorf("%s: %v", pattern, got)
		}
	}
}

// A difference that no judge shows is taken out of the list, one that nobody knows is an error.
func TestCompareAnswers(t *testing.T) {
	cases := []patternCase{{Pattern: []byte(`{"a":[{"cidr":"0.0.0.0/0"}]}`)}, {Pattern: []byte(`{"a":[1]}`)}, {Pattern: []byte(`{"b":[1]}`)}}
	c := compareAnswers(eventRuler, cases, []answer{miss, match, match}, []answer{match, miss, match})
	if err := c.unknown(); err == nil || len(c.differ) != 1 || len(c.notes()) != 1 {
		t.Errorf("%v, notes %q", err, c.notes())
	}
	if err := c.unneeded(); err == nil {
		t.Error("the other known differences were not met")
	}
}
