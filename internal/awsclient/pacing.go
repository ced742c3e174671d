package awsclient

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Pacers keep the calls of a run within what accounts allow, wherever in the
// run they come from. The zero value is ready to use.
type Pacers struct {
	mu    sync.Mutex
	byKey map[string]*pacer
}

// of gives the pacer of a place.
func (p *Pacers) of(o Origin) *pacer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey == nil {
		p.byKey = map[string]*pacer{}
	}
	x, ok := p.byKey[o.Key()]
	if !ok {
		x = &pacer{region: o.Region, own: Limits{}, lanes: map[string]*lane{}}
		p.byKey[o.Key()] = x
	}
	return x
}

// pacer holds the lanes of one account and region.
type pacer struct {
	region string

	mu    sync.Mutex
	own   Limits // of the suites
	lanes map[string]*lane
}

// Limit adds limits of a suite; where two suites name the same operation, the
// smaller one counts. They hold at an emulator too.
func (p *Place) Limit(l Limits) {
	p.pacer.limit(l)
}

func (p *pacer) limit(l Limits) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, limit := range l {
		if other, ok := p.own[name]; ok {
			limit = smaller(limit, other)
		}
		p.own[name] = limit
		if x, ok := p.lanes[name]; ok {
			x.set(limit, ofFile)
		}
	}
}

// path finds the lanes that a call goes through: that of its operation, and
// that of the quota it shares with others. The last one hears of throttling.
func (p *pacer) path(prefix, operation, host string) []named {
	name := prefix + "." + operation
	shared, limit, published := quota(prefix, operation, p.region)
	published = published && ofAWS(host)
	p.mu.Lock()
	defer p.mu.Unlock()
	own, written := p.own[name]
	switch {
	case written && published && shared != name:
		return []named{p.lane(name, own, ofFile), p.lane(shared, limit, ofQuota)}
	case written:
		return []named{p.lane(name, own, ofFile)}
	case published:
		return []named{p.lane(shared, limit, ofQuota)}
	}
	return []named{p.lane(name, Limit{}, ofNobody)}
}

// named is a lane with the name of what it lets through.
type named struct {
	*lane
	name string
}

func (p *pacer) lane(name string, l Limit, whose origin) named {
	x, ok := p.lanes[name]
	if !ok {
		x = newLane(l, whose)
		p.lanes[name] = x
	}
	return named{x, name}
}

// ID names the middleware.
func (p *pacer) ID() string { return "rehearse pacing" }

// HandleFinalize lets an attempt pass when it is its turn. It stands after the
// retries, so that every attempt takes a token, and before the signature,
// which carries the time.
func (p *pacer) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	host := ""
	if r, ok := in.Request.(*smithyhttp.Request); ok && r.URL != nil {
		host = r.URL.Hostname()
	}
	lanes := p.path(prefixOf(awsmiddleware.GetServiceID(ctx)), awsmiddleware.GetOperationName(ctx), host)
	if err := wait(ctx, lanes); err != nil {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, err
	}
	out, meta, err := next.HandleFinalize(ctx, in)
	lanes[len(lanes)-1].answered(throttled(err))
	return out, meta, err
}

// wait returns when it is the call's turn in every lane.
func wait(ctx context.Context, lanes []named) error {
	pace, began := paceOf(ctx), time.Now()
	pace.begin()
	defer pace.end()
	for _, x := range lanes {
		if err := x.take(ctx); err != nil {
			return x.held(time.Since(began), err)
		}
	}
	return nil
}

// held is the error of a call whose time ended while it waited.
func (n named) held(waited time.Duration, cause error) error {
	limit, whose, slowed, pace := n.state()
	calls, where := n.name+" calls", ""
	if n.name == "events."+control {
		calls = "EventBridge " + control + " together"
	}
	switch {
	case slowed || whose == ofNobody:
		return &heldError{cause, fmt.Sprintf("waited %s for its turn: AWS throttles %s, some %s a second get through", spell(waited), calls, figure(max(pace, slowest)))}
	case whose == ofFile:
		where = "limits in rehearse.yaml"
	default:
		where = "the quota that AWS publishes; where yours differs, say so with limits in rehearse.yaml"
	}
	return &heldError{cause, fmt.Sprintf("waited %s for its turn: at most %s %s a second (%s)", spell(waited), figure(limit.Rate), calls, where)}
}

// heldError says that a call was not sent, because its time ended while others
// were ahead of it: our own pacing, and no fault of the service.
type heldError struct {
	cause error
	text  string
}

func (e *heldError) Error() string { return e.text }
func (e *heldError) Unwrap() error { return e.cause }

func figure(rate float64) string { return strconv.FormatFloat(rate, 'g', 3, 64) }

// spell writes a duration to the tenth of a second, from ten seconds on to the
// second, without what is zero.
func spell(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	}
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
