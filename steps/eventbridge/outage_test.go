package eventbridge_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/eventbridge"
)

// TestAnOutageThatIsOverIsSeen takes a listener away for a while and gives it
// back as it was, before anybody asks whether silence proves something.
func TestAnOutageThatIsOverIsSeen(t *testing.T) {
	bus := aws.String("shop")
	for name, c := range map[string]struct {
		breaks func(b *bench, rule *string) (mend func())
		want   string
	}{
		"rule disabled": {func(b *bench, rule *string) func() {
			b.must(b.place.EventBridge().DisableRule(b.ctx, &sdk.DisableRuleInput{Name: rule, EventBusName: bus}))
			return func() {
				b.must(b.place.EventBridge().EnableRule(b.ctx, &sdk.EnableRuleInput{Name: rule, EventBusName: bus}))
			}
		}, "was disabled while the run needed it"},
		"target removed": {func(b *bench, rule *string) func() {
			found, err := b.place.EventBridge().ListTargetsByRule(b.ctx, &sdk.ListTargetsByRuleInput{Rule: rule, EventBusName: bus})
			b.must(nil, err)
			b.must(b.place.EventBridge().RemoveTargets(b.ctx, &sdk.RemoveTargetsInput{Rule: rule, EventBusName: bus, Ids: []string{"rehearse-queue"}}))
			return func() {
				b.must(b.place.EventBridge().PutTargets(b.ctx, &sdk.PutTargetsInput{Rule: rule, EventBusName: bus, Targets: found.Targets}))
			}
		}, "the target of the listener's rule"},
		"pattern changed": {func(b *bench, rule *string) func() {
			found, err := b.place.EventBridge().DescribeRule(b.ctx, &sdk.DescribeRuleInput{Name: rule, EventBusName: bus})
			b.must(nil, err)
			b.must(b.place.EventBridge().PutRule(b.ctx, &sdk.PutRuleInput{Name: rule, EventBusName: bus, EventPattern: aws.String(`{"source":["x"]}`)}))
			return func() {
				b.must(b.place.EventBridge().PutRule(b.ctx, &sdk.PutRuleInput{Name: rule, EventBusName: bus, EventPattern: found.EventPattern}))
			}
		}, "the pattern of the listener's rule"},
		"queue's policy emptied": {func(b *bench, _ *string) func() {
			found, err := b.place.SQS().GetQueueAttributes(b.ctx, &sqs.GetQueueAttributesInput{QueueUrl: b.queueURL(), AttributeNames: []sqstypes.QueueAttributeName{"Policy"}})
			b.must(nil, err)
			set := func(policy string) {
				b.must(b.place.SQS().SetQueueAttributes(b.ctx, &sqs.SetQueueAttributesInput{QueueUrl: b.queueURL(), Attributes: map[string]string{"Policy": policy}}))
			}
			set("")
			return func() { set(found.Attributes["Policy"]) }
		}, "the policy of the listener's queue"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, sandbox.Options{}, func(b *bench) {
				made := b.do(eventbridge.Listen, `{event_bus: shop, rule: orders}`)
				from := made["listener"].(string)
				before := b.received(from, ", none: true")
				time.Sleep(12 * time.Second)
				began := time.Now()
				mend := c.breaks(b, aws.String(made["rule"].(string)))
				b.put("order", "{}") // lost
				time.Sleep(6 * time.Second)
				mend()
				time.Sleep(12 * time.Second)
				err := before.confirmError()
				wantError(t, err, `the listener on rule "orders" of bus "shop" was not proven live from `, c.want, "what was sent in this time may be lost")
				if !steps.IsFinal(err) {
					t.Errorf("must be final: %v", err)
				}
				wantError(t, err, " from "+began.Add(-2*time.Second).Local().Format("15:04:05")+" to "+began.Add(8*time.Second).Local().Format("15:04:05"))
				if err := b.received(from, ", none: true").confirmError(); err != nil {
					t.Errorf("a case that begins afterwards: %v", err)
				}
			})
		})
	}
}

func TestAPurgedQueueIsSeen(t *testing.T) {
	var broken atomic.Bool
	o := sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
		if operation == "ReceiveMessage" && broken.Load() {
			return errors.New("cut")
		}
		return nil
	}}
	inBubble(t, o, func(b *bench) {
		from := b.listen(`{event_bus: shop, rule: orders}`)
		o := b.received(from, ", none: true")
		broken.Store(true)
		time.Sleep(25 * time.Second) // the polls under way end, and none begins
		b.put("order", "{}")
		b.must(b.place.SQS().PurgeQueue(b.ctx, &sqs.PurgeQueueInput{QueueUrl: b.queueURL()}))
		broken.Store(false)
		time.Sleep(5 * time.Second)
		wantError(t, o.confirmError(), "was not proven live from ", "did not come back")
	})
}

// TestReadingThatFailedForAWhile loses nothing, and what could have been read
// in time came in time.
func TestReadingThatFailedForAWhile(t *testing.T) {
	for _, skew := range []time.Duration{0, 5 * time.Minute, -5 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			var broken atomic.Bool
			o := sandbox.Options{Skew: skew, Intercept: func(_ context.Context, _, operation string) error {
				if operation == "ReceiveMessage" && broken.Load() {
					return errors.New("cut")
				}
				return nil
			}}
			inBubble(t, o, func(b *bench) {
				from := b.listen(`{event_bus: shop, rule: orders}`)
				o := b.received(from, ", count: 1")
				broken.Store(true)
				time.Sleep(25 * time.Second)
				put := time.Now()
				b.put("order", "{}")
				time.Sleep(30 * time.Second)
				broken.Store(false)
				time.Sleep(3 * time.Second)
				if err := o.confirmError(); err != nil {
					t.Errorf("nothing was lost: %v", err)
				}
				seen, ok := o.look()
				if d := seen.At.Sub(put); !ok || !seen.ByService || d < 0 || d >= time.Second {
					t.Errorf("it came %s after it was put (by the queue's time: %v): %v", d, seen.ByService, seen.Doc)
				}
				b.put("order", "{}")
				if seen, _ := o.look(); seen.ByService || !seen.At.Equal(time.Now()) {
					t.Errorf("now it is read again, and what we see counts: %v, %v", seen.At, seen.ByService)
				}
			})
		})
	}
}

func TestCanariesThatCouldNotBePut(t *testing.T) {
	for _, c := range []struct {
		name  string
		fails time.Duration
		want  string
	}{
		{"for a moment", 8 * time.Second, ""},
		{"for a while", 20 * time.Second, ""},
		{"for long", 70 * time.Second, "ThrottlingException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var throttled atomic.Bool
			o := sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
				if operation == "PutEvents" && throttled.Load() {
					return &smithy.GenericAPIError{Code: "ThrottlingException", Message: "slow down"}
				}
				return nil
			}}
			inBubble(t, o, func(b *bench) {
				o := b.received(b.listen(`{event_bus: shop, rule: orders}`), ", none: true")
				throttled.Store(true)
				time.Sleep(c.fails)
				throttled.Store(false)
				time.Sleep(3 * time.Second)
				switch err := o.confirmError(); {
				case c.want == "" && err != nil:
					t.Error(err)
				case c.want != "":
					wantError(t, err, "was not proven live from ", c.want)
				}
			})
		})
	}
}

func TestCanariesComeForAsLongAsACaseLives(t *testing.T) {
	var puts atomic.Int32
	o := sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
		if operation == "PutEvents" {
			puts.Add(1)
		}
		return nil
	}}
	inBubble(t, o, func(b *bench) {
		ctx, end := context.WithCancel(b.ctx)
		env := b.env()
		env.Life = ctx
		listen := func() {
			if _, err := b.bind(eventbridge.Listen, `{event_bus: shop, rule: orders}`).Do(b.ctx, env); err != nil {
				t.Fatal(err)
			}
		}
		spent := func(d time.Duration) int32 {
			before := puts.Load()
			time.Sleep(d)
			synctest.Wait()
			return puts.Load() - before
		}
		listen()
		if n := spent(time.Minute); n < 11 || n > 12 {
			t.Errorf("%d canaries in a minute", n)
		}
		listen() // a second one, in the same case
		if n := spent(time.Minute); n < 11 || n > 12 {
			t.Errorf("%d canaries in a minute for two listeners", n)
		}
		end()
		synctest.Wait()
		if n := spent(time.Minute); n != 0 {
			t.Errorf("%d canaries when nobody listens any more", n)
		}
		env.Life = nil
		listen()
		if n := spent(time.Minute); n < 11 || n > 13 {
			t.Errorf("%d canaries in a minute when somebody listens again", n)
		}
	})
}

// TestStrangers sends into the listener's queue what its rule would not.
func TestStrangers(t *testing.T) {
	for name, body := range map[string]string{
		"no JSON": "hello", "no event": `{"detail": {}}`, "a list": "[1]", "an input transformer's output": `{"id": "1", "source": "shop"}`,
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, sandbox.Options{}, func(b *bench) {
				from := b.listen(`{event_bus: shop, rule: orders}`)
				none, some := b.received(from, ", none: true"), b.received(from, ", at_least: 1")
				b.must(b.place.SQS().SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: b.queueURL(), MessageBody: &body}))
				synctest.Wait()
				wantError(t, none.confirmError(), "got a message that is no event of a bus", "somebody else sends to it", "so neither silence nor a count proves anything")
				b.put("order", "{}")
				if seen, ok := some.look(); !ok || count(seen) != "1" {
					t.Errorf("what came rightly still counts: %v", seen.Doc)
				}
				time.Sleep(time.Second)
				if err := b.received(from, ", none: true").confirmError(); err != nil {
					t.Errorf("a case that begins afterwards: %v", err)
				}
			})
		})
	}
}

func TestMessagesThatComeAgainCountOnce(t *testing.T) {
	var kept atomic.Bool
	o := sandbox.Options{Delivery: sandbox.Delivery{Delay: 40 * time.Second}, Intercept: func(_ context.Context, _, operation string) error {
		if operation == "DeleteMessageBatch" && kept.Load() {
			return errors.New("cut")
		}
		return nil
	}}
	inBubble(t, o, func(b *bench) {
		made := b.do(eventbridge.Listen, `{event_bus: shop, rule: orders, ready: settle}`)
		o := b.received(made["listener"].(string), ", count: 1")
		kept.Store(true)
		b.put("order", "{}")
		time.Sleep(3 * time.Minute) // later than the visibility timeout, and read some five times
		seen, ok := o.look()
		if doc := seen.Doc.(map[string]any); !ok || doc["deliveries"] != json.Number("1") {
			t.Errorf("found %v", doc)
		}
		if err := o.confirmError(); err != nil && !strings.Contains(err.Error(), "cut") {
			t.Errorf("it is read: %v", err)
		}
	})
}
