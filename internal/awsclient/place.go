// Package awsclient is the way to AWS: which account, region and endpoint a
// run talks to, one client a service, and what an error of AWS means. It knows
// no step and no scenario.
package awsclient

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Dialer opens connections; the zero Settings use the network.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Place is an account and a region as a step sees them. Its clients are made
// when they are first asked for and shared by the whole run. A Place is safe
// for concurrent use.
type Place struct {
	Account  string // 12 digits
	Region   string
	Endpoint string // where AWS is served; "" is AWS itself
	Origin   Origin // how it was found, so that a later process finds it again

	cfg     aws.Config
	clients *clients
	once    *Place // the same place, sending nothing twice
	single  *Place // the same place, trying once
}

// Origin says how to come to a place again. It holds no credentials.
type Origin struct {
	Account  string `json:"account"`
	Region   string `json:"region"`
	Endpoint string `json:"endpoint,omitempty"`
	Profile  string `json:"profile,omitempty"`
	RoleARN  string `json:"role_arn,omitempty"`
}

// Key names a place among all that there are: account/region, and the endpoint
// where it is not AWS itself.
func (o Origin) Key() string {
	key := o.Account + "/" + o.Region
	if o.Endpoint != "" {
		key += "@" + o.Endpoint
	}
	return key
}

// Key is the place's name in records.
func (p *Place) Key() string {
	return Origin{Account: p.Account, Region: p.Region, Endpoint: p.Endpoint}.Key()
}

// clients are made on demand, one of each.
type clients struct {
	mu   sync.Mutex
	made map[string]any
}

// retries says how often a call is tried again.
type retries int

const (
	patient retries = iota // arrange and clean-up: whatever may pass is tried again
	careful                // act: only what surely was not carried out
	single                 // inside a probe: the probe itself looks again
)

func newPlace(cfg aws.Config, account string, s Settings) *Place {
	o := Origin{Account: account, Region: cfg.Region, Endpoint: aws.ToString(cfg.BaseEndpoint), Profile: s.Profile, RoleARN: s.RoleARN}
	p := withRetries(cfg, o, patient)
	p.once = withRetries(cfg, o, careful)
	p.single = withRetries(cfg, o, single)
	p.once.single = p.single
	return p
}

func withRetries(cfg aws.Config, o Origin, r retries) *Place {
	cfg = cfg.Copy()
	cfg.Retryer = func() aws.Retryer { return retryer(r) }
	return &Place{
		Account: o.Account, Region: o.Region, Endpoint: o.Endpoint, Origin: o,
		cfg: cfg, clients: &clients{made: map[string]any{}},
	}
}

// retryer never runs out of tokens: with the SDK's own bucket a busy run's
// calls fail as "retry quota exceeded" although they only had to wait.
func retryer(r retries) aws.Retryer {
	switch r {
	case single:
		return aws.NopRetryer{}
	case careful:
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff, o.RateLimiter = 8, 5*time.Second, unlimited{}
			o.Retryables = []retry.IsErrorRetryable{retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
				return aws.BoolTernary(Transient(err) && SurelyNotDone(err))
			})}
		})
	}
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff, o.RateLimiter = 8, 5*time.Second, unlimited{}
	})
}

// unlimited is a retry quota that is never used up.
type unlimited struct{}

func (unlimited) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}
func (unlimited) AddTokens(uint) error { return nil }

// Once is the same place for calls that must not be carried out twice: they
// are sent again only when they surely were not carried out.
func (p *Place) Once() *Place {
	if p.once != nil {
		return p.once
	}
	return p
}

// Single is the same place for calls inside a probe: each is tried once.
func (p *Place) Single() *Place {
	if p.single != nil {
		return p.single
	}
	return p
}

// Steady is the same place for a look that is not repeated: its Single tries
// as patiently as it does itself.
func (p *Place) Steady() *Place {
	c := *p
	c.single = nil
	return &c
}

func client[T any](p *Place, name string, make func(aws.Config) T) T {
	p.clients.mu.Lock()
	defer p.clients.mu.Unlock()
	if c, ok := p.clients.made[name]; ok {
		return c.(T)
	}
	c := make(p.cfg)
	p.clients.made[name] = c
	return c
}

// CloudFormation is the client for stacks.
func (p *Place) CloudFormation() *cloudformation.Client {
	return client(p, "cloudformation", func(c aws.Config) *cloudformation.Client { return cloudformation.NewFromConfig(c) })
}

// DynamoDB is the client for tables.
func (p *Place) DynamoDB() *dynamodb.Client {
	return client(p, "dynamodb", func(c aws.Config) *dynamodb.Client { return dynamodb.NewFromConfig(c) })
}

// EventBridge is the client for buses and rules.
func (p *Place) EventBridge() *eventbridge.Client {
	return client(p, "eventbridge", func(c aws.Config) *eventbridge.Client { return eventbridge.NewFromConfig(c) })
}

// Lambda is the client for functions.
func (p *Place) Lambda() *lambda.Client {
	return client(p, "lambda", func(c aws.Config) *lambda.Client { return lambda.NewFromConfig(c) })
}

// Logs is the client for CloudWatch Logs.
func (p *Place) Logs() *cloudwatchlogs.Client {
	return client(p, "logs", func(c aws.Config) *cloudwatchlogs.Client { return cloudwatchlogs.NewFromConfig(c) })
}

// S3 is the client for buckets; at an endpoint of its own buckets are named in
// the path, because names in front of such a host rarely resolve.
func (p *Place) S3() *s3.Client {
	return client(p, "s3", func(c aws.Config) *s3.Client {
		return s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil })
	})
}

// SFN is the client for state machines.
func (p *Place) SFN() *sfn.Client {
	return client(p, "sfn", func(c aws.Config) *sfn.Client { return sfn.NewFromConfig(c) })
}

// SQS is the client for queues.
func (p *Place) SQS() *sqs.Client {
	return client(p, "sqs", func(c aws.Config) *sqs.Client { return sqs.NewFromConfig(c) })
}

// httpClient keeps enough connections for hundreds of long polls.
func httpClient(dial Dialer) aws.HTTPClient {
	c := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, 2000
		if dial != nil {
			t.DialContext, t.Proxy = dial, nil
		} else {
			t.DialContext = loopback((&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext)
		}
	})
	if dial == nil {
		return c
	}
	return &http.Client{Transport: OwnBody{c.GetTransport()}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// OwnBody gives every request a body of its own. The SDK closes a request's
// body as soon as there is an answer, and net/http then cuts the connection
// when it has not seen the body's end yet; a server on the other end of a pipe
// answers fast enough for that.
type OwnBody struct{ http.RoundTripper }

// RoundTrip sends the request with a copy of its body.
func (t OwnBody) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return t.RoundTripper.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return t.RoundTripper.RoundTrip(r)
}

// HTTPClient makes requests to applications: redirects are not followed unless
// asked for, and *.localhost is this machine, as in browsers.
func HTTPClient(dial Dialer) *http.Client {
	network := loopback((&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext)
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, 200
	t.DialContext = func(ctx context.Context, kind, address string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(address)
		if dial != nil && strings.HasSuffix(host, ".sandbox.localhost") {
			return dial(ctx, kind, address)
		}
		return network(ctx, kind, address)
	}
	return &http.Client{Transport: t}
}

// loopback dials this machine for *.localhost, which not every resolver knows (RFC 6761).
func loopback(dial Dialer) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
			address = net.JoinHostPort("127.0.0.1", port)
		}
		return dial(ctx, network, address)
	}
}
