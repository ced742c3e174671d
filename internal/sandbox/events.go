package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// eventsService is EventBridge: buses, rules with event patterns, and targets. Schedules are refused.
type eventsService struct {
	home *home

	mu    sync.Mutex
	buses map[string]*bus
}

// bus and rule are guarded by the service's mutex.
type bus struct {
	name, arn string
	created   time.Time
	tags      map[string]string
	rules     map[string]*rule
}

type rule struct {
	name, arn, bus, description, role string
	pattern                           string
	matches                           func(event any) bool
	state                             types.RuleState
	changed                           time.Time // when rule or targets last changed
	tags                              map[string]string
	targets                           []target
}

const (
	defaultBus  = "default"
	mostTargets = 5
	mostEntries = 10
	// longestPattern is EventBridge's quota in characters.
	// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
	longestPattern = 2048
	longestEvent   = 1 << 20 // bytes of all entries of a call
)

func newEvents(h *home) *eventsService {
	e := &eventsService{home: h, buses: map[string]*bus{}}
	e.add(defaultBus)
	return e
}

// add makes a bus. The mutex must be held once others know the service.
func (e *eventsService) add(name string) *bus {
	b := &bus{name: name, arn: e.home.arn("events", "event-bus/"+name), created: e.home.now(), tags: map[string]string{}, rules: map[string]*rule{}}
	e.buses[name] = b
	return b
}

func (e *eventsService) count(counts map[string]int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	counts["buses"] += len(e.buses) - 1
	targets := 0
	for _, b := range e.buses {
		counts["rules"] += len(b.rules)
		for _, r := range b.rules {
			targets += len(r.targets)
		}
	}
	counts["targets"] += targets
}

// busName takes a name or an ARN; nothing is the default bus.
func busName(name *string) string {
	if aws.ToString(name) == "" {
		return defaultBus
	}
	if _, n, ok := strings.Cut(*name, ":event-bus/"); ok {
		return n
	}
	return *name
}

// find gives a bus. The mutex must be held.
func (e *eventsService) find(name *string) (*bus, error) {
	n := busName(name)
	if b := e.buses[n]; b != nil && e.home.has(aws.ToString(name)) {
		return b, nil
	}
	return nil, refuse("ResourceNotFoundException", "Event bus %s does not exist.", n)
}

// rule finds a rule of a bus. The mutex must be held.
func (e *eventsService) rule(busRef, name *string) (*rule, error) {
	b, err := e.find(busRef)
	if err != nil {
		return nil, err
	}
	if r := b.rules[aws.ToString(name)]; r != nil {
		return r, nil
	}
	return nil, refuse("ResourceNotFoundException", "Rule %s does not exist on EventBus %s.", aws.ToString(name), b.name)
}

func (e *eventsService) CreateEventBus(_ context.Context, in *eventbridge.CreateEventBusInput) (*eventbridge.CreateEventBusOutput, error) {
	name := aws.ToString(in.Name)
	if name == "" || strings.ContainsAny(name, "/:|") {
		return nil, invalid("Event bus name %q is not valid.", name)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.buses[name] != nil {
		return nil, refuse("ResourceAlreadyExistsException", "Event bus %s already exists.", name)
	}
	b := e.add(name)
	for _, t := range in.Tags {
		b.tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return &eventbridge.CreateEventBusOutput{EventBusArn: &b.arn}, nil
}

func (e *eventsService) DeleteEventBus(_ context.Context, in *eventbridge.DeleteEventBusInput) (*eventbridge.DeleteEventBusOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	b := e.buses[busName(in.Name)]
	switch {
	case busName(in.Name) == defaultBus:
		return nil, invalid("Cannot delete event bus default.")
	case b != nil && len(b.rules) > 0:
		return nil, invalid("Event bus can't be deleted since it has rules.")
	}
	delete(e.buses, busName(in.Name))
	return &eventbridge.DeleteEventBusOutput{}, nil
}

func (e *eventsService) DescribeEventBus(_ context.Context, in *eventbridge.DescribeEventBusInput) (*eventbridge.DescribeEventBusOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	b, err := e.find(in.Name)
	if err != nil {
		return nil, err
	}
	return &eventbridge.DescribeEventBusOutput{
		Name: aws.String(b.name), Arn: &b.arn, CreationTime: aws.Time(b.created),
	}, nil
}

func (e *eventsService) ListEventBuses(_ context.Context, in *eventbridge.ListEventBusesInput) (*eventbridge.ListEventBusesOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []types.EventBus
	for _, name := range slices.Sorted(maps.Keys(e.buses)) {
		if strings.HasPrefix(name, aws.ToString(in.NamePrefix)) {
			found = append(found, types.EventBus{Name: aws.String(name), Arn: &e.buses[name].arn})
		}
	}
	found, next, err := page(found, aws.ToInt32(in.Limit), 100, in.NextToken)
	return &eventbridge.ListEventBusesOutput{EventBuses: found, NextToken: next}, err
}

// PutEvents answers as AWS does: an entry that is not well formed fails by itself, and an event for a bus that does
// not exist is accepted and lost.
func (e *eventsService) PutEvents(ctx context.Context, in *eventbridge.PutEventsInput) (*eventbridge.PutEventsOutput, error) {
	if n := len(in.Entries); n == 0 || n > mostEntries {
		return nil, invalid("1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and %d, inclusive; it has %d", mostEntries, n)
	}
	size := 0
	for _, entry := range in.Entries {
		size += len(aws.ToString(entry.Detail)) + len(aws.ToString(entry.Source)) + len(aws.ToString(entry.DetailType))
	}
	if size > longestEvent {
		return nil, invalid("Total size of the entries in the request is over the limit.")
	}
	out := &eventbridge.PutEventsOutput{}
	for _, entry := range in.Entries {
		id, failed := e.putEvent(ctx, entry)
		if failed != nil {
			out.FailedEntryCount++
			out.Entries = append(out.Entries, types.PutEventsResultEntry{ErrorCode: aws.String(failed.Code), ErrorMessage: aws.String(failed.Message)})
			continue
		}
		out.Entries = append(out.Entries, types.PutEventsResultEntry{EventId: aws.String(id)})
	}
	return out, nil
}

func (e *eventsService) putEvent(ctx context.Context, entry types.PutEventsRequestEntry) (string, *apiError) {
	for name, v := range map[string]*string{"Source": entry.Source, "DetailType": entry.DetailType, "Detail": entry.Detail} {
		if aws.ToString(v) == "" {
			return "", refuse("InvalidArgument", "Parameter %s is not valid. Reason: %s is a required argument.", name, name)
		}
	}
	if strings.HasPrefix(*entry.Source, "aws.") {
		return "", refuse("NotAuthorizedForSourceException", "Not authorized for the source.")
	}
	if ask := e.home.options.PutEntry; ask != nil {
		if code := ask(entry); code != "" {
			return "", refuse(code, "as the test asked")
		}
	}
	detail, err := parseJSON([]byte(*entry.Detail))
	if _, ok := detail.(map[string]any); err != nil || !ok {
		return "", refuse("MalformedDetail", "Detail is malformed.")
	}
	at := e.home.now()
	if entry.Time != nil {
		at = *entry.Time
	}
	if !e.home.has(aws.ToString(entry.EventBusName)) {
		return "", refuse("AccessDeniedException", "the sandbox lets nobody put events on a bus of another account or region: %s; assume a role there", *entry.EventBusName)
	}
	event := map[string]any{
		"version": "0", "id": newID(), "detail-type": *entry.DetailType, "source": *entry.Source, "account": e.home.account,
		"time": at.UTC().Format("2006-01-02T15:04:05Z"), "region": e.home.region, "resources": anyList(entry.Resources), "detail": detail,
	}
	header := cmp.Or(aws.ToString(entry.TraceHeader), tracedBy(ctx))
	_ = e.publish(busName(entry.EventBusName), busEvent{document: event, trace: header}) // a bus that is not there swallows it
	return event["id"].(string), nil
}

// busEvent is an event on its way, with what its targets do not see of it.
type busEvent struct {
	document  map[string]any
	trace     string // the header it came with
	forwarded bool   // a rule of another bus sent it
}

// publish hands an event to the targets of every enabled rule of the bus that matches it. An error says that there is
// no such bus.
func (e *eventsService) publish(busName string, event busEvent) error {
	type hit struct {
		rule   string
		target target
	}
	var hits []hit
	e.mu.Lock()
	b, err := e.find(&busName)
	if err == nil {
		for _, r := range b.rules {
			if r.state == types.RuleStateDisabled || time.Since(r.changed) < e.home.options.Delivery.RuleDelay || !r.matches(event.document) {
				continue
			}
			for _, t := range r.targets {
				hits = append(hits, hit{r.arn, t})
			}
		}
	}
	e.mu.Unlock()
	for _, h := range hits {
		e.home.deliver(func(ctx context.Context) { e.send(traced(ctx, event.trace), h.rule, h.target, event) })
	}
	return err
}

func (e *eventsService) TestEventPattern(_ context.Context, in *eventbridge.TestEventPatternInput) (*eventbridge.TestEventPatternOutput, error) {
	matches, err := compileRule(aws.ToString(in.EventPattern))
	if err != nil {
		return nil, err
	}
	event, err := parseJSON([]byte(aws.ToString(in.Event)))
	if err != nil {
		return nil, invalid("Parameter Event is not valid. Reason: it is not JSON.")
	}
	return &eventbridge.TestEventPatternOutput{Result: matches(event)}, nil
}

func compileRule(pattern string) (func(any) bool, error) {
	if !json.Valid([]byte(pattern)) {
		return nil, refuse("InvalidEventPatternException", "Event pattern is not valid. Reason: it is not JSON")
	}
	matches, err := compilePattern([]byte(pattern))
	if err != nil {
		return nil, refuse("InvalidEventPatternException", "Event pattern is not valid. Reason: %v", err)
	}
	return matches, nil
}

// tagged finds the tags of a bus or rule by its ARN. The mutex must be held.
func (e *eventsService) tagged(resource *string) (map[string]string, error) {
	for _, b := range e.buses {
		if b.arn == aws.ToString(resource) {
			return b.tags, nil
		}
		for _, r := range b.rules {
			if r.arn == aws.ToString(resource) {
				return r.tags, nil
			}
		}
	}
	return nil, refuse("ResourceNotFoundException", "Resource %s does not exist.", aws.ToString(resource))
}

func (e *eventsService) TagResource(_ context.Context, in *eventbridge.TagResourceInput) (*eventbridge.TagResourceOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	tags, err := e.tagged(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	for _, t := range in.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return &eventbridge.TagResourceOutput{}, nil
}

func (e *eventsService) ListTagsForResource(_ context.Context, in *eventbridge.ListTagsForResourceInput) (*eventbridge.ListTagsForResourceOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	tags, err := e.tagged(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	out := &eventbridge.ListTagsForResourceOutput{Tags: []types.Tag{}}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out.Tags = append(out.Tags, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	return out, nil
}
