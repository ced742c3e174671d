// Package http holds the kind of step that calls HTTP APIs. It must not know
// whose APIs they are.
package http

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	nethttp "net/http"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/trace"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// maxBody is how much of an answer is read, in bytes.
const maxBody = 10 << 20

// maxShown is how much of an answer's body a message shows, in bytes.
const maxShown = 200

// send makes the request once.
func (p RequestParams) send(ctx context.Context, env *steps.Env) (RequestResult, error) {
	req, err := p.request(ctx)
	if err != nil {
		return RequestResult{}, steps.Final(err)
	}
	if s := p.Sign; s != nil {
		if err := env.AWS.Sign(ctx, req, s.Service, s.Region); err != nil {
			return RequestResult{}, steps.Final(err)
		}
	}
	if h, ok := trace.Of(ctx); ok && req.Header.Get(trace.HeaderName) == "" {
		req.Header.Set(trace.HeaderName, h.String()) // after the signature, which knows nothing of what comes on the way
	}
	hideSecrets(env, req)
	client := *env.HTTP
	if !p.FollowRedirects {
		client.CheckRedirect = func(*nethttp.Request, []*nethttp.Request) error { return nethttp.ErrUseLastResponse }
	}
	began := time.Now()
	answer, err := client.Do(req)
	if err != nil {
		return RequestResult{}, p.failed(req, err)
	}
	defer func() { _ = answer.Body.Close() }() // only read
	hideHeaders(env, answer.Header)
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	if err != nil {
		return RequestResult{}, p.failed(req, fmt.Errorf("the answer broke off: %w", err))
	}
	if len(b) > maxBody {
		return RequestResult{}, steps.Finalf("%s %s: the answer has more than 10 MiB", req.Method, shown(req.URL))
	}
	return RequestResult{
		Status: answer.StatusCode, Headers: lowered(answer.Header), Body: parsed(b),
		DurationMS: time.Since(began).Milliseconds(),
	}, nil
}

// hideSecrets keeps what lets somebody in out of every report, wherever an
// answer may repeat it.
func hideSecrets(env *steps.Env, req *nethttp.Request) {
	hideHeaders(env, req.Header)
	for name, values := range req.URL.Query() {
		for _, value := range values {
			if name == "Signature" { // of CloudFront's signed URLs, and of S3's older ones
				env.Hide(value)
			}
			hideParts(env, name, value)
		}
	}
	if password, ok := req.URL.User.Password(); ok {
		env.Hide(password)
		env.Hide(req.URL.User.Username() + ":" + password)
	}
}

func hideHeaders(env *steps.Env, h nethttp.Header) {
	for name, values := range h {
		for _, value := range values {
			hideParts(env, name, value)
		}
	}
}

func hideParts(env *steps.Env, name, value string) {
	for _, part := range steps.Credentials(name, value) {
		env.Hide(part)
	}
}

// failed names the request of an error; net/http's own text has its query too.
func (p RequestParams) failed(req *nethttp.Request, err error) error {
	if u, ok := err.(*url.Error); ok {
		err = u.Err
	}
	if said := awsclient.Network(err); said != "" {
		err = brokenError{said, err}
	}
	return fmt.Errorf("%s %s: %w", req.Method, shown(req.URL), err)
}

// brokenError is an error of the network in words for people.
type brokenError struct {
	text string
	error
}

func (b brokenError) Error() string { return b.text }
func (b brokenError) Unwrap() error { return b.error }

// shown is a URL for messages: queries and passwords may be secrets.
func shown(u *url.URL) string {
	c := *u
	c.RawQuery, c.User, c.Fragment = "", nil, ""
	return c.String()
}

func (p RequestParams) request(ctx context.Context) (*nethttp.Request, error) {
	body, kind, err := p.body()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(string(p.URL))
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL: %w", p.URL, err)
	}
	if len(p.Query) > 0 {
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += url.Values(p.Query).Encode()
	}
	req, err := nethttp.NewRequestWithContext(ctx, p.method(), u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("this request cannot be made: %w", err)
	}
	req.Header.Set("User-Agent", "rehearse")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for name, value := range p.Headers {
		if strings.EqualFold(name, "host") {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	sendOnce(req.Header)
	return req, nil
}

// sendOnce keeps net/http from sending a request again by itself, which it does
// with any method when it sees one of these names in their usual letter case.
// Whether the application honours them is for the test to find out.
func sendOnce(h nethttp.Header) {
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		if values := h.Values(name); len(values) > 0 {
			h.Del(name)
			h[strings.ToLower(name)] = values
		}
	}
}

// body gives what is sent, and its type.
func (p RequestParams) body() (io.Reader, string, error) {
	switch {
	case p.JSON != nil:
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(p.JSON.Value()); err != nil {
			return nil, "", fmt.Errorf("json cannot be written as JSON: %w", err)
		}
		return bytes.NewReader(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), "application/json", nil
	case p.Text != nil:
		return strings.NewReader(*p.Text), "text/plain; charset=utf-8", nil
	case p.Form != nil:
		return strings.NewReader(url.Values(*p.Form).Encode()), "application/x-www-form-urlencoded", nil
	case p.File != "":
		b, err := os.ReadFile(string(p.File))
		if err != nil {
			return nil, "", fmt.Errorf("%s cannot be read: %w", schema.Shown(string(p.File)), err)
		}
		return bytes.NewReader(b), "application/octet-stream", nil
	}
	return nil, "", nil
}

// failure says what an answer that is an error has to say.
func (r RequestResult) failure() string {
	if r.Status < 400 {
		return ""
	}
	text := fmt.Sprintf("the answer is %d %s", r.Status, nethttp.StatusText(r.Status))
	body, isText := r.Body.(string)
	if !isText && r.Body != nil {
		b, _ := json.Marshal(r.Body) // it came as JSON
		body = string(b)
	}
	if len(body) > maxShown { // the ellipsis tells that the last word, perhaps half of a secret, was cut
		body = strings.ToValidUTF8(body[:maxShown], "") + "…"
	}
	if body = strings.Join(strings.Fields(body), " "); body != "" {
		text += ": " + body
	}
	return text
}

func lowered(h nethttp.Header) map[string]string {
	m := make(map[string]string, len(h))
	for name, values := range h {
		m[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return m
}

func parsed(b []byte) any {
	if !utf8.Valid(b) {
		return base64.StdEncoding.EncodeToString(b)
	}
	return schema.ParseText(string(b))
}
