package runner_test

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
	play "github.com/rehearse-dev/rehearse/steps/stage"
)

// written are the ways in which a secret may be written in a report.
func written(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	twice, _ := json.Marshal(string(quoted))
	ways := map[string]string{
		"as it is": secret, "as a query": url.QueryEscape(secret), "as a path": url.PathEscape(secret),
		"in JSON": strings.Trim(string(quoted), `"`), "in JSON in JSON": strings.Trim(string(twice), `"\`),
		"as Go quotes it": strings.Trim(strconv.Quote(secret), `"`), "in XML": html.EscapeString(secret),
	}
	ways["as a query in small letters"] = regexp.MustCompile("%[0-9A-F]{2}").ReplaceAllStringFunc(ways["as a query"], strings.ToLower)
	for _, before := range []string{"", "u", "uu"} {
		all := base64.RawStdEncoding.EncodeToString([]byte(before + secret))
		ways["in base64 behind "+before] = all[(8*len(before)+5)/6 : 8*len(before+secret)/6]
	}
	return ways
}

// hides fails the test when a secret stands, in whatever form, in what a run left behind.
func (r result) hides(t *testing.T, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		for way, form := range written(secret) {
			for what, text := range map[string]string{"stream": string(r.json), "junit": string(r.junit), "console": r.text} {
				if i := strings.Index(text, form); i >= 0 {
					t.Errorf("%s stands in the %s %s: %s", secret, what, way, text[max(0, i-200):min(len(text), i+200)])
				}
			}
		}
	}
	if !strings.Contains(string(r.json), "***") || !strings.Contains(r.text, "***") {
		t.Error("nothing was masked")
	}
}

const (
	sweptEnv    = "env-secret é+/ 1"
	sweptVar    = `var"secret<1>&more`
	sweptRow    = "row-secret-value-1"
	sweptMasked = "masked-secret-value-1"
	sweptSkip   = "skip-secret-value-1"
	sweptPEM    = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n"
)

var sweptLong = strings.Repeat("long-secret-0123456789-", 20)

const sweptSuite = `
mask: ["*_TOKEN", "*_PEM", LONG]
vars:
  VAR_TOKEN: 'var"secret<1>&more'
  SKIP_TOKEN: skip-secret-value-1
  ID_TOKEN: "${scenario.id}-late-secret"
  A_PEM: "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n"
arrange:
  - stack_outputs: {stack: play}
    id: app
  - set: {shown: "${vars.VAR_TOKEN}"}
`

const sweptSkipped = `
scenario: Skipped
skip: "waits for ${vars.SKIP_TOKEN}"
assert:
  - check: 1 == 1
`

// sweptSteps shows secrets in every place that a step has.
const sweptSteps = `
scenario: Shows
cases: {from: rows.csv, name: "of ${row.ROW_TOKEN}"}
tags: [t]
arrange:
  - listen: {event_bus: play-bus, all: true}
    id: l
act:
  - set: {token: masked-secret-value-1, n: 31415926535, pin: "1234"}
    id: login
    mask: [token, n, pin]
    name: 'log in as var"secret<1>&more'
  - set:
      plain: "${vars.VAR_TOKEN} ${env.SWEPT_TOKEN} ${login.token}"
      json: "${to_json(vars)}"
      twice: "${to_json(to_json(vars))}"
      basic: "Basic ${base64('user:' + vars.VAR_TOKEN)}"
      b64: "${base64(to_json(vars))}"
      pem: "${vars.A_PEM}"
      late: "${vars.ID_TOKEN}"
    id: all
  - put_item: {table: play-table, item: {pk: "${scenario.id} ${login.token}", secret: "${vars.VAR_TOKEN}", doc: "${to_json(vars)}", n: "${login.n}"}}
  - put_event: {bus: play-bus, source: shop, detail_type: "of ${vars.VAR_TOKEN}", detail: {run: "${scenario.id}", token: "${login.token}", long: "${vars.LONG}", body: "${to_json(vars)}"}}
  - start_execution: {state_machine: play-machine, input: {token: "${login.token}", env: "${env.SWEPT_TOKEN}"}}
    id: x
  - upload_object: {bucket: play-bucket, key: "${scenario.id}/${login.token}", text: "${vars.LONG}"}
assert:
  - received: {from: l, match: {detail: {run: "${scenario.id}", token: "${vars.LONG}"}}, count: 1}
    within: 2s
  - received: {from: l, match: {detail: {run: "${scenario.id}"}}, count: 2}
    within: 2s
  - item: {table: play-table, key: {pk: "${scenario.id} ${login.token}"}}
    within: 1s
    expect:
      item.secret: "${login.token}"
      item.doc: {contains: "${env.SWEPT_TOKEN}!"}
      item.n: 31415926536
      item: {match: {doc: "${login.token}"}}
  - item: {table: "no-table-${login.token}", key: {pk: "${vars.VAR_TOKEN}"}}
    within: 1s
  - execution: {arn: "${x.execution_arn}"}
    within: 1s
    expect: {input: {equals: {token: "${vars.VAR_TOKEN}", env: x}}, output.token: {matches: "^${login.token}!"}}
  - object: {bucket: play-bucket, key: "${scenario.id}/${login.token}", content: text}
    within: 1s
    expect: {content: "long-secret-0123456789-and then another end that is long enough to be cut somewhere, because it differs from what is there"}
  - log_events: {log_group: "${suite.app.LogGroupName}", filter: "{ $.detail.run = \"${scenario.id}\" }"}
    within: 2s
    expect: {"events[0].message": hello, "events[0].json.detail.body": {json: {VAR_TOKEN: x}}}
  - check: all.plain == login.token
  - check: vars.LONG == all.pem
  - set: {bad: "${from_json(login.token)}"}
  - set: {bad: "${number(vars.VAR_TOKEN)}"}
  - set: {bad: "${all.plain.nothing}"}
diagnose:
  - set: {env: "${to_json(env.SWEPT_TOKEN)}"}
cleanup:
  - delete_object: {bucket: "no-bucket-${login.token}", key: k}
`

// TestNoSecretLeavesAnywhere sweeps all that a run leaves behind for secrets
// of every source, in every place where a step shows something.
func TestNoSecretLeavesAnywhere(t *testing.T) {
	t.Setenv("SWEPT_TOKEN", sweptEnv)
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, sandbox.Options{Functions: play.Functions()}, files(t, map[string]string{
			"rehearse.yaml":   sweptSuite,
			"a.scenario.yaml": strings.Replace(sweptSteps, "arrange:", "vars: {LONG: "+sweptLong+"}\narrange:", 1),
			"b.scenario.yaml": sweptSkipped,
			"rows.csv":        "ROW_TOKEN\n" + sweptRow + "\nrow-secret-value-2\n",
		}))
		deployPlay(t, s.sandbox)
		s.secrets = []string{sweptEnv}
		r := s.run()
		if r.code != runner.ExitFailed {
			t.Errorf("exit code %d\n%s", r.code, r.text)
		}
		seen := map[event.Status]int{}
		for _, e := range r.events {
			if f, ok := e.Body.(*event.StepFinish); ok {
				seen[f.Status]++
			}
		}
		if seen[event.Failed] < 8 || seen[event.Errored] < 8 || seen[event.NotRun] > 0 {
			t.Errorf("steps ended as %v: something was not tried\n%s", seen, r.text)
		}
		r.hides(t, sweptEnv, sweptVar, sweptRow, "row-secret-value-2", sweptMasked, sweptSkip, "MIIEvQIBADANBgkq", "hkiG9w0BAQEFAASC", "31415926535", "-late-secret", "6789-long-secret")
		wants(t, r.text, "of ***", "waits for ***", "has fewer than 6 characters, so it was not hidden")
		keys := map[string]bool{}
		for _, e := range r.events {
			if e.Type == event.CasePlanned {
				keys[e.Case] = true
			} else if e.Case != "" && !keys[e.Case] {
				t.Errorf("%s is of the case %q, which was not planned", e.Type, e.Case)
			}
		}
		if len(keys) != 3 {
			t.Errorf("cases %v", keys)
		}
	})
}

// TestNoCredentialLeavesAnywhere does the same for what lets somebody in over HTTP.
func TestNoCredentialLeavesAnywhere(t *testing.T) {
	presigned := "https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIASWEPTKEYID%2F20260101&X-Amz-Signature=0badc0de420badc0de42&X-Amz-Security-Token=IQoJb3JpZ2luX2Vj%2F%2B"
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "cookie-secret-1"})
		w.Header().Set("Location", presigned)
		if r.URL.Path == "/refuses" {
			w.WriteHeader(http.StatusForbidden)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"headers": r.Header, "query": r.URL.RawQuery, "upload": presigned, "user": "basic-pass-1", "deep": `{"Authorization": "Bearer auth-secret-1"}`,
			"aws": map[string]any{"x-amz-security-token": "other-session-token"},
		})
	}))
	defer api.Close()
	headers := `headers: {Authorization: Bearer auth-secret-1, Cookie: "sid=sent-secret-1; b=c", X-Api-Key: api-key-secret-1, Proxy-Authorization: "Basic ` + base64.StdEncoding.EncodeToString([]byte("u:basic-pass-1")) + `"}`
	r := perform(t, strings.NewReplacer("API", api.URL, "HEADERS", headers).Replace(`
scenario: S
act:
  - http_request: {url: "API/a?X-Amz-Signature=sign-secret-1&Signature=old-secret-1", method: POST, HEADERS}
    id: a
  - set: {again: "${to_json(a)}"}
assert:
  - http_request: {url: "API/b", HEADERS}
    within: 100ms
    expect: {body: {match: {upload: other, headers: {Cookie: [x]}}}, headers.location: x, headers.set-cookie: {starts_with: x}}
  - http_request: {url: "API/refuses", HEADERS}
    within: 100ms
  - http_request: {url: "http://user:url-secret-1@127.0.0.1:9/?X-Amz-Signature=sign-secret-2", HEADERS}
    within: 100ms
  - http_request: {url: "http://user:url-secret-2@127.0.0.1:a9/${a.status}", HEADERS}
    within: 100ms
  - check: a.body.upload == a.body.query
`))
	if r.code != runner.ExitFailed {
		t.Errorf("exit code %d\n%s", r.code, r.text)
	}
	r.hides(t, "auth-secret-1", "sent-secret-1", "api-key-secret-1", "basic-pass-1", "cookie-secret-1", "sign-secret-1", "old-secret-1", "sign-secret-2",
		"url-secret-1", "url-secret-2", "0badc0de420badc0de42", "IQoJb3JpZ2luX2Vj/+", "AKIASWEPTKEYID", "other-session-token")
}

// TestSecretsThatAreWordsOfTheStream leave a stream that reports can read.
func TestSecretsThatAreWordsOfTheStream(t *testing.T) {
	words := []string{"passed", "failed", "assert", "arrange", "step_finished", "equals", "a.scenario.yaml", "account", "us-east-1", "100000", "message", "warning", "scenario", "rehearse", "transient"}
	synctest.Test(t, func(t *testing.T) {
		scenario := "scenario: It passed\nact:\n  - set: {passed: 100000, said: \"it passed in us-east-1\"}\n    id: s\nassert:\n  - set: {a: \"${s.said}\"}\n    expect: {a: failed}\n"
		plain := perform(t, scenario)
		r := perform(t, scenario, func(s *stage) { s.secrets = words })
		if r.code != plain.code || len(r.events) != len(plain.events) {
			t.Fatalf("exit code %d with %d events, without secrets %d with %d", r.code, len(r.events), plain.code, len(plain.events))
		}
		var read []event.Event
		if err := event.Read(strings.NewReader(string(r.json)), watcher(func(e event.Event) { read = append(read, e) })); err != nil || len(read) != len(r.events) {
			t.Fatalf("%d events of %d can be read: %v", len(read), len(r.events), err)
		}
		for i, e := range read {
			p := plain.events[i]
			if e.Type != p.Type || !strings.HasPrefix(e.Step, "suite/") && e.Step != p.Step || e.Attempt != p.Attempt {
				t.Errorf("%+v, without secrets %+v", e, p)
			}
			a, ok := e.Body.(*event.StepFinish)
			if b, _ := p.Body.(*event.StepFinish); ok && (a.Status != b.Status || a.Cause != b.Cause || len(a.Checks) != len(b.Checks)) {
				t.Errorf("%+v, without secrets %+v", a, b)
			}
		}
		wants(t, string(r.junit), `tests="1"`, `failures="1"`)
	})
}
