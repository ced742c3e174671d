package listen

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

// The tags of everything a harness is made of.
const (
	tagRun     = "rehearse:run"
	tagCreated = "rehearse:created"
	tagLease   = "rehearse:lease"
)

// Part is a rule or a queue with the name of a harness. A pair may be half there.
type Part struct {
	Resource steps.Resource
	Run      string    // by its tags; by its name where Untagged
	Created  time.Time // zero where no tag tells
	Lease    time.Time // until when it may be in use
	Untagged bool      // it has our form of name, but not our tags: perhaps it is not ours
}

// harnessName is the form of the names of rules and queues: the run, and the
// checksum of what is listened to.
var harnessName = regexp.MustCompile(`^` + namePrefix + `([0-9a-z]{12})-[0-9a-f]{8}$`)

// Parts lists what is in a place that has a harness's name: rules first, as
// they are removed before the queues that they send to. What one service or
// bus refuses to tell is among the errors; the rest is listed nevertheless.
func Parts(ctx context.Context, place *awsclient.Place) ([]Part, []error) {
	rules, errs := findRules(ctx, place)
	queues, more := findQueues(ctx, place)
	return append(rules, queues...), append(errs, more...)
}

func findRules(ctx context.Context, place *awsclient.Place) (parts []Part, errs []error) {
	buses, err := allBuses(ctx, place)
	if err != nil {
		errs = append(errs, err)
	}
	for _, bus := range buses {
		in := &eventbridge.ListRulesInput{NamePrefix: aws.String(namePrefix), EventBusName: aws.String(bus)}
		for {
			out, err := place.EventBridge().ListRules(ctx, in)
			if err != nil {
				if !awsclient.Is(err, "ResourceNotFoundException") { // the bus was just deleted
					errs = append(errs, fmt.Errorf("the rules of bus %q cannot be listed: %w", bus, err))
				}
				break
			}
			for _, r := range out.Rules {
				part, err := rulePart(ctx, place, bus, aws.ToString(r.Name), aws.ToString(r.Arn))
				if part != nil {
					parts = append(parts, *part)
				}
				if err != nil {
					errs = append(errs, err)
				}
			}
			if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
				break
			}
		}
	}
	return parts, errs
}

// allBuses gives at least the default bus: it is always there.
func allBuses(ctx context.Context, place *awsclient.Place) ([]string, error) {
	var buses []string
	in := &eventbridge.ListEventBusesInput{}
	for {
		out, err := place.EventBridge().ListEventBuses(ctx, in)
		if err != nil {
			return []string{DefaultBus}, fmt.Errorf("the event buses cannot be listed, so only bus %q was looked at: %w", DefaultBus, err)
		}
		for _, b := range out.EventBuses {
			buses = append(buses, aws.ToString(b.Name))
		}
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			return buses, nil
		}
	}
}

// rulePart looks at the tags of a rule; nil when it is no harness's.
func rulePart(ctx context.Context, place *awsclient.Place, bus, name, arn string) (*Part, error) {
	if !harnessName.MatchString(name) {
		return nil, nil
	}
	out, err := place.EventBridge().ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: &arn})
	if err != nil {
		if awsclient.Is(err, "ResourceNotFoundException") {
			return nil, nil // its run removed it meanwhile
		}
		return nil, fmt.Errorf("the tags of rule %s on bus %q cannot be read: %w", name, bus, err)
	}
	tags := map[string]string{}
	for _, t := range out.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return partOf(steps.Resource{Type: RuleType, ID: name, ARN: arn, Place: place.Key(), Data: map[string]string{"bus": bus}}, tags), nil
}

func findQueues(ctx context.Context, place *awsclient.Place) (parts []Part, errs []error) {
	in := &sqs.ListQueuesInput{QueueNamePrefix: aws.String(namePrefix), MaxResults: aws.Int32(1000)} // without a number there are no pages
	for {
		out, err := place.SQS().ListQueues(ctx, in)
		if err != nil {
			return parts, append(errs, fmt.Errorf("the queues cannot be listed: %w", err))
		}
		for _, url := range out.QueueUrls {
			part, err := queuePart(ctx, place, url)
			if part != nil {
				parts = append(parts, *part)
			}
			if err != nil {
				errs = append(errs, err)
			}
		}
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			return parts, errs
		}
	}
}

// queuePart looks at the tags of a queue; nil when it is no harness's.
func queuePart(ctx context.Context, place *awsclient.Place, url string) (*Part, error) {
	name := url[strings.LastIndex(url, "/")+1:]
	if !harnessName.MatchString(name) {
		return nil, nil
	}
	out, err := place.SQS().ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: &url})
	if err != nil {
		if noQueue(err) {
			return nil, nil // its run removed it meanwhile
		}
		return nil, fmt.Errorf("the tags of queue %s cannot be read: %w", name, err)
	}
	return partOf(steps.Resource{Type: QueueType, ID: name, Place: place.Key()}, out.Tags), nil
}

// partOf reads the tags. All three must be there, and name and tag must agree
// on the run: whatever else has such a name may be somebody's own.
func partOf(r steps.Resource, tags map[string]string) *Part {
	p := &Part{Resource: r, Run: harnessName.FindStringSubmatch(r.ID)[1]}
	created, err1 := time.Parse(time.RFC3339, tags[tagCreated])
	lease, err2 := time.Parse(time.RFC3339, tags[tagLease])
	if p.Untagged = tags[tagRun] != p.Run || err1 != nil || err2 != nil; !p.Untagged {
		p.Created, p.Lease = created, lease
	}
	return p
}
