package eventbridge_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/eventbridge"
)

func TestListenersShareOneHarness(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(b *bench) {
		first := b.do(eventbridge.Listen, `{event_bus: shop, rule: orders}`)
		for _, same := range []string{
			`{rule: shop|orders}`,
			`{rule: "arn:aws:events:us-east-1:000000000000:rule/shop/orders"}`,
			`{event_bus: "arn:aws:events:us-east-1:000000000000:event-bus/shop", pattern: {source: [shop]}}`,
		} {
			again := b.do(eventbridge.Listen, same)
			if again["rule"] != first["rule"] || again["queue"] != first["queue"] || again["listener"] == first["listener"] {
				t.Errorf("%s: %v does not share with %v", same, again, first)
			}
		}
		now := b.box.Inventory()
		if rules, queues := now["rules"]-b.before["rules"], now["queues"]-b.before["queues"]; rules != 1 || queues != 1 {
			t.Errorf("%d rules and %d queues were made, expected one of each", rules, queues)
		}
		b.listen(`{event_bus: shop, pattern: {source: [other]}}`)
		if now := b.box.Inventory(); now["rules"]-b.before["rules"] != 2 {
			t.Errorf("another selection got no rule of its own: %v", now)
		}
		if first["ready"] != "canary" || len(b.ledger.entries) != 4 || b.ledger.entries[0].resource.Type != "sqs.queue" {
			t.Errorf("found %v, ledger %+v", first, b.ledger.entries)
		}
	})
}

func TestHarnessIsTaggedAndGrantsTheLeast(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(b *bench) {
		made := b.do(eventbridge.Listen, `{event_bus: shop, all: true}`)
		name := made["queue"].(string)
		if !strings.HasPrefix(name, "rehearse-run1-") || len(name) > 64 {
			t.Errorf("queue %q", name)
		}
		want := map[string]string{
			"team": "media", "rehearse:run": "run1", "rehearse:created": time.Now().UTC().Format(time.RFC3339),
			"rehearse:lease": time.Now().UTC().Add(time.Hour).Format(time.RFC3339),
		}
		arn := "arn:aws:events:us-east-1:000000000000:rule/shop/" + made["rule"].(string)
		found, err := b.place.EventBridge().ListTagsForResource(b.ctx, &sdk.ListTagsForResourceInput{ResourceARN: aws.String(arn)})
		b.must(nil, err)
		tags := map[string]string{}
		for _, tag := range found.Tags {
			tags[*tag.Key] = *tag.Value
		}
		if d := cmp.Diff(want, tags); d != "" {
			t.Error(d)
		}
		queue, err := b.place.SQS().GetQueueAttributes(b.ctx, &sqs.GetQueueAttributesInput{QueueUrl: b.queueURL(), AttributeNames: []sqstypes.QueueAttributeName{"All"}})
		b.must(nil, err)
		policy := `{"Statement":[{"Action":"sqs:SendMessage","Condition":{"ArnEquals":{"aws:SourceArn":"` + arn + `"}},"Effect":"Allow",` +
			`"Principal":{"Service":"events.amazonaws.com"},"Resource":"` + queue.Attributes["QueueArn"] + `"}],"Version":"2012-10-17"}`
		if d := cmp.Diff(policy, queue.Attributes["Policy"]); d != "" {
			t.Error(d)
		}
	})
}

func TestWhatCannotBeListenedTo(t *testing.T) {
	long := strings.Repeat("x", 2000)
	for _, c := range []struct {
		yaml string
		want string
	}{
		{`{event_bus: shop, rule: asleep}`, `rule "asleep" of bus "shop" is disabled: it lets nothing through; enable it, or listen to its pattern`},
		{`{event_bus: shop, rule: ordres}`, `there is no rule "ordres" on bus "shop"; did you mean "orders"?; its rules: asleep, orders`},
		{`{event_bus: shpo, all: true}`, `there is no bus "shpo" in account 000000000000, region us-east-1; did you mean "shop"?; there are default, shop`},
		{`{event_bus: default, rule: shop|orders}`, `rule "shop|orders" is on bus "shop", but event_bus says "default"; leave event_bus out`},
		{`{rule: "arn:aws:events:eu-west-1:000000000000:rule/orders"}`, `is in region eu-west-1, but this step runs in us-east-1`},
		{`{event_bus: "arn:aws:events:us-east-1:111122223333:event-bus/shop", all: true}`, `belongs to account 111122223333, but this step runs in account 000000000000`},
		{`{event_bus: "arn:aws:events:us-east-1:000000000000:event-busv2/x", all: true}`, `custom event bus v2`},
		{`{event_bus: "arn:aws:sqs:us-east-1:000000000000:x", all: true}`, `is not the ARN of an event bus`},
		{`{rule: "arn:aws:sqs:us-east-1:000000000000:x"}`, `is not the ARN of a rule`},
		{`{pattern: {source: [` + long + `]}}`, `EventBridge takes at most 2048; shorten it by`},
		{`{pattern: {detail: {prefix: {a: [b]}}}}`, `is put together with the listener's own`},
	} {
		t.Run(c.want, func(t *testing.T) {
			inBubble(t, sandbox.Options{}, func(b *bench) {
				_, err := b.try(eventbridge.Listen, c.yaml)
				wantError(t, err, c.want)
				if !steps.IsFinal(err) {
					t.Error("the error must be final")
				}
			})
		})
	}
}

func TestReadyWaitsForTheRule(t *testing.T) {
	inBubble(t, sandbox.Options{Delivery: sandbox.Delivery{RuleDelay: 7 * time.Second, Delay: 1500 * time.Millisecond}}, func(b *bench) {
		start := time.Now()
		from := b.listen(`{event_bus: shop, rule: orders}`)
		if took := time.Since(start); took < 7*time.Second || took > 15*time.Second {
			t.Errorf("ready after %s", took)
		}
		b.put("order", "{}")
		o := b.received(from, "")
		<-o.probe.Wake
		if seen, ok := o.look(); !ok {
			t.Errorf("found %v", seen.Doc)
		}
	})
}

func TestNeverLive(t *testing.T) {
	inBubble(t, sandbox.Options{Delivery: sandbox.Delivery{RuleDelay: 10 * time.Minute}}, func(b *bench) {
		_, err := b.try(eventbridge.Listen, `{event_bus: shop, rule: orders}`)
		wantError(t, err, `the listener on rule "orders" of bus "shop" is not live: `, ` canary events were put on bus "shop" in 1m0s, and no 3 in a row came back`,
			`A policy of the bus may keep events of source "rehearse.canary" away: set canary_source in rehearse.yaml`, `ready: settle`)
		if !steps.IsFinal(err) {
			t.Error("the error must be final")
		}
	})
}

func TestNotReadyBeforeTheCallersTimeout(t *testing.T) {
	inBubble(t, sandbox.Options{Delivery: sandbox.Delivery{RuleDelay: 10 * time.Minute}}, func(b *bench) {
		ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
		defer cancel()
		_, err := b.bind(eventbridge.Listen, `{event_bus: shop, rule: orders}`).Do(ctx, b.env())
		wantError(t, err, `the listener on rule "orders" of bus "shop" was not ready in time`)
		time.Sleep(time.Minute) // the run's own attempt ends by itself
	})
}

func TestCanarySourceRefused(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(b *bench) {
		b.suite.CanarySource = "aws.mine"
		_, err := b.try(eventbridge.Listen, `{event_bus: shop, all: true}`)
		wantError(t, err, `bus "shop" refuses canary events of source "aws.mine": NotAuthorizedForSourceException`, `set canary_source in rehearse.yaml`)
	})
}

func TestReadySettleSendsNothing(t *testing.T) {
	var puts atomic.Int32
	o := sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
		if operation == "PutEvents" {
			puts.Add(1)
		}
		return nil
	}}
	inBubble(t, o, func(b *bench) {
		start := time.Now()
		made := b.do(eventbridge.Listen, `{event_bus: shop, rule: orders, ready: settle}`)
		if time.Since(start) != 5*time.Second || made["ready"] != "assumed" {
			t.Errorf("after %s: %v", time.Since(start), made)
		}
		if _, ok := b.received(made["listener"].(string), ", none: true").look(); !ok {
			t.Error("nothing came, so none holds")
		}
		if puts.Load() != 0 {
			t.Errorf("%d events were put", puts.Load())
		}
	})
}

func TestNoCanaryIsEverSeen(t *testing.T) {
	inBubble(t, sandbox.Options{Delivery: sandbox.Delivery{Twice: true}}, func(b *bench) {
		from := b.listen(`{event_bus: shop, all: true}`)
		other := newBench(b.T, b.box, "run2")
		other.suite.CanarySource = "another.source"
		other.listen(`{event_bus: shop, rule: orders}`)
		b.listen(`{event_bus: shop, rule: orders}`)
		o := b.received(from, ", none: true")
		for range 3 {
			if seen, ok := o.look(); !ok { // each closes with a canary
				t.Errorf("found %v", seen.Doc)
			}
			synctest.Wait()
		}
		b.put("order", "{}")
		if seen, _ := b.received(from, "").look(); count(seen) != "1" {
			t.Errorf("found %v", seen.Doc)
		}
		other.end()
	})
}

func TestRuleStateIsCopied(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(b *bench) {
		state := types.RuleStateEnabledWithAllCloudtrailManagementEvents
		b.rule("orders", `{"source":["shop"]}`, state)
		made := b.do(eventbridge.Listen, `{event_bus: shop, rule: orders}`)
		got, err := b.place.EventBridge().DescribeRule(b.ctx, &sdk.DescribeRuleInput{Name: aws.String(made["rule"].(string)), EventBusName: aws.String("shop")})
		b.must(nil, err)
		if got.State != state {
			t.Errorf("state %s", got.State)
		}
	})
}
