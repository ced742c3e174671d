// Package awsclient is the way to AWS: which account, region and endpoint a
// run talks to, one client a service, and what an error of AWS means. It knows
// no step and no scenario.
package awsclient

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/schemas"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/smithy-go/middleware"
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
	Caller   string // the ARN of who calls
	// Warnings are what a user should know before the run, such as credentials
	// that end soon.
	Warnings []string

	base    aws.Config // as it was found, without our own way to try again
	cfg     aws.Config
	pacer   *pacer
	clients *clients
	once    *Place // the same place, sending nothing twice
	single  *Place // the same place, trying once
	shared  *Place // the place that this one is a steady form of
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
	return p.Origin.Key()
}

// clients are made on demand, one of each.
type clients struct {
	mu   sync.Mutex
	made map[string]any
}

func newPlace(cfg aws.Config, account string, s Settings) *Place {
	o := Origin{Account: account, Region: cfg.Region, Endpoint: aws.ToString(cfg.BaseEndpoint), Profile: s.Profile, RoleARN: s.RoleARN}
	pacers := s.Pacers
	if pacers == nil {
		pacers = &Pacers{}
	}
	pace := pacers.of(o)
	p := withRetries(cfg, o, pace, patient)
	p.base = cfg
	p.once = withRetries(cfg, o, pace, careful)
	p.single = withRetries(cfg, o, pace, single)
	p.once.single = p.single
	return p
}

func withRetries(cfg aws.Config, o Origin, pace *pacer, r retries) *Place {
	cfg = cfg.Copy()
	cfg.Retryer = func() aws.Retryer { return retryer{r} }
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), func(s *middleware.Stack) error {
		return errors.Join(
			s.Initialize.Add(tracing{}, middleware.After),
			s.Build.Add(tracing{}, middleware.Before),
			s.Finalize.Insert(call{}, "Retry", middleware.Before),
			s.Finalize.Insert(attempt{r}, "Retry", middleware.After),
			s.Finalize.Insert(pace, "Signing", middleware.Before),
		)
	})
	return &Place{
		Account: o.Account, Region: o.Region, Endpoint: o.Endpoint, Origin: o,
		cfg: cfg, pacer: pace, clients: &clients{made: map[string]any{}},
	}
}

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
	c.single, c.shared = nil, p.Shared()
	return &c
}

// Shared is the same place for what the whole run shares, whatever the step
// wanted that asked for it first.
func (p *Place) Shared() *Place {
	if p.shared != nil {
		return p.shared
	}
	return p
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

// Schemas is the client for the schema registries of EventBridge.
func (p *Place) Schemas() *schemas.Client {
	return client(p, "schemas", func(c aws.Config) *schemas.Client { return schemas.NewFromConfig(c) })
}

// XRay is the client for traces.
func (p *Place) XRay() *xray.Client {
	return client(p, "xray", func(c aws.Config) *xray.Client { return xray.NewFromConfig(c) })
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
