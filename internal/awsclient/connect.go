package awsclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
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
	Dial        Dialer // how connections are opened; nil: over the network
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
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := checkEndpoint(s.EndpointURL); err != nil {
		return nil, err
	}
	cfg, err := load(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := checkRegion(cfg.Region, cfg.BaseEndpoint != nil); err != nil {
		return nil, err
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, unusable("no AWS credentials: %s\nset AWS_PROFILE or --profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; without an account try --sandbox", credentialReason(err))
	}
	account, err := identity(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if s.Account != "" && s.Account != account {
		return nil, unusable("this is account %s, and the environment asks for account %s; nothing was touched", account, s.Account)
	}
	return newPlace(cfg, account, s), nil
}

func load(ctx context.Context, s Settings) (aws.Config, error) {
	// What the SDK notes for developers is not for the users of a test tool.
	options := []func(*config.LoadOptions) error{config.WithHTTPClient(httpClient(s.Dial)), config.WithLogger(logging.Nop{})}
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

func credentialReason(err error) string {
	if strings.Contains(err.Error(), "no EC2 IMDS role found") || strings.Contains(err.Error(), "EC2 IMDS") {
		return "neither the environment, nor the shared configuration, nor an instance role has any"
	}
	return Explain(err)
}

// identity asks who the credentials belong to, which also proves that the
// endpoint answers.
func identity(ctx context.Context, cfg aws.Config) (string, error) {
	cfg.RetryMaxAttempts = 2
	client := sts.NewFromConfig(cfg)
	where := aws.ToString(client.Options().BaseEndpoint)
	out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err == nil {
		return aws.ToString(out.Account), nil
	}
	var dns *net.DNSError
	switch {
	case where != "" && (dialFailed(err) || Transient(err)):
		return "", unusable("nothing usable answers at %s: %s\nstart the emulator there, or correct --endpoint-url or AWS_ENDPOINT_URL", where, short(err))
	case errors.As(err, &dns):
		return "", unusable("AWS in region %q cannot be reached (%s is not known): there is no such region, or this machine has no network", cfg.Region, dns.Name)
	case dialFailed(err) || Transient(err):
		return "", unusable("AWS in region %q cannot be reached: %s", cfg.Region, short(err))
	case Is(err, "ExpiredToken", "ExpiredTokenException", "RequestExpired"):
		return "", unusable("the AWS credentials have expired; sign in again")
	case Is(err, "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"):
		return "", unusable("AWS does not accept these credentials: %s", Explain(err))
	}
	return "", unusable("cannot ask AWS for the account: %s", Explain(err))
}

// short gives the innermost reason: "connection refused".
func short(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %s", connectTimeout)
	}
	return Explain(err)
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
