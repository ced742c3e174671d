package listen

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// Selection says which events of a bus a listener hears: exactly one of Rule,
// Pattern and All.
type Selection struct {
	Bus     string // name or ARN; "" is the default bus, or the one that Rule names
	Rule    string // a rule's name, bus|rule or ARN: its pattern and state count
	Pattern string // an event pattern as JSON text
	All     bool   // everything on the bus
}

// chosen is a selection after looking at what it names.
type chosen struct {
	bus     Bus
	pattern string // compact JSON
	state   types.RuleState
	source  string // for messages
}

// everything matches every event: each has a source.
const everything = `{"source":[{"prefix":""}]}`

// choose resolves a selection: the bus must exist, a rule must exist, be
// enabled and have a pattern.
func (s Selection) choose(ctx context.Context, env *steps.Env) (chosen, error) {
	if s.Rule != "" {
		return s.chooseRule(ctx, env)
	}
	bus, err := FindBus(ctx, env, s.Bus)
	if err != nil {
		return chosen{}, err
	}
	c := chosen{bus: bus, pattern: everything, state: types.RuleStateEnabled, source: fmt.Sprintf("everything on bus %q", bus.Name)}
	if s.All {
		return c, nil
	}
	c.source = fmt.Sprintf("a pattern on bus %q", bus.Name)
	c.pattern, err = compact(s.Pattern)
	return c, err
}

func (s Selection) chooseRule(ctx context.Context, env *steps.Env) (chosen, error) {
	busRef, name, err := splitRule(env.AWS, s.Rule)
	if err != nil {
		return chosen{}, err
	}
	bus, err := FindBus(ctx, env, cmp.Or(s.Bus, busRef))
	if err != nil {
		return chosen{}, err
	}
	if busRef != "" && busRef != bus.Name {
		return chosen{}, steps.Finalf("rule %q is on bus %q, but event_bus says %q; leave event_bus out", s.Rule, busRef, bus.Name)
	}
	place := env.AWS
	return steps.Share(ctx, env.Run, "eventbridge/rule/"+place.Key()+"/"+bus.Name+"|"+name, func(ctx context.Context) (chosen, error) {
		return describeRule(ctx, place, bus, name)
	})
}

func describeRule(ctx context.Context, place *awsclient.Place, bus Bus, name string) (chosen, error) {
	out, err := place.EventBridge().DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String(name), EventBusName: aws.String(bus.Name)})
	switch {
	case awsclient.Is(err, "ResourceNotFoundException"):
		return chosen{}, noRule(ctx, place, bus, name)
	case err != nil:
		return chosen{}, fmt.Errorf("cannot read rule %q of bus %q: %w", name, bus.Name, err)
	case out.State == types.RuleStateDisabled:
		return chosen{}, steps.Finalf("rule %q of bus %q is disabled: it lets nothing through; enable it, or listen to its pattern", name, bus.Name)
	case aws.ToString(out.EventPattern) == "":
		return chosen{}, steps.Finalf("rule %q of bus %q has no event pattern (its schedule is %q); only rules with a pattern can be listened to",
			name, bus.Name, aws.ToString(out.ScheduleExpression))
	}
	state := out.State
	if state == "" {
		state = types.RuleStateEnabled
	}
	c := chosen{bus: bus, state: state, source: fmt.Sprintf("rule %q of bus %q", name, bus.Name)}
	c.pattern, err = compact(*out.EventPattern)
	return c, err
}

// splitRule takes a rule's name, bus|rule (what CloudFormation and the CDK call
// a rule on a bus of its own) or ARN apart; bus is "" where the text names none.
func splitRule(place *awsclient.Place, ref string) (bus, name string, err error) {
	if !strings.HasPrefix(ref, "arn:") {
		if b, n, ok := strings.Cut(ref, "|"); ok {
			return b, n, nil
		}
		return "", ref, nil
	}
	a, ok := parseARN(ref)
	path, isRule := strings.CutPrefix(a.resource, "rule/")
	if !ok || a.service != "events" || !isRule || path == "" {
		return "", "", steps.Finalf("%s is not the ARN of a rule; one looks like arn:aws:events:REGION:ACCOUNT:rule/BUS/NAME", ref)
	}
	bus, name = DefaultBus, path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		bus, name = path[:i], path[i+1:]
	}
	return bus, name, a.within(place, "rule "+ref)
}

func noRule(ctx context.Context, place *awsclient.Place, bus Bus, name string) error {
	var known []string
	in := &eventbridge.ListRulesInput{EventBusName: aws.String(bus.Name)}
	for {
		out, err := place.EventBridge().ListRules(ctx, in)
		if err != nil {
			return steps.Finalf("there is no rule %q on bus %q (listing those that exist failed: %s)", name, bus.Name, awsclient.Explain(err))
		}
		for _, r := range out.Rules {
			if n := aws.ToString(r.Name); !strings.HasPrefix(n, namePrefix) {
				known = append(known, n)
			}
		}
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			break
		}
	}
	return steps.Finalf("there is no rule %q on bus %q%s; its rules: %s", name, bus.Name, schema.DidYouMean(name, known), schema.KnownNames(known))
}

func compact(pattern string) (string, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(pattern)); err != nil {
		return "", steps.Finalf("an event pattern is a JSON document, this is none: %v", err)
	}
	return b.String(), nil
}
