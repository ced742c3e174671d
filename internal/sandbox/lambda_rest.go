package sandbox

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

const lambdaPrefix = "/2015-03-31/"

// serveREST routes the few operations of Lambda's REST protocol.
func (l *lambdaService) serveREST(w http.ResponseWriter, r *http.Request) {
	path := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.EscapedPath(), lambdaPrefix), "/"), "/")
	name := ""
	if len(path) > 1 {
		name, _ = url.PathUnescape(path[1]) // a broken escape finds no function
	}
	var operation string
	var serve func(http.ResponseWriter, *http.Request, string) error
	switch {
	case r.Method == http.MethodPost && len(path) == 3 && path[0] == "functions" && path[2] == "invocations":
		operation, serve = "Invoke", l.serveInvoke
	case r.Method == http.MethodGet && len(path) == 2 && path[0] == "functions":
		operation, serve = "GetFunction", l.serveGetFunction
	case r.Method == http.MethodGet && len(path) == 1 && path[0] == "event-source-mappings":
		operation, serve = "ListEventSourceMappings", l.serveListMappings
	default:
		writeRESTError(w, refuse("UnknownOperationException", "the sandbox does not have the operation %s %s of \"lambda\"", r.Method, r.URL.Path))
		return
	}
	err := l.home.intercept(r.Context(), "lambda", operation)
	if err == nil {
		err = serve(w, r, name)
	}
	if err != nil {
		writeRESTError(w, err)
	}
}

func writeRESTError(w http.ResponseWriter, err error) {
	a, ok := answerFor(err)
	if !ok {
		panic(http.ErrAbortHandler) // cuts the connection
	}
	w.Header().Set("X-Amzn-Errortype", a.code)
	writeJSON(w, "application/json", restStatus(a), map[string]any{"Type": "User", "Message": a.message})
}

func (l *lambdaService) serveInvoke(w http.ResponseWriter, r *http.Request, name string) error {
	f, err := l.find(name)
	if err != nil {
		return err
	}
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 6<<20))
	if err != nil {
		return &apiError{Code: "RequestTooLargeException", Message: "Request must be smaller than 6291456 bytes for the InvokeFunction operation", Status: http.StatusRequestEntityTooLarge}
	}
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	if _, err := parseJSON(payload); err != nil {
		return refuse("InvalidRequestContentException", "Could not parse request body into json: %v", err)
	}
	w.Header().Set("X-Amz-Executed-Version", "$LATEST")
	header := tracedBy(r.Context())
	switch kind := r.Header.Get("X-Amz-Invocation-Type"); kind {
	case "DryRun":
		w.WriteHeader(http.StatusNoContent)
	case "Event":
		l.home.deliver(func(ctx context.Context) {
			if done := l.invoke(traced(ctx, header), f, payload, true); done.err != nil {
				l.home.lose("asynchronous invocation", f.name, done.err)
			}
		})
		w.WriteHeader(http.StatusAccepted)
	case "", "RequestResponse":
		done := l.invoke(traced(l.home.ctx, header), f, payload, false)
		if done.err != nil {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
		}
		if r.Header.Get("X-Amz-Log-Type") == "Tail" {
			w.Header().Set("X-Amz-Log-Result", done.tail())
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, done.payload) // fails only when the caller has left
	default:
		return refuse("InvalidParameterValueException", "Unknown invocation type %q", kind)
	}
	return nil
}

func (l *lambdaService) serveGetFunction(w http.ResponseWriter, _ *http.Request, name string) error {
	f, err := l.find(name)
	if err != nil {
		return err
	}
	out := &lambda.GetFunctionOutput{
		Configuration: &types.FunctionConfiguration{
			FunctionName: aws.String(f.name), FunctionArn: &f.arn, Runtime: types.Runtime(f.runtime), Handler: aws.String(f.handler),
			Role: aws.String(f.role), Timeout: aws.Int32(int32(f.timeout.Seconds())), MemorySize: aws.Int32(128),
			Environment:   &types.EnvironmentResponse{Variables: f.env},
			LoggingConfig: &types.LoggingConfig{LogGroup: aws.String(f.logGroup)},
			State:         types.StateActive, LastUpdateStatus: types.LastUpdateStatusSuccessful, Version: aws.String("$LATEST"),
			LastModified: aws.String(f.modified.UTC().Format("2006-01-02T15:04:05.000-0700")),
		},
	}
	writeJSON(w, "application/json", http.StatusOK, jsonTimes(encode(reflect.ValueOf(out), pascal)))
	return nil
}

func (l *lambdaService) serveListMappings(w http.ResponseWriter, r *http.Request, _ string) error {
	source, wanted := r.URL.Query().Get("EventSourceArn"), r.URL.Query().Get("FunctionName")
	name := ""
	if wanted != "" {
		f, err := l.find(wanted)
		if err != nil {
			return err
		}
		name = f.name
	}
	out := &lambda.ListEventSourceMappingsOutput{EventSourceMappings: []types.EventSourceMappingConfiguration{}}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.mappings {
		if (source == "" || m.source == source) && (name == "" || m.function.name == name) {
			out.EventSourceMappings = append(out.EventSourceMappings, m.document())
		}
	}
	writeJSON(w, "application/json", http.StatusOK, jsonTimes(encode(reflect.ValueOf(out), pascal)))
	return nil
}
