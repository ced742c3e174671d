package sandbox

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
)

// target is a rule's target with its paths read.
type target struct {
	types.Target
	path      *refPath           // of InputPath
	variables map[string]refPath // of InputTransformer
}

func (t target) id() string { return aws.ToString(t.Id) }

var templateVariable = regexp.MustCompile(`<([A-Za-z0-9_.-]+)>`)

// prepareTarget reads a target and refuses what the sandbox cannot deliver to.
func (e *eventsService) prepareTarget(t types.Target) (target, error) {
	out := target{Target: t}
	if aws.ToString(t.Id) == "" || aws.ToString(t.Arn) == "" {
		return out, invalid("1 validation error detected: a target needs an Id and an Arn")
	}
	switch service := arnService(*t.Arn); service {
	case "lambda", "sqs", "states", "events":
	default:
		return out, invalid("Parameter %s is not valid. Reason: the sandbox delivers to lambda, sqs, states and events, not to %q", *t.Arn, service)
	}
	if arnService(*t.Arn) != "events" && !e.home.has(*t.Arn) {
		return out, invalid("Parameter %s is not valid. Reason: of what other accounts and regions have, the sandbox delivers to event buses only", *t.Arn)
	}
	given := 0
	for _, is := range []bool{t.Input != nil, t.InputPath != nil, t.InputTransformer != nil} {
		if is {
			given++
		}
	}
	if given > 1 {
		return out, invalid("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", *t.Id)
	}
	if t.InputPath != nil {
		p, err := parseRefPath(*t.InputPath)
		if err != nil {
			return out, invalid("Invalid InputPath for target %s: %v", *t.Id, err)
		}
		out.path = &p
	}
	if t.InputTransformer == nil {
		return out, nil
	}
	return out, out.prepareTransformer()
}

func (t *target) prepareTransformer() error {
	t.variables = map[string]refPath{}
	for name, text := range t.InputTransformer.InputPathsMap {
		p, err := parseRefPath(text)
		if err != nil {
			return invalid("Invalid InputPathsMap for target %s: %v", t.id(), err)
		}
		t.variables[name] = p
	}
	for _, m := range templateVariable.FindAllStringSubmatch(aws.ToString(t.InputTransformer.InputTemplate), -1) {
		if _, ok := t.variables[m[1]]; !ok && !strings.HasPrefix(m[1], "aws.events.") {
			return invalid("InvalidInput for target %s : [Source: (String); the input template uses the variable <%s>, which InputPathsMap does not define]", t.id(), m[1])
		}
	}
	return nil
}

func arnService(a string) string {
	parts := strings.SplitN(a, ":", 4)
	if len(parts) < 4 || parts[0] != "arn" {
		return ""
	}
	return parts[2]
}

// input is what the target gets for an event, as JSON text.
func (t target) input(ruleARN string, event map[string]any, now time.Time) (string, error) {
	switch {
	case t.Input != nil:
		return *t.Input, nil
	case t.path != nil:
		v, ok := t.path.get(any(event))
		if !ok {
			return "", fmt.Errorf("the event has nothing at InputPath %s", t.path.text)
		}
		return compactJSON(v), nil
	case t.InputTransformer != nil:
		return t.transform(ruleARN, event, now), nil
	}
	return compactJSON(event), nil
}

// transform fills the input template. A variable inside quotes becomes its text, elsewhere its JSON; nothing is escaped.
func (t target) transform(ruleARN string, event map[string]any, now time.Time) string {
	template := aws.ToString(t.InputTransformer.InputTemplate)
	var b strings.Builder
	quoted, last := false, 0
	for _, m := range templateVariable.FindAllStringSubmatchIndex(template, -1) {
		before := template[last:m[0]]
		b.WriteString(before)
		quoted = quoted != (unescapedQuotes(before)%2 == 1)
		last = m[1]
		v, ok := t.variable(template[m[2]:m[3]], ruleARN, event, now)
		switch {
		case !ok && !quoted:
			b.WriteString(`""`)
		case ok && quoted:
			b.WriteString(textOf(v))
		case ok:
			b.WriteString(compactJSON(v))
		}
	}
	b.WriteString(template[last:])
	return b.String()
}

func unescapedQuotes(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			n++
		}
	}
	return n
}

func (t target) variable(name, ruleARN string, event map[string]any, now time.Time) (any, bool) {
	switch name {
	case "aws.events.rule-arn":
		return ruleARN, true
	case "aws.events.rule-name":
		return afterLast(ruleARN, "/"), true
	case "aws.events.event.ingestion-time":
		return now.UTC().Format(time.RFC3339), true
	case "aws.events.event.json":
		return event, true
	case "aws.events.event":
		short := map[string]any{}
		for k, v := range event {
			if k != "detail" {
				short[k] = v
			}
		}
		return short, true
	}
	return t.variables[name].get(any(event))
}

// send delivers an event to one target of a rule.
func (e *eventsService) send(ctx context.Context, ruleARN string, t target, event busEvent) {
	to := aws.ToString(t.Arn)
	body, err := t.input(ruleARN, event.document, e.home.now())
	if err == nil {
		err = e.sendBody(ctx, ruleARN, t, to, body, event)
	}
	if err != nil && ctx.Err() == nil {
		e.home.lose(fmt.Sprintf("event %s of %s by %s", event.document["id"], event.document["source"], ruleARN), to, err)
	}
}

// forward sends an event on to another bus, of any account and region. No event is sent on twice.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html
func (e *eventsService) forward(t target, event busEvent) error {
	if event.forwarded {
		return errors.New("it came from another bus already, and EventBridge sends no event on to a third one")
	}
	event.forwarded = true
	to := e
	if a, ok := arnAddress(*t.Arn); ok {
		to = e.home.home(a.account, a.region).events
	}
	return to.publish(busName(t.Arn), event)
}

const eventsPrincipal = "events.amazonaws.com"

func (e *eventsService) sendBody(ctx context.Context, ruleARN string, t target, to, body string, event busEvent) error {
	switch arnService(to) {
	case "sqs":
		return e.home.sqs.accept(ctx, afterLast(to, ":"), body, eventsPrincipal, ruleARN)
	case "lambda":
		return e.home.lambda.trigger(ctx, to, []byte(body), eventsPrincipal, ruleARN)
	case "states":
		if t.RoleArn == nil {
			return refuse("AccessDeniedException", "the target has no RoleArn to start the execution with")
		}
		_, err := e.home.states.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: t.Arn, Input: aws.String(body)})
		return err
	case "events":
		return e.forward(t, event)
	}
	return fmt.Errorf("the sandbox does not deliver to %s", to)
}
