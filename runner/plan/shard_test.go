package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestShards: whatever the locks, the shards are disjoint, together they are
// all cases in their order, no lock is in two of them, and none has more than
// it must.
func TestShards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "*"}), 0, 2, rapid.ID)
		var cases []*Case
		for i := range rapid.IntRange(0, 40).Draw(t, "cases") {
			cases = append(cases, &Case{ID: fmt.Sprint(i), Locks: names.Draw(t, "locks")})
		}
		n := rapid.IntRange(1, 7).Draw(t, "shards")
		seen, owner := map[string]int{}, map[string]int{}
		largest, most, least := 0, 0, len(cases)
		for i := 1; i <= n; i++ {
			mine := Shard{i, n}.of(cases)
			if again := (Shard{i, n}).of(cases); !slices.Equal(mine, again) {
				t.Fatal("another time it is another shard")
			}
			if !slices.IsSortedFunc(mine, func(a, b *Case) int { return slices.Index(cases, a) - slices.Index(cases, b) }) {
				t.Fatalf("shard %d is not in order", i)
			}
			most, least = max(most, len(mine)), min(least, len(mine))
			for _, c := range mine {
				seen[c.ID]++
				for _, l := range c.Locks {
					if o, ok := owner[l]; ok && o != i {
						t.Fatalf("lock %s is in the shards %d and %d", l, o, i)
					}
					owner[l] = i
				}
			}
		}
		for _, g := range linked(cases) {
			largest = max(largest, len(g))
		}
		for _, c := range cases {
			if seen[c.ID] != 1 {
				t.Fatalf("case %s is in %d shards", c.ID, seen[c.ID])
			}
		}
		if most-least > max(1, largest) {
			t.Fatalf("shards have from %d to %d cases, the largest group %d", least, most, largest)
		}
	})
}

func TestParseShard(t *testing.T) {
	for text, want := range map[string]string{
		"1/1": "", "2/5": "", "5/5": "",
		"0/5": "there are the shards 1/5 to 5/5", "6/5": "there are the shards 1/5 to 5/5", "1/0": "at least one shard",
		"": "I/N", "2": "I/N", "2/": "I/N", "a/b": "I/N", "-1/3": "I/N", "1/3/5": "I/N", " 1/3": "I/N", "1/99999999": "I/N",
	} {
		s, err := ParseShard(text)
		switch {
		case want == "" && (err != nil || s.String() != text):
			t.Errorf("%q: %v, %v", text, s, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}

func TestRepeated(t *testing.T) {
	list := repeated([]*Case{{ID: "f#a", Name: "a"}, {ID: "f#b", Name: "b"}}, 2)
	var got []string
	for _, c := range list {
		got = append(got, c.ID+" "+c.Name)
	}
	if want := "f#a@1 a (1/2), f#b@1 b (1/2), f#a@2 a (2/2), f#b@2 b (2/2)"; strings.Join(got, ", ") != want {
		t.Errorf("%s; want %s", strings.Join(got, ", "), want)
	}
}
