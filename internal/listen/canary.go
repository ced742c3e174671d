package listen

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/trace"
	"github.com/rehearse-dev/rehearse/steps"
)

const (
	canaryDetailType = "rehearse canary"
	canaryPause      = time.Second      // before another one is put on the bus
	readyBound       = 60 * time.Second // for three in a row
	closingBound     = 15 * time.Second // for one, once the listener was live
)

// canaries are the events by which one listener proves that events reach it.
type canaries struct {
	place  *awsclient.Place
	bus    string
	source string
	token  string          // what the listener's own rule asks for
	died   <-chan struct{} // closed when none can come back any more

	mu   sync.Mutex
	all  []*sent // by their numbers, which count from 1
	back map[int]bool
	news chan struct{} // closed and replaced when one came back
	live time.Time     // when the listener was proven live
}

func newCanaries(place *awsclient.Place, bus, source, token string) *canaries {
	return &canaries{place: place, bus: bus, source: source, token: token, back: map[int]bool{}, news: make(chan struct{})}
}

// pattern lets only this listener's canaries through.
func (c *canaries) pattern() string {
	return fmt.Sprintf(`{"source":[%s],"detail-type":[%s],"detail":{"listener":[%s]}}`, quoted(c.source), quoted(canaryDetailType), quoted(c.token))
}

func quoted(s string) string {
	b, _ := json.Marshal(s) // text always has a JSON form
	return string(b)
}

// isCanary recognises the canaries of every run, whatever source it uses for them.
func isCanary(event map[string]any) (token string, number int, ok bool) {
	detail, _ := event["detail"].(map[string]any)
	token, _ = detail["listener"].(string)
	if event["detail-type"] != canaryDetailType || !strings.HasPrefix(token, namePrefix) {
		return "", 0, false
	}
	n, _ := detail["number"].(json.Number)
	i, err := n.Int64()
	return token, int(i), err == nil
}

// returned notes a canary that came back.
func (c *canaries) returned(number int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.back[number] = true
	close(c.news)
	c.news = make(chan struct{})
}

// proven notes that the listener is live from now on.
func (c *canaries) proven() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live = time.Now()
}

// send puts one canary on the bus and gives its number.
func (c *canaries) send(ctx context.Context, place *awsclient.Place) (int, error) {
	c.mu.Lock()
	s := &sent{began: time.Now()} // here, so that they stand in the order in which they began
	c.all = append(c.all, s)
	s.number = len(c.all)
	c.mu.Unlock()
	err := c.put(ctx, place, s.number)
	c.mu.Lock()
	defer c.mu.Unlock()
	s.ended = time.Now()
	if s.err = err; err == nil {
		s.at = s.ended
	}
	return s.number, err
}

func (c *canaries) put(ctx context.Context, place *awsclient.Place, n int) error {
	// A canary of a step of act is no part of what is tested: others that see it must not appear in the trace.
	out, err := place.EventBridge().PutEvents(trace.Without(ctx), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		EventBusName: aws.String(c.bus), Source: aws.String(c.source), DetailType: aws.String(canaryDetailType),
		Detail: aws.String(fmt.Sprintf(`{"listener":%s,"number":%d}`, quoted(c.token), n)),
	}}})
	if err != nil {
		return fmt.Errorf("a canary event of source %q cannot be put on bus %q: %w", c.source, c.bus, err)
	}
	if out.FailedEntryCount > 0 {
		e := out.Entries[0]
		if code := aws.ToString(e.ErrorCode); code == "ThrottlingException" || code == "InternalFailure" {
			return steps.Passingf("a canary event of source %q cannot be put on bus %q: %s: %s", c.source, c.bus, code, aws.ToString(e.ErrorMessage))
		}
		return steps.Finalf("bus %q refuses canary events of source %q: %s: %s; set canary_source in rehearse.yaml to a source that the bus accepts, or use ready: settle",
			c.bus, c.source, aws.ToString(e.ErrorCode), aws.ToString(e.ErrorMessage))
	}
	return nil
}

// errDied says that the listener can receive nothing any more; its log says why.
var errDied = errors.New("the listener is dead")

// errNoCanary says that too few canaries came back in time.
var errNoCanary = errors.New("canary events did not come back")

// prove puts canaries on the bus until so many with successive numbers came
// back. A lost one begins the row anew; a late one does not.
func (c *canaries) prove(ctx context.Context, row int, bound time.Duration) (sent int, err error) {
	end := time.NewTimer(bound)
	defer end.Stop()
	for first := 0; ; {
		n, err := c.send(ctx, c.place)
		if err != nil {
			return sent, err
		}
		if sent++; first == 0 {
			first = n
		}
		again := time.NewTimer(canaryPause)
		for resend := false; !resend; {
			done, latest, news := c.state(first, n, row)
			if done {
				again.Stop()
				return sent, nil
			}
			if latest {
				break // no reason to wait with the next one
			}
			select {
			case <-news:
			case <-again.C:
				resend = true
			case <-end.C:
				again.Stop()
				return sent, errNoCanary
			case <-c.died:
				again.Stop()
				return sent, errDied
			case <-ctx.Done():
				again.Stop()
				return sent, context.Cause(ctx)
			}
		}
		again.Stop()
	}
}

// state says whether enough canaries in a row came back among those numbered
// first to last, and whether the last did.
func (c *canaries) state(first, last, row int) (done, latest bool, news <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	streak := 0
	for n := first; n <= last && streak < row; n++ {
		if c.back[n] {
			streak++
		} else {
			streak = 0
		}
	}
	return streak >= row, c.back[last], c.news
}
