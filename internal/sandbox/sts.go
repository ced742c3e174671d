package sandbox

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// stsService says who calls, and lets callers assume roles. What a role trusts and may do is not asked.
type stsService struct{ home *home }

// session is a role that somebody assumed.
type session struct{ account, role, name string }

// account is whom an access key belongs to: a session's key leads into its role's account, a key of 12 digits is an
// account's own, as with emulators, and all others are of the base account.
func (s *Sandbox) account(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if assumed, ok := s.sessions[key]; ok {
		return assumed.account
	}
	if accountID.MatchString(key) {
		return key
	}
	return Account
}

var (
	accountID   = regexp.MustCompile(`^[0-9]{12}$`)
	roleARN     = regexp.MustCompile(`^arn:aws:iam::([0-9]{12}):role/(?:.*/)?([^/]+)$`)
	sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
)

type keyID struct{} // of a context: the access key that the request is signed with

func (s stsService) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	key, _ := ctx.Value(keyID{}).(string)
	s.home.mu.Lock()
	assumed, ok := s.home.sessions[key]
	s.home.mu.Unlock()
	if ok {
		return &sts.GetCallerIdentityOutput{Account: &assumed.account, Arn: aws.String(assumed.arn()), UserId: aws.String(assumed.id())}, nil
	}
	return &sts.GetCallerIdentityOutput{
		Account: &s.home.account, Arn: aws.String("arn:aws:iam::" + s.home.account + ":user/sandbox"), UserId: aws.String("AIDASANDBOXSANDBOXSA"),
	}, nil
}

func (a session) arn() string {
	return "arn:aws:sts::" + a.account + ":assumed-role/" + a.role + "/" + a.name
}

func (a session) id() string { return "AROASANDBOXSANDBOXSA:" + a.name }

// AssumeRole refuses a role that no stack has made. So an account into which nothing is deployed has none.
func (s stsService) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	name, ref := aws.ToString(in.RoleSessionName), aws.ToString(in.RoleArn)
	role := roleARN.FindStringSubmatch(ref)
	switch {
	case role == nil:
		return nil, refuse("ValidationError", "%s is invalid", ref)
	case !sessionName.MatchString(name):
		return nil, refuse("ValidationError", "1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]* and have a length from 2 to 64", name)
	}
	if err := s.home.mayAssume(ref, role[1]); err != nil {
		return nil, err
	}
	lasts := time.Duration(aws.ToInt32(in.DurationSeconds)) * time.Second
	if lasts == 0 {
		lasts = time.Hour
	}
	assumed := session{account: role[1], role: role[2], name: name}
	key := "ASIA" + strings.ToUpper(strings.ReplaceAll(newID(), "-", ""))[:16]
	s.home.mu.Lock()
	s.home.sessions[key] = assumed
	s.home.mu.Unlock()
	return &sts.AssumeRoleOutput{
		Credentials: &types.Credentials{
			AccessKeyId: &key, SecretAccessKey: aws.String(newID()), SessionToken: aws.String(newID()), Expiration: aws.Time(s.home.now().Add(lasts)),
		},
		AssumedRoleUser: &types.AssumedRoleUser{Arn: aws.String(assumed.arn()), AssumedRoleId: aws.String(assumed.id())},
	}, nil
}

// mayAssume refuses roles that are not there.
func (s *Sandbox) mayAssume(ref, account string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.roles[ref] {
		return nil
	}
	for other := range s.roles {
		if strings.HasPrefix(other, "arn:aws:iam::"+account+":") {
			return refuse("AccessDenied", "the sandbox has no role %s: no stack in account %s makes it", ref, account)
		}
	}
	return refuse("AccessDenied", "the sandbox has no role %s: no stack in account %s makes any", ref, account)
}
