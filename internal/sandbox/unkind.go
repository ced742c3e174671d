package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/aws/smithy-go"
)

// Unkind makes the sandbox fail as AWS and the way to it do. Shares are from 0 (never) to 1 (always) of the calls of
// clients and functions; what services do for each other never fails, nor does the question who one is. The zero value
// is kind.
type Unkind struct {
	Seed uint64 // of everything that is left to chance

	Throttled float64 // answered as throttled, not carried out
	Failed    float64 // answered with status 500, not carried out
	Reset     float64 // the connection breaks without an answer, not carried out
	Cut       float64 // carried out, and the connection breaks in the middle of the answer
	Slow      float64 // answered only after SlowBy
	SlowBy    time.Duration

	Twice  float64       // of deliveries: they come twice, with the same ids
	Jitter time.Duration // each delivery comes up to so much later still, so that the order is lost

	// Spared are operations, by service and name, that are at worst throttled or slow. nil: none.
	Spared func(service, operation string) bool
	// Untouched are operations, by service and name, to which nothing of this happens. nil: none.
	Untouched func(service, operation string) bool
	// CutAnswer chooses, when they end, calls that are carried out and whose answer breaks off in the middle. nil: none beside Cut.
	CutAnswer func(service, operation string) bool
}

// dice are what is left to chance.
type dice struct {
	mu   sync.Mutex
	rand *rand.Rand
}

func newDice(seed uint64) *dice { return &dice{rand: rand.New(rand.NewPCG(seed, seed))} }

// falls says whether something happens that happens to this share.
func (d *dice) falls(share float64) bool {
	if share <= 0 {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rand.Float64() < share
}

func (d *dice) upTo(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Duration(d.rand.Int64N(int64(most)))
}

// errReset breaks a connection.
var errReset = errors.New("the sandbox breaks this connection")

// Throttling is how a service, by its signing name, says that it is asked too often.
func Throttling(service string) error {
	switch service {
	case "s3":
		return &apiError{Code: "SlowDown", Message: "Please reduce your request rate.", Status: http.StatusServiceUnavailable}
	case "lambda":
		return &apiError{Code: "TooManyRequestsException", Message: "Rate Exceeded.", Status: http.StatusTooManyRequests}
	case "xray":
		return &apiError{Code: "ThrottledException", Message: "Rate exceeded", Status: http.StatusTooManyRequests}
	case "dynamodb":
		return refuse("ProvisionedThroughputExceededException", "The level of configured provisioned throughput for the table was exceeded.")
	}
	return refuse("ThrottlingException", "Rate exceeded")
}

// fail decides by chance what becomes of a call before it is carried out.
func (s *Sandbox) fail(ctx context.Context, service, operation string) error {
	u := s.options.Unkind
	if service == "sts" || u.Untouched != nil && u.Untouched(service, operation) {
		return nil
	}
	if s.dice.falls(u.Slow) && !pause(ctx, u.SlowBy) {
		return errReset
	}
	if s.dice.falls(u.Throttled) {
		return Throttling(service)
	}
	spared := u.Spared != nil && u.Spared(service, operation)
	answer, _ := ctx.Value(answerKey{}).(*cutAnswer)
	switch {
	case !spared && s.dice.falls(u.Failed):
		return &smithy.GenericAPIError{Code: "InternalFailure", Message: "An internal error has occurred", Fault: smithy.FaultServer}
	case !spared && s.dice.falls(u.Reset):
		return errReset
	case answer == nil:
	case !spared && s.dice.falls(u.Cut):
		answer.cut = func() bool { return true }
	case u.CutAnswer != nil:
		answer.cut = func() bool { return u.CutAnswer(service, operation) }
	}
	return nil
}

type answerKey struct{}

// cutAnswer holds an answer back until it is known whether it breaks off.
type cutAnswer struct {
	http.ResponseWriter
	cut    func() bool // asked at its end; nil: it is not held back
	status int
	body   bytes.Buffer
}

func (a *cutAnswer) WriteHeader(status int) {
	if a.cut == nil {
		a.ResponseWriter.WriteHeader(status)
	}
	a.status = status
}

func (a *cutAnswer) Write(b []byte) (int, error) {
	if a.cut == nil {
		return a.ResponseWriter.Write(b)
	}
	return a.body.Write(b)
}

// end sends what was held back; of an answer that breaks off its headers and half of its body, and nothing where it has none.
func (a *cutAnswer) end() {
	if a.cut == nil {
		return
	}
	cut, body := a.cut(), a.body.Bytes()
	if cut && len(body) == 0 {
		panic(http.ErrAbortHandler) // breaks the connection
	}
	sent := body
	if cut {
		a.Header().Set("Content-Length", strconv.Itoa(len(body)))
		sent = body[:len(body)/2]
	}
	if a.status != 0 {
		a.ResponseWriter.WriteHeader(a.status)
	}
	_, _ = a.ResponseWriter.Write(sent) // fails only when the caller has left
	if cut {
		_ = http.NewResponseController(a.ResponseWriter).Flush() // likewise
		panic(http.ErrAbortHandler)
	}
}

// GoAway breaks all connections and refuses new ones, as an endpoint does that is down. What was begun goes on.
func (s *Sandbox) GoAway() { s.listener.setAway(true) }

// ComeBack ends GoAway.
func (s *Sandbox) ComeBack() { s.listener.setAway(false) }

// open are the connections of a listener that can go away.
type open struct {
	mu    sync.Mutex // never held while waiting
	away  bool
	conns map[net.Conn]struct{}
}

// add notes a connection; it reports false when the listener is away.
func (o *open) add(c net.Conn) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.away {
		if o.conns == nil {
			o.conns = map[net.Conn]struct{}{}
		}
		o.conns[c] = struct{}{}
	}
	return !o.away
}

func (o *open) setAway(away bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.away = away
	if away {
		for c := range o.conns {
			_ = c.Close() // a pipe has no reason to refuse
		}
		o.conns = nil
	}
}

// forget drops a connection that was closed.
func (o *open) forget(c net.Conn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.conns, c)
}

// Drop removes what no operation of the sandbox removes, with all that is in it, as somebody might during a run: a
// "table", a "bucket" or a "state_machine" of the base account and region, by its name.
func (s *Sandbox) Drop(what, name string) error {
	h := s.home(Account, Region)
	switch what {
	case "table":
		h.dynamo.mu.Lock()
		defer h.dynamo.mu.Unlock()
		if h.dynamo.tables[name] != nil {
			delete(h.dynamo.tables, name)
			return nil
		}
	case "bucket":
		return h.s3.store.ForceDeleteBucket(name)
	case "state_machine":
		h.states.mu.Lock()
		defer h.states.mu.Unlock()
		for arn, m := range h.states.machines {
			if m.name == name {
				delete(h.states.machines, arn)
				return nil
			}
		}
	}
	return fmt.Errorf("there is no %s %q to drop", what, name)
}
