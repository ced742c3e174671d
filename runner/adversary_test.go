package runner_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// What follows once let something broken through, or something private out.

func TestNoFalsePass(t *testing.T) {
	for _, c := range []struct {
		name, assert string
		status       event.Status
		says         string
	}{
		{"an empty list that is named", "log_events: {log_group: play-log}\n    expect: {events: \"${from_json('[]')}\", count: {lte: 1}}", event.Errored, "hold on an empty answer"},
		{"hold of nothing", "log_events: {log_group: play-log}\n    hold: \"${text(0)}s\"\n    expect: {count: \"${number('0')}\"}", event.Errored, "hold on an empty answer"},
		{"a condition that stops holding", "check: \"number(unix_ms()) < number(text(vars.end))\"\n    throughout: 3s", event.Failed, "did not hold throughout"},
		{"a rule replaced by the user's", "check: 1 == 2\n    expect: {value: false}", event.Passed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := perform(t, "scenario: S\nvars: {end: \"${unix_ms() + 1000}\"}\nassert:\n  - "+c.assert+"\n")
				if got := r.finish(t).Status; got != c.status {
					t.Errorf("ended as %s, want %s\n%s", got, c.status, r.text)
				}
				wants(t, r.text, c.says)
			})
		})
	}
}

func TestConditionIsEvaluatedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := perform(t, "scenario: S\nvars: {end: \"${unix_ms() + 1500}\"}\nassert:\n  - check: unix_ms() > vars.end\n    within: 5s\n")
		if took := time.Since(start); r.code != runner.ExitPassed || took < 1500*time.Millisecond {
			t.Errorf("exit code %d after %s\n%s", r.code, took, r.text)
		}
	})
}

// TestSlowAnswersMissTheirSLA: the time until the answer is there counts, not
// when it was asked for.
func TestSlowAnswersMissTheirSLA(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(400 * time.Millisecond):
		case <-r.Context().Done():
		}
	}))
	defer api.Close()
	r := perform(t, "scenario: S\nact:\n  - http_request: {url: "+api.URL+", method: POST}\n    within: 100ms\nassert:\n  - http_request: {url: "+api.URL+"}\n    within: 100ms\n")
	f := r.steps()["act/0"]
	if f.Status != event.Failed || f.Cause != event.CauseSLA || f.SLA.ObservedMS < 400 {
		t.Errorf("%+v %+v", f, f.SLA)
	}
}

// TestActsAreNotSentAgain: an answer that did not come may stand for a deed.
func TestActsAreNotSentAgain(t *testing.T) {
	asked := make(chan struct{}, 10)
	over := make(chan struct{})
	api := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-over
	}))
	defer api.Close()
	defer close(over)
	r := perform(t, "scenario: S\nact:\n  - http_request: {url: "+api.URL+", method: POST}\n    attempt_timeout: 100ms\n    within: 1s\nassert:\n  - check: 1 == 1\n")
	if f := r.steps()["act/0"]; f.Status != event.Errored || !strings.Contains(f.Summary, "it may have happened, so it is not sent again") || len(asked) != 1 {
		t.Errorf("sent %d times: %+v", len(asked), f)
	}
}

func TestSecretsOfVarsHeadersAndLooks(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "cookiesecret1"})
		_, _ = w.Write([]byte(r.Header.Get("Authorization") + " " + r.Header.Get("Cookie") + " " + r.URL.RawQuery + " bodysecret1"))
	}))
	defer api.Close()
	s := newStage(t, sandbox.Options{}, files(t, map[string]string{
		"rehearse.yaml": "mask: [\"*_TOKEN\"]\nvars: {MY_TOKEN: varsecret1}\n",
		"a.scenario.yaml": "scenario: S\nact:\n  - set: {shown: \"${vars.MY_TOKEN}\"}\nassert:\n" +
			"  - http_request: {url: \"" + api.URL + "/?X-Amz-Signature=signsecret1\", headers: {Authorization: Bearer authsecret1, Cookie: sid=sentsecret1}}\n" +
			"    mask: [body]\n    within: 300ms\n    expect: {body: something else}\n",
	}))
	r := s.run()
	if r.code != runner.ExitFailed {
		t.Errorf("exit code %d\n%s", r.code, r.text)
	}
	for _, secret := range []string{"varsecret1", "authsecret1", "sentsecret1", "signsecret1", "cookiesecret1", "bodysecret1"} {
		for what, text := range map[string]string{"stream": string(r.json), "junit": string(r.junit), "console": r.text} {
			if strings.Contains(text, secret) {
				t.Errorf("%s stands in the %s", secret, what)
			}
		}
	}
}

// TestSilenceOfADeadListenerIsAnError, and not a failure of the application.
func TestSilenceOfADeadListenerIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rule string
		r := perform(t, `
scenario: S
arrange:
  - listen: {event_bus: play-bus, all: true}
    id: l
act:
  - wait: 1s
assert:
  - received: {from: l, match: {detail: {run: "${scenario.id}"}}, count: 1}
    within: 3s
`, func(s *stage) {
			s.watch = func(e event.Event) {
				if b, ok := e.Body.(*event.ResourceChange); ok && b.Resource.Kind == "events.rule" {
					rule = b.Resource.ID
				}
				if e.Type == event.StepStarted && e.Step == "act/0" {
					client := eventbridge.NewFromConfig(s.sandbox.Config())
					if _, err := client.DisableRule(t.Context(), &eventbridge.DisableRuleInput{Name: &rule, EventBusName: aws.String("play-bus")}); err != nil {
						t.Error(err)
					}
				}
			}
		})
		if f := r.finish(t); f.Status != event.Errored {
			t.Errorf("ended as %s\n%s", f.Status, r.text)
		}
		wants(t, r.text, "was disabled while the run needed it")
	})
}

func TestNoHoldForASuccessRule(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }))
	defer api.Close()
	r := perform(t, "scenario: S\nassert:\n  - http_request: {url: "+api.URL+"}\n")
	if f := r.steps()["assert/0"]; f.Status != event.Passed || f.Attempts != 1 {
		t.Errorf("%+v\n%s", f, r.text)
	}
}

// TestFailedConditionShowsItsValues, because "a == b is false" teaches nothing.
func TestFailedConditionShowsItsValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, "scenario: S\nact:\n  - set: {a: 1, b: [1, 2]}\n    id: s\nassert:\n  - check: s.a > length(s.b)\n")
		wants(t, r.text, "${s.a > length(s.b)} is false", "s.a is 1, s.b is", "[1,2]")
	})
}

// TestTooManyEventsAreShown, and not only those that did not match.
func TestTooManyEventsAreShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		put := "  - put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {run: \"${scenario.id}\", sku: A1}}\n"
		r := perform(t, "scenario: S\narrange:\n  - listen: {event_bus: play-bus, all: true}\n    id: l\nact:\n"+put+put+
			"assert:\n  - received: {from: l, match: {detail: {run: \"${scenario.id}\"}}, count: 1}\n    within: 5s\n")
		wants(t, r.text, "2 events matched", "those that match:", `"sku":"A1"`)
	})
}
