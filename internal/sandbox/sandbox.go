// Package sandbox is a small AWS inside the process: for trying rehearse without an account, and for its tests.
//
// It answers the operations that rehearse and the example applications call, in AWS's own wire formats, and deploys
// applications from their own CloudFormation templates. Everything lives in memory and ends with Close. It works
// inside a testing/synctest bubble, where its waits cost no time.
//
// It must not know what a scenario, a step or a check is, and nothing in the product may ask whether it talks to the
// sandbox. It is no judge of what AWS does: that answer comes from AWS's documentation and from emulators by others.
package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/trace"
)

const (
	// Region and Account are where calls go that name no others: the base account and region.
	Region  = "us-east-1"
	Account = "000000000000"
	// URL is the endpoint to give an AWS client whose connections are made by [Sandbox.Dial].
	URL = "http://" + host

	host = "aws.sandbox.localhost"
)

// Options decide what is in the sandbox and how kind it is.
type Options struct {
	// Templates holds "<system>/template.yaml" for every system to deploy, each as the stack <system>, and after it
	// "<system>/template.<other>.yaml" for stacks of the same name in other accounts or regions, which their Metadata
	// names (see [Sandbox.Deploy]). nil deploys nothing.
	Templates fs.FS
	// Faults chooses the `Fault` parameter of a system's template. A system that is not named gets the template's default.
	Faults map[string]string
	// Functions adds to the built-in bodies of Lambda functions, or replaces them; the key is "<system>/<logical id>".
	Functions map[string]Function
	// Intercept is called before every operation that a client or a function asks for (not before what services do for
	// each other, such as a rule that sends to a queue), with the service's signing name ("events", "sqs", "states",
	// "dynamodb", "logs", "cloudformation", "lambda", "schemas", "s3", "sts", "xray") and the operation's name. A
	// smithy.APIError is given to the client as the answer; any other error cuts the connection without an answer. It may
	// block until ctx ends, and is called by many goroutines at once.
	Intercept func(ctx context.Context, service, operation string) error
	// Answer is called after an operation was carried out and before the client is told. Its error takes the place of the
	// answer, as Intercept's does: what was done stays done.
	Answer func(ctx context.Context, service, operation string) error
	// PutEntry is asked about each entry of PutEvents that is well formed; a code makes that entry alone fail.
	PutEntry func(entry types.PutEventsRequestEntry) (code string)
	// Skew is how far the sandbox's clock is ahead of ours; negative: behind. The Date header shows it, and every time that it gives.
	Skew time.Duration
	// Delivery makes what happens behind the callers' backs unkind.
	Delivery Delivery
	// Unkind makes calls and the way to the sandbox fail.
	Unkind Unkind
	// XRay makes traces late, incomplete or found elsewhere.
	XRay XRay
}

// Delivery is how events reach what waits for them: rules' targets, S3 notifications, records of streams.
type Delivery struct {
	Delay     time.Duration // each delivery comes so much later
	Twice     bool          // each delivery comes twice, with the same ids
	RuleDelay time.Duration // a new rule or target sees nothing for so long
}

// Sandbox is one running sandbox. Its methods may be used by many goroutines at once.
type Sandbox struct {
	options   Options
	dice      *dice
	transport *http.Transport
	client    *http.Client

	listener *pipeListener
	server   *http.Server
	served   chan struct{} // closed when the server takes no more connections

	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	naming sync.Mutex // makes looking for a bucket's name and taking it one step

	mu       sync.Mutex // guards what follows; never held while waiting
	closed   bool
	lost     []string
	homes    map[address]*home
	sessions map[string]session // by access key
	roles    map[string]bool    // by ARN
	group    sync.WaitGroup     // grows only while not closed
}

// New starts a sandbox and deploys the systems of the options. The sandbox lives until Close; ctx bounds it too.
// An error names the template, the line and what to change.
func New(ctx context.Context, o Options) (*Sandbox, error) {
	s := &Sandbox{
		options: o, dice: newDice(o.Unkind.Seed), listener: newPipeListener(),
		homes: map[address]*home{}, sessions: map[string]session{}, roles: map[string]bool{},
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.transport = &http.Transport{DialContext: s.Dial, MaxIdleConnsPerHost: 100, DisableCompression: true}
	s.client = &http.Client{Transport: awsclient.OwnBody{RoundTripper: s.transport}}
	s.serve()
	if err := s.deploySystems(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// serve starts the HTTP server behind Dial.
func (s *Sandbox) serve() {
	s.server = &http.Server{
		Handler:           s,
		BaseContext:       func(net.Listener) context.Context { return s.ctx },
		ReadHeaderTimeout: time.Minute,
		ConnState: func(c net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.group.Add(1)
			case http.StateClosed, http.StateHijacked:
				s.listener.forget(c)
				s.group.Done()
			}
		},
	}
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		_ = s.server.Serve(s.listener) // ends only with the listener
	}()
}

func (s *Sandbox) deploySystems(ctx context.Context) error {
	if s.options.Templates == nil {
		return nil
	}
	files, err := templateFiles(s.options.Templates)
	if err != nil {
		return fmt.Errorf("looking for templates: %w", err)
	}
	var known []string
	for _, file := range files {
		system := path.Dir(file)
		known = append(known, system)
		template, err := fs.ReadFile(s.options.Templates, file)
		if err != nil {
			return fmt.Errorf("reading a template to deploy it in the sandbox: %w", err)
		}
		params := map[string]string{}
		if fault := s.options.Faults[system]; fault != "" {
			params[faultParameter] = fault
		}
		if err := s.Deploy(ctx, system, system, template, params); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	for system := range s.options.Faults {
		if !slices.Contains(known, system) {
			return fmt.Errorf("no system %q to break: there is no template of that name; there are %q", system, slices.Compact(known))
		}
	}
	return nil
}

// templateFiles are the templates to deploy, those for other accounts after the system's own.
func templateFiles(templates fs.FS) ([]string, error) {
	files, err := fs.Glob(templates, "*/template.yaml")
	if err != nil {
		return nil, err
	}
	var all []string
	for _, file := range files {
		others, err := fs.Glob(templates, path.Dir(file)+"/template.*.yaml")
		if err != nil {
			return nil, err
		}
		all = append(append(all, file), others...)
	}
	return all, nil
}

// Dial connects to the sandbox, whatever the address. It has the signature of http.Transport's DialContext.
func (s *Sandbox) Dial(ctx context.Context, _, addr string) (net.Conn, error) {
	return s.listener.dial(ctx, addr)
}

// Config is a ready AWS configuration whose clients reach the sandbox's base account and region, and nothing else.
func (s *Sandbox) Config() aws.Config { return s.ConfigFor(Account, Region) }

// ServeHTTP answers any AWS request, of any of the services, in the account and region that it is signed for.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	answer := &cutAnswer{ResponseWriter: w}
	signed := scopeOf(r)
	ctx = context.WithValue(context.WithValue(ctx, answerKey{}, answer), keyID{}, signed.key)
	h := s.home(s.account(signed.key), cmp.Or(signed.region, Region))
	h.routes.ServeHTTP(answer, r.WithContext(traced(ctx, r.Header.Get(trace.HeaderName))))
	answer.end()
}

// now is the time by the sandbox's clock.
func (s *Sandbox) now() time.Time { return time.Now().Add(s.options.Skew) }

// spawn runs work in the background until it returns, or ctx ends with the sandbox. After Close it does nothing.
func (s *Sandbox) spawn(work func(ctx context.Context)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.group.Go(func() { work(s.ctx) })
}

// deliver runs work once or twice, late or at once, as the options say.
func (s *Sandbox) deliver(work func(ctx context.Context)) {
	s.spawn(func(ctx context.Context) {
		if !pause(ctx, s.options.Delivery.Delay+s.dice.upTo(s.options.Unkind.Jitter)) {
			return
		}
		work(ctx)
		if s.options.Delivery.Twice || s.dice.falls(s.options.Unkind.Twice) {
			work(ctx)
		}
	})
}

// lose notes a delivery that did not happen. AWS counts such things in a metric that nobody looks at.
func (s *Sandbox) lose(what, to string, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = append(s.lost, fmt.Sprintf("%s to %s: %v", what, to, why))
}

// Lost tells what the sandbox could not deliver and why, oldest first: a target that is not there, a policy that does
// not allow it, a function that failed.
func (s *Sandbox) Lost() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lost)
}

// pause waits; it reports false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Close stops running functions and executions, cuts all connections and waits for every goroutine.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	// First no new connections, so that the server knows all that it has to cut.
	err := s.listener.Close()
	<-s.served
	err = errors.Join(err, s.server.Close())
	s.transport.CloseIdleConnections()
	s.group.Wait()
	if err != nil {
		return fmt.Errorf("closing the sandbox: %w", err)
	}
	return nil
}

// Inventory counts what there is in all accounts and regions, by sort: "queues", "buses" (the default one not counted), "rules", "targets",
// "objects", "buckets", "items", "tables", "functions", "state_machines", "executions_running", "log_groups", "stacks".
// Equal inventories before and after a run show that nothing was left behind.
func (s *Sandbox) Inventory() map[string]int {
	counts := map[string]int{}
	s.home(Account, Region) // so that what there is none of counts as 0
	for _, h := range s.all() {
		h.count(counts)
	}
	return counts
}
