package sandbox

import (
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// schemaRoutes are the operations of the registry's REST protocol; the names in braces are fields of their inputs.
var schemaRoutes = map[string]string{
	"GET /v1/registries":                                                        "ListRegistries",
	"POST /v1/registries/name/{RegistryName}":                                   "CreateRegistry",
	"GET /v1/registries/name/{RegistryName}/schemas":                            "ListSchemas",
	"POST /v1/registries/name/{RegistryName}/schemas/name/{SchemaName}":         "CreateSchema",
	"PUT /v1/registries/name/{RegistryName}/schemas/name/{SchemaName}":          "UpdateSchema",
	"GET /v1/registries/name/{RegistryName}/schemas/name/{SchemaName}":          "DescribeSchema",
	"GET /v1/registries/name/{RegistryName}/schemas/name/{SchemaName}/versions": "ListSchemaVersions",
}

// newSchemaREST serves the operations of a registry.
func newSchemaREST(rt *routes, impl *schemaService) http.Handler {
	e := newEndpoint("schemas", protocol{contentType: "application/json"}, impl)
	mux := http.NewServeMux()
	for pattern, operation := range schemaRoutes {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			out, err := rt.callREST(e, operation, pattern, r)
			if err != nil {
				writeSchemaError(w, err)
				return
			}
			writeJSON(w, e.protocol.contentType, http.StatusOK, textTimes(out))
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeSchemaError(w, refuse("UnknownOperationException", "the sandbox does not have the operation %s %s of \"schemas\"", r.Method, r.URL.Path))
	})
	return mux
}

// callREST runs an operation whose input stands in the path, the query and the body of a request.
func (rt *routes) callREST(e *endpoint, operation, pattern string, r *http.Request) (any, error) {
	in := map[string]any{}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, malformed("the request could not be read: %v", err)
	}
	if len(body) > 0 {
		doc, err := parseJSON(body)
		if err != nil {
			return nil, malformed("the request is not JSON: %v", err)
		}
		m, ok := doc.(map[string]any)
		if !ok {
			return nil, malformed("the request is not a structure")
		}
		in = m
	}
	for name, values := range r.URL.Query() {
		first := []rune(name)
		first[0] = unicode.ToUpper(first[0])
		in[string(first)] = values[0]
	}
	for part := range strings.SplitSeq(pattern, "/") {
		if name := strings.Trim(part, "{}"); name != part {
			in[name] = r.PathValue(name)
		}
	}
	return rt.call(r.Context(), e, operation, in)
}

func writeSchemaError(w http.ResponseWriter, err error) {
	a, ok := answerFor(err)
	if !ok {
		panic(http.ErrAbortHandler) // cuts the connection
	}
	w.Header().Set("X-Amzn-Errortype", a.code)
	writeJSON(w, "application/json", restStatus(a), map[string]any{"Code": a.code, "Message": a.message})
}

// textTimes writes the times of a tree as text, as this protocol wants them.
func textTimes(x any) any {
	switch y := x.(type) {
	case time.Time:
		return y.UTC().Format("2006-01-02T15:04:05.000Z")
	case map[string]any:
		for k := range y {
			y[k] = textTimes(y[k])
		}
	case []any:
		for i := range y {
			y[i] = textTimes(y[i])
		}
	}
	return x
}
