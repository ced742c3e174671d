package awsclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

func api(code string, fault smithy.ErrorFault) error {
	return &smithy.GenericAPIError{Code: code, Message: "as the service says", Fault: fault}
}

func answer(status int, err error) error {
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err}
}

func TestWhatAnErrorMeans(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for _, c := range []struct {
		name       string
		err        error
		transient  bool
		notDone    bool
		operations string
	}{
		{name: "throttled", err: answer(400, api("ThrottlingException", smithy.FaultClient)), transient: true, notDone: true},
		{name: "too many requests", err: answer(429, errors.New("x")), transient: true, notDone: true},
		{name: "refused by the service", err: answer(400, api("ValidationException", smithy.FaultClient)), notDone: true},
		{name: "access denied", err: answer(403, api("AccessDenied", smithy.FaultClient)), notDone: true},
		{name: "a condition that failed", err: answer(412, api("PreconditionFailed", smithy.FaultClient)), notDone: true},
		{name: "a fault of the service", err: answer(500, api("InternalFailure", smithy.FaultServer)), transient: true},
		{name: "unavailable", err: answer(503, errors.New("x")), transient: true},
		{name: "never reached", err: &url.Error{Op: "Post", Err: refused}, transient: true, notDone: true},
		{name: "an unknown host", err: &net.DNSError{Err: "no such host"}, notDone: true},
		{name: "reset in mid-answer", err: &net.OpError{Op: "read", Err: syscall.ECONNRESET}, transient: true},
		{name: "cut off", err: fmt.Errorf("reading: %w", io.ErrUnexpectedEOF), transient: true},
		{name: "too slow", err: context.DeadlineExceeded, transient: true},
		{name: "of our own", err: errors.New("x")},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := &smithy.OperationError{ServiceID: "SQS", OperationName: "SendMessage", Err: c.err}
			if got := Transient(err); got != c.transient {
				t.Errorf("transient: %v", got)
			}
			if got := SurelyNotDone(err); got != c.notDone {
				t.Errorf("surely not done: %v", got)
			}
		})
	}
}

func TestExplain(t *testing.T) {
	denied := &smithy.OperationError{ServiceID: "S3", OperationName: "PutObject", Err: answer(403, api("AccessDenied", smithy.FaultClient))}
	refused := &smithy.OperationError{ServiceID: "S3", OperationName: "PutObject", Err: &url.Error{Op: "Put", URL: "http://x", Err: errors.New("connection refused")}}
	for want, err := range map[string]error{
		"S3 PutObject: AccessDenied: as the service says (the credentials of this run may not call PutObject on it)":                          denied,
		"bucket \"b\": S3 PutObject: AccessDenied: as the service says (the credentials of this run may not call PutObject on it); try again": fmt.Errorf("bucket %q: %w; try again", "b", denied),
		"S3 PutObject: connection refused": refused,
		"of our own":                       errors.New("of our own"),
	} {
		if got := Explain(err); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestRegions(t *testing.T) {
	for _, c := range []struct {
		region   string
		emulated bool
		want     string
	}{
		{"eu-west-1", false, ""},
		{"us-gov-west-1", false, ""},
		{"eu-west-9", false, ""}, // newer than the list, perhaps: AWS will say
		{"eu-west-9", true, `there is no AWS region "eu-west-9"; did you mean "eu-west-1"?`},
		{"eu-wst-1", false, `there is no AWS region "eu-wst-1"; did you mean "eu-west-1"?`},
		{"moon", false, `there is no AWS region "moon"`},
		{"", false, "no region is chosen: give --region, or set AWS_REGION, or a region in the environment of rehearse.yaml"},
	} {
		got := ""
		if err := checkRegion(c.region, c.emulated); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.region, got, c.want)
		}
	}
}
