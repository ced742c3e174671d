package listen

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// Bus is an event bus that exists.
type Bus struct {
	Name string
	ARN  string // arn:PARTITION:events:REGION:ACCOUNT:event-bus/NAME
}

// DefaultBus is the bus that every account has.
const DefaultBus = "default"

// FindBus looks up a bus by its name or ARN, once a run; "" is the default bus.
// PutEvents accepts events for a bus that does not exist and loses them
// (EventBridge API Reference, PutEvents), so whoever puts events asks here first.
func FindBus(ctx context.Context, env *steps.Env, ref string) (Bus, error) {
	name, err := busName(env.AWS, ref)
	if err != nil {
		return Bus{}, err
	}
	place := env.AWS
	return steps.Share(ctx, env.Run, "eventbridge/bus/"+place.Key()+"/"+name, func(ctx context.Context) (Bus, error) {
		out, err := place.EventBridge().DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: aws.String(name)})
		switch {
		case awsclient.Is(err, "ResourceNotFoundException"):
			return Bus{}, noBus(ctx, place, name)
		case err != nil:
			return Bus{}, fmt.Errorf("cannot look up bus %q: %w", name, err)
		}
		return Bus{Name: name, ARN: aws.ToString(out.Arn)}, nil
	})
}

// busName takes a name or an ARN of a bus in this account and region.
func busName(place *awsclient.Place, ref string) (string, error) {
	if ref == "" {
		return DefaultBus, nil
	}
	if !strings.HasPrefix(ref, "arn:") {
		return ref, nil
	}
	a, ok := parseARN(ref)
	switch {
	case ok && strings.HasPrefix(a.resource, "event-busv2/"):
		return "", steps.Finalf("%s is a custom event bus v2; those are not supported yet", ref)
	case !ok || a.service != "events" || !strings.HasPrefix(a.resource, "event-bus/"):
		return "", steps.Finalf("%s is not the ARN of an event bus; one looks like arn:aws:events:REGION:ACCOUNT:event-bus/NAME", ref)
	}
	return strings.TrimPrefix(a.resource, "event-bus/"), a.within(place, "bus "+ref)
}

// ElsewhereBus says whether a bus is another account's, named by its ARN:
// events may be put there, but it cannot be looked up from here.
func ElsewhereBus(place *awsclient.Place, ref string) bool {
	a, ok := parseARN(ref)
	return ok && strings.HasPrefix(a.resource, "event-bus/") && a.account != place.Account
}

func noBus(ctx context.Context, place *awsclient.Place, name string) error {
	known, err := busNames(ctx, place)
	if err != nil {
		return steps.Finalf("there is no bus %q in %s (listing those that exist failed: %s)", name, where(place), awsclient.Explain(err))
	}
	return steps.Finalf("there is no bus %q in %s%s; there are %s", name, where(place), schema.DidYouMean(name, known), schema.KnownNames(known))
}

func busNames(ctx context.Context, place *awsclient.Place) ([]string, error) {
	var names []string
	in := &eventbridge.ListEventBusesInput{}
	for {
		out, err := place.EventBridge().ListEventBuses(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, b := range out.EventBuses {
			names = append(names, aws.ToString(b.Name))
		}
		if aws.ToString(out.NextToken) == "" {
			return names, nil
		}
		in.NextToken = out.NextToken
	}
}

// awsARN is an ARN cut at its colons.
type awsARN struct{ partition, service, region, account, resource string }

func parseARN(s string) (awsARN, bool) {
	p := strings.SplitN(s, ":", 6)
	if len(p) < 6 || p[0] != "arn" {
		return awsARN{}, false
	}
	return awsARN{p[1], p[2], p[3], p[4], p[5]}, true
}

// within says where to go instead when something is not in the place of this step.
func (a awsARN) within(place *awsclient.Place, what string) error {
	switch {
	case a.region != place.Region:
		return steps.Finalf("%s is in region %s, but this step runs in %s", what, a.region, place.Region)
	case a.account != place.Account:
		return steps.Finalf("%s belongs to account %s, but this step runs in account %s", what, a.account, place.Account)
	}
	return nil
}

func where(place *awsclient.Place) string {
	return fmt.Sprintf("account %s, region %s", place.Account, place.Region)
}
