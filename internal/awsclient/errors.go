package awsclient

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Transient says whether an error passes by itself: throttling, a 5xx, a
// connection that broke or could not be opened, an answer that took too long.
func Transient(err error) bool {
	var held *heldError
	var dns *net.DNSError
	switch {
	case errors.As(err, &held), throttled(err), closedIdle(err):
		return true
	case errors.As(err, &dns) && dns.IsNotFound:
		return false
	}
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.HTTPStatusCode() >= 500 {
		return true
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorFault() == smithy.FaultServer || api.ErrorCode() == "RequestTimeout"
	}
	var tried *triedError
	if errors.As(err, &tried) && tried.late {
		return true
	}
	var broken *net.OpError
	var proxy *proxyError
	return errors.As(err, &broken) || errors.As(err, &proxy) && proxy.status >= 500 || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, context.DeadlineExceeded) || isTimeout(err)
}

func throttled(err error) bool {
	var answer *smithyhttp.ResponseError
	code := Code(err) // SQS may put a namespace before it: AWS.SimpleQueueService.RequestThrottled
	_, known := retry.DefaultThrottleErrorCodes[code[strings.LastIndexByte(code, '.')+1:]]
	return known || errors.As(err, &answer) && answer.HTTPStatusCode() == 429
}

// closedIdle says whether the other side closed a connection that nothing was
// sent over, just when it was to be used again. net/http has no name for it.
func closedIdle(err error) bool {
	var tried *triedError
	if errors.As(err, &tried) {
		err = tried.last // it says it in words of its own
	}
	return err != nil && strings.Contains(err.Error(), "http: server closed idle connection")
}

// SurelyNotDone says whether an error proves that a call changed nothing: it
// was refused, throttled, or never reached the service. Of a call that was
// tried several times every attempt must have been so.
func SurelyNotDone(err error) bool {
	var tried *triedError
	if errors.As(err, &tried) && (tried.doubt || tried.sent == 0) {
		return !tried.doubt
	}
	var held *heldError
	var credentials *credentialsError
	var proxy *proxyError
	if errors.As(err, &held) || errors.As(err, &credentials) || errors.As(err, &proxy) ||
		throttled(err) || dialFailed(err) || closedIdle(err) || encrypted(err) != "" {
		return true
	}
	var serialise *smithy.SerializationError
	var invalid smithy.InvalidParamsError
	if errors.As(err, &serialise) || errors.As(err, &invalid) {
		return true
	}
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		code := answer.HTTPStatusCode()
		return code >= 400 && code < 500 && code != 408
	}
	return false
}

func dialFailed(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &dns) || errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") || errors.Is(err, syscall.ECONNREFUSED)
}

// Code is the service's own name for an error, "" where there is none.
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// Denied says whether a service refused a call because the caller may not make it.
func Denied(err error) bool {
	return Is(err, "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "Forbidden")
}

// Is says whether an error is one of a service's named errors.
func Is(err error, codes ...string) bool {
	got := Code(err)
	for _, c := range codes {
		if got == c {
			return true
		}
	}
	return false
}
