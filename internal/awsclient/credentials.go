package awsclient

import (
	"cmp"
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
)

// renewal is how long before their end credentials that can be renewed are.
const renewal = time.Minute

// soon is the time to the end of credentials from which on it is tried whether
// they can be renewed; most that can live for an hour.
const soon = time.Hour

// credentialsError says that there are no credentials, or none any more. A
// call that ends with it was not sent.
type credentialsError struct {
	reason string
	advice string
	cause  error
}

func (e *credentialsError) Error() string {
	return "the credentials of this run cannot be renewed: " + e.reason + "; " + e.advice
}
func (e *credentialsError) Unwrap() error { return e.cause }

// explained gives credentials, or an error that says what to do about there
// being none.
type explained struct {
	aws.CredentialsProvider
	profile string
}

func (x explained) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := x.CredentialsProvider.Retrieve(ctx)
	if err == nil {
		return c, nil
	}
	return c, &credentialsError{credentialReason(err), signIn(err, x.profile), err}
}

// profileOf is the profile that credentials come from, as far as it is named.
func profileOf(s Settings) string {
	return cmp.Or(s.Profile, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE"))
}

// signIn says how to get credentials again.
func signIn(err error, profile string) string {
	switch {
	case !ofSSO(err):
		return "sign in again, or give credentials that live longer"
	case profile == "":
		return "run aws sso login"
	}
	return "run aws sso login --profile " + profile
}

// ofSSO says whether it is a sign-in with aws sso login that is missing.
func ofSSO(err error) bool {
	var token *ssocreds.InvalidTokenError
	return errors.As(err, &token) || err != nil && strings.Contains(err.Error(), "SSO token")
}

// credentialReason says in a few words why there are no credentials.
func credentialReason(err error) string {
	switch {
	case strings.Contains(err.Error(), "EC2 IMDS"):
		return "neither the environment, nor the shared configuration, nor an instance role has any"
	case ofSSO(err):
		return "the sign-in has ended, or there was none"
	}
	text := strings.TrimPrefix(Explain(err), "failed to refresh cached credentials, ")
	return strings.ReplaceAll(text, "process provider error: error in credential_process", "credential_process failed")
}

// lifetime refuses credentials that end before a run could, and warns of those
// that will while another run is possible.
func lifetime(ctx context.Context, cfg aws.Config, s Settings, now aws.Credentials) (warning string, err error) {
	end, fixed := endOf(now)
	left := time.Until(end)
	if end.IsZero() || left >= soon && s.Needed < left {
		return "", nil
	}
	if !fixed && renewable(ctx, cfg.Credentials, now) {
		return "", nil
	}
	at := end.Local().Format("15:04:05")
	again := signIn(nil, "")
	if x, ok := cfg.Credentials.(explained); ok && x.profile != "" {
		again += " (profile " + x.profile + ")"
	}
	switch {
	case left <= 0:
		return "", unusable("the AWS credentials have expired, at %s; %s", end.Local().Format("2006-01-02 15:04:05"), again)
	case left < s.Needed:
		return "", unusable("the AWS credentials end in %s, at %s, and cannot be renewed; the longest scenario may take %s. %s", spell(left), at, spell(s.Needed), sentence(again))
	}
	return "the AWS credentials end in " + spell(left) + ", at " + at + ", and cannot be renewed: what runs then fails, clean-up too", nil
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// endOf is when credentials end, zero where they do not or nobody says; fixed
// says that they are not renewed whatever happens.
func endOf(c aws.Credentials) (end time.Time, fixed bool) {
	if c.Source == config.CredentialsSourceName {
		end, err := time.Parse(time.RFC3339, os.Getenv("AWS_CREDENTIAL_EXPIRATION"))
		if err != nil {
			return time.Time{}, true // not set, or no time
		}
		return end, true
	}
	if !c.CanExpire {
		return time.Time{}, false
	}
	return c.Expires.Add(renewal), false // the cache brings it forward by as much
}

// renewable asks for credentials again and says whether others come.
func renewable(ctx context.Context, p aws.CredentialsProvider, old aws.Credentials) bool {
	x, ok := p.(explained)
	if !ok {
		return false
	}
	cache, ok := x.CredentialsProvider.(*aws.CredentialsCache)
	if !ok {
		return false
	}
	cache.Invalidate()
	c, err := p.Retrieve(ctx)
	return err == nil && !c.Expired() && (c.Expires.After(old.Expires) || c.AccessKeyID != old.AccessKeyID)
}
