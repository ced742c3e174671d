package awsclient

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

var signer = regexp.MustCompile(`Credential=([^/]+)/`)

// stsServer says who callers are: the account is the access key's, which is 12
// digits, or that of the role which was assumed.
func stsServer(t *testing.T) string {
	t.Helper()
	assumed := map[string]string{} // access key: role
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := signer.FindStringSubmatch(r.Header.Get("Authorization"))[1]
		_ = r.ParseForm()
		refuse := func(code, message string) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
		}
		role := r.Form.Get("RoleArn")
		switch action := r.Form.Get("Action"); {
		case key == "EXPIRED":
			refuse("ExpiredToken", "The security token included in the request is expired")
		case action == "AssumeRole" && strings.HasSuffix(role, "/closed"):
			refuse("AccessDenied", "User: arn:aws:iam::"+key+":user/tester is not authorized to perform: sts:AssumeRole on resource: "+role)
		case action == "AssumeRole":
			name := fmt.Sprintf("ASSUMED%d", len(assumed))
			assumed[name] = role
			fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials>
				<AssumedRoleUser><Arn>x</Arn><AssumedRoleId>y</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>`, name, time.Now().Add(15*time.Minute).UTC().Format(time.RFC3339))
		default:
			account, arn := key, "arn:aws:iam::"+key+":user/tester"
			if role := assumed[key]; role != "" {
				account = strings.Split(role, ":")[4]
				arn = "arn:aws:sts::" + account + ":assumed-role/" + role[strings.LastIndex(role, "/")+1:] + "/session"
			}
			fmt.Fprintf(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>%s</Account><Arn>%s</Arn><UserId>u</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>`, account, arn)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// machine gives the test a home of its own, with a shared configuration.
func machine(t *testing.T, config string) (home string) {
	t.Helper()
	home = t.TempDir()
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_ENDPOINT_URL"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(home, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(home, "credentials"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	write(t, filepath.Join(home, "config"), config)
	return home
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// process is a credential_process: keys is what the shell makes of the access
// key, left the time to the end of the credentials.
func process(t *testing.T, home, key string, left time.Duration) string {
	t.Helper()
	file := filepath.Join(home, "process.sh")
	write(t, file, fmt.Sprintf("#!/bin/sh\necho '{\"Version\":1,\"AccessKeyId\":\"'%s'\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\",\"Expiration\":\"%s\"}'\n",
		key, time.Now().Add(left).UTC().Format(time.RFC3339)))
	return "[profile p]\nregion = eu-west-1\ncredential_process = " + file + "\n"
}

func TestCredentialsAtTheStart(t *testing.T) {
	url := stsServer(t)
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, home string) (config string)
		profile string
		want    string // of the error, a regular expression; "" is none
		warning string
	}{
		{
			name: "without end", prepare: func(t *testing.T, _ string) string { return env(t, "111122223333", "") },
		},
		{
			name: "of the environment, ended", prepare: func(t *testing.T, _ string) string { return env(t, "111122223333", at(-time.Minute)) },
			want: `the AWS credentials have expired, at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d; sign in again, or give credentials that live longer`,
		},
		{
			name: "of the environment, too short", prepare: func(t *testing.T, _ string) string { return env(t, "111122223333", at(3*time.Minute)) },
			want: `the AWS credentials end in \dm(\d+s)?, at \d\d:\d\d:\d\d, and cannot be renewed; the longest scenario may take 5m\. Sign in again, or give credentials that live longer`,
		},
		{
			name: "of the environment, ending later", prepare: func(t *testing.T, _ string) string { return env(t, "111122223333", at(20*time.Minute)) },
			warning: `the AWS credentials end in \d+m(\d+s)?, at \d\d:\d\d:\d\d, and cannot be renewed: what runs then fails, clean-up too`,
		},
		{
			name: "of the environment, ending much later", prepare: func(t *testing.T, _ string) string { return env(t, "111122223333", at(2*time.Hour)) },
		},
		{
			name: "of the environment, refused", prepare: func(t *testing.T, _ string) string { return env(t, "EXPIRED", "") },
			want: `the AWS credentials have expired; sign in again \(aws sso login, where they come from that\)`,
		},
		{
			name: "of a process, ended", profile: "p", prepare: func(t *testing.T, home string) string { return process(t, home, "111122223333", -time.Minute) },
			want: `the AWS credentials have expired, at .*; sign in again, or give credentials that live longer \(profile p\)`,
		},
		{
			name: "of a process, too short", profile: "p", prepare: func(t *testing.T, home string) string { return process(t, home, "111122223333", 3*time.Minute) },
			want: `the AWS credentials end in \dm(\d+s)?, at .*, and cannot be renewed; the longest scenario may take 5m\. Sign in again, .*`,
		},
		{
			name: "of a process, ending later", profile: "p", prepare: func(t *testing.T, home string) string { return process(t, home, "111122223333", 20*time.Minute) },
			warning: `the AWS credentials end in .*`,
		},
		{
			name: "of a process that gives others each time", profile: "p",
			prepare: func(t *testing.T, home string) string { return process(t, home, "$(date +%N)", 3*time.Minute) },
		},
		{
			name: "of a process that fails", profile: "p",
			prepare: func(_ *testing.T, home string) string {
				return "[profile p]\nregion = eu-west-1\ncredential_process = " + filepath.Join(home, "nothing") + "\n"
			},
			want: `no AWS credentials: credential_process failed: .*\nset AWS_PROFILE or --profile, .*`,
		},
		{
			name: "a sign-in that has ended", profile: "p", prepare: signedOut,
			want: `no AWS credentials: the sign-in has ended, or there was none; run aws sso login --profile p`,
		},
		{
			name: "a session that has ended", profile: "p", prepare: sessionOver,
			want: `no AWS credentials: the sign-in has ended, or there was none; run aws sso login --profile p`,
		},
		{
			name: "a sign-in that never was", profile: "p",
			prepare: func(*testing.T, string) string { return ssoProfile },
			want:    `no AWS credentials: the sign-in has ended, or there was none; run aws sso login --profile p`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := machine(t, "")
			write(t, filepath.Join(home, "config"), c.prepare(t, home))
			p, err := Connect(t.Context(), Settings{Profile: c.profile, Region: "eu-west-1", EndpointURL: url, Needed: 5 * time.Minute})
			var unusable *UnusableError
			got := ""
			if err != nil {
				got = err.Error()
				if !errors.As(err, &unusable) {
					t.Errorf("%T is no *UnusableError", err)
				}
			}
			if !regexp.MustCompile(`^(?s:` + c.want + `)$`).MatchString(got) {
				t.Fatalf("got  %s\nwant %s", got, c.want)
			}
			if err != nil {
				return
			}
			if got := strings.Join(p.Warnings, "\n"); !regexp.MustCompile(`^(` + c.warning + `)$`).MatchString(got) {
				t.Errorf("warnings %q, want %s", got, c.warning)
			}
		})
	}
}

func at(left time.Duration) string { return time.Now().Add(left).UTC().Format(time.RFC3339) }

func env(t *testing.T, key, end string) string {
	t.Setenv("AWS_ACCESS_KEY_ID", key)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	t.Setenv("AWS_CREDENTIAL_EXPIRATION", end)
	return ""
}

const (
	start      = "https://start.test/start"
	ssoProfile = "[profile p]\nsso_start_url = " + start + "\nsso_region = eu-west-1\nsso_account_id = 111122223333\nsso_role_name = Tester\n"
)

func signedOut(t *testing.T, home string) string {
	token(t, home, start)
	return ssoProfile
}

func sessionOver(t *testing.T, home string) string {
	token(t, home, "team")
	return "[sso-session team]\nsso_start_url = " + start + "\nsso_region = eu-west-1\n[profile p]\nsso_session = team\nsso_account_id = 111122223333\nsso_role_name = Tester\n"
}

// token is a cached sign-in that has ended.
func token(t *testing.T, home, name string) {
	sum := sha1.Sum([]byte(name))
	write(t, filepath.Join(home, ".aws", "sso", "cache", hex.EncodeToString(sum[:])+".json"),
		`{"startUrl":"`+start+`","region":"eu-west-1","accessToken":"x","expiresAt":"2020-01-01T00:00:00Z"}`)
}

func TestElsewhere(t *testing.T) {
	url := stsServer(t)
	machine(t, "")
	env(t, "111122223333", "")
	own, err := Connect(t.Context(), Settings{Region: "eu-west-1", EndpointURL: url, Account: "111122223333"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		set  Settings
		want string // account/region caller, or the error
	}{
		{"another region", Settings{Region: "us-east-1"}, "111122223333/us-east-1 arn:aws:iam::111122223333:user/tester"},
		{"a role", Settings{RoleARN: "arn:aws:iam::444455556666:role/open", Session: "s"}, "444455556666/eu-west-1 arn:aws:sts::444455556666:assumed-role/open/session"},
		{
			"the wrong account",
			Settings{RoleARN: "arn:aws:iam::444455556666:role/open", Session: "s", Account: "777788889999"},
			"this is account 444455556666 (arn:aws:sts::444455556666:assumed-role/open/session), and account 777788889999 is asked for; nothing was touched",
		},
		{"a region that is none", Settings{Region: "eu-wst-1"}, `there is no AWS region "eu-wst-1"; did you mean "eu-west-1"?`},
		{
			"a role that does not trust",
			Settings{RoleARN: "arn:aws:iam::444455556666:role/closed", Session: "s"},
			`arn:aws:iam::111122223333:user/tester cannot assume the role arn:aws:iam::444455556666:role/closed: STS AssumeRole: AccessDenied: User: arn:aws:iam::111122223333:user/tester is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/closed
Three things must be so:
- the role is there (where it is not, AWS says no more than that it may not be assumed)
- the caller's own policies allow sts:AssumeRole on it
- the role's trust policy has a statement such as
{
  "Effect": "Allow",
  "Principal": {
    "AWS": "arn:aws:iam::111122223333:user/tester"
  },
  "Action": "sts:AssumeRole"
}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := own.Elsewhere(t.Context(), c.set)
			if err != nil {
				var unusable *UnusableError
				if err.Error() != c.want || !errors.As(err, &unusable) {
					t.Errorf("got  %s\nwant %s", err, c.want)
				}
				return
			}
			if got := p.Account + "/" + p.Region + " " + p.Caller; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if p.Origin.RoleARN != c.set.RoleARN || p.Origin.Endpoint != url {
				t.Errorf("found again by %+v", p.Origin)
			}
			again, err := Connect(t.Context(), Settings{Region: p.Region, EndpointURL: url, RoleARN: p.Origin.RoleARN, Session: "sweep"})
			if err != nil || again.Origin != p.Origin {
				t.Errorf("found again: %v, %v", again, err)
			}
		})
	}
}

func TestTrust(t *testing.T) {
	for arn, want := range map[string][]string{
		"arn:aws:sts::111122223333:assumed-role/ci/run-1":    {`"AWS": "arn:aws:iam::111122223333:role/ci"`},
		"arn:aws-cn:sts::111122223333:assumed-role/ci/run-1": {`"AWS": "arn:aws-cn:iam::111122223333:role/ci"`},
		"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Tester_0123456789abcdef/x": {
			`"AWS": "arn:aws:iam::111122223333:root"`, `"aws:PrincipalArn": "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Tester_0123456789abcdef"`,
		},
	} {
		for _, w := range want {
			if got := trust(who{"111122223333", arn}); !strings.Contains(got, w) {
				t.Errorf("%s\nlacks %s", got, w)
			}
		}
	}
}

// TestCredentialsThatEndInTheMiddle holds that a call which found none any more
// says so and what to do, and was surely not carried out.
func TestCredentialsThatEndInTheMiddle(t *testing.T) {
	p := placeAt(t, emulator, done, nil)
	gone := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("refresh cached SSO token failed, it has ended")
	})
	cfg := p.base.Copy()
	cfg.Credentials = explained{aws.NewCredentialsCache(gone), "dev"}
	_, err := newPlace(cfg, "111122223333", Settings{}).Once().SQS().CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
	const want = "SQS CreateQueue: the credentials of this run cannot be renewed: the sign-in has ended, or there was none; run aws sso login --profile dev"
	if got := Explain(err); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !SurelyNotDone(err) || Transient(err) {
		t.Errorf("surely not done: %v, transient: %v", SurelyNotDone(err), Transient(err))
	}
}
