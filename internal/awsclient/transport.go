package awsclient

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// httpClient keeps enough connections for hundreds of long polls. They go over
// HTTP/1.1, each over its own: over HTTP/2 a server's bound on the streams of a
// connection would queue calls behind polls, where no pacing sees it, and one
// lost connection would end all of them. Nothing bounds a call but its context:
// a poll of 20s is no hanging server.
func httpClient(dial Dialer) aws.HTTPClient {
	c := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, 2000
		t.ForceAttemptHTTP2, t.Protocols = false, new(http.Protocols)
		t.Protocols.SetHTTP1(true)
		t.OnProxyConnectResponse = refusedByProxy
		if dial != nil {
			t.DialContext, t.Proxy = dial, nil
		} else {
			t.DialContext = loopback((&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext)
		}
	})
	if dial == nil {
		return c
	}
	return &http.Client{Transport: OwnBody{c.GetTransport()}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// OwnBody gives every request a body of its own. The SDK closes a request's
// body as soon as there is an answer, and net/http then cuts the connection
// when it has not seen the body's end yet; a server on the other end of a pipe
// answers fast enough for that.
type OwnBody struct{ http.RoundTripper }

// RoundTrip sends the request with a copy of its body.
func (t OwnBody) RoundTrip(r *http.Request) (*http.Response, error) {
	r, err := withOwnBody(r)
	if err != nil {
		return nil, err
	}
	return t.RoundTripper.RoundTrip(r)
}

func withOwnBody(r *http.Request) (*http.Request, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return r, nil
	}
	body, err := io.ReadAll(r.Body)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return r, nil
}

// ownBodies does the same on a network, where a server of this machine is as
// fast. What is longer, objects of S3 alone, is not held in memory.
type ownBodies struct{ aws.HTTPClient }

const longBody = 2 << 20 // bytes

func (c ownBodies) Do(r *http.Request) (*http.Response, error) {
	if r.ContentLength > 0 && r.ContentLength <= longBody {
		var err error
		if r, err = withOwnBody(r); err != nil {
			return nil, err
		}
	}
	return c.HTTPClient.Do(r)
}

// HTTPClient makes requests to applications: redirects are not followed unless
// asked for, and *.localhost is this machine, as in browsers.
func HTTPClient(dial Dialer) *http.Client {
	network := loopback((&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext)
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, 200
	t.DialContext = func(ctx context.Context, kind, address string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(address)
		if dial != nil && strings.HasSuffix(host, ".sandbox.localhost") {
			return dial(ctx, kind, address)
		}
		return network(ctx, kind, address)
	}
	return &http.Client{Transport: t}
}

// loopback dials this machine for *.localhost, which not every resolver knows (RFC 6761).
func loopback(dial Dialer) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
			address = net.JoinHostPort("127.0.0.1", port)
		}
		return dial(ctx, network, address)
	}
}
