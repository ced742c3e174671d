package sandbox

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

func (e *eventsService) PutRule(_ context.Context, in *eventbridge.PutRuleInput) (*eventbridge.PutRuleOutput, error) {
	name := aws.ToString(in.Name)
	switch {
	case name == "" || len(name) > 64 || strings.ContainsAny(name, " /:|"):
		return nil, invalid("1 validation error detected: Value '%s' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+ and have length less than or equal to 64", name)
	case in.ScheduleExpression != nil && *in.ScheduleExpression != "":
		return nil, invalid("the sandbox has no schedules: rule %s", name)
	case aws.ToString(in.EventPattern) == "":
		return nil, invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	case len(*in.EventPattern) > longestPattern:
		return nil, refuse("LimitExceededException", "Event pattern is too long.")
	}
	matches, err := compileRule(*in.EventPattern)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	b, err := e.find(in.EventBusName)
	if err != nil {
		return nil, err
	}
	r := b.rules[name]
	if r == nil {
		r = &rule{name: name, bus: b.name, arn: e.ruleARN(b.name, name), tags: map[string]string{}}
		for _, t := range in.Tags { // AWS ignores the tags of a rule that exists
			r.tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		b.rules[name] = r
	}
	r.pattern, r.matches, r.changed = *in.EventPattern, matches, time.Now()
	r.description, r.role = aws.ToString(in.Description), aws.ToString(in.RoleArn)
	r.state = types.RuleStateEnabled
	if in.State != "" {
		r.state = in.State
	}
	return &eventbridge.PutRuleOutput{RuleArn: &r.arn}, nil
}

func (e *eventsService) DescribeRule(_ context.Context, in *eventbridge.DescribeRuleInput) (*eventbridge.DescribeRuleOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r, err := e.rule(in.EventBusName, in.Name)
	if err != nil {
		return nil, err
	}
	return &eventbridge.DescribeRuleOutput{
		Name: aws.String(r.name), Arn: &r.arn, EventBusName: aws.String(r.bus), EventPattern: aws.String(r.pattern),
		State: r.state, Description: optional(r.description), RoleArn: optional(r.role), CreatedBy: &e.home.account,
	}, nil
}

// ruleARN is the ARN of a rule; that of the default bus does not name the bus.
func (e *eventsService) ruleARN(busName, name string) string {
	if busName == defaultBus {
		return e.home.arn("events", "rule/"+name)
	}
	return e.home.arn("events", "rule/"+busName+"/"+name)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (e *eventsService) ListRules(_ context.Context, in *eventbridge.ListRulesInput) (*eventbridge.ListRulesOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	b, err := e.find(in.EventBusName)
	if err != nil {
		return nil, err
	}
	found := []types.Rule{}
	for _, name := range slices.Sorted(maps.Keys(b.rules)) {
		if r := b.rules[name]; strings.HasPrefix(name, aws.ToString(in.NamePrefix)) {
			found = append(found, types.Rule{
				Name: aws.String(r.name), Arn: &r.arn, EventBusName: aws.String(r.bus),
				EventPattern: aws.String(r.pattern), State: r.state, Description: optional(r.description), RoleArn: optional(r.role),
			})
		}
	}
	found, next, err := page(found, aws.ToInt32(in.Limit), 100, in.NextToken)
	return &eventbridge.ListRulesOutput{Rules: found, NextToken: next}, err
}

func (e *eventsService) DeleteRule(_ context.Context, in *eventbridge.DeleteRuleInput) (*eventbridge.DeleteRuleOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	b, err := e.find(in.EventBusName)
	if err != nil {
		return nil, err
	}
	// Deleting what is not there is no error in EventBridge.
	if r := b.rules[aws.ToString(in.Name)]; r != nil {
		if len(r.targets) > 0 {
			return nil, invalid("Rule can't be deleted since it has targets.")
		}
		delete(b.rules, r.name)
	}
	return &eventbridge.DeleteRuleOutput{}, nil
}

func (e *eventsService) EnableRule(_ context.Context, in *eventbridge.EnableRuleInput) (*eventbridge.EnableRuleOutput, error) {
	return &eventbridge.EnableRuleOutput{}, e.turn(in.EventBusName, in.Name, types.RuleStateEnabled)
}

func (e *eventsService) DisableRule(_ context.Context, in *eventbridge.DisableRuleInput) (*eventbridge.DisableRuleOutput, error) {
	return &eventbridge.DisableRuleOutput{}, e.turn(in.EventBusName, in.Name, types.RuleStateDisabled)
}

func (e *eventsService) turn(busRef, name *string, state types.RuleState) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	r, err := e.rule(busRef, name)
	if err != nil {
		return err
	}
	r.state, r.changed = state, time.Now()
	return nil
}

func (e *eventsService) PutTargets(_ context.Context, in *eventbridge.PutTargetsInput) (*eventbridge.PutTargetsOutput, error) {
	ready := make([]target, 0, len(in.Targets))
	for _, t := range in.Targets {
		prepared, err := e.prepareTarget(t)
		if err != nil {
			return nil, err
		}
		ready = append(ready, prepared)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	r, err := e.rule(in.EventBusName, in.Rule)
	if err != nil {
		return nil, err
	}
	targets := slices.Clone(r.targets)
	for _, t := range ready {
		if i := slices.IndexFunc(targets, func(old target) bool { return old.id() == t.id() }); i >= 0 {
			targets[i] = t
		} else {
			targets = append(targets, t)
		}
	}
	if len(targets) > mostTargets {
		return nil, refuse("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
	}
	r.targets, r.changed = targets, time.Now()
	return &eventbridge.PutTargetsOutput{FailedEntries: []types.PutTargetsResultEntry{}}, nil
}

func (e *eventsService) ListTargetsByRule(_ context.Context, in *eventbridge.ListTargetsByRuleInput) (*eventbridge.ListTargetsByRuleOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r, err := e.rule(in.EventBusName, in.Rule)
	if err != nil {
		return nil, err
	}
	found := []types.Target{}
	for _, t := range r.targets {
		found = append(found, t.Target)
	}
	found, next, err := page(found, aws.ToInt32(in.Limit), 100, in.NextToken)
	return &eventbridge.ListTargetsByRuleOutput{Targets: found, NextToken: next}, err
}

func (e *eventsService) RemoveTargets(_ context.Context, in *eventbridge.RemoveTargetsInput) (*eventbridge.RemoveTargetsOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r, err := e.rule(in.EventBusName, in.Rule)
	if err != nil {
		return nil, err
	}
	r.targets = slices.DeleteFunc(slices.Clone(r.targets), func(t target) bool { return slices.Contains(in.Ids, t.id()) })
	r.changed = time.Now()
	return &eventbridge.RemoveTargetsOutput{FailedEntries: []types.RemoveTargetsResultEntry{}}, nil
}
