package http

import (
	"context"
	"encoding/json"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		name, yaml string
		want       []string
	}{
		{"no url", "{}", []string{`parameter "url" is missing: An absolute http or https URL.`}},
		{"relative", "{url: /orders}", []string{`"/orders" is not a URL such as https://example.com/orders: https:// or http:// is missing at its beginning`}},
		{"another scheme", "{url: 'ftp://a/b'}", []string{`"ftp://a/b" is not a URL such as https://example.com/orders: it begins with neither https:// nor http://`}},
		{"two bodies", "{url: 'http://a', text: a, json: {}}", []string{"http_request takes only one of json, text, form and file; text stands there already"}},
		{"a document in the query", "{url: 'http://a', query: {a: {b: 1}}}", []string{`"a" takes text, a number, true or false, or a list of them; found a mapping`}},
		{"a number as header", "{url: 'http://a', headers: {x: 1}}", []string{`expected text, found the number 1; to mean the text write "1"`}},
		{"signed for nothing", "{url: 'http://a', sign: {region: eu-west-1}}", []string{`key "service" is missing: The service's signing name, such as execute-api.`}},
		{"no host", "{url: 'https:///orders'}", []string{`"https:///orders" is not a URL such as https://example.com/orders: its host is missing`}},
		{"a port that is none", "{url: 'https://a:b/'}", []string{`"https://a:b/" is not a URL such as https://example.com/orders: its port is not a number`}},
		{"a blank in the host", "{url: 'https://a b/'}", []string{`"https://a b/" is not a URL such as https://example.com/orders: it has characters that a URL cannot have there`}},
		{"no method", "{url: 'http://a', method: ''}", []string{`parameter "method" is empty: The method; GET unless given, POST with a body.`}},
		{"two methods", "{url: 'http://a', method: GET POST}", []string{`"GET POST" cannot be a method; write one such as GET or POST`}},
		{"a misspelt method", "{url: 'http://a', method: pots}", []string{`"pots" is no usual method; did you mean "POST"?`}},
		{"a method of somebody's own", "{url: 'http://a', method: PROPFIND}", nil},
		{"a header with a blank", "{url: 'http://a', headers: {a b: c, x-y: z}}", []string{`"a b" cannot be the name of a header; it has letters, digits and dashes, such as content-type`}},
		{"no names", "https://a/", []string{`http_request takes its parameters by name; write http_request: {url: "https://a/"}`}},
		{"a field of the step", "{url: 'https://a/', within: 5s}", []string{`"within" is not a parameter of http_request but a field of the step; write it one level up, beside http_request:`}},
		{"open url", `{url: "${x}/orders", json: null}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, stage.Complaints(Request, c.yaml)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// bind fills the parameters of a request.
func bind(t *testing.T, yaml string) steps.Bound {
	t.Helper()
	p := &schema.Problems{}
	n, ok := schema.ReadDocuments("step.yaml", []byte("step: "+yaml+"\n"), p)[0].Get("step")
	if !ok {
		t.Fatal("no step")
	}
	b := Request.Bind(Request.Normal(n.Value, p), p)
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	return b
}

// answer makes a request, whichever way it is made.
func answer(t *testing.T, yaml string) (map[string]any, error) {
	t.Helper()
	b := bind(t, yaml)
	env := &steps.Env{HTTP: awsclient.HTTPClient(nil), Hide: func(any) {}}
	defer env.HTTP.CloseIdleConnections()
	var doc any
	var err error
	if b.Do != nil {
		var seen steps.Seen[any]
		seen, err = b.Do(t.Context(), env)
		doc = seen.Doc
	} else {
		var probe steps.Probe[any]
		if probe, err = b.Watch(t.Context(), env); err == nil {
			var seen steps.Seen[any]
			seen, err = probe.Look(t.Context())
			doc = seen.Doc
		}
	}
	m, _ := doc.(map[string]any)
	return m, err
}

// mirror answers with what it was asked.
func mirror(w nethttp.ResponseWriter, r *nethttp.Request) {
	b, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Add("X-Two", "a")
	w.Header().Add("X-Two", "b")
	w.WriteHeader(nethttp.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"method": r.Method, "query": r.URL.RawQuery, "type": r.Header.Get("Content-Type"), "agent": r.UserAgent(), "host": r.Host, "body": string(b),
	})
}

func TestRequests(t *testing.T) {
	server := httptest.NewServer(nethttp.HandlerFunc(mirror))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("of a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(server.URL, "http://")
	for _, c := range []struct {
		name, yaml string
		reads      bool
		want       map[string]any
	}{
		{"get", "", true, map[string]any{"method": "GET"}},
		{"query", "query: {b: [1, x y], a: true}", true, map[string]any{"method": "GET", "query": "a=true&b=1&b=x+y"}},
		{"json", `json: {n: 9007199254740993, h: "<"}`, false, map[string]any{"method": "POST", "type": "application/json", "body": `{"h":"<","n":9007199254740993}`}},
		{"null", "json: null", false, map[string]any{"method": "POST", "type": "application/json", "body": "null"}},
		{"text", "text: hi, method: put", false, map[string]any{"method": "PUT", "type": "text/plain; charset=utf-8", "body": "hi"}},
		{"form", "form: {a: 1, b: [x, y]}", false, map[string]any{"method": "POST", "type": "application/x-www-form-urlencoded", "body": "a=1&b=x&b=y"}},
		{"file", "file: " + file, false, map[string]any{"method": "POST", "type": "application/octet-stream", "body": "of a file"}},
		{"headers", "headers: {Host: other, user-agent: me, content-type: a/b}, text: x", false, map[string]any{"method": "POST", "type": "a/b", "agent": "me", "host": "other", "body": "x"}},
		{"delete", "method: DELETE", false, map[string]any{"method": "DELETE"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			yaml := "{url: '" + server.URL + "', " + c.yaml + "}"
			if reads := bind(t, yaml).Watch != nil; reads != c.reads {
				t.Errorf("reads: %v, want %v", reads, c.reads)
			}
			got, err := answer(t, yaml)
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range map[string]any{"query": "", "type": "", "body": "", "agent": "rehearse", "host": host} {
				if _, ok := c.want[k]; !ok {
					c.want[k] = v
				}
			}
			if diff := cmp.Diff(c.want, got["body"]); diff != "" {
				t.Error(diff)
			}
			headers := got["headers"].(map[string]any)
			if got["status"] != json.Number("201") || headers["x-two"] != "a, b" || headers["content-type"] != "application/json" {
				t.Errorf("answer %v", got)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	mux := nethttp.NewServeMux()
	mux.HandleFunc("/text", func(w nethttp.ResponseWriter, _ *nethttp.Request) { _, _ = w.Write([]byte("no JSON")) })
	mux.HandleFunc("/bytes", func(w nethttp.ResponseWriter, _ *nethttp.Request) { _, _ = w.Write([]byte{0xff, 0}) })
	mux.HandleFunc("/empty", func(nethttp.ResponseWriter, *nethttp.Request) {})
	mux.HandleFunc("/away", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		nethttp.Redirect(w, r, "/text", nethttp.StatusFound)
	})
	mux.HandleFunc("/huge", func(w nethttp.ResponseWriter, _ *nethttp.Request) { _, _ = w.Write(make([]byte, maxBody+1)) })
	mux.HandleFunc("/cut", func(nethttp.ResponseWriter, *nethttp.Request) { panic(nethttp.ErrAbortHandler) })
	mux.HandleFunc("/half", func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = w.Write([]byte("half"))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, c := range []struct {
		path, more, status string
		body               any
	}{
		{"/text", "", "200", "no JSON"},
		{"/bytes", "", "200", "/wA="},
		{"/empty", "", "200", ""},
		{"/none", "", "404", "404 page not found\n"},
		{"/away", ", method: post", "302", ""},
		{"/away", ", follow_redirects: true", "200", "no JSON"},
	} {
		got, err := answer(t, "{url: '"+server.URL+c.path+"'"+c.more+"}")
		if err != nil || got["status"] != json.Number(c.status) || got["body"] != c.body {
			t.Errorf("%s%s: %v, %v", c.path, c.more, got, err)
		}
	}
	for path, want := range map[string]struct {
		message string
		final   bool
	}{
		"/huge":        {"the answer has more than 10 MiB", true},
		"/cut?secret":  {"the connection was closed before there was an answer", false},
		"/half?secret": {"the connection broke in the middle of the answer", false},
	} {
		_, err := answer(t, "{url: '"+server.URL+path+"'}")
		where, _, _ := strings.Cut(path, "?")
		if err == nil || steps.IsFinal(err) != want.final || err.Error() != "GET "+server.URL+where+": "+want.message {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	for _, method := range []string{"GET", "POST"} {
		_, err := answer(t, "{url: 'http://"+l.Addr().String()+"', method: "+method+"}")
		if err == nil || steps.IsFinal(err) || !awsclient.SurelyNotDone(err) || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestTooSlow(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(nethttp.HandlerFunc(func(nethttp.ResponseWriter, *nethttp.Request) { <-release }))
	defer server.Close()
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := bind(t, "{url: '"+server.URL+"', method: POST}").Do(ctx, &steps.Env{HTTP: awsclient.HTTPClient(nil), Hide: func(any) {}})
	if err == nil || awsclient.SurelyNotDone(err) || !awsclient.Transient(err) {
		t.Errorf("error %v, want one that may have happened", err)
	}
}

// TestAnActIsSentOnce answers on a connection once, and cuts it when it is used
// again: net/http may then send by itself what it takes for idempotent.
func TestAnActIsSentOnce(t *testing.T) {
	for _, c := range []struct {
		name, request string
		sent          int32
	}{
		{"post", "method: POST, json: {a: 1}", 1},
		{"post of nothing", "method: POST", 1},
		{"put", "method: PUT, text: a", 1},
		{"delete", "method: DELETE", 1},
		{"post with a key", "method: POST, json: {a: 1}, headers: {Idempotency-Key: k}", 1},
		{"post of nothing with a key", "method: POST, headers: {x-idempotency-key: k}", 1},
		{"get", "method: GET", 2}, // it only reads
	} {
		t.Run(c.name, func(t *testing.T) {
			var sent atomic.Int32
			keys := make(chan string, 4)
			server := httptest.NewServer(nethttp.HandlerFunc(func(_ nethttp.ResponseWriter, r *nethttp.Request) {
				if r.URL.Path == "/act" {
					_, _ = io.Copy(io.Discard, r.Body)
					sent.Add(1)
					keys <- r.Header.Get("Idempotency-Key") + r.Header.Get("X-Idempotency-Key")
					panic(nethttp.ErrAbortHandler)
				}
			}))
			defer server.Close()
			env := &steps.Env{HTTP: awsclient.HTTPClient(nil), Hide: func(any) {}}
			if _, err := bind(t, "{url: '"+server.URL+"', method: POST}").Do(t.Context(), env); err != nil {
				t.Fatal(err)
			}
			b, err := bind(t, "{url: '"+server.URL+"/act', "+c.request+"}"), error(nil)
			if b.Do != nil {
				_, err = b.Do(t.Context(), env)
			} else {
				var probe steps.Probe[any]
				if probe, err = b.Watch(t.Context(), env); err == nil {
					_, err = probe.Look(t.Context())
				}
			}
			if err == nil || sent.Load() != c.sent || awsclient.SurelyNotDone(err) || !awsclient.Transient(err) {
				t.Errorf("sent %d times, want %d: %v", sent.Load(), c.sent, err)
			}
			if key := <-keys; (key == "k") != strings.Contains(strings.ToLower(c.request), "key: k") {
				t.Errorf("the key is %q", key)
			}
		})
	}
}

// TestCredentialsAreHidden before anything can tell of them, those of the
// request and those of the answer.
func TestCredentialsAreHidden(t *testing.T) {
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		nethttp.SetCookie(w, &nethttp.Cookie{Name: "sid", Value: "of the answer"})
		w.Header().Set("X-Amz-Security-Token", "another session")
	}))
	defer server.Close()
	hidden := map[any]bool{}
	env := &steps.Env{HTTP: awsclient.HTTPClient(nil), Hide: func(v any) { hidden[v] = true }}
	defer env.HTTP.CloseIdleConnections()
	address := strings.Replace(server.URL, "http://", "http://user:password@", 1)
	b := bind(t, "{url: '"+address+"/?X-Amz-Signature=signature&Signature=older&x-amz-credential=key', method: POST, headers: {authorization: Bearer token, cookie: sid=sent, X-API-Key: api key}}")
	if _, err := b.Do(t.Context(), env); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"password", "user:password", "signature", "older", "key", "Bearer token", "token", "sent", "api key", "of the answer", "another session"} {
		if !hidden[want] {
			t.Errorf("%q is not hidden; hidden are %v", want, hidden)
		}
	}
}

// TestAFailureSaysThatItsBodyIsCut, else half of a secret at its end would
// look like a text of its own.
func TestAFailureSaysThatItsBodyIsCut(t *testing.T) {
	r := RequestResult{Status: 500, Body: strings.Repeat("ä", maxShown)}
	if got := r.failure(); !strings.HasSuffix(got, "ä…") {
		t.Error(got)
	}
}
