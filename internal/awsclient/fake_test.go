package awsclient

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/logging"
)

// fake answers calls in the process, so that it works inside a bubble.
type fake func(w http.ResponseWriter, r *http.Request) error

func (f fake) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if r.Body != nil { // as a connection does
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		_ = r.Body.Close()
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if err := f(w, r); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// done is an answer without content.
func done(w http.ResponseWriter, _ *http.Request) error {
	_, err := io.WriteString(w, "{}")
	return err
}

// refuse is an answer that is an error.
func refuse(w http.ResponseWriter, status int, code, message string) error {
	w.Header().Set("X-Amzn-ErrorType", code)
	w.WriteHeader(status)
	_, err := io.WriteString(w, `{"__type":"`+code+`","message":"`+message+`"}`)
	return err
}

const emulator = "http://emulator.test"

// placeAt is a place whose calls f answers; "" is AWS itself.
func placeAt(t *testing.T, endpoint string, f fake, limits Limits) *Place {
	t.Helper()
	cfg := aws.Config{
		Region: "eu-west-1", HTTPClient: f, Logger: logging.Nop{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}
	if endpoint != "" {
		cfg.BaseEndpoint = aws.String(endpoint)
	}
	p := newPlace(cfg, "111122223333", Settings{})
	p.Limit(limits)
	return p
}
