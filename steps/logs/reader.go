// Package logs holds the kinds of steps that look into CloudWatch Logs. It must
// not know what writes a log.
package logs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

const (
	// spacing is the least time between two readings of one source:
	// FilterLogEvents allows 5 to 25 calls a second for the whole account.
	spacing = 200 * time.Millisecond
	// patience is how long one reading may take, all its pages together.
	patience = time.Minute
)

// source is what one reader reads.
type source struct{ group, filter, prefix string }

// reader reads one source for everybody in the run who asks. There is at most
// one reading under way; whoever asks meanwhile shares the next one, so that
// what anybody gets was read after they asked.
type reader struct {
	source
	place *awsclient.Place
	clock *steps.Clock
	ctx   context.Context // the run's

	mu      sync.Mutex
	running bool
	next    *reading  // gathers who asks; nil when nobody does
	last    time.Time // when the last reading began
}

// reading is one reading, for all who share it.
type reading struct {
	since   time.Time // the earliest that any of them asks for
	done    chan struct{}
	entries []entry
	err     error
}

func readerFor(ctx context.Context, env *steps.Env, s source) (*reader, error) {
	place := env.AWS
	clock, err := steps.ClockOf(ctx, env.Run, place)
	if err != nil {
		return nil, err
	}
	patient := place.Single() == place // for a step that looks once
	key := fmt.Sprintf("logs.reader %s %v %q", place.Key(), patient, s)
	return steps.Share(ctx, env.Run, key, func(ctx context.Context) (*reader, error) {
		return &reader{source: s, place: place.Single(), clock: clock, ctx: ctx}, nil
	})
}

// look gives the entries since a time of our clock, the oldest first. Their own
// times are the service's.
func (r *reader) look(ctx context.Context, since time.Time) ([]entry, error) {
	r.mu.Lock()
	if r.next == nil {
		r.next = &reading{since: since, done: make(chan struct{})}
	}
	mine := r.next
	if since.Before(mine.since) {
		mine.since = since
	}
	if !r.running {
		r.running = true
		go r.run()
	}
	r.mu.Unlock()
	select {
	case <-mine.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if mine.err != nil {
		return nil, mine.err
	}
	first := r.clock.Theirs(since).UnixMilli()
	from := slices.IndexFunc(mine.entries, func(e entry) bool { return e.at >= first })
	if from < 0 {
		return nil, nil
	}
	return mine.entries[from:], nil
}

// run reads for as long as somebody asks.
func (r *reader) run() {
	for {
		r.rest()
		r.mu.Lock()
		now := r.next
		r.next = nil
		if now == nil {
			r.running = false
			r.mu.Unlock()
			return
		}
		r.last = time.Now()
		r.mu.Unlock()
		now.entries, now.err = r.read(now.since)
		close(now.done)
	}
}

// rest keeps readings apart. Whoever asks meanwhile joins the next one.
func (r *reader) rest() {
	r.mu.Lock()
	left, wanted := spacing-time.Since(r.last), r.next != nil
	r.mu.Unlock()
	if wanted {
		_ = steps.Pause(r.ctx, left) // the end of the run ends the reading too
	}
}

// read reads what there is since a time of our clock. The first answer may
// show that this was earlier on the service's clock than was asked for.
func (r *reader) read(since time.Time) ([]entry, error) {
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	for {
		from := r.clock.Theirs(since)
		entries, err := r.readPages(ctx, from)
		if err != nil || !r.clock.Theirs(since).Before(from) {
			return entries, err
		}
	}
}

// readPages reads all pages from a time of the service's clock on; one may be
// empty and still have another behind it.
func (r *reader) readPages(ctx context.Context, from time.Time) ([]entry, error) {
	in := &cloudwatchlogs.FilterLogEventsInput{StartTime: aws.Int64(from.UnixMilli())}
	if name := groupName(r.group); strings.HasPrefix(r.group, "arn:") && !strings.Contains(r.group, ":"+r.place.Region+":"+r.place.Account+":") {
		in.LogGroupIdentifier = aws.String(strings.TrimSuffix(r.group, ":*")) // of an account that shares its logs
	} else {
		in.LogGroupName = &name
	}
	if r.filter != "" {
		in.FilterPattern = &r.filter
	}
	if r.prefix != "" {
		in.LogStreamNamePrefix = &r.prefix
	}
	byID := map[string]entry{}
	for {
		called := time.Now()
		page, err := r.place.Logs().FilterLogEvents(ctx, in)
		if err != nil {
			return nil, r.explained(ctx, err)
		}
		r.clock.Saw(page.ResultMetadata, called)
		for _, e := range page.Events {
			r.gather(byID, e)
		}
		if aws.ToString(page.NextToken) == "" {
			break
		}
		if aws.ToString(in.NextToken) == *page.NextToken {
			return nil, errors.New("log group " + r.group + ": the service gives the same page again and again")
		}
		in.NextToken = page.NextToken
	}
	out := make([]entry, 0, len(byID))
	for _, e := range byID {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b entry) int { return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.id, b.id)) })
	return out, nil
}

func (r *reader) gather(byID map[string]entry, e types.FilteredLogEvent) {
	x := entry{
		id: aws.ToString(e.EventId), message: aws.ToString(e.Message), stream: aws.ToString(e.LogStreamName),
		at: aws.ToInt64(e.Timestamp),
	}
	if e.IngestionTime != nil {
		x.ingested = r.clock.Ours(time.UnixMilli(*e.IngestionTime))
	}
	if x.id == "" { // an emulator without ids: nothing better tells entries apart
		x.id = fmt.Sprintf("%d %s %s", x.at, x.stream, x.message)
	}
	byID[x.id] = x
}

// explained says an error of the service. A log group that only lacks because
// its function has not run yet is no error.
func (r *reader) explained(ctx context.Context, err error) error {
	if !awsclient.Is(err, "ResourceNotFoundException") {
		return fmt.Errorf("log group %q: %w", r.group, err)
	}
	name, ok := functionOf(groupName(r.group))
	if !ok {
		return r.noGroup(ctx)
	}
	_, err = r.place.Lambda().GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &name})
	switch {
	case err == nil:
		return nil
	case awsclient.Is(err, "ResourceNotFoundException"):
		return steps.Finalf("log group %q does not exist in account %s, region %s, and there is no function %q that will make it", r.group, r.place.Account, r.place.Region, name)
	}
	return fmt.Errorf("log group %q does not exist, and whether there is a function %q cannot be told: %w", r.group, name, err)
}

// noGroup says that a log group does not exist, and which do.
func (r *reader) noGroup(ctx context.Context) error {
	pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(r.place.Logs(), &cloudwatchlogs.DescribeLogGroupsInput{})
	others := steps.Known(ctx, groupName(r.group), "log groups", func(ctx context.Context) ([]string, bool, error) {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, false, err
		}
		var names []string
		for _, g := range page.LogGroups {
			names = append(names, aws.ToString(g.LogGroupName))
		}
		return names, pages.HasMorePages(), nil
	})
	return steps.Finalf("log group %q does not exist in account %s, region %s%s", r.group, r.place.Account, r.place.Region, others)
}

// groupName takes a log group's name, or its ARN.
func groupName(ref string) string {
	if _, rest, ok := strings.Cut(ref, ":log-group:"); ok && strings.HasPrefix(ref, "arn:") {
		return strings.TrimSuffix(rest, ":*")
	}
	return ref
}

// functionOf is the function that a log group belongs to by its name.
func functionOf(group string) (string, bool) {
	name, ok := strings.CutPrefix(group, "/aws/lambda/")
	return name, ok && name != ""
}
