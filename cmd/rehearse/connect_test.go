package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/schema"
)

// owner is an STS: the account of a caller is its access key, that of a role
// the one in its ARN. Roles called closed trust nobody.
type owner struct {
	mu    sync.Mutex
	asked []string // action and caller
}

var signedBy = regexp.MustCompile(`Credential=([^/]+)/[0-9]+/([^/]+)/`)

func (o *owner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	by := signedBy.FindStringSubmatch(r.Header.Get("Authorization"))
	role := r.Form.Get("RoleArn")
	o.mu.Lock()
	o.asked = append(o.asked, strings.TrimSpace(r.Form.Get("Action")+" "+by[1]+" "+role))
	o.mu.Unlock()
	switch {
	case strings.HasSuffix(role, "closed"):
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>")
	case role != "":
		fmt.Fprintf(w, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
			strings.Split(role, ":")[4], time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	default:
		fmt.Fprintf(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>%s</Account><Arn>arn:aws:iam::%s:user/tester</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>", by[1], by[1])
	}
}

const home, delivery = "111122223333", "444455556666"

func suiteWith(name string, accounts map[string]schema.Account) *plan.Suite {
	s := &plan.Suite{Suite: &schema.Suite{File: name + "/rehearse.yaml"}, Label: name, Accounts: accounts}
	for n := range accounts {
		s.Used = append(s.Used, n)
	}
	slices.Sort(s.Used)
	return s
}

func connected(t *testing.T, o *runOptions, where awsclient.Settings, suites ...*plan.Suite) (map[string]string, error) {
	t.Helper()
	places, err := o.connect(t.Context(), &plan.Plan{Suites: suites}, where)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, s := range suites {
		for _, name := range append([]string{""}, s.Used...) {
			p := places.Of(s, name)
			found[s.Label+"/"+name] = fmt.Sprintf("%d %s/%s", slices.Index(places.All(), p), p.Account, p.Region)
		}
	}
	return found, nil
}

func TestConnectAccounts(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", home)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_PROFILE", "")
	open := "arn:aws:iam::" + delivery + ":role/open"
	for _, c := range []struct {
		name   string
		suites []*plan.Suite
		want   map[string]string // place: its number, account and region
		err    []string
		asked  int // questions to STS
	}{
		{
			name: "what leads to the same place shares it",
			suites: []*plan.Suite{
				suiteWith("a", map[string]schema.Account{"d": {RoleARN: open, Account: delivery}, "e": {RoleARN: open}, "near": {Region: "eu-west-1"}, "far": {Region: "us-east-1"}}),
				suiteWith("b", map[string]schema.Account{"d": {RoleARN: open, Region: "eu-west-1"}}),
			},
			want: map[string]string{
				"a/": "0 111122223333/eu-west-1", "a/near": "0 111122223333/eu-west-1", "b/": "0 111122223333/eu-west-1",
				"a/d": "1 444455556666/eu-west-1", "a/e": "1 444455556666/eu-west-1", "b/d": "1 444455556666/eu-west-1",
				"a/far": "2 111122223333/us-east-1",
			},
		},
		{
			name:   "accounts that no step names are not asked for",
			suites: []*plan.Suite{{Suite: &schema.Suite{}, Label: "a", Accounts: map[string]schema.Account{"d": {RoleARN: open + "/closed"}}}},
			want:   map[string]string{"a/": "0 111122223333/eu-west-1"}, asked: 1,
		},
		{
			name: "all that is wrong is told at once",
			suites: []*plan.Suite{
				suiteWith("a", map[string]schema.Account{
					"shut":  {RoleARN: "arn:aws:iam::" + delivery + ":role/closed"},
					"other": {RoleARN: open, Account: "777788889999"},
					"lost":  {Profile: "nobody"},
					"moon":  {Region: "moon"},
				}),
			},
			err: []string{
				`account "shut" of a/rehearse.yaml: arn:aws:iam::111122223333:user/tester cannot assume the role arn:aws:iam::444455556666:role/closed: STS AssumeRole: AccessDenied: no`,
				`account "other" of a/rehearse.yaml: this is account 444455556666 (arn:aws:iam::444455556666:user/tester), and account 777788889999 is asked for; nothing was touched`,
				`account "lost" of a/rehearse.yaml: there is no AWS profile "nobody"`,
				`account "moon" of a/rehearse.yaml: there is no AWS region "moon"`,
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			sts := &owner{}
			server := httptest.NewServer(sts)
			defer server.Close()
			got, err := connected(t, &runOptions{region: "eu-west-1", endpoint: server.URL}, awsclient.Settings{}, c.suites...)
			for _, text := range c.err {
				if err == nil || !strings.Contains(err.Error(), text) {
					t.Errorf("%v\nlacks %s", err, text)
				}
			}
			if err != nil && c.err == nil {
				t.Fatal(err)
			}
			for place, want := range c.want {
				if got[place] != want {
					t.Errorf("%s is %s, want %s", place, got[place], want)
				}
			}
			if c.asked > 0 && len(sts.asked) != c.asked {
				t.Errorf("asked %q", sts.asked)
			}
		})
	}
}

// TestConnectSandbox holds that in the sandbox roles, profiles and regions lead
// to accounts of its own: no profile is looked up and no account checked.
func TestConnectSandbox(t *testing.T) {
	o := &runOptions{sandbox: true}
	where, stop, err := o.sandboxed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	const tester = "arn:aws:iam::" + delivery + ":role/cross-account-bus-tester" // which an example application makes
	got, err := connected(t, o, where, suiteWith("a", map[string]schema.Account{
		"role": {RoleARN: tester, Account: "777788889999", Region: "us-west-2"}, "profile": {Profile: "nobody"},
		"of_account": {Profile: "nobody", Account: home}, "region": {Region: "us-west-2"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	for place, want := range map[string]string{
		"a/": "0 " + sandbox.Account + "/" + sandbox.Region, "a/profile": "0 " + sandbox.Account + "/" + sandbox.Region,
		"a/of_account": "1 " + home + "/" + sandbox.Region, "a/region": "2 " + sandbox.Account + "/us-west-2", "a/role": "3 " + delivery + "/us-west-2",
	} {
		if got[place] != want {
			t.Errorf("%s is %s, want %s", place, got[place], want)
		}
	}
	_, err = connected(t, o, where, suiteWith("a", map[string]schema.Account{"role": {RoleARN: "arn:aws:iam::" + home + ":role/x"}}))
	if want := "the sandbox has no role arn:aws:iam::111122223333:role/x: no stack in account 111122223333 makes any"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
