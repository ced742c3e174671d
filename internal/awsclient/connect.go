package awsclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"github.com/rehearse-dev/rehearse/internal/nearest"
)

// Settings say where a run goes; what is empty comes from the standard AWS
// settings (environment, shared configuration).
type Settings struct {
	Profile     string
	Region      string
	EndpointURL string
	Account     string // when set, any other account is refused
	RoleARN     string // a role to assume with the credentials that are found
	Session     string // what the session of the role is called; "" leaves it to the SDK
	// Needed is how long the credentials must last at least: the longest timeout
	// of the scenarios that run.
	Needed time.Duration
	Dial   Dialer // how connections are opened; nil: over the network
	// Pacers hold the calls of all places of a run to what accounts allow; nil:
	// this place has its own.
	Pacers *Pacers
	// AccessKey and SecretKey are fixed credentials, used only together with Dial.
	AccessKey, SecretKey string
}

// UnusableError says why a run cannot use its environment: no credentials, an
// endpoint that nobody serves, another account. Nothing has been touched.
type UnusableError struct{ Message string }

func (e *UnusableError) Error() string { return e.Message }

func unusable(format string, args ...any) error {
	return &UnusableError{fmt.Sprintf(format, args...)}
}

const connectTimeout = 15 * time.Second

// Connect finds credentials, asks the place who it is, and makes its clients.
// Every error is an *UnusableError.
func Connect(ctx context.Context, s Settings) (*Place, error) {
	if err := checkEndpoint(s.EndpointURL); err != nil {
		return nil, err
	}
	cfg, err := load(ctx, s)
	if err != nil {
		return nil, err
	}
	if s.RoleARN == "" {
		return connect(ctx, cfg, s)
	}
	own := s
	own.RoleARN, own.Account = "", ""
	base, err := connect(ctx, cfg, own)
	if err != nil {
		return nil, err
	}
	return base.Elsewhere(ctx, s)
}

// Elsewhere comes from this place to another: with its credentials to another
// region, or with a role that they assume. Of the settings only RoleARN,
// Session, Region, Account, Needed and Pacers count; without a region it is
// this place's own. Every error is an *UnusableError.
func (p *Place) Elsewhere(ctx context.Context, s Settings) (*Place, error) {
	cfg := p.base.Copy()
	cfg.Region = cmp.Or(s.Region, p.Region)
	s.Profile = p.Origin.Profile
	if s.RoleARN == "" {
		s.RoleARN = p.Origin.RoleARN
		return connect(ctx, cfg, s)
	}
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), s.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = s.Session
	})
	cfg.Credentials = explained{aws.NewCredentialsCache(provider, renewEarly), s.Profile}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, assumed(err, s.RoleARN, cfg, who{p.Account, p.Caller})
	}
	return connect(ctx, cfg, s)
}

// connect asks for credentials and whose they are.
func connect(ctx context.Context, cfg aws.Config, s Settings) (*Place, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := checkRegion(cfg.Region, cfg.BaseEndpoint != nil); err != nil {
		return nil, err
	}
	c, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, noCredentials(err)
	}
	warning := ""
	if s.RoleARN == "" { // a role is assumed again as long as the credentials behind it last
		if warning, err = lifetime(ctx, cfg, s, c); err != nil {
			return nil, err
		}
	}
	caller, err := identity(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if s.Account != "" && s.Account != caller.account {
		return nil, unusable("this is account %s (%s), and account %s is asked for; nothing was touched", caller.account, caller.arn, s.Account)
	}
	p := newPlace(cfg, caller.account, s)
	p.Caller = caller.arn
	if warning != "" {
		p.Warnings = append(p.Warnings, warning)
	}
	return p, nil
}

func noCredentials(err error) error {
	var named *credentialsError
	switch {
	case !errors.As(err, &named):
		return unusable("no AWS credentials: %s", Explain(err))
	case ofSSO(named.cause):
		return unusable("no AWS credentials: %s; %s", named.reason, named.advice)
	}
	return unusable("no AWS credentials: %s\nset AWS_PROFILE or --profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; without an account try --sandbox", named.reason)
}

func renewEarly(o *aws.CredentialsCacheOptions) {
	o.ExpiryWindow, o.ExpiryWindowJitterFrac = renewal, 0
}

func load(ctx context.Context, s Settings) (aws.Config, error) {
	// What the SDK notes for developers is not for the users of a test tool.
	options := []func(*config.LoadOptions) error{config.WithHTTPClient(httpClient(s.Dial)), config.WithLogger(logging.Nop{}), config.WithCredentialsCacheOptions(renewEarly)}
	if s.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(s.Profile))
	}
	if s.Region != "" {
		options = append(options, config.WithRegion(s.Region))
	}
	if s.AccessKey != "" {
		// A fixed place takes nothing from this machine's configuration.
		return aws.Config{
			Region: s.Region, BaseEndpoint: aws.String(s.EndpointURL), HTTPClient: httpClient(s.Dial), Logger: logging.Nop{},
			Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
		}, nil
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	var missing config.SharedConfigProfileNotExistError
	switch {
	case errors.As(err, &missing):
		return cfg, unusable("there is no AWS profile %q; `aws configure list-profiles` shows those that exist", missing.Profile)
	case err != nil:
		return cfg, unusable("the AWS configuration cannot be read: %v", err)
	}
	if s.EndpointURL != "" {
		cfg.BaseEndpoint = aws.String(s.EndpointURL)
	}
	cfg.Credentials = explained{cfg.Credentials, profileOf(s)}
	if s.Dial == nil { // only now: AWS_CA_BUNDLE asks for the client as the SDK makes it
		cfg.HTTPClient = ownBodies{cfg.HTTPClient}
	}
	return cfg, nil
}

func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return unusable("%q is not the URL of an endpoint; write it like http://localhost:4566", endpoint)
	}
	return nil
}

// regionForm is how AWS names regions: an area, a direction, a number.
var regionForm = regexp.MustCompile(`^[a-z]{2}(-gov|-iso[a-z]?)?-(north|south|east|west|central|northeast|northwest|southeast|southwest)-[0-9]{1,2}$`)

// knownRegions as of 2026. A region that is newer than this list is left to AWS
// to judge; an emulator would take any name.
var knownRegions = strings.Fields(`af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2
	ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 cn-north-1 cn-northwest-1
	eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 mx-central-1
	sa-east-1 us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-west-1 us-west-2 eusc-de-east-1 us-iso-east-1 us-iso-west-1 us-isob-east-1`)

// CheckRegion refuses a name that no region of AWS has; the error is an
// *UnusableError that says what was probably meant.
func CheckRegion(region string) error { return checkRegion(region, false) }

func checkRegion(region string, emulated bool) error {
	if region == "" {
		return unusable("no region is chosen: give --region, or set AWS_REGION, or a region in the environment of rehearse.yaml")
	}
	for _, r := range knownRegions {
		if r == region {
			return nil
		}
	}
	if !emulated && regionForm.MatchString(region) {
		return nil
	}
	near := ""
	if n := nearest.Name(region, knownRegions); n != "" {
		near = fmt.Sprintf("; did you mean %q?", n)
	}
	return unusable("there is no AWS region %q%s", region, near)
}

// Secrets are the parts of the place's credentials that must never be printed.
func (p *Place) Secrets(ctx context.Context) []string {
	c, err := p.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil
	}
	l := []string{c.SecretAccessKey, c.SessionToken}
	if c.AccessKeyID != p.Account { // emulators take the account for a key
		l = append(l, c.AccessKeyID)
	}
	return l
}
