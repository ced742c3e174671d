package sandbox

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// logsService is CloudWatch Logs: groups, streams, events. FilterLogEvents matches every event, whatever the filter
// pattern, as other emulators do: who needs the pattern applies it again on its own side.
type logsService struct {
	home *home

	mu     sync.Mutex
	groups map[string]*logGroup
	serial int
}

// logGroup is guarded by the service's mutex.
type logGroup struct {
	name, arn string
	created   time.Time
	retention *int32
	streams   map[string]*logStream
}

type logStream struct {
	name    string
	created time.Time
	events  []logEvent
}

type logEvent struct {
	id              string
	stream, message string
	at, ingestion   int64 // milliseconds since 1970
	serial          int
}

func newLogs(h *home) *logsService {
	return &logsService{home: h, groups: map[string]*logGroup{}}
}

func (s *logsService) count(counts map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts["log_groups"] += len(s.groups)
}

// group finds a group by name or ARN. The mutex must be held.
func (s *logsService) group(name, identifier *string) (*logGroup, error) {
	n := aws.ToString(name)
	if n == "" {
		n = aws.ToString(identifier)
	}
	if _, rest, ok := strings.Cut(n, ":log-group:"); ok {
		n = strings.TrimSuffix(rest, ":*")
	}
	if n == "" {
		return nil, refuse("InvalidParameterException", "Either logGroupName or logGroupIdentifier must be given.")
	}
	if g := s.groups[n]; g != nil && s.home.has(aws.ToString(identifier)) {
		return g, nil
	}
	return nil, refuse("ResourceNotFoundException", "The specified log group does not exist.")
}

func (s *logsService) CreateLogGroup(_ context.Context, in *cloudwatchlogs.CreateLogGroupInput) (*cloudwatchlogs.CreateLogGroupOutput, error) {
	if aws.ToString(in.LogGroupName) == "" {
		return nil, refuse("InvalidParameterException", "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.groups[*in.LogGroupName] != nil {
		return nil, refuse("ResourceAlreadyExistsException", "The specified log group already exists")
	}
	s.groups[*in.LogGroupName] = s.newGroup(*in.LogGroupName)
	return &cloudwatchlogs.CreateLogGroupOutput{}, nil
}

func (s *logsService) newGroup(name string) *logGroup {
	return &logGroup{name: name, arn: s.home.arn("logs", "log-group:"+name), created: s.home.now(), streams: map[string]*logStream{}}
}

func (s *logsService) DeleteLogGroup(_ context.Context, in *cloudwatchlogs.DeleteLogGroupInput) (*cloudwatchlogs.DeleteLogGroupOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	delete(s.groups, g.name)
	return &cloudwatchlogs.DeleteLogGroupOutput{}, nil
}

func (s *logsService) DescribeLogGroups(_ context.Context, in *cloudwatchlogs.DescribeLogGroupsInput) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []types.LogGroup{}
	for _, name := range slices.Sorted(maps.Keys(s.groups)) {
		g := s.groups[name]
		if strings.HasPrefix(name, aws.ToString(in.LogGroupNamePrefix)) && strings.Contains(name, aws.ToString(in.LogGroupNamePattern)) {
			found = append(found, types.LogGroup{
				LogGroupName: aws.String(name), Arn: aws.String(g.arn + ":*"), LogGroupArn: aws.String(g.arn),
				CreationTime: aws.Int64(g.created.UnixMilli()), RetentionInDays: g.retention, StoredBytes: aws.Int64(0),
			})
		}
	}
	found, next, err := page(found, aws.ToInt32(in.Limit), 50, in.NextToken)
	return &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: found, NextToken: next}, err
}

func (s *logsService) CreateLogStream(_ context.Context, in *cloudwatchlogs.CreateLogStreamInput) (*cloudwatchlogs.CreateLogStreamOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.LogStreamName)
	if name == "" || strings.ContainsAny(name, ":*") {
		return nil, refuse("InvalidParameterException", "Log stream name %q is not valid.", name)
	}
	if g.streams[name] != nil {
		return nil, refuse("ResourceAlreadyExistsException", "The specified log stream already exists")
	}
	g.streams[name] = &logStream{name: name, created: s.home.now()}
	return &cloudwatchlogs.CreateLogStreamOutput{}, nil
}

func (s *logsService) DescribeLogStreams(_ context.Context, in *cloudwatchlogs.DescribeLogStreamsInput) (*cloudwatchlogs.DescribeLogStreamsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	found := []types.LogStream{}
	for _, name := range slices.Sorted(maps.Keys(g.streams)) {
		st := g.streams[name]
		if !strings.HasPrefix(name, aws.ToString(in.LogStreamNamePrefix)) {
			continue
		}
		d := types.LogStream{LogStreamName: aws.String(name), CreationTime: aws.Int64(st.created.UnixMilli()), Arn: aws.String(g.arn + ":log-stream:" + name)}
		if n := len(st.events); n > 0 {
			d.FirstEventTimestamp, d.LastEventTimestamp = aws.Int64(st.events[0].at), aws.Int64(st.events[n-1].at)
			d.LastIngestionTime = aws.Int64(st.events[n-1].ingestion)
		}
		found = append(found, d)
	}
	if in.OrderBy == types.OrderByLastEventTime {
		slices.SortStableFunc(found, func(a, b types.LogStream) int {
			return cmp.Compare(aws.ToInt64(a.LastEventTimestamp), aws.ToInt64(b.LastEventTimestamp))
		})
	}
	if aws.ToBool(in.Descending) {
		slices.Reverse(found)
	}
	found, next, err := page(found, aws.ToInt32(in.Limit), 50, in.NextToken)
	return &cloudwatchlogs.DescribeLogStreamsOutput{LogStreams: found, NextToken: next}, err
}

func (s *logsService) PutLogEvents(_ context.Context, in *cloudwatchlogs.PutLogEventsInput) (*cloudwatchlogs.PutLogEventsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	st := g.streams[aws.ToString(in.LogStreamName)]
	if st == nil {
		return nil, refuse("ResourceNotFoundException", "The specified log stream does not exist.")
	}
	if len(in.LogEvents) == 0 {
		return nil, refuse("InvalidParameterException", "1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	for i, e := range in.LogEvents {
		if e.Timestamp == nil || aws.ToString(e.Message) == "" {
			return nil, refuse("InvalidParameterException", "Log event %d lacks its timestamp or its message.", i)
		}
		if i > 0 && *e.Timestamp < *in.LogEvents[i-1].Timestamp {
			return nil, refuse("InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.")
		}
	}
	for _, e := range in.LogEvents {
		s.append(st, *e.Timestamp, *e.Message)
	}
	return &cloudwatchlogs.PutLogEventsOutput{NextSequenceToken: aws.String(fmt.Sprintf("%056d", s.serial))}, nil
}

// append adds an event to a stream. The mutex must be held.
func (s *logsService) append(st *logStream, at int64, message string) {
	s.serial++
	now := s.home.now().UnixMilli()
	st.events = append(st.events, logEvent{
		id: fmt.Sprintf("%020d%036d", now, s.serial), stream: st.name, message: message, at: at, ingestion: now, serial: s.serial,
	})
}

// write adds a line to a stream and makes group and stream when they are missing, as Lambda does at a function's first line.
func (s *logsService) write(groupName, stream, line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[groupName]
	if g == nil {
		g = s.newGroup(groupName)
		s.groups[groupName] = g
	}
	st := g.streams[stream]
	if st == nil {
		st = &logStream{name: stream, created: s.home.now()}
		g.streams[stream] = st
	}
	s.append(st, s.home.now().UnixMilli(), line)
}

func (s *logsService) FilterLogEvents(_ context.Context, in *cloudwatchlogs.FilterLogEventsInput) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if in.LogStreamNames != nil && in.LogStreamNamePrefix != nil {
		return nil, refuse("InvalidParameterException", "logStreamNames and logStreamNamePrefix cannot be used together.")
	}
	var all []logEvent
	for _, st := range g.streams {
		if !strings.HasPrefix(st.name, aws.ToString(in.LogStreamNamePrefix)) || (in.LogStreamNames != nil && !slices.Contains(in.LogStreamNames, st.name)) {
			continue
		}
		for _, e := range st.events {
			if (in.StartTime == nil || e.at >= *in.StartTime) && (in.EndTime == nil || e.at <= *in.EndTime) {
				all = append(all, e)
			}
		}
	}
	slices.SortFunc(all, func(a, b logEvent) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.serial, b.serial)) })
	all, next, err := page(all, aws.ToInt32(in.Limit), 10_000, in.NextToken)
	if err != nil {
		return nil, refuse("InvalidParameterException", "The specified nextToken is invalid.")
	}
	out := &cloudwatchlogs.FilterLogEventsOutput{Events: []types.FilteredLogEvent{}, SearchedLogStreams: []types.SearchedLogStream{}, NextToken: next}
	for _, e := range all {
		out.Events = append(out.Events, types.FilteredLogEvent{
			EventId: aws.String(e.id), LogStreamName: aws.String(e.stream), Message: aws.String(e.message),
			Timestamp: aws.Int64(e.at), IngestionTime: aws.Int64(e.ingestion),
		})
	}
	return out, nil
}

func (s *logsService) GetLogEvents(_ context.Context, in *cloudwatchlogs.GetLogEventsInput) (*cloudwatchlogs.GetLogEventsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	st := g.streams[aws.ToString(in.LogStreamName)]
	if st == nil {
		return nil, refuse("ResourceNotFoundException", "The specified log stream does not exist.")
	}
	var kept []types.OutputLogEvent
	for _, e := range st.events {
		if (in.StartTime == nil || e.at >= *in.StartTime) && (in.EndTime == nil || e.at < *in.EndTime) {
			kept = append(kept, types.OutputLogEvent{Message: aws.String(e.message), Timestamp: aws.Int64(e.at), IngestionTime: aws.Int64(e.ingestion)})
		}
	}
	start := 0
	if in.NextToken != nil {
		if _, err := fmt.Sscanf(*in.NextToken, "f/%d", &start); err != nil || start > len(kept) || start < 0 {
			return nil, refuse("InvalidParameterException", "The specified nextToken is invalid.")
		}
	}
	end := len(kept)
	if limit := int(aws.ToInt32(in.Limit)); limit > 0 {
		end = min(end, start+limit)
	}
	return &cloudwatchlogs.GetLogEventsOutput{
		Events:           append([]types.OutputLogEvent{}, kept[start:end]...),
		NextForwardToken: aws.String(fmt.Sprintf("f/%d", end)), NextBackwardToken: aws.String("f/0"),
	}, nil
}
