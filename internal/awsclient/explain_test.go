package awsclient

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// over is a place that is reached over a network of this machine.
func over(t *testing.T, endpoint, proxy string) *Place {
	t.Helper()
	p := placeAt(t, endpoint, nil, nil)
	cfg := p.base.Copy()
	client := httpClient(nil).(*awshttp.BuildableClient)
	cfg.HTTPClient = ownBodies{client.WithTransportOptions(func(t *http.Transport) {
		t.Proxy = nil
		if proxy != "" {
			u, _ := url.Parse(proxy)
			t.Proxy = http.ProxyURL(u)
		}
	})}
	return newPlace(cfg, "111122223333", Settings{}).Single()
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// hijack answers with these bytes and closes the connection, with a reset
// where there are none.
func hijack(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		if _, err := c.Write([]byte(text)); err == nil && text == "" {
			_ = c.(*net.TCPConn).SetLinger(0)
		}
		_ = c.Close()
	}
}

func page(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		fmt.Fprint(w, "<html>\n  <head><title>Sign in to the network</title></head></html>")
	}
}

// TestExplainNetwork holds what is said of everything that can go wrong on the
// way, and what it means for sending a call again.
func TestExplainNetwork(t *testing.T) {
	for _, c := range []struct {
		name            string
		place           func(t *testing.T) *Place
		want            string
		passes, notDone bool
	}{
		{
			name:  "nobody listens",
			place: func(t *testing.T) *Place { return over(t, "http://127.0.0.1:1", "") },
			want:  `connection refused at 127\.0\.0\.1:1`, passes: true, notDone: true,
		},
		{
			name:  "reset before an answer",
			place: func(t *testing.T) *Place { return over(t, serve(t, hijack("")), "") },
			want:  `the connection was closed before there was an answer`, passes: true,
		},
		{
			name: "cut in the middle of the answer",
			place: func(t *testing.T) *Place {
				return over(t, serve(t, hijack("HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 100\r\n\r\n{\"QueueUrl\": \"htt")), "")
			},
			want: `the connection broke in the middle of the answer`, passes: true,
		},
		{
			name:  "a proxy's page, with an error",
			place: func(t *testing.T) *Place { return over(t, serve(t, page(502)), "") },
			want:  `the answer is not one of AWS but a page \(status 502, text/html\); does a proxy, or something else than AWS, answer there\?`, passes: true,
		},
		{
			name:  "a proxy's page, as if all were well",
			place: func(t *testing.T) *Place { return over(t, serve(t, page(200)), "") },
			want:  `the answer is not one of AWS but a page \(status 200, text/html\); does a proxy.*`,
		},
		{
			name: "something else than JSON",
			place: func(t *testing.T) *Place {
				return over(t, serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "pong") }), "")
			},
			want: `the answer cannot be read \(.*\); does a proxy, or something else than AWS, answer there\?`,
		},
		{
			name: "a certificate that nobody signed",
			place: func(t *testing.T) *Place {
				s := httptest.NewTLSServer(page(200))
				s.Config.ErrorLog = nil
				t.Cleanup(s.Close)
				return over(t, s.URL, "")
			},
			want: `the certificate of the other end is signed by nobody that this machine trusts; .*AWS_CA_BUNDLE`, notDone: true,
		},
		{
			name: "HTTPS to a server without",
			place: func(t *testing.T) *Place {
				return over(t, strings.Replace(serve(t, page(200)), "http:", "https:", 1), "")
			},
			want: `the other end does not speak HTTPS; write the endpoint with http://`, notDone: true,
		},
		{
			name:  "a proxy that is not there",
			place: func(t *testing.T) *Place { return over(t, "https://sqs.test", "http://127.0.0.1:1") },
			want:  `the proxy cannot be reached: connect: connection refused \(HTTPS_PROXY and HTTP_PROXY name it, NO_PROXY what goes without\)`, passes: true, notDone: true,
		},
		{
			name:  "a proxy that refuses",
			place: func(t *testing.T) *Place { return over(t, "https://sqs.test", serve(t, page(407))) },
			want:  `the proxy 127\.0\.0\.1:\d+ refuses the connection: 407 Proxy Authentication Required \(.*\)`, notDone: true,
		},
		{
			name:  "a proxy that cannot just now",
			place: func(t *testing.T) *Place { return over(t, "https://sqs.test", serve(t, page(503))) },
			want:  `the proxy 127\.0\.0\.1:\d+ refuses the connection: 503 Service Unavailable \(.*\)`, passes: true, notDone: true,
		},
		{
			name: "a connection that the other side gave up", place: fails(errors.New("http: server closed idle connection")),
			want: `the connection was closed before there was an answer`, passes: true, notDone: true,
		},
		{
			name: "throttled by SQS, in its old words", place: answers(400, "AWS.SimpleQueueService.RequestThrottled", "slower"),
			want: `AWS\.SimpleQueueService\.RequestThrottled: slower`, passes: true, notDone: true,
		},
		{
			name: "forbidden, and no more", place: answers(403, "Forbidden", "Forbidden"),
			want: `Forbidden \(the credentials of this run may not call CreateQueue on it\)`, notDone: true,
		},
		{
			name: "an unknown host", place: fails(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "sqs.test", IsNotFound: true}}),
			want: `the host sqs\.test is not known; .*`, notDone: true,
		},
		{
			name: "a host that cannot be looked up now", place: fails(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "server misbehaving", Name: "sqs.test", IsTemporary: true}}),
			want: `the address of sqs\.test cannot be looked up just now: server misbehaving`, passes: true, notDone: true,
		},
		{
			name: "too many connections", place: fails(&net.OpError{Op: "dial", Err: &net.OpError{Op: "socket", Err: syscall.EMFILE}}),
			want: `this process has as many files and connections open as it may; raise the limit \(ulimit -n\) or lower --parallel`, passes: true, notDone: true,
		},
		{
			name: "a certificate of the past", place: fails(x509.CertificateInvalidError{Reason: x509.Expired}),
			want: `the certificate of the other end is not valid at this machine's time, .*: it has expired, or the clock is wrong`, notDone: true,
		},
		{
			name: "a certificate for another", place: fails(x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a.test"}}, Host: "sqs.test"}),
			want: `the certificate of the other end is not for sqs\.test \(.*\); is the endpoint right\?`, notDone: true,
		},
		{
			name:  "access denied, as AWS says it",
			place: answers(403, "AccessDeniedException", "User: arn:aws:iam::111122223333:user/a is not authorized to perform: sqs:createqueue on resource: arn:aws:sqs:eu-west-1:111122223333:q"),
			want:  `AccessDeniedException: User: arn:aws:iam::111122223333:user/a is not authorized to perform: sqs:createqueue on resource: arn:aws:sqs:eu-west-1:111122223333:q`, notDone: true,
		},
		{
			name: "access denied, and no more", place: answers(403, "AccessDenied", "Access Denied"),
			want: `AccessDenied: Access Denied \(the credentials of this run may not call CreateQueue on it\)`, notDone: true,
		},
		{
			name: "an ended token", place: answers(403, "ExpiredToken", "The security token included in the request is expired"),
			want: `ExpiredToken: The security token included in the request is expired \(the credentials of this run have expired; sign in again, .*\)`, notDone: true,
		},
		{
			name: "a wrong clock, with the times", notDone: true,
			place: answers(403, "InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than 20260101T000100Z (20260101T000600Z - 5 min.)"),
			want:  `InvalidSignatureException: Signature expired: .* \(this machine's clock is off by 6m; set it\)`,
		},
		{
			name: "a clock ahead", notDone: true,
			place: answers(403, "SignatureDoesNotMatch", "Signature not yet current: 20260101T001000Z is still later than 20260101T000630Z (20260101T000130Z + 5 min.)"),
			want:  `SignatureDoesNotMatch: .* \(this machine's clock is off by 8m30s; set it\)`,
		},
		{
			name: "a wrong clock, without", place: answers(403, "RequestTimeTooSkewed", "The difference is too large."), notDone: true,
			want: `RequestTimeTooSkewed: The difference is too large\. \(this machine's clock is wrong; set it\)`,
		},
		{
			name: "a signature that is wrong", place: answers(403, "SignatureDoesNotMatch", "The request signature we calculated does not match."), notDone: true,
			want: `SignatureDoesNotMatch: The request signature we calculated does not match\.`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.place(t).SQS().CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
			if got := Explain(err); !regexp.MustCompile(`^SQS CreateQueue: ` + c.want + `$`).MatchString(got) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if Transient(err) != c.passes || SurelyNotDone(err) != c.notDone {
				t.Errorf("transient: %v, surely not done: %v", Transient(err), SurelyNotDone(err))
			}
		})
	}
}

func fails(err error) func(*testing.T) *Place {
	return func(t *testing.T) *Place {
		return placeAt(t, emulator, func(http.ResponseWriter, *http.Request) error {
			return &url.Error{Op: "Post", URL: emulator, Err: err}
		}, nil).Single()
	}
}

func answers(status int, code, message string) func(*testing.T) *Place {
	return func(t *testing.T) *Place {
		return placeAt(t, emulator, func(w http.ResponseWriter, _ *http.Request) error { return refuse(w, status, code, message) }, nil).Single()
	}
}

// TestExplainPageOfS3 does the same for answers in XML.
func TestExplainPageOfS3(t *testing.T) {
	_, err := over(t, serve(t, page(502)), "").S3().ListBuckets(t.Context(), &s3.ListBucketsInput{})
	if got := Explain(err); !strings.Contains(got, "the answer is not one of AWS but a page (status 502, text/html)") {
		t.Error(got)
	}
}

// TestAnswerBeforeTheRequestWasRead holds that a server which answers at once
// is heard to the end.
func TestAnswerBeforeTheRequestWasRead(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			panic(err)
		}
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		_, _ = io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, "{}")
	})
	p := over(t, url, "")
	for range 200 {
		if _, err := p.SQS().CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")}); err != nil {
			t.Fatal(Explain(err))
		}
	}
}

// TestSlowAnswers holds that a body which never ends is no answer.
func TestSlowAnswers(t *testing.T) {
	p := over(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}), "")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := p.SQS().CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")})
	if got := Explain(err); !regexp.MustCompile(`^SQS CreateQueue: no answer within \d+ms$`).MatchString(got) {
		t.Error(got)
	}
	if !Transient(err) || SurelyNotDone(err) {
		t.Errorf("transient: %v, surely not done: %v", Transient(err), SurelyNotDone(err))
	}
}

// TestClockOfTheServer has a service that is minutes ahead or behind, and
// refuses signatures of another time: the answer's date corrects them, for each
// way of trying again.
func TestClockOfTheServer(t *testing.T) {
	for _, off := range []time.Duration{6 * time.Minute, -6 * time.Minute, 3 * time.Hour} {
		for _, mode := range []retries{patient, careful, single} {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				p := placeAt(t, emulator, func(w http.ResponseWriter, r *http.Request) error {
					calls++
					now := time.Now().Add(off)
					w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
					signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
					if err != nil || now.Sub(signed).Abs() > 5*time.Minute {
						return refuse(w, 403, "InvalidSignatureException", "Signature expired")
					}
					return done(w, r)
				}, nil)
				p = map[retries]*Place{patient: p, careful: p.Once(), single: p.Single()}[mode]
				for range 2 {
					if _, err := p.SQS().CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")}); err != nil {
						t.Errorf("%s, mode %d: %s", off, mode, Explain(err))
					}
				}
				if calls != 3 { // the second call knows
					t.Errorf("%s, mode %d: %d attempts", off, mode, calls)
				}
			})
		}
	}
}
