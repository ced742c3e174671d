package sandbox_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
)

func TestEventDocument(t *testing.T) {
	bubble(t, sandbox.Options{}, func(c *clients) {
		url := c.listen("all", `{"source":["shop"]}`)
		c.put("shop", "sold", `{"n":9007199254740993}`)
		c.put("other", "sold", `{}`)
		got := c.receive(url, 5)
		if len(got) != 1 {
			t.Fatalf("received %v; lost %v", got, c.Lost())
		}
		var event map[string]any
		if err := json.Unmarshal([]byte(got[0]), &event); err != nil {
			t.Fatal(err)
		}
		for field, want := range map[string]any{
			"version": "0", "source": "shop", "detail-type": "sold", "account": sandbox.Account, "region": sandbox.Region,
			"time": time.Now().UTC().Format(time.RFC3339),
		} {
			if event[field] != want {
				t.Errorf("%s is %v, want %v", field, event[field], want)
			}
		}
		if !strings.Contains(got[0], "9007199254740993") {
			t.Errorf("a number has lost digits: %s", got[0])
		}
	})
}

func TestRules(t *testing.T) {
	tests := map[string]func(t *testing.T, c *clients){
		"a disabled rule sees nothing": func(t *testing.T, c *clients) {
			url := c.listen("r", `{"source":["shop"]}`)
			must[*eventbridge.DisableRuleOutput](t)(c.events.DisableRule(c.ctx, &eventbridge.DisableRuleInput{Name: aws.String("r")}))
			c.put("shop", "sold", `{}`)
			if got := c.receive(url, 5); len(got) != 0 {
				t.Errorf("received %v", got)
			}
			must[*eventbridge.EnableRuleOutput](t)(c.events.EnableRule(c.ctx, &eventbridge.EnableRuleInput{Name: aws.String("r")}))
			c.put("shop", "sold", `{}`)
			if got := c.receive(url, 5); len(got) != 1 {
				t.Errorf("received %v", got)
			}
		},
		"a queue without a policy gets nothing": func(t *testing.T, c *clients) {
			url := c.listen("r", `{"source":["shop"]}`)
			must[*sqs.SetQueueAttributesOutput](t)(c.sqs.SetQueueAttributes(c.ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"Policy": queuePolicy("arn:aws:events:us-east-1:000000000000:rule/other")}}))
			c.put("shop", "sold", `{}`)
			if got := c.receive(url, 5); len(got) != 0 || len(c.Lost()) != 1 || !strings.Contains(c.Lost()[0], "policy of queue r") {
				t.Errorf("received %v, lost %v", got, c.Lost())
			}
		},
		"a rule goes after its targets": func(t *testing.T, c *clients) {
			c.listen("r", `{"source":["shop"]}`)
			_, err := c.events.DeleteRule(c.ctx, &eventbridge.DeleteRuleInput{Name: aws.String("r")})
			if code(err) != "ValidationException" || !strings.Contains(err.Error(), "has targets") {
				t.Errorf("deleted with targets: %v", err)
			}
			targets := must[*eventbridge.ListTargetsByRuleOutput](t)(c.events.ListTargetsByRule(c.ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")})).Targets
			if len(targets) != 1 {
				t.Errorf("targets %v", targets)
			}
			must[*eventbridge.RemoveTargetsOutput](t)(c.events.RemoveTargets(c.ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String("r"), Ids: []string{"queue"}}))
			must[*eventbridge.DeleteRuleOutput](t)(c.events.DeleteRule(c.ctx, &eventbridge.DeleteRuleInput{Name: aws.String("r")}))
			_, err = c.events.DescribeRule(c.ctx, &eventbridge.DescribeRuleInput{Name: aws.String("r")})
			if code(err) != "ResourceNotFoundException" || !strings.Contains(err.Error(), "Rule r does not exist on EventBus default.") {
				t.Errorf("describing what is gone: %v", err)
			}
			if i := c.Inventory(); i["rules"] != 0 || i["targets"] != 0 {
				t.Errorf("left: %v", i)
			}
		},
		"entries fail one by one, and a bus that is not there swallows": func(t *testing.T, c *clients) {
			out := must[*eventbridge.PutEventsOutput](t)(c.events.PutEvents(c.ctx, &eventbridge.PutEventsInput{Entries: []eb.PutEventsRequestEntry{
				{Source: aws.String("a"), DetailType: aws.String("b"), Detail: aws.String("{}"), EventBusName: aws.String("nope")},
				{Source: aws.String("a"), DetailType: aws.String("b"), Detail: aws.String("{")},
				{Source: aws.String("aws.s3"), DetailType: aws.String("b"), Detail: aws.String("{}")},
				{DetailType: aws.String("b"), Detail: aws.String("{}")},
			}}))
			var codes []string
			for _, e := range out.Entries {
				codes = append(codes, aws.ToString(e.ErrorCode))
			}
			if want := []string{"", "MalformedDetail", "NotAuthorizedForSourceException", "InvalidArgument"}; !slices.Equal(codes, want) || out.FailedEntryCount != 3 {
				t.Errorf("codes %q, %d failed", codes, out.FailedEntryCount)
			}
			_, err := c.events.DescribeEventBus(c.ctx, &eventbridge.DescribeEventBusInput{Name: aws.String("nope")})
			if code(err) != "ResourceNotFoundException" {
				t.Errorf("describing a bus that is not there: %v", err)
			}
		},
		"an invalid pattern": func(t *testing.T, c *clients) {
			_, err := c.events.PutRule(c.ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String("{")})
			if code(err) != "InvalidEventPatternException" {
				t.Errorf("%v", err)
			}
		},
		"a bus of its own, tagged": func(t *testing.T, c *clients) {
			bus := must[*eventbridge.CreateEventBusOutput](t)(c.events.CreateEventBus(c.ctx, &eventbridge.CreateEventBusInput{Name: aws.String("own")}))
			must[*eventbridge.TagResourceOutput](t)(c.events.TagResource(c.ctx, &eventbridge.TagResourceInput{ResourceARN: bus.EventBusArn, Tags: []eb.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}))
			tags := must[*eventbridge.ListTagsForResourceOutput](t)(c.events.ListTagsForResource(c.ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: bus.EventBusArn})).Tags
			if len(tags) != 1 || *tags[0].Value != "b" {
				t.Errorf("tags %v", tags)
			}
			must[*eventbridge.PutRuleOutput](t)(c.events.PutRule(c.ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventBusName: bus.EventBusArn, EventPattern: aws.String(`{"source":["a"]}`)}))
			rules := must[*eventbridge.ListRulesOutput](t)(c.events.ListRules(c.ctx, &eventbridge.ListRulesInput{EventBusName: aws.String("own"), NamePrefix: aws.String("r")})).Rules
			if len(rules) != 1 || *rules[0].Arn != "arn:aws:events:us-east-1:000000000000:rule/own/r" {
				t.Errorf("rules %v", rules)
			}
			if buses := must[*eventbridge.ListEventBusesOutput](t)(c.events.ListEventBuses(c.ctx, &eventbridge.ListEventBusesInput{})).EventBuses; len(buses) != 2 {
				t.Errorf("buses %v", buses)
			}
		},
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) { bubble(t, sandbox.Options{}, func(c *clients) { f(t, c) }) })
	}
}

func TestTargetInput(t *testing.T) {
	tests := map[string]struct {
		target eb.Target
		want   string
	}{
		"constant": {eb.Target{Input: aws.String(`{"x":1}`)}, `{"x":1}`},
		"path":     {eb.Target{InputPath: aws.String("$.detail.list[1]")}, `"b"`},
		"template": {eb.Target{InputTransformer: &eb.InputTransformer{
			InputPathsMap: map[string]string{"n": "$.detail.n", "s": "$.detail.s", "none": "$.detail.none"},
			InputTemplate: aws.String(`{"n":<n>,"s":<s>,"text":"<s> is <n>","none":<none>,"rule":"<aws.events.rule-name>"}`),
		}}, `{"n":1.50,"s":"é","text":"é is 1.50","none":"","rule":"r"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, sandbox.Options{}, func(c *clients) {
				url := c.listen("r", `{"source":["shop"]}`)
				tt.target.Id, tt.target.Arn = aws.String("queue"), aws.String("arn:aws:sqs:us-east-1:000000000000:r")
				must[*eventbridge.PutTargetsOutput](t)(c.events.PutTargets(c.ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []eb.Target{tt.target}}))
				c.put("shop", "sold", `{"n":1.50,"s":"é","list":["a","b"]}`)
				if got := c.receive(url, 5); !slices.Equal(got, []string{tt.want}) {
					t.Errorf("received %q, want %q; lost %v", got, tt.want, c.Lost())
				}
			})
		})
	}
}

func TestUnkindDelivery(t *testing.T) {
	bubble(t, sandbox.Options{Delivery: sandbox.Delivery{Delay: 3 * time.Second, Twice: true, RuleDelay: 2 * time.Second}}, func(c *clients) {
		url := c.listen("r", `{"source":["shop"]}`)
		c.put("shop", "too early", `{}`)
		<-time.After(2 * time.Second)
		began := time.Now()
		c.put("shop", "sold", `{}`)
		got := c.receive(url, 20)
		got = append(got, c.receive(url, 1)...)
		if len(got) != 2 || got[0] != got[1] || time.Since(began) < 3*time.Second {
			t.Errorf("after %v: %v", time.Since(began), got)
		}
	})
}
