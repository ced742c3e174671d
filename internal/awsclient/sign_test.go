package awsclient

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// signature works out a request's signature from the published steps of
// Signature Version 4, without the library that made it.
func signature(t *testing.T, r *http.Request, body []byte, secret string) string {
	t.Helper()
	auth := r.Header.Get("Authorization")
	_, rest, _ := strings.Cut(auth, "Credential=AKIDEXAMPLE/")
	scope, rest, _ := strings.Cut(rest, ", SignedHeaders=")
	names, _, _ := strings.Cut(rest, ",")
	var headers strings.Builder
	for name := range strings.SplitSeq(names, ";") {
		value := r.Header.Get(name)
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = r.Header.Get("Content-Length")
			if value == "" {
				value = strconv.FormatInt(r.ContentLength, 10)
			}
		}
		headers.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	query := strings.Split(r.URL.RawQuery, "&")
	slices.Sort(query)
	canonical := strings.Join([]string{
		r.Method, r.URL.EscapedPath(), strings.Join(query, "&"), headers.String(), names, hexSum(body),
	}, "\n")
	toSign := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), scope, hexSum([]byte(canonical))}, "\n")
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, toSign))
}

func hexSum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func TestSign(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if want := "Signature=" + signature(t, r, body, "secret"); !strings.HasSuffix(r.Header.Get("Authorization"), want) {
			t.Errorf("%s %s: %s, want %s", r.Method, r.URL, r.Header.Get("Authorization"), want)
		}
		_, _ = io.WriteString(w, r.Header.Get("Authorization"))
	}))
	defer server.Close()
	place := newPlace(aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")}, "111122223333", Settings{})
	for _, c := range []struct{ method, path, body, service, region, scope string }{
		{"GET", "/orders?b=2&a=1", "", "execute-api", "", "/eu-west-1/execute-api/aws4_request"},
		{"POST", "/orders", `{"sku":"A1"}`, "execute-api", "us-east-1", "/us-east-1/execute-api/aws4_request"},
		{"PUT", "/bucket/a%20b", "text", "s3", "", "/eu-west-1/s3/aws4_request"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if err := place.Sign(t.Context(), req, c.service, c.region); err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		said, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if !strings.Contains(string(said), c.scope) {
			t.Errorf("%s is not signed for %s", said, c.scope)
		}
	}
}
