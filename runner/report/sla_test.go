package report

import (
	"strings"
	"testing"

	"github.com/rehearse-dev/rehearse/runner/event"
)

func TestFiguresOfSLAs(t *testing.T) {
	upTo := func(n int64) []int64 {
		var l []int64
		for i := n; i > 0; i-- {
			l = append(l, i*1000)
		}
		return l
	}
	for _, x := range []struct {
		name string
		ms   []int64
		want string // n, min, median, p95, max, limit, missed, never came
	}{
		{"one", []int64{1500}, "1 1.5s 1.5s 1.5s 1.5s 20s 0 0"},
		{"two", []int64{2000, 1000}, "2 1s 1.5s 2s 2s 20s 0 0"},
		{"twenty", upTo(20), "20 1s 10.5s 19s 20s 20s 0 0"},
		{"twenty-one", upTo(21), "21 1s 11s 20s 21s 20s 1 0"},
		{"a hundred", upTo(100), "100 1s 50.5s 95s 100s 20s 80 0"},
		{"never", []int64{-1, -1}, "2 - - - - 20s 2 2"},
		{"one never came", []int64{3000, -1, 1000}, "3 1s 2s 3s 3s 20s 1 1"},
	} {
		t.Run(x.name, func(t *testing.T) {
			m := &measured{}
			for _, ms := range x.ms {
				s := event.SLA{LimitMS: 20_000, ObservedMS: ms, Status: "met"}
				if ms < 0 || ms > s.LimitMS {
					s.Status = "missed"
				}
				m.add(s)
			}
			if got := strings.Join(m.row(), " "); got != x.want {
				t.Errorf("%s\nwant %s", got, x.want)
			}
		})
	}
}

func TestRepetition(t *testing.T) {
	for _, x := range []struct {
		key, name, want string
		repeated        bool
	}{
		{"a.yaml#S@2", "S (2/5)", "S", true},
		{"a.yaml#S[x]@12", "S [x] (12/12)", "S [x]", true},
		{"a.yaml#S", "S", "S", false},
		{"a.yaml#S (2/5)", "S (2/5)", "S (2/5)", false}, // called so by its author
		{"a.yaml#S@2", "S@2", "S@2", false},
		{"a.yaml#S@3", "S (2/5)", "S (2/5)", false},
	} {
		c := &Case{Key: x.key, Plan: event.CasePlan{Name: x.name}}
		if name, repeated := c.repetition(); name != x.want || repeated != x.repeated {
			t.Errorf("%s %s: %q, %v", x.key, x.name, name, repeated)
		}
	}
}
