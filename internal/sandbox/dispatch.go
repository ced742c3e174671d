package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/google/uuid"
)

// protocol is how a service's documents travel.
type protocol struct {
	contentType string // of JSON; "" means the query protocol and XML
	namespace   string // of the XML, or of the error types in JSON
	casing      casing
}

// endpoint is one service whose operations are the methods of a Go value with the SDK's own signatures:
// func(context.Context, *XInput) (*XOutput, error).
type endpoint struct {
	service    string
	protocol   protocol
	operations map[string]reflect.Value
}

// routes finds the service and operation of a request.
type routes struct {
	home    *home
	targets map[string]*endpoint // by the first part of X-Amz-Target
	actions map[string]*endpoint // by signing name
	xray    *endpoint            // by path
	schemas http.Handler
}

const maxBody = 16 << 20 // bytes of a request to a service other than S3

func newRoutes(h *home) *routes {
	json10, json11 := "application/x-amz-json-1.0", "application/x-amz-json-1.1"
	rt := &routes{
		home: h,
		targets: map[string]*endpoint{
			"AmazonSQS":         newEndpoint("sqs", protocol{contentType: json10, namespace: "com.amazonaws.sqs"}, h.sqs),
			"AWSEvents":         newEndpoint("events", protocol{contentType: json11}, h.events),
			"AWSStepFunctions":  newEndpoint("states", protocol{contentType: json10, casing: camel}, h.states),
			"DynamoDB_20120810": newEndpoint("dynamodb", protocol{contentType: json10, namespace: "com.amazonaws.dynamodb.v20120810"}, h.dynamo),
			"Logs_20140328":     newEndpoint("logs", protocol{contentType: json11, casing: camel}, h.logs),
		},
		actions: map[string]*endpoint{
			"sts":            newEndpoint("sts", protocol{namespace: "https://sts.amazonaws.com/doc/2011-06-15/"}, stsService{h}),
			"cloudformation": newEndpoint("cloudformation", protocol{namespace: "http://cloudformation.amazonaws.com/doc/2010-05-15/"}, h.stacks),
		},
		xray: newEndpoint("xray", protocol{contentType: "application/json"}, h.xray),
	}
	rt.schemas = newSchemaREST(rt, h.schemas)
	return rt
}

func newEndpoint(service string, p protocol, impl any) *endpoint {
	e := &endpoint{service: service, protocol: p, operations: map[string]reflect.Value{}}
	v := reflect.ValueOf(impl)
	for i := range v.NumMethod() {
		t := v.Method(i).Type()
		if t.NumIn() == 2 && t.NumOut() == 2 && t.In(1).Kind() == reflect.Pointer && strings.HasSuffix(t.In(1).Elem().Name(), "Input") {
			e.operations[v.Type().Method(i).Name] = v.Method(i)
		}
	}
	return e
}

func (rt *routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Amzn-Requestid", uuid.NewString())
	w.Header().Set("Date", rt.home.now().UTC().Format(http.TimeFormat))
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		rt.serveJSON(w, r)
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") && r.URL.Path == "/":
		rt.serveQuery(w, r)
	case strings.HasPrefix(r.URL.Path, lambdaPrefix):
		rt.home.lambda.serveREST(w, r)
	case r.Method == http.MethodPost && xrayPaths[r.URL.Path] != "":
		rt.serveDocument(w, r, rt.xray, xrayPaths[r.URL.Path], writeRESTError)
	case strings.HasPrefix(r.URL.Path, "/v1/registries") && scopeOf(r).service == "schemas":
		rt.schemas.ServeHTTP(w, r)
	default:
		rt.home.s3.ServeHTTP(w, r)
	}
}

func (rt *routes) serveJSON(w http.ResponseWriter, r *http.Request) {
	target, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	e := rt.targets[target]
	if e == nil {
		writeJSONError(w, protocol{contentType: "application/x-amz-json-1.0"},
			refuse("UnknownOperationException", "the sandbox has no service %q (operation %q)", target, operation))
		return
	}
	rt.serveDocument(w, r, e, operation, func(w http.ResponseWriter, err error) { writeJSONError(w, e.protocol, err) })
}

// serveDocument runs an operation whose input is the JSON document in the body.
func (rt *routes) serveDocument(w http.ResponseWriter, r *http.Request, e *endpoint, operation string, writeError func(http.ResponseWriter, error)) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeError(w, malformed("the request could not be read: %v", err))
		return
	}
	var in any = map[string]any{}
	if len(body) > 0 {
		if in, err = parseJSON(body); err != nil {
			writeError(w, malformed("the request is not JSON: %v", err))
			return
		}
	}
	out, err := rt.call(r.Context(), e, operation, in)
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, e.protocol.contentType, http.StatusOK, jsonTimes(out))
}

func (rt *routes) serveQuery(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	service := scopeOf(r).service
	e := rt.actions[service]
	if e == nil {
		e = &endpoint{service: service}
	}
	if err := r.ParseForm(); err != nil {
		writeXMLError(w, e.protocol, refuse("MalformedQueryString", "%v", err))
		return
	}
	operation := r.PostForm.Get("Action")
	if operation == "" {
		writeXMLError(w, e.protocol, refuse("MissingAction", "the request names no Action"))
		return
	}
	out, err := rt.call(r.Context(), e, operation, formTree(r.PostForm))
	if err != nil {
		writeXMLError(w, e.protocol, err)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, `<%sResponse xmlns="%s">`, operation, e.protocol.namespace)
	xmlTree(w, operation+"Result", out)
	fmt.Fprintf(w, "<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%sResponse>", w.Header().Get("X-Amzn-Requestid"), operation)
}

// call runs one operation on a tree and gives the answer's tree.
func (rt *routes) call(ctx context.Context, e *endpoint, operation string, in any) (any, error) {
	f, ok := e.operations[operation]
	if !ok {
		return nil, refuse("UnknownOperationException", "the sandbox does not have the operation %s of %q", operation, e.service)
	}
	if err := rt.home.intercept(ctx, e.service, operation); err != nil {
		return nil, err
	}
	out, err := e.invoke(ctx, f, operation, in)
	if err == nil {
		err = rt.home.answer(ctx, e.service, operation)
	}
	return out, err
}

// invoke runs an operation that nobody intercepts.
func (e *endpoint) invoke(ctx context.Context, f reflect.Value, operation string, in any) (any, error) {
	input := reflect.New(f.Type().In(1).Elem())
	if err := decode(input.Elem(), in, e.protocol.casing, operation); err != nil {
		return nil, err
	}
	results := f.Call([]reflect.Value{reflect.ValueOf(ctx), input})
	if err, ok := results[1].Interface().(error); ok && err != nil {
		return nil, err
	}
	return encode(results[0], e.protocol.casing), nil
}

func (s *Sandbox) intercept(ctx context.Context, service, operation string) error {
	if s.options.Intercept != nil {
		if err := s.options.Intercept(ctx, service, operation); err != nil {
			return err
		}
	}
	return s.fail(ctx, service, operation)
}

// answer says what takes the place of the answer to an operation that was carried out.
func (s *Sandbox) answer(ctx context.Context, service, operation string) error {
	if s.options.Answer == nil {
		return nil
	}
	return s.options.Answer(ctx, service, operation)
}

// parseJSON reads one JSON document with its numbers exact.
func parseJSON(text []byte) (any, error) {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document")
	}
	return v, nil
}

// compactJSON writes a tree as JSON without escaping HTML, as AWS does.
func compactJSON(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Sprintf("%q", "not JSON: "+err.Error())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func writeJSON(w http.ResponseWriter, contentType string, status int, tree any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, compactJSON(tree)) // fails only when the caller has left
}

func writeJSONError(w http.ResponseWriter, p protocol, err error) {
	a, ok := answerFor(err)
	if !ok {
		panic(http.ErrAbortHandler) // cuts the connection
	}
	kind := a.code
	if p.namespace != "" && !strings.Contains(kind, "#") {
		kind = p.namespace + "#" + kind
	}
	if a.query != "" {
		w.Header().Set("X-Amzn-Query-Error", a.query+";Sender")
	}
	w.Header().Set("X-Amzn-Errortype", a.code)
	writeJSON(w, p.contentType, a.status, map[string]any{"__type": kind, "message": a.message})
}

func writeXMLError(w http.ResponseWriter, p protocol, err error) {
	a, ok := answerFor(err)
	if !ok {
		panic(http.ErrAbortHandler) // cuts the connection
	}
	kind := "Sender"
	if a.status >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(a.status)
	fmt.Fprintf(w, `<ErrorResponse xmlns="%s">`, p.namespace)
	xmlTree(w, "Error", map[string]any{"Type": kind, "Code": a.code, "Message": a.message})
	fmt.Fprintf(w, "<RequestId>%s</RequestId></ErrorResponse>", w.Header().Get("X-Amzn-Requestid"))
}
