package runner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// TestLocksKeepApart lets cases with all sorts of locks run for random times:
// none that share one overlap, and all of them come to their turn.
func TestLocksKeepApart(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		names := rapid.SliceOfN(rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", alone}), 0, 3, rapid.ID), 1, 30).Draw(r, "locks")
		seed := rapid.Uint64().Draw(r, "seed")
		synctest.Test(t, func(t *testing.T) {
			l, rnd := newLocks(), rand.New(rand.NewPCG(seed, 0))
			var mu sync.Mutex
			running := map[int][]string{}
			var all sync.WaitGroup
			for i, want := range names {
				begin, lasts := time.Duration(rnd.IntN(50))*time.Millisecond, time.Duration(rnd.IntN(20))*time.Millisecond
				givesUp := rnd.IntN(5) == 0
				all.Go(func() {
					time.Sleep(begin)
					ctx := t.Context()
					if givesUp {
						var stop context.CancelFunc
						ctx, stop = context.WithTimeoutCause(ctx, 10*time.Millisecond, errors.New("gave up"))
						defer stop()
					}
					w := l.ask(want)
					if err := l.wait(ctx, w); err != nil {
						if !givesUp {
							t.Errorf("%v: %v", want, err)
						}
						return
					}
					mu.Lock()
					for _, other := range running {
						if slices.Contains(want, alone) || slices.Contains(other, alone) || slices.ContainsFunc(want, func(n string) bool { return slices.Contains(other, n) }) {
							t.Errorf("%v runs beside %v", want, other)
						}
					}
					running[i] = want
					mu.Unlock()
					time.Sleep(lasts)
					mu.Lock()
					delete(running, i)
					mu.Unlock()
					l.leave(w)
				})
			}
			all.Wait() // a deadlock would end the bubble
			if l.holding != 0 || len(l.waiting) != 0 || len(l.queues) != 0 || len(l.stars) != 0 {
				t.Errorf("left: %d hold, %d wait, %v", l.holding, len(l.waiting), l.queues)
			}
		})
	})
}

// TestLocksAreFair: who asked first comes first, and who wants to be alone is
// not passed by for ever by those that need no lock.
func TestLocksAreFair(t *testing.T) {
	for _, c := range []struct {
		name string
		asks [][]string // in this order, a millisecond apart, each runs for 100 ms
		want []string   // who begins when, in ms
	}{
		{"one lock, in order", [][]string{{"a"}, {"a"}, {"a"}}, []string{"0", "100", "200"}},
		{"others are not held up", [][]string{{"a"}, {"a"}, {"b"}, nil}, []string{"0", "100", "2", "3"}},
		{"two locks are taken together", [][]string{{"a"}, {"a", "b"}, {"b"}}, []string{"0", "100", "200"}},
		{"alone waits for all before it, and those behind wait for it", [][]string{nil, {alone}, nil, {"a"}}, []string{"0", "100", "200", "200"}},
		{"two that want to be alone", [][]string{{alone}, {alone}, nil}, []string{"0", "100", "200"}},
		{"alone with other locks is alone", [][]string{{"a"}, {"a", alone}, {"a"}}, []string{"0", "100", "200"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, start := newLocks(), time.Now()
				got := make([]string, len(c.asks))
				var all sync.WaitGroup
				for i, names := range c.asks {
					all.Go(func() {
						time.Sleep(time.Duration(i) * time.Millisecond)
						w := l.ask(names)
						if err := l.wait(t.Context(), w); err != nil {
							t.Error(err)
							return
						}
						got[i] = fmt.Sprint(time.Since(start).Milliseconds())
						time.Sleep(100*time.Millisecond - time.Duration(i)*time.Millisecond)
						if i > 0 { // end at a whole hundred
							time.Sleep(time.Until(start.Add(time.Since(start).Round(100 * time.Millisecond))))
						}
						l.leave(w)
					})
				}
				all.Wait()
				if !slices.Equal(got, c.want) {
					t.Errorf("began at %v, want %v", got, c.want)
				}
			})
		})
	}
}

// BenchmarkLocks: ten thousand cases queue for a lock each of a hundred.
func BenchmarkLocks(b *testing.B) {
	for b.Loop() {
		l := newLocks()
		var all sync.WaitGroup
		for i := range 10_000 {
			all.Go(func() {
				w := l.ask([]string{fmt.Sprint(i % 100)})
				if err := l.wait(b.Context(), w); err != nil {
					b.Error(err)
					return
				}
				l.leave(w)
			})
		}
		all.Wait()
	}
}
