package eventbridge_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/eventbridge"
)

func TestReceivedCounts(t *testing.T) {
	for _, c := range []struct {
		asks         string
		came         int
		holds, final bool
	}{
		{"", 0, false, false},
		{"", 1, true, false},
		{"", 2, true, false},
		{", at_least: 2", 1, false, false},
		{", at_least: 2", 2, true, false},
		{", at_least: 2", 3, true, false},
		{", count: 2", 1, false, false},
		{", count: 2", 2, true, false},
		{", count: 2", 3, false, true},
		{", count: 0", 0, true, false},
		{", count: 0", 1, false, true},
		{", at_most: 1", 0, true, false},
		{", at_most: 1", 1, true, false},
		{", at_most: 1", 2, false, true},
		{", none: true", 0, true, false},
		{", none: true", 1, false, true},
		{", match: {detail: {n: 1}}, count: 1", 3, true, false},
		{", where: {detail.n: {gte: 1}}, count: 2", 3, true, false},
		{", match: {detail: {n: 2}}, where: {detail.n: {lt: 2}}, none: true", 3, true, false},
		{", pattern: {detail: {n: [1]}}, count: 1", 3, true, false},
		{", pattern: {source: [shop], detail: {n: [{numeric: ['>=', 1]}]}}, count: 2", 3, true, false},
		{`, pattern: '{"detail": {"n": [{"anything-but": [0, 1]}]}}', count: 1`, 3, true, false},
		{", pattern: {source: [other]}, none: true", 3, true, false},
		{", pattern: {detail: {n: [0, 1]}}, match: {detail: {n: 1}}, count: 1", 3, true, false},
		{", pattern: {detail: {n: [0, 1]}}, match: {detail: {n: 2}}, none: true", 3, true, false},
		{", pattern: {detail: {n: [0, 1]}}, where: {detail.n: {gt: 0}}, count: 1", 3, true, false},
		{", pattern: {detail: {n: [0]}}", 0, false, false},
	} {
		t.Run(fmt.Sprintf("%s of %d", c.asks, c.came), func(t *testing.T) {
			inBubble(t, sandbox.Options{}, func(b *bench) {
				from := b.listen(`{event_bus: shop, rule: orders}`)
				for n := range c.came {
					b.put("order", fmt.Sprintf("{n: %d}", n))
				}
				seen, holds := b.received(from, c.asks).look()
				if holds != c.holds || seen.Final != c.final {
					t.Errorf("holds %v, final %v: %v", holds, seen.Final, seen.Doc)
				}
			})
		})
	}
}

func TestReceivedResult(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(b *bench) {
		from := b.listen(`{event_bus: shop, rule: orders}`)
		b.put("early", "{n: 0}")
		time.Sleep(time.Second)
		env := b.env()
		env.Started = time.Time{}
		o := b.receivedAs(env, from, "")
		time.Sleep(1500 * time.Millisecond)
		seen, _ := o.look()
		if doc := seen.Doc.(map[string]any); doc["latency_ms"] != json.Number("0") || doc["deliveries"] != json.Number("1") {
			t.Errorf("what was there before: %v", doc)
		}
		b.put("late", "{n: 9007199254740993}")
		arrived := time.Now()
		<-o.probe.Wake
		time.Sleep(time.Second)
		seen, _ = o.look()
		doc := seen.Doc.(map[string]any)
		if doc["latency_ms"] != json.Number("1500") || !seen.At.Equal(arrived) {
			t.Errorf("latency %v, at %s, arrived %s", doc["latency_ms"], seen.At, arrived)
		}
		events := doc["events"].([]any)
		last := events[1].(map[string]any)
		if events[0].(map[string]any)["detail-type"] != "early" || last["detail"].(map[string]any)["n"] != json.Number("9007199254740993") {
			t.Errorf("events %v", events)
		}
		for _, key := range []string{"id", "source", "time", "account", "region", "resources"} {
			if _, ok := last[key]; !ok {
				t.Errorf("the event lacks %s: %v", key, last)
			}
		}
	})
}

func TestDoublesCountOnce(t *testing.T) {
	inBubble(t, sandbox.Options{Delivery: sandbox.Delivery{Twice: true}}, func(b *bench) {
		from := b.listen(`{event_bus: shop, rule: orders}`)
		b.put("order", "{}")
		seen, holds := b.received(from, ", count: 1").look()
		if doc := seen.Doc.(map[string]any); !holds || doc["deliveries"] != json.Number("2") {
			t.Errorf("found %v", doc)
		}
	})
}

func TestAHandleSeesWhatCameSinceItBegan(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(b *bench) {
		first := b.listen(`{event_bus: shop, rule: orders}`)
		b.put("order", "{}")
		time.Sleep(time.Second)
		second := b.listen(`{event_bus: shop, rule: orders}`)
		early := b.env() // a case that began together with the second listener
		time.Sleep(time.Second)
		b.put("order", "{}")
		time.Sleep(time.Second)
		late := b.env()
		for _, c := range []struct {
			name, from string
			env        *steps.Env
			want       string
		}{
			{"first listener, case from the beginning", first, &steps.Env{Run: b.run, Clock: time.Now()}, "2"},
			{"second listener", second, &steps.Env{Run: b.run, Clock: time.Now()}, "1"},
			{"listener of the suite, later case", first, early, "1"},
			{"listener of the suite, case after everything", first, late, "0"},
		} {
			if seen, _ := b.receivedAs(c.env, c.from, "").look(); count(seen) != c.want {
				t.Errorf("%s: expected %s, found %v", c.name, c.want, seen.Doc)
			}
		}
	})
}

func TestNearMisses(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(b *bench) {
		from := b.listen(`{event_bus: shop, rule: orders}`)
		o := b.received(from, `, match: {detail-type: order-placed, detail: {run: r1}}, where: {detail.total: {gte: 10}}`)
		time.Sleep(1200 * time.Millisecond)
		b.put("other", "{run: r2, total: 1}")
		b.put("order-placed", "{run: r1, total: 9}")
		b.put("order-placed", "{run: r2}")
		for range 4 {
			b.put("noise", "{}")
		}
		seen, holds := o.look()
		if holds {
			t.Fatalf("found %v", seen.Doc)
		}
		e := seen.Explain()
		if *e.Arrived != 7 || len(e.Misses) != 5 {
			t.Fatalf("%d arrived, %d misses", e.Arrived, len(e.Misses))
		}
		near := e.Misses[0]
		if !strings.HasPrefix(near.Summary, `source "shop", detail-type "order-placed", id `) || !strings.HasSuffix(near.Summary, ", 1.2s after the clock's start") {
			t.Errorf("summary %q", near.Summary)
		}
		if len(near.Diff) != 1 || near.Diff[0].Path != "detail.total" || near.Diff[0].Found != json.Number("9") {
			t.Errorf("differences %+v", near.Diff)
		}
		if second := e.Misses[1]; len(second.Diff) != 2 || !strings.Contains(second.Summary, "order-placed") {
			t.Errorf("second miss %+v", second)
		}
	})
}

func TestNearMissesOfPatterns(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(b *bench) {
		from := b.listen(`{event_bus: shop, rule: orders}`)
		o := b.received(from, `, pattern: {detail-type: [order-placed], detail: {run: [s1], state: [done, paid], retries: [{numeric: ["<", 3]}], error: [{exists: false}]}}, match: {source: shop}`)
		b.put("order-placed", "{run: s2, state: done, retries: 1}")
		b.put("order-placed", "{run: s1, state: failed, retries: 5, error: E1}")
		b.put("noise", "{}")
		seen, holds := o.look()
		if holds {
			t.Fatalf("found %v", seen.Doc)
		}
		e := seen.Explain()
		if *e.Arrived != 3 || len(e.Misses) != 3 {
			t.Fatalf("%d arrived, %d misses", *e.Arrived, len(e.Misses))
		}
		want := []assertions.Difference{
			{Path: "detail.error", Found: "E1", Kind: assertions.Extra},
			{Path: "detail.retries", Expected: map[string]any{"numeric": []any{"<", json.Number("3")}}, Found: json.Number("5"), Kind: assertions.Changed},
			{Path: "detail.state", Expected: []any{"done", "paid"}, Found: "failed", Kind: assertions.Changed},
		}
		if diff := cmp.Diff(want, e.Misses[0].Diff, cmpopts.IgnoreFields(assertions.Difference{}, "Message")); diff != "" {
			t.Errorf("the event of this case is nearer than the one of another (-want +got):\n%s", diff)
		}
	})
}

func TestUnknownListener(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(b *bench) {
		b.listen(`{event_bus: shop, rule: orders}`)
		_, err := b.bind(eventbridge.Received, `{from: orders}`).Watch(b.ctx, b.env())
		wantError(t, err, `"orders" is no listener of this run; from takes the id of a listen step, and an expression or a param the listener itself, ${orders.listener} (opened so far: listener-1)`)
	})
}

func (b *bench) queueURL() *string {
	b.Helper()
	found, err := b.place.SQS().GetQueueUrl(b.ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(b.ledger.entries[0].resource.ID)})
	b.must(nil, err)
	return found.QueueUrl
}

func TestADeletedQueueIsAnError(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(b *bench) {
		from := b.listen(`{event_bus: shop, rule: orders}`)
		o := b.received(from, "")
		o.look()
		b.must(b.place.SQS().DeleteQueue(b.ctx, &sqs.DeleteQueueInput{QueueUrl: b.queueURL()}))
		<-o.probe.Wake // the wake says so, nobody has to ask
		for _, asks := range []string{"", ", at_least: 1", ", count: 1", ", none: true", ", at_most: 3"} {
			err := b.received(from, asks).lookError()
			wantError(t, err, "queue rehearse-run1-", "was deleted while the run needed it")
			if !steps.IsFinal(err) {
				t.Errorf("%s: must be final", asks)
			}
		}
		_, err := b.try(eventbridge.Listen, `{event_bus: shop, rule: orders}`)
		wantError(t, err, "was deleted while the run needed it")
	})
}

func TestSilenceOfAChangedHarnessIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		change func(b *bench, rule, bus *string)
		want   string
	}{
		"rule disabled": {func(b *bench, rule, bus *string) {
			b.must(b.place.EventBridge().DisableRule(b.ctx, &sdk.DisableRuleInput{Name: rule, EventBusName: bus}))
		}, "was disabled while the run needed it"},
		"target removed": {func(b *bench, rule, bus *string) {
			b.must(b.place.EventBridge().RemoveTargets(b.ctx, &sdk.RemoveTargetsInput{Rule: rule, EventBusName: bus, Ids: []string{"rehearse-queue"}}))
		}, "the target of the listener's rule"},
		"pattern changed": {func(b *bench, rule, bus *string) {
			b.must(b.place.EventBridge().PutRule(b.ctx, &sdk.PutRuleInput{Name: rule, EventBusName: bus, EventPattern: aws.String(`{"source":["x"]}`)}))
		}, "the pattern of the listener's rule"},
		"rule deleted": {func(b *bench, rule, bus *string) {
			b.must(b.place.EventBridge().RemoveTargets(b.ctx, &sdk.RemoveTargetsInput{Rule: rule, EventBusName: bus, Ids: []string{"rehearse-queue"}}))
			b.must(b.place.EventBridge().DeleteRule(b.ctx, &sdk.DeleteRuleInput{Name: rule, EventBusName: bus}))
		}, "was deleted while the run needed it"},
		"policy emptied": {func(b *bench, _, _ *string) {
			b.must(b.place.SQS().SetQueueAttributes(b.ctx, &sqs.SetQueueAttributesInput{QueueUrl: b.queueURL(), Attributes: map[string]string{"Policy": ""}}))
		}, "the policy of the listener's queue"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, sandbox.Options{}, func(b *bench) {
				made := b.do(eventbridge.Listen, `{event_bus: shop, rule: orders}`)
				from := made["listener"].(string)
				if _, ok := b.received(from, ", none: true").look(); !ok {
					t.Fatal("nothing came, so none holds")
				}
				c.change(b, aws.String(made["rule"].(string)), aws.String("shop"))
				wantError(t, b.received(from, ", none: true").confirmError(), c.want)
				if _, ok := b.received(from, ", at_least: 1").look(); ok {
					t.Error("at_least needs no proof, and nothing came")
				}
			})
		})
	}
}

func TestSilenceWithoutAClosingCanaryIsAnError(t *testing.T) {
	inBubble(t, sandbox.Options{Delivery: sandbox.Delivery{RuleDelay: 25 * time.Second}}, func(b *bench) {
		made := b.do(eventbridge.Listen, `{event_bus: shop, rule: orders}`)
		from, rule := made["listener"].(string), aws.String(made["rule"].(string))
		// The same target once more: unchanged, but for a while nothing gets through.
		found, err := b.place.EventBridge().ListTargetsByRule(b.ctx, &sdk.ListTargetsByRuleInput{Rule: rule, EventBusName: aws.String("shop")})
		b.must(nil, err)
		b.must(b.place.EventBridge().PutTargets(b.ctx, &sdk.PutTargetsInput{Rule: rule, EventBusName: aws.String("shop"), Targets: found.Targets}))
		err = b.received(from, ", none: true").confirmError()
		wantError(t, err, `the listener on rule "orders" of bus "shop" is no longer live: a closing canary event did not come back in 15s, so silence proves nothing`)
		if !steps.IsFinal(err) {
			t.Errorf("must be final: %v", err)
		}
	})
}

func TestAThrottledClosingCanaryPassesBy(t *testing.T) {
	var lose atomic.Bool
	o := sandbox.Options{Delivery: sandbox.Delivery{}, Intercept: func(_ context.Context, _, operation string) error {
		if operation == "PutEvents" && lose.Load() {
			return &smithy.GenericAPIError{Code: "ThrottlingException", Message: "slow down"}
		}
		return nil
	}}
	inBubble(t, o, func(b *bench) {
		from := b.listen(`{event_bus: shop, rule: orders}`)
		lose.Store(true)
		err := b.received(from, ", none: true").confirmError()
		if !awsclient.Transient(err) {
			t.Errorf("a throttled canary passes by: %v", err)
		}
		lose.Store(false)
		if err := b.received(from, ", none: true").confirmError(); err != nil {
			t.Errorf("it is proven again: %v", err)
		}
	})
}

func TestTroubleOfTheQueuePassesBy(t *testing.T) {
	var broken atomic.Bool
	o := sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
		if operation == "ReceiveMessage" && broken.Load() {
			return &smithy.GenericAPIError{Code: "ThrottlingException", Message: "slow down"}
		}
		return nil
	}}
	inBubble(t, o, func(b *bench) {
		from := b.listen(`{event_bus: shop, rule: orders}`)
		o := b.received(from, "")
		broken.Store(true)
		time.Sleep(25 * time.Second) // longer than a long poll
		err := o.lookError()
		wantError(t, err, "cannot be read just now")
		if steps.IsFinal(err) {
			t.Errorf("it passes by: %v", err)
		}
		b.put("order", "{}")
		broken.Store(false)
		time.Sleep(3 * time.Second)
		if seen, ok := o.look(); !ok {
			t.Errorf("found %v", seen.Doc)
		}
	})
}

func TestManyWaitersShareOneProof(t *testing.T) {
	var looked atomic.Int32
	o := sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
		if operation == "DescribeRule" {
			looked.Add(1)
		}
		return nil
	}}
	inBubble(t, o, func(b *bench) {
		from := b.listen(`{event_bus: shop, pattern: {source: [shop]}}`)
		done := make(chan error)
		const waiters = 50
		for range waiters {
			o := b.received(from, ", none: true")
			go func() {
				_, err := o.probe.Look(b.ctx)
				done <- err
			}()
		}
		for range waiters {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if n := looked.Load(); n > 5 {
			t.Errorf("the rule was looked at %d times for %d waiters", n, waiters)
		}
		synctest.Wait()
	})
}
