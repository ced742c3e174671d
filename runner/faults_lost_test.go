package runner_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/catalogue"
)

// TestMessagesInALostAnswerAreNoSilence: messages of an answer of
// ReceiveMessage that breaks off stay invisible for 30 s. Until then the
// listener does not have what arrived, and a closing canary that comes back
// proves nothing about it.
func TestMessagesInALostAnswerAreNoSilence(t *testing.T) {
	for _, c := range []struct {
		check string
		not   event.Status
	}{
		{"count: 1}\n    within: 10s", event.Passed},
		{"at_most: 1}\n    hold: 10s", event.Passed},
		{"count: 1}\n    throughout: 10s", event.Passed},
		{"where: {detail.n: 2}, none: true}\n    throughout: 10s", event.Passed},
		{"at_least: 2}\n    within: 10s", event.Failed},
		{"in_order: [{detail-type: placed}, {detail-type: paid}]}\n    within: 10s", event.Failed},
	} {
		t.Run(strings.ReplaceAll(c.check, "\n   ", ","), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				r := performWith(t, sandbox.Options{Unkind: sandbox.Unkind{CutAnswer: func(_, operation string) bool {
					d := time.Since(start)
					return operation == "ReceiveMessage" && d > time.Second && d < 3*time.Second // the second event comes after 2 s
				}}}, fmt.Sprintf(sent, c.check))
				if f := r.finish(t); f.Status == c.not {
					t.Errorf("ended as %s\n%s", f.Status, r.text)
				}
				r.clean(t)
			})
		})
	}
}

// TestReadsOfDeedsAreAskedAgain: what a deed looks up first is no deed.
func TestReadsOfDeedsAreAskedAgain(t *testing.T) {
	for operation, act := range map[string]string{
		"dynamodb GetItem":        `put_item: {table: play-table, item: {pk: "${scenario.id}"}}`,
		"dynamodb DescribeTable":  `put_item: {table: play-table, item: {pk: "${scenario.id}"}}`,
		"s3 HeadObject":           `upload_object: {bucket: play-bucket, key: "${scenario.id}", text: x}`,
		"s3 HeadBucket":           `upload_object: {bucket: play-bucket, key: "${scenario.id}", text: x}`,
		"events DescribeEventBus": `put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {}}`,
	} {
		for fault, what := range map[string]error{"reset": errCut, "5xx": serverError("")} {
			for _, phase := range []string{"arrange", "act"} {
				t.Run(operation+" "+fault+" in "+phase, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						service, o, _ := strings.Cut(operation, " ")
						r := performWith(t, sandbox.Options{Intercept: nth(service, o, 1, func(context.Context) error { return what })},
							"scenario: S\n"+phase+":\n  - "+act+"\nassert:\n  - check: 1 == 1\n")
						if r.code != runner.ExitPassed {
							t.Errorf("exit code %d\n%s", r.code, r.text)
						}
						r.clean(t)
					})
				})
			}
		}
	}
}

// TestListenerThatCannotReadSaysSoAtOnce, and does not put canaries on the bus
// for a minute to then speak of the bus's policy.
func TestListenerThatCannotReadSaysSoAtOnce(t *testing.T) {
	for _, operation := range []string{"ReceiveMessage", "DeleteMessageBatch"} {
		t.Run(operation, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				r := performWith(t, sandbox.Options{Intercept: func(_ context.Context, service, o string) error {
					if service == "sqs" && o == operation {
						return denied("sqs:" + operation)
					}
					return nil
				}}, "scenario: S\narrange:\n  - listen: {event_bus: play-bus, all: true}\nassert:\n  - check: 1 == 1\n")
				says(t, r, "the listener cannot read its queue", operation)
				if took := time.Since(start); took > 10*time.Second || strings.Contains(r.text, "canary_source") {
					t.Errorf("after %s\n%s", took, r.text)
				}
				r.clean(t)
			})
		})
	}
}

// TestCauseOfAMissedSLA is the case's too, and JUnit's type.
func TestCauseOfAMissedSLA(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := perform(t, "scenario: S\nassert:\n  - item: {table: play-table, key: {pk: nowhere}}\n    within: 3s\n")
		if f := r.finish(t); f.Status != event.Failed || f.Cause != event.CauseSLA {
			t.Errorf("ended as %s, %s", f.Status, f.Cause)
		}
		wants(t, string(r.junit), `type="sla"`)
	})
}

// TestMessagesOfBrokenAnswers: not in the words of the SDK and of net/http,
// which say nothing to who does not know them.
func TestMessagesOfBrokenAnswers(t *testing.T) {
	for _, c := range []struct {
		name string
		sandbox.Options
		act  string
		says string
		not  []string
	}{
		{
			"cut",
			sandbox.Options{Unkind: sandbox.Unkind{CutAnswer: func(_, o string) bool { return o == "PutEvents" }}},
			`put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {}}`, "the connection broke in the middle of the answer",
			[]string{"deserialization failed", "https response error StatusCode: 200"},
		},
		{
			"no answer",
			sandbox.Options{Intercept: nth("events", "PutEvents", 1, func(context.Context) error { return errCut })},
			`put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {}}`, "the connection was closed before there was an answer",
			[]string{": EOF"},
		},
		{
			"no answer to a request",
			sandbox.Options{Intercept: nth("s3", "DeleteObject", 1, func(context.Context) error { return errCut })},
			`http_request: {url: "http://aws.sandbox.localhost/play-bucket/k", method: DELETE}`, "the connection was closed before there was an answer",
			[]string{": EOF"},
		},
		{
			"forbidden without a body",
			sandbox.Options{Intercept: nth("s3", "HeadBucket", 1, func(context.Context) error { return denied("s3:ListBucket") })},
			`upload_object: {bucket: play-bucket, key: k, text: x}`, "the credentials of this run may not call HeadBucket", nil,
		},
		{
			"a page of markup",
			sandbox.Options{},
			`http_request: {url: "http://aws.sandbox.localhost/nowhere/k"}`, "<Error>",
			[]string{`\u003c`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := performWith(t, c.Options, "scenario: S\nact:\n  - "+c.act+"\nassert:\n  - check: 1 == 1\n")
				says(t, r, c.says)
				for _, n := range c.not {
					if strings.Contains(r.text, n) {
						t.Errorf("%q stands in:\n%s", n, r.text)
					}
				}
			})
		})
	}
}

// TestPanicOfACloser: what is done at the end of the run breaks; the other
// listeners end, and what is the run's is taken back.
func TestPanicOfACloser(t *testing.T) { // in real time: what the run leaves waiting would keep a bubble open
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("the program ends with: %v", p)
		}
	}()
	r := perform(t, "scenario: Closes\nact:\n  - broken: {}\nassert:\n  - check: 1 == 1\n---\n"+
		"scenario: Listens\narrange:\n  - listen: {event_bus: play-bus, all: true}\nassert:\n  - check: 1 == 1\n", func(s *stage) {
		s.kinds = kinds{catalogue.New(), map[string]steps.Def[nowhere, shown]{"broken": {
			Do: func(_ context.Context, e *steps.Env, _ nowhere) (shown, error) {
				e.Run.OnClose(func(context.Context) error { panic("ouch") })
				return shown{}, nil
			},
		}}}
	})
	says(t, r, "ouch", "please report it")
	r.clean(t)
}

// TestConnectionsThatCloseWhileIdle: that the other side closes an idle
// connection just when it is used again passes by itself, and nothing was sent.
func TestConnectionsThatCloseWhileIdle(t *testing.T) {
	err := &url.Error{Op: "Post", URL: sandbox.URL, Err: errors.New("http: server closed idle connection")} // net/http has no name for it
	if !awsclient.Transient(err) || !awsclient.SurelyNotDone(err) {
		t.Errorf("passes by: %v, surely not done: %v", awsclient.Transient(err), awsclient.SurelyNotDone(err))
	}
}

// TestThrottlingBySQS: to clients that know its old protocol it gives the
// codes of that, with a namespace before them.
func TestThrottlingBySQS(t *testing.T) {
	for _, code := range []string{"AWS.SimpleQueueService.RequestThrottled", "AWS.SimpleQueueService.ThrottlingException"} {
		if err := (&smithy.GenericAPIError{Code: code}); !awsclient.Transient(err) || !awsclient.SurelyNotDone(err) {
			t.Errorf("%s passes by: %v, surely not done: %v", code, awsclient.Transient(err), awsclient.SurelyNotDone(err))
		}
	}
}

// TestLastLookOfThroughout: every look saw what it had to, and only the answer
// to the very last one is lost on its way; it is asked for again.
func TestLastLookOfThroughout(t *testing.T) {
	for name, what := range map[string]error{"throttled": sandbox.Throttling("dynamodb"), "reset": errCut, "5xx": serverError("")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var first atomic.Pointer[time.Time]
				r := performWith(t, sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
					now := time.Now()
					if operation == "GetItem" && !first.CompareAndSwap(nil, &now) && now.Sub(*first.Load()) >= 3*time.Second && now.Sub(*first.Load()) < 3100*time.Millisecond {
						return what
					}
					return nil
				}}, "scenario: S\nassert:\n  - item: {table: play-table, key: {pk: nowhere}}\n    expect: {exists: false}\n    throughout: 3s\n")
				passesBy(t, r)
			})
		})
	}
}
