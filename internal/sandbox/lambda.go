package sandbox

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Function is the body of a Lambda function: what the template's inline code does, in Go. It must make the same calls
// to AWS, through the call's Config, and end soon after ctx does. Its result is the function's answer, as JSON.
type Function func(ctx context.Context, c *Call) (any, error)

// Call is one invocation of a function.
type Call struct {
	FunctionName string
	RequestID    string
	Event        any               // the decoded JSON event; numbers are json.Number
	Env          map[string]string // the Environment variables of the template
	TraceHeader  string            // what _X_AMZN_TRACE_ID says, "" without a trace; calls through Config carry it
	Config       aws.Config        // makes clients that talk to the sandbox
	Log          func(line string) // writes a line to the function's log group
	// TraceLate is for the body to set: so much later than its end its segments can be read, and then in pieces.
	TraceLate time.Duration
}

// Failure is an error of a function with the type that its inline code would raise. Errors of other types appear
// under the name of their Go type.
type Failure struct {
	Type    string // e.g. "RuntimeError"
	Message string
}

func (f *Failure) Error() string { return f.Type + ": " + f.Message }

type lambdaService struct {
	home *home

	mu        sync.Mutex
	functions map[string]*function
	mappings  []*mapping
}

// function never changes once made, but for its permissions, which the service's mutex guards.
type function struct {
	name, arn, runtime, handler, role string
	logGroup, logStream               string
	env                               map[string]string
	timeout                           time.Duration
	modified                          time.Time
	active                            bool // has active tracing
	body                              Function
	permissions                       []permission
}

// permission lets a service invoke the function, for one source or, when it is empty, for any.
type permission struct{ principal, source, account string }

func newLambda(h *home) *lambdaService {
	return &lambdaService{home: h, functions: map[string]*function{}}
}

func (l *lambdaService) count(counts map[string]int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts["functions"] += len(l.functions)
	counts["event_source_mappings"] += len(l.mappings)
}

// find gives a function by its name or by an ARN, a partial one or one with a qualifier too.
func (l *lambdaService) find(ref string) (*function, error) {
	name := ref
	if _, rest, ok := strings.Cut(ref, ":function:"); ok {
		name = rest
	} else if _, rest, ok := strings.Cut(ref, "function:"); ok {
		name = rest
	}
	name, _, _ = strings.Cut(name, ":")
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.functions[name]; f != nil && l.home.has(ref) {
		return f, nil
	}
	return nil, &apiError{Code: "ResourceNotFoundException", Message: "Function not found: " + l.home.arn("lambda", "function:"+name), Status: 404}
}

// trigger invokes a function on behalf of another service and waits for its end.
func (l *lambdaService) trigger(ctx context.Context, ref string, event []byte, principal, source string) error {
	f, err := l.find(ref)
	if err != nil {
		return err
	}
	if !l.permitted(f, principal, source) {
		return refuse("AccessDeniedException", "no AWS::Lambda::Permission lets %s invoke function %s for %s", principal, f.name, source)
	}
	if done := l.invoke(ctx, f, event, true); done.err != nil {
		return done.err
	}
	return nil
}

func (l *lambdaService) permitted(f *function, principal, source string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range f.permissions {
		if p.principal == principal && (p.source == "" || wildcard(p.source, source)) && (p.account == "" || p.account == l.home.account) {
			return true
		}
	}
	return false
}

// invocation is how a call of a function ended.
type invocation struct {
	payload string // JSON: the result, or the error's document
	err     *Failure
	log     []string
}

// fail is an invocation that ended with an error.
func (f *function) fail(kind, message string) invocation {
	payload := compactJSON(map[string]any{"errorMessage": message, "errorType": kind, "stackTrace": []any{}})
	return invocation{payload: payload, err: &Failure{Type: kind, Message: message}}
}

// invoke runs a function's body and writes its log and its part of the trace. queued says that no caller waits for its
// end.
func (l *lambdaService) invoke(ctx context.Context, f *function, payload []byte, queued bool) invocation {
	event, err := parseJSON(payload)
	if err != nil {
		return f.fail("Runtime.UnmarshalError", "the event is not JSON: "+err.Error())
	}
	record := l.record(f, tracedBy(ctx), queued)
	call := &Call{FunctionName: f.name, RequestID: newID(), Event: event, Env: f.env, TraceHeader: record.header(tracedBy(ctx))}
	call.Config = tracing(l.home.config(), call.TraceHeader)
	var mu sync.Mutex // of lines; the body may log from goroutines of its own
	var lines []string
	call.Log = func(line string) {
		mu.Lock()
		lines = append(lines, line)
		mu.Unlock()
		l.home.logs.write(f.logGroup, f.logStream, line)
	}
	call.Log(fmt.Sprintf("START RequestId: %s Version: $LATEST", call.RequestID))
	start := time.Now()
	done := f.run(ctx, call)
	record.end(done, call.TraceLate)
	if done.err != nil {
		call.Log(fmt.Sprintf("[ERROR] %s: %s", done.err.Type, done.err.Message))
	}
	ms := float64(time.Since(start).Microseconds()) / 1e3
	call.Log("END RequestId: " + call.RequestID)
	call.Log(fmt.Sprintf("REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %.0f ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB", call.RequestID, ms, ms))
	mu.Lock()
	defer mu.Unlock()
	done.log = lines
	return done
}

func (f *function) run(ctx context.Context, call *Call) (done invocation) {
	limited, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			done = f.fail("Runtime.Panic", fmt.Sprint(p))
		}
	}()
	result, err := f.body(limited, call)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return f.fail("Sandbox.Timedout", fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", call.RequestID, f.timeout.Seconds()))
	}
	if err != nil {
		var failure *Failure
		if errors.As(err, &failure) {
			return f.fail(failure.Type, failure.Message)
		}
		return f.fail(strings.TrimPrefix(reflect.TypeOf(err).String(), "*"), err.Error())
	}
	return invocation{payload: compactJSON(result)}
}

// tail is the end of a log as Invoke gives it: at most 4 KB, base64.
func (i invocation) tail() string {
	text := strings.Join(i.log, "\n") + "\n"
	return base64.StdEncoding.EncodeToString([]byte(text[max(0, len(text)-4096):]))
}
