package awsclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"

	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Explain says an error in a sentence: what a caller put around it, and for a
// call to AWS the operation and what it ended with, without the SDK's
// wrapping; and what to do where that is known.
func Explain(err error) string {
	var op *smithy.OperationError
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &op):
		return err.Error()
	}
	return strings.Replace(err.Error(), op.Error(), op.Service()+" "+op.Operation()+": "+ended(op), 1)
}

// ended says what a call ended with.
func ended(op *smithy.OperationError) string {
	var tried *triedError
	if errors.As(op, &tried) {
		return tried.Error() + advice(op)
	}
	return reason(op.Err) + advice(op)
}

// reason says what an attempt ended with.
func reason(err error) string {
	var credentials *credentialsError
	var api smithy.APIError
	var garbled *smithy.DeserializationError
	switch {
	case errors.As(err, &credentials):
		return credentials.Error()
	case foreign(err) != "", errors.As(err, &garbled) && !cut(err):
		return unreadable(err, garbled)
	case errors.As(err, &api):
		s := api.ErrorCode()
		if m := api.ErrorMessage(); m != "" && m != s {
			s += ": " + m
		}
		return s
	}
	if s := Network(err); s != "" {
		return s
	}
	var address *url.Error
	if errors.As(err, &address) {
		return address.Err.Error()
	}
	return err.Error()
}

// Network says what went wrong on the way to an answer, or within it; "" is
// something else.
func Network(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	var proxy *proxyError
	switch {
	case errors.As(err, &proxy):
		return proxy.Error()
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "this process has as many files and connections open as it may; raise the limit (ulimit -n) or lower --parallel"
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return fmt.Sprintf("the proxy cannot be reached: %v (HTTPS_PROXY and HTTP_PROXY name it, NO_PROXY what goes without)", innermost(op))
	case errors.As(err, &dns) && (dns.IsTimeout || dns.IsTemporary):
		return fmt.Sprintf("the address of %s cannot be looked up just now: %s", dns.Name, dns.Err)
	case errors.As(err, &dns):
		return fmt.Sprintf("the host %s is not known; is the region or the endpoint right, and has this machine a network?", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused" + dialled(err)
	case cut(err):
		return "the connection broke in the middle of the answer"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe), closedIdle(err):
		return "the connection was closed before there was an answer"
	}
	return encrypted(err)
}

// innermost is what the system said.
func innermost(op *net.OpError) error {
	for {
		var inner *net.OpError
		if !errors.As(op.Err, &inner) {
			return op.Err
		}
		op = inner
	}
}

// dialled is the address that could not be reached.
func dialled(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Addr != nil {
		return " at " + op.Addr.String()
	}
	return ""
}

// cut says whether an answer ended too early.
func cut(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }

// encrypted says what is wrong with the encryption of a connection.
func encrypted(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &unknown):
		return "the certificate of the other end is signed by nobody that this machine trusts; a proxy that reads along may do that: name its certificate with AWS_CA_BUNDLE"
	case errors.As(err, &name):
		return fmt.Sprintf("the certificate of the other end is not for %s (%v); is the endpoint right?", name.Host, name)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("the certificate of the other end is not valid at this machine's time, %s: it has expired, or the clock is wrong", time.Now().UTC().Format(time.RFC3339))
	case errors.As(err, &invalid):
		return "the certificate of the other end is not valid: " + invalid.Error()
	case errors.As(err, &plain), errors.Is(err, http.ErrSchemeMismatch):
		return "the other end does not speak HTTPS; write the endpoint with http://"
	}
	return ""
}

// proxyError says that a proxy would not connect to AWS.
type proxyError struct {
	proxy  string
	status int
	text   string
}

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy %s refuses the connection: %s (HTTPS_PROXY names it, NO_PROXY what goes without)", e.proxy, e.text)
}

// refusedByProxy looks at what a proxy answered to the wish for a connection.
func refusedByProxy(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{proxy.Host, answer.StatusCode, answer.Status}
}

// foreign is the status and type of an answer that is a page for people: AWS
// answers in JSON or XML. "" is another one.
func foreign(err error) string {
	var answer *smithyhttp.ResponseError
	if !errors.As(err, &answer) || answer.Response == nil {
		return ""
	}
	if kind := answer.Response.Header.Get("Content-Type"); strings.HasPrefix(kind, "text/html") {
		return fmt.Sprintf("status %d, %s", answer.HTTPStatusCode(), kind)
	}
	return ""
}

// unreadable says that an answer is none of AWS's.
func unreadable(err error, garbled *smithy.DeserializationError) string {
	if page := foreign(err); page != "" {
		return "the answer is not one of AWS but a page (" + page + "); does a proxy, or something else than AWS, answer there?"
	}
	return fmt.Sprintf("the answer cannot be read (%v); does a proxy, or something else than AWS, answer there?", garbled.Err)
}

// advice says what to do about an answer.
func advice(op *smithy.OperationError) string {
	var api smithy.APIError
	if !errors.As(op, &api) {
		return ""
	}
	said := api.ErrorMessage()
	switch code := api.ErrorCode(); code {
	case "RequestTimeTooSkewed":
		return offBy(op, said)
	case "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure":
		if strings.Contains(said, "Signature expired") || strings.Contains(said, "not yet current") {
			return offBy(op, said)
		}
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
		return " (the credentials of this run have expired; sign in again, and where they come from aws sso login, do that)"
	}
	if Denied(op) && !strings.Contains(said, "not authorized to perform") { // else AWS names who may not do what
		return fmt.Sprintf(" (the credentials of this run may not call %s on it)", op.Operation())
	}
	return ""
}

// stamp is how signatures write a time.
var stamp = regexp.MustCompile(`[0-9]{8}T[0-9]{6}Z`)

// offBy says how wrong this machine's clock is, by the times that the message
// names (the signature's first, the service's last), else by the answer's date.
func offBy(err error, said string) string {
	var off time.Duration
	var answer *smithyhttp.ResponseError
	if times := stamp.FindAllString(said, -1); len(times) > 1 {
		signed, _ := time.Parse("20060102T150405Z", times[0])
		served, _ := time.Parse("20060102T150405Z", times[len(times)-1])
		off = served.Sub(signed)
	} else if errors.As(err, &answer) && answer.Response != nil {
		if date, err := http.ParseTime(answer.Response.Header.Get("Date")); err == nil {
			off = time.Until(date)
		}
	}
	if off = off.Abs().Round(time.Second); off == 0 {
		return " (this machine's clock is wrong; set it)"
	}
	return fmt.Sprintf(" (this machine's clock is off by %s; set it)", spell(off))
}
