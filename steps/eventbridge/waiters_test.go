package eventbridge

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/rehearse-dev/rehearse/internal/listen"
	"github.com/rehearse-dev/rehearse/schema"
)

// waiting are received steps on one log, each for an event of its own, put as
// the text of select says.
func waiting(tb testing.TB, l *listen.Log, n int, selects string) []*reception {
	tb.Helper()
	list := make([]*reception, n)
	for i := range list {
		id := fmt.Sprintf("s-%06d", i)
		var p schema.Problems
		docs := schema.ReadDocuments("t.yaml", fmt.Appendf(nil, "{from: x, "+selects+", count: 1}", id), &p)
		bound := receivedParams{}
		Received.Params.Fill(Received.Normal(docs[0], &p), "parameter", &bound, &p)
		if err := p.Err(); err != nil {
			tb.Fatal(err)
		}
		list[i] = &reception{params: bound, handle: &listen.Handle{Log: l}, watch: l.Watch(time.Time{}, literal(bound.Match, id)), scenario: id}
	}
	return list
}

func arrives(l *listen.Log, i int) {
	now := time.Now()
	l.Add(fmt.Sprint("e", i), fmt.Sprint("m", i), map[string]any{
		"id": fmt.Sprint("e", i), "source": "shop", "detail-type": "order-placed", "detail": map[string]any{"run": fmt.Sprintf("s-%06d", i), "total": "12"},
	}, now, now)
}

const byMatch = "match: {source: shop, detail-type: order-placed, detail: {run: %s}}"

// BenchmarkWaiters has every waiter look whenever it is woken, until its event came.
func BenchmarkWaiters(b *testing.B) {
	for _, c := range []struct {
		name    string
		n       int
		selects string
	}{
		{"match", 1_000, byMatch},
		{"match", 10_000, byMatch},
		{"pattern", 1_000, "pattern: {source: [shop], detail: {run: [%s]}}"},
	} {
		b.Run(fmt.Sprintf("%s/%d", c.name, c.n), func(b *testing.B) {
			for range b.N {
				l := listen.NewLog()
				list := waiting(b, l, c.n, c.selects)
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				start := time.Now()
				var group sync.WaitGroup
				for _, r := range list {
					group.Go(func() {
						for range r.watch.Wake() {
							if seen, err := r.look(b.Context()); err == nil && seen.Doc.Count == 1 {
								return
							}
						}
					})
				}
				for i := range c.n {
					arrives(l, i)
				}
				group.Wait()
				took := time.Since(start)
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(took.Seconds(), "s/all")
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(c.n), "heapB/waiter")
				runtime.KeepAlive(list)
				runtime.KeepAlive(l)
			}
		})
	}
}

// TestWaitersAreWokenByTheirOwnEvents counts how often thousands look.
func TestWaitersAreWokenByTheirOwnEvents(t *testing.T) {
	const n = 2_000
	l := listen.NewLog()
	for i := range n / 2 { // half of the events are there before anybody waits
		arrives(l, i)
	}
	list := waiting(t, l, n, byMatch)
	for i := n / 2; i < n; i++ {
		arrives(l, i)
	}
	woken := 0
	for i, r := range list {
		select {
		case <-r.watch.Wake():
			woken++
		default:
		}
		if seen, err := r.look(t.Context()); err != nil || seen.Doc.Count != 1 {
			t.Fatalf("waiter %d found %v, %v", i, seen.Doc, err)
		}
	}
	if woken != n/2 {
		t.Errorf("%d of %d were woken, want those whose event came later", woken, n)
	}
	r := waiting(t, l, 1, "match: {detail: {run: other-%s}}")[0]
	if seen, err := r.look(t.Context()); err != nil || seen.Doc.Count != 0 {
		t.Fatalf("found %v, %v", seen.Doc, err)
	}
	if x := r.explainer()(); *x.Arrived != n || len(x.Misses) != shownMisses {
		t.Errorf("of what is not looked at %d arrived, with %d near misses", *x.Arrived, len(x.Misses))
	}
}

func TestLiteral(t *testing.T) {
	for _, c := range []struct{ match, want string }{
		{"{source: a-long-source-name, detail: {run: s-1}}", "detail.run=s-1"},
		{"{source: a-long-source-name, detail: {text: short}}", "source=a-long-source-name"},
		{"{detail: {list: [{run: s-1}]}, source: x}", "source=x"}, // not inside lists
		{"{detail: {n: 1}}", ""},
	} {
		r := waiting(t, listen.NewLog(), 1, "match: "+c.match+", where: {id: {not_equals: %s}}")[0]
		got := ""
		if l := literal(r.params.Match, "s-1"); l != nil {
			for i, name := range l.Path {
				if i > 0 {
					got += "."
				}
				got += name
			}
			got += "=" + l.Text
		}
		if got != c.want {
			t.Errorf("%s: found %q, want %q", c.match, got, c.want)
		}
	}
}
