package xray

import (
	"context"
	"errors"
	"slices"
	"sync"
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
	// forgotten is after how long a retrieval counts for nothing that nobody waits for any more.
	forgotten = time.Minute
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
	ids   []string  // the traces it is for
	at    time.Time // when it began: what came later is not in it
	done  bool
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
// asked whether it has ended until all have. One that takes longer than a reading
// may goes on in the next, whatever else is asked for then.
func (r *reader) retrieve(ctx context.Context, ids []string, traces map[string]*found) error {
	if err := r.begin(ctx, ids, traces); err != nil {
		return err
	}
	defer func() {
		r.retrievals = slices.DeleteFunc(r.retrievals, func(x *retrieval) bool { return x.done })
	}()
	for {
		var waits []*retrieval
		for _, x := range r.retrievals {
			switch {
			case x.done:
			case slices.ContainsFunc(x.ids, func(id string) bool { return slices.Contains(ids, id) }):
				waits = append(waits, x)
			default:
				x.done = time.Since(x.at) > forgotten
			}
		}
		if len(waits) == 0 {
			return nil
		}
		if err := each(ctx, waits, func(x *retrieval) error { return r.collect(ctx, x, ids, traces) }); err != nil {
			return err
		}
		if slices.ContainsFunc(waits, func(x *retrieval) bool { return !x.done }) {
			if err := steps.Pause(ctx, askAgain); err != nil {
				return err
			}
		}
	}
}

// begin starts retrievals of up to five traces each for those of which none is
// under way.
func (r *reader) begin(ctx context.Context, ids []string, traces map[string]*found) error {
	under := map[string]bool{}
	for _, x := range r.retrievals {
		for _, id := range x.ids {
			under[id] = true
			if traces[id] != nil {
				traces[id].at = x.at
			}
		}
	}
	left := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return under[id] })
	var mu sync.Mutex
	return each(ctx, slices.Collect(slices.Chunk(left, batch)), func(some []string) error {
		called := time.Now()
		first := called
		for _, id := range some {
			traces[id].at = called
			if at, ok := trace.Began(id); ok && at.Before(first) {
				first = at
			}
		}
		r.calls.Add(1)
		out, err := r.place.XRay().StartTraceRetrieval(ctx, &xray.StartTraceRetrievalInput{
			TraceIds: some, StartTime: aws.Time(first.Add(-margin)), EndTime: aws.Time(r.clock.Theirs(called)),
		})
		if err != nil {
			return r.without(ctx, some, traces, "xray:StartTraceRetrieval", err)
		}
		r.clock.Saw(out.ResultMetadata, called)
		mu.Lock()
		defer mu.Unlock()
		r.retrievals = append(r.retrievals, &retrieval{token: aws.ToString(out.RetrievalToken), ids: some, at: called})
		return nil
	})
}

// collect reads the pages of a retrieval, if it has ended, for those of ids that
// it is for. A retrieval that failed is done too, and its traces say so.
func (r *reader) collect(ctx context.Context, x *retrieval, ids []string, traces map[string]*found) error {
	wanted := slices.DeleteFunc(slices.Clone(x.ids), func(id string) bool { return !slices.Contains(ids, id) })
	in := &xray.ListRetrievedTracesInput{RetrievalToken: &x.token, TraceFormat: types.TraceFormatTypeXray}
	for {
		r.calls.Add(1)
		page, err := r.place.XRay().ListRetrievedTraces(ctx, in)
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx) // it goes on in the next reading
		}
		if err == nil {
			err = ended(page.RetrievalStatus)
		}
		if err != nil {
			x.done = true
			return r.without(ctx, wanted, traces, "xray:ListRetrievedTraces", err)
		}
		if page.RetrievalStatus != types.RetrievalStatusComplete {
			return nil
		}
		for _, t := range page.Traces {
			for _, s := range t.Spans {
				if id := aws.ToString(t.Id); slices.Contains(wanted, id) {
					traces[id].add(id, aws.ToString(s.Document))
				}
			}
		}
		switch aws.ToString(page.NextToken) {
		case "":
			complete(wanted, traces)
			x.done = true
			return nil
		case aws.ToString(in.NextToken):
			x.done = true
			return r.without(ctx, wanted, traces, "", errors.New("X-Ray gives the same page of a retrieval again and again"))
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
