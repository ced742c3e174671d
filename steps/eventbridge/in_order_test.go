package eventbridge_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/eventbridge"
)

// came are events in the order of their arrival: a detail-type, and where it
// matters "@" and the seconds of the event's own time.
func (b *bench) came(events ...string) {
	b.Helper()
	for _, e := range events {
		name, second, timed := strings.Cut(e, "@")
		at := ""
		if timed {
			at = fmt.Sprintf(", time: \"2000-01-01T00:10:%sZ\"", second)
		}
		b.do(eventbridge.PutEvent, fmt.Sprintf(`{bus: shop, source: shop, detail_type: %s, detail: {name: %[1]s}%s}`, name, at))
		synctest.Wait()
		time.Sleep(time.Second)
	}
}

func TestInOrder(t *testing.T) {
	const abc = ", in_order: [{detail-type: a}, {detail-type: b}, {detail-type: c}]"
	for _, c := range []struct {
		name, asks string
		came       []string
		want       string // the message, "" when it holds
	}{
		{"nothing came", abc, nil, `in_order[0]: no event with these fields came; no event was selected`},
		{"in order", abc, []string{"a", "b", "c"}, ``},
		{"others between", abc, []string{"x", "a", "x", "a", "b", "x", "c", "x"}, ``},
		{"the first is missing", abc, []string{"b@01", "c@02"}, `in_order[0]: no event with these fields came; in this order came: "b" at 00:10:01, "c" at 00:10:02`},
		{"one in the middle is missing", abc, []string{"a@01", "c@02"}, `in_order[1]: no event with these fields came after in_order[0]; in this order came: "a" at 00:10:01 = in_order[0], "c" at 00:10:02`},
		{"one came too early", abc, []string{"b@01", "a@02", "c@03"}, `in_order[1]: no event with these fields came after in_order[0] (one came before it); in this order came: "b" at 00:10:01, "a" at 00:10:02 = in_order[0], "c" at 00:10:03`},
		{"reversed", abc, []string{"c@01", "b@02", "a@03"}, `in_order[1]: no event with these fields came after in_order[0] (one came before it); in this order came: "c" at 00:10:01, "b" at 00:10:02, "a" at 00:10:03 = in_order[0]`},
		{"the events' own time counts, not their arrival", abc, []string{"c@03", "a@01", "b@02"}, ``},
		{"their own time counts against their arrival", abc, []string{"a@03", "b@02", "c@01"}, `in_order[1]: no event with these fields came after in_order[0] (one came before it); in this order came: "c" at 00:10:01, "b" at 00:10:02, "a" at 00:10:03 = in_order[0]`},
		{"of the same second the first to arrive is first", abc, []string{"a@01", "b@01", "c@01"}, ``},
		{"of the same second the last to arrive is last", abc, []string{"b@01", "a@01", "c@01"}, `in_order[1]: no event with these fields came after in_order[0] (one came before it); in this order came: "b" at 00:10:01, "a" at 00:10:01 = in_order[0], "c" at 00:10:01`},
		{"one event is not two", ", in_order: [{detail-type: a}, {source: shop}]", []string{"a@01"}, `in_order[1]: no event with these fields came after in_order[0] (the only one stands for in_order[0] already); in this order came: "a" at 00:10:01 = in_order[0]`},
		{"two events are two", ", in_order: [{source: shop}, {source: shop}]", []string{"a", "b"}, ``},
		{"the same twice", ", in_order: [{detail-type: a}, {detail-type: a}]", []string{"a@01", "b@02"}, `in_order[1]: no event with these fields came after in_order[0] (the only one stands for in_order[0] already); in this order came: "a" at 00:10:01 = in_order[0], "b" at 00:10:02`},
		{"the first that fits leaves room for the rest", ", in_order: [{source: shop}, {detail-type: b}]", []string{"a", "b"}, ``},
		{"the second a is behind b", ", in_order: [{detail-type: b}, {detail-type: a}]", []string{"a", "b", "a"}, ``},
		{"only among the selected", ", where: {detail-type: {not_equals: b}}" + abc, []string{"a@01", "b@02", "c@03"}, `in_order[1]: no event with these fields came after in_order[0]; in this order came: "a" at 00:10:01 = in_order[0], "c" at 00:10:03`},
		{"together with match and pattern", ", match: {source: shop}, pattern: {detail: {name: [a, b]}}, in_order: [{detail-type: a}, {detail-type: b}], count: 2", []string{"a", "x", "b"}, ``},
		{"a whole field of the detail", ", in_order: [{detail: {name: a}}, {detail: {name: b}}]", []string{"a", "b"}, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, sandbox.Options{}, func(b *bench) {
				from := b.listen(`{event_bus: shop, rule: orders}`)
				o := b.received(from, c.asks)
				b.came(c.came...)
				seen, holds := o.look()
				got := ""
				for _, m := range seen.Unmet {
					got += m.Message
				}
				if got != c.want {
					t.Errorf("\n got %s\nwant %s", got, c.want)
				}
				if len(c.came) > 0 != holds {
					t.Errorf("the count: holds %v", holds)
				}
			})
		})
	}
}

// Delivered twice, an event is still one.
func TestInOrderOfDoubles(t *testing.T) {
	inBubble(t, sandbox.Options{Delivery: sandbox.Delivery{Twice: true}}, func(b *bench) {
		from := b.listen(`{event_bus: shop, rule: orders}`)
		o := b.received(from, ", in_order: [{detail-type: a}, {detail-type: a}]")
		b.came("a")
		seen, _ := o.look()
		if len(seen.Unmet) != 1 || seen.Unmet[0].Path != "in_order[1]" {
			t.Errorf("one event stands for two: %v", seen.Doc)
		}
	})
}

func TestInOrderComesTrue(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(b *bench) {
		from := b.listen(`{event_bus: shop, rule: orders}`)
		o := b.received(from, ", in_order: [{detail-type: a}, {detail-type: b, detail: {name: b}}]")
		b.came("a", "x")
		seen, _ := o.look()
		if len(seen.Unmet) != 1 || seen.Final {
			t.Fatalf("unmet %v, final %v", seen.Unmet, seen.Final)
		}
		m := seen.Unmet[0]
		if m.Path != "in_order[1]" || m.Op != "in_order" || len(m.Diff) != 2 || m.Diff[0].Path != "detail.name" || m.Diff[1].Path != "detail-type" {
			t.Errorf("%+v", m)
		}
		b.do(eventbridge.PutEvent, `{bus: shop, source: shop, detail_type: b, detail: {name: c}}`)
		b.came("b", "x")
		if seen, _ = o.look(); len(seen.Unmet) != 0 {
			t.Errorf("unmet %v", seen.Unmet)
		}
	})
}

// An event that would do, were it selected, is a near miss.
func TestInOrderNearMiss(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(b *bench) {
		from := b.listen(`{event_bus: shop, rule: orders}`)
		o := b.received(from, ", match: {detail: {name: a}}, in_order: [{detail-type: a}, {detail-type: b}]")
		b.came("a", "b", "c")
		seen, _ := o.look()
		e := seen.Explain()
		if len(e.Matched) != 1 || len(e.Misses) != 1 || len(e.Misses[0].Diff) != 1 || e.Misses[0].Diff[0].Path != "detail.name" {
			t.Errorf("%+v", e)
		}
	})
}

// What has come true stays true, whatever can be read by now.
func TestInOrderThroughTrouble(t *testing.T) {
	var broken atomic.Bool
	o := sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
		if operation == "ReceiveMessage" && broken.Load() {
			return &smithy.GenericAPIError{Code: "ThrottlingException", Message: "slow down"}
		}
		return nil
	}}
	inBubble(t, o, func(b *bench) {
		from := b.listen(`{event_bus: shop, rule: orders}`)
		done, waiting := b.received(from, ", in_order: [{detail-type: a}, {detail-type: b}]"), b.received(from, ", at_least: 1, in_order: [{detail-type: b}, {detail-type: a}]")
		b.came("a", "b")
		broken.Store(true)
		time.Sleep(25 * time.Second) // longer than a long poll
		if seen, _ := done.look(); len(seen.Unmet) > 0 {
			t.Errorf("unmet %v", seen.Unmet)
		}
		if err := waiting.lookError(); steps.IsFinal(err) {
			t.Errorf("it passes by: %v", err)
		}
		broken.Store(false)
	})
}
