package awsclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// who is the owner of credentials.
type who struct{ account, arn string }

// identity asks who the credentials belong to, which also proves that the
// endpoint answers.
func identity(ctx context.Context, cfg aws.Config) (who, error) {
	cfg.RetryMaxAttempts = 2
	client := sts.NewFromConfig(cfg)
	out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err == nil {
		return who{aws.ToString(out.Account), aws.ToString(out.Arn)}, nil
	}
	return who{}, notReached(err, cfg.Region, aws.ToString(client.Options().BaseEndpoint))
}

// notReached says why a first call failed; where is the endpoint, "" for AWS.
func notReached(err error, region, where string) error {
	var dns *net.DNSError
	var credentials *credentialsError
	switch {
	case errors.As(err, &credentials):
		return noCredentials(credentials)
	case where != "" && (dialFailed(err) || Transient(err)):
		return unusable("nothing usable answers at %s: %s\nstart the emulator there, or correct --endpoint-url or AWS_ENDPOINT_URL", where, short(err))
	case errors.As(err, &dns):
		return unusable("AWS in region %q cannot be reached (%s is not known): there is no such region, or this machine has no network", region, dns.Name)
	case dialFailed(err) || Transient(err):
		return unusable("AWS in region %q cannot be reached: %s", region, short(err))
	case Is(err, "ExpiredToken", "ExpiredTokenException", "RequestExpired"):
		return unusable("the AWS credentials have expired; sign in again (aws sso login, where they come from that)")
	case Is(err, "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"):
		return unusable("AWS does not accept these credentials: %s", Explain(err))
	}
	return unusable("cannot ask AWS for the account: %s", Explain(err))
}

// short gives the innermost reason: "connection refused".
func short(err error) string {
	var op *net.OpError
	switch s := Network(err); {
	case s != "" && !errors.As(err, &op):
		return s
	case errors.As(err, &op) && op.Op != "proxyconnect":
		return op.Err.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer within %s", connectTimeout)
	}
	return Explain(err)
}

// assumed says why a role cannot be assumed, and what would let it be.
func assumed(err error, role string, cfg aws.Config, caller who) error {
	var renewed *credentialsError
	if errors.As(err, &renewed) {
		err = renewed.cause
	}
	if dialFailed(err) || Transient(err) {
		return notReached(err, cfg.Region, aws.ToString(cfg.BaseEndpoint))
	}
	reason := strings.TrimPrefix(Explain(err), "failed to refresh cached credentials, ")
	if !Is(err, "AccessDenied", "AccessDeniedException", "NoSuchEntity") {
		return unusable("%s cannot assume the role %s: %s", caller.arn, role, reason)
	}
	return unusable(`%s cannot assume the role %s: %s
Three things must be so:
- the role is there (where it is not, AWS says no more than that it may not be assumed)
- the caller's own policies allow sts:AssumeRole on it
- the role's trust policy has a statement such as
%s`, caller.arn, role, reason, trust(caller))
}

// trust is a statement of a role's trust policy that lets a caller assume it.
// A session's ARN changes, so that its role is named; the path of a role that
// IAM Identity Center made is not in a session's ARN.
func trust(caller who) string {
	principal, condition := caller.arn, ""
	if head, rest, ok := strings.Cut(caller.arn, ":assumed-role/"); ok {
		name, _, _ := strings.Cut(rest, "/")
		root := strings.Replace(head, ":sts:", ":iam:", 1)
		principal = root + ":role/" + name
		if strings.HasPrefix(name, "AWSReservedSSO_") {
			principal = root + ":root"
			condition = fmt.Sprintf(",\n  \"Condition\": {\n    \"ArnLike\": {\n      \"aws:PrincipalArn\": %q\n    }\n  }", root+":role/aws-reserved/sso.amazonaws.com/*"+name)
		}
	}
	return fmt.Sprintf("{\n  \"Effect\": \"Allow\",\n  \"Principal\": {\n    \"AWS\": %q\n  },\n  \"Action\": \"sts:AssumeRole\"%s\n}", principal, condition)
}
