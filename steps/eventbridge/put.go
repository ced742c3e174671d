package eventbridge

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

const (
	mostTries  = 8 // of one event
	firstPause = 200 * time.Millisecond
	mostPause  = 5 * time.Second
)

// putting is a step that puts events on a bus. No event is sent twice unless
// it surely was not taken.
type putting struct {
	env    *steps.Env
	bus    string
	events []parts
	ids    []string // of those that were taken, "" of the others
}

// put puts events on a bus, in their order, in as many calls as it takes.
func put(ctx context.Context, env *steps.Env, bus string, events []parts) ([]string, error) {
	p := &putting{env: env, bus: bus, events: events, ids: make([]string, len(events))}
	for first := 0; first < len(events); {
		n := batchSize(events[first:])
		batch := make([]int, n)
		for i := range batch {
			batch[i] = first + i
		}
		if err := p.batch(ctx, batch); err != nil {
			return nil, err
		}
		first += n
	}
	return p.ids, nil
}

// batch puts the events with these places. Those that the bus throttles are
// sent again, alone; it takes any others of the same call.
func (p *putting) batch(ctx context.Context, places []int) error {
	pause := firstPause
	for try := 1; ; try++ {
		answers, err := p.call(ctx, places)
		if err != nil {
			return err
		}
		var throttled []int
		var failed []string
		for i, place := range places {
			r := answers[i]
			code := aws.ToString(r.ErrorCode)
			switch {
			case code == "" && aws.ToString(r.EventId) != "":
				p.ids[place] = *r.EventId
			case code == "ThrottlingException" && try < mostTries:
				throttled = append(throttled, place)
			case code == "InternalFailure" || code == "": // whether it was taken, nobody says
				failed = append(failed, p.name(place)+": "+cmp.Or(code, "the answer has neither an id nor an error")+": "+aws.ToString(r.ErrorMessage)+"; it may have happened, so it is not sent again")
			default:
				failed = append(failed, p.name(place)+": "+code+": "+aws.ToString(r.ErrorMessage))
			}
		}
		if len(failed) > 0 {
			return steps.Finalf("bus %q refuses %s%s", p.bus, strings.Join(failed, "; "), p.tally())
		}
		if len(throttled) == 0 {
			return nil
		}
		if err := steps.Pause(ctx, pause); err != nil {
			return fmt.Errorf("bus %q throttles %s%s: %w", p.bus, p.names(throttled), p.tally(), err)
		}
		places, pause = throttled, min(2*pause, mostPause)
	}
}

// call makes one PutEvents call.
func (p *putting) call(ctx context.Context, places []int) ([]types.PutEventsResultEntry, error) {
	in := &eventbridge.PutEventsInput{}
	for _, place := range places {
		in.Entries = append(in.Entries, p.events[place].request(p.bus))
	}
	out, err := p.env.AWS.Once().EventBridge().PutEvents(ctx, in)
	switch {
	case err != nil && len(p.events) > 1 && !awsclient.SurelyNotDone(err):
		return nil, fmt.Errorf("%s may have been put%s: %w", p.names(places), p.tally(), err)
	case err != nil && len(p.events) > 1:
		return nil, fmt.Errorf("%s cannot be put%s: %w", p.names(places), p.tally(), err)
	case err != nil:
		return nil, err
	case len(out.Entries) != len(places):
		return nil, steps.Finalf("EventBridge PutEvents answered for %d of %d events", len(out.Entries), len(places))
	}
	return out.Entries, nil
}

// name is an event as its user knows it.
func (p *putting) name(place int) string {
	if len(p.events) == 1 {
		return "the event"
	}
	return fmt.Sprintf("entries[%d]", place)
}

// names are several, neighbours together.
func (p *putting) names(places []int) string {
	var said []string
	for i := 0; i < len(places); {
		j := i
		for j+1 < len(places) && places[j+1] == places[j]+1 {
			j++
		}
		if said = append(said, p.name(places[i])); j > i {
			said[len(said)-1] += fmt.Sprintf(" to [%d]", places[j])
		}
		i = j + 1
	}
	return strings.Join(said, ", ")
}

// tally is how many were taken, where there are several.
func (p *putting) tally() string {
	if len(p.events) == 1 {
		return ""
	}
	n := 0
	for _, id := range p.ids {
		if id != "" {
			n++
		}
	}
	return fmt.Sprintf(" (%d of %d events were put)", n, len(p.events))
}
