package xray

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/trace"
	"github.com/rehearse-dev/rehearse/steps"
)

const (
	// askAgain is the pause between two questions whether a retrieval has ended.
	askAgain = time.Second
	// margin is how long before the time in its id a trace may have begun: the
	// clocks of those who make ids differ.
	margin = 5 * time.Minute
)

// search is what is known of CloudWatch Transaction Search in a place: while it
// is on, segments go to CloudWatch Logs, and BatchGetTraces finds nothing.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Transaction-Search.html
type search struct {
	known, on bool
	unsure    string // why it cannot be known; then it is taken to be off
}

// retrieval is one search in the logs that has not ended.
type retrieval struct {
	token string
	at    time.Time // when it began: what came later is not in it
}

// askDestination finds out, once, where the place's segments go. While that
// cannot be known, they are taken to be where they are without Transaction Search.
func (r *reader) askDestination(ctx context.Context) {
	if r.search.known {
		return
	}
	out, err := r.place.XRay().GetTraceSegmentDestination(ctx, &xray.GetTraceSegmentDestinationInput{})
	if err != nil {
		r.search = search{known: steps.IsFinal(err) && ctx.Err() == nil, unsure: awsclient.Explain(err)}
		return
	}
	r.search = search{
		on:    out.Destination == types.TraceSegmentDestinationCloudWatchLogs,
		known: out.Status != types.TraceSegmentDestinationStatusPending, // else it is being changed
	}
}

// retrieve reads traces from the logs: all retrievals are begun, then each is
// waited for. One that takes longer than a reading may goes on in the next.
func (r *reader) retrieve(ctx context.Context, ids []string, traces map[string]*found) error {
	batches := slices.Collect(slices.Chunk(ids, batch))
	for _, some := range batches {
		if err := r.begin(ctx, some, traces); err != nil {
			return err
		}
	}
	for _, some := range batches {
		if err := r.collect(ctx, some, traces); err != nil {
			return err
		}
	}
	return nil
}

// begin starts the retrieval of up to five traces, unless it is under way.
func (r *reader) begin(ctx context.Context, ids []string, traces map[string]*found) error {
	key := strings.Join(ids, " ")
	under, first := r.retrievals[key], time.Now()
	if under.token == "" {
		under.at = first
	}
	for _, id := range ids {
		traces[id].at = under.at
		if at, ok := trace.Began(id); ok && at.Before(first) {
			first = at
		}
	}
	if under.token != "" {
		return nil
	}
	called := time.Now()
	r.calls++
	out, err := r.place.XRay().StartTraceRetrieval(ctx, &xray.StartTraceRetrievalInput{
		TraceIds: ids, StartTime: aws.Time(first.Add(-margin)), EndTime: aws.Time(r.clock.Theirs(called)),
	})
	if err != nil {
		return r.without(ctx, ids, traces, "xray:StartTraceRetrieval", err)
	}
	r.clock.Saw(out.ResultMetadata, called)
	r.retrievals[key] = retrieval{aws.ToString(out.RetrievalToken), under.at}
	return nil
}

// collect waits for the end of a retrieval and reads its pages.
func (r *reader) collect(ctx context.Context, ids []string, traces map[string]*found) error {
	key := strings.Join(ids, " ")
	token := r.retrievals[key].token
	if token == "" {
		return nil // it could not be begun
	}
	in := &xray.ListRetrievedTracesInput{RetrievalToken: &token, TraceFormat: types.TraceFormatTypeXray}
	for {
		r.calls++
		page, err := r.place.XRay().ListRetrievedTraces(ctx, in)
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx) // it goes on in the next reading
		}
		if err == nil {
			err = ended(page.RetrievalStatus)
		}
		if err != nil {
			delete(r.retrievals, key)
			return r.without(ctx, ids, traces, "xray:ListRetrievedTraces", err)
		}
		if page.RetrievalStatus != types.RetrievalStatusComplete {
			if err := steps.Pause(ctx, askAgain); err != nil {
				return err
			}
			continue
		}
		for _, t := range page.Traces {
			if f := traces[aws.ToString(t.Id)]; f != nil {
				for _, s := range t.Spans {
					f.add(aws.ToString(t.Id), aws.ToString(s.Document))
				}
			}
		}
		if aws.ToString(page.NextToken) == "" {
			delete(r.retrievals, key)
			complete(ids, traces)
			return nil
		}
		if aws.ToString(page.NextToken) == aws.ToString(in.NextToken) {
			delete(r.retrievals, key)
			return r.without(ctx, ids, traces, "", errors.New("X-Ray gives the same page of a retrieval again and again"))
		}
		in.NextToken = page.NextToken
	}
}

// ended is the error of a retrieval that will not complete.
func ended(s types.RetrievalStatus) error {
	switch s {
	case types.RetrievalStatusFailed, types.RetrievalStatusCancelled, types.RetrievalStatusTimeout:
		return steps.Passingf("the retrieval of traces from CloudWatch Logs ended as %s", s)
	}
	return nil
}
