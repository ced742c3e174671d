package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
)

// apiError is an answer of an AWS service that says no. It satisfies smithy.APIError.
type apiError struct {
	Code    string
	Message string
	Status  int    // HTTP status; 0: decided by the code
	Query   string // SQS only: the code that clients of the older query protocol know
}

func (e *apiError) Error() string                 { return e.Code + ": " + e.Message }
func (e *apiError) ErrorCode() string             { return e.Code }
func (e *apiError) ErrorMessage() string          { return e.Message }
func (e *apiError) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// refuse makes the error of a service: its code and message, as AWS gives them.
func refuse(code, format string, args ...any) *apiError {
	return &apiError{Code: code, Message: fmt.Sprintf(format, args...)}
}

// malformed answers a body that does not have the shape of the operation's input.
func malformed(format string, args ...any) *apiError {
	return refuse("SerializationException", format, args...)
}

// invalid answers an input that has the right shape and a value that cannot be.
func invalid(format string, args ...any) *apiError {
	return refuse("ValidationException", format, args...)
}

// answer is what goes on the wire for an error.
type answer struct {
	code, message, query string
	status               int
	fault                smithy.ErrorFault
}

// answerFor finds code, message and HTTP status for an error. It reports false when the error is not one that a
// service would put into words: the connection is cut then, as a broken network would.
func answerFor(err error) (answer, bool) {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return answer{}, false
	}
	a := answer{code: api.ErrorCode(), message: api.ErrorMessage(), fault: api.ErrorFault(), status: http.StatusBadRequest}
	if a.fault == smithy.FaultServer {
		a.status = http.StatusInternalServerError
	}
	var own *apiError
	if errors.As(err, &own) {
		a.query = own.Query
		if own.Status != 0 {
			a.status = own.Status
		}
	}
	return a, true
}

// restStatus is the HTTP status that services with a REST protocol give a code; the others answer 400 to nearly everything.
func restStatus(a answer) int {
	switch {
	case a.status != http.StatusBadRequest:
		return a.status
	case strings.HasPrefix(a.code, "TooManyRequests"):
		return http.StatusTooManyRequests
	case a.code == "SlowDown", a.code == "ServiceUnavailable":
		return http.StatusServiceUnavailable
	case strings.HasPrefix(a.code, "AccessDenied"):
		return http.StatusForbidden
	case strings.HasPrefix(a.code, "NoSuch"), a.code == "ResourceNotFoundException":
		return http.StatusNotFound
	}
	return a.status
}
