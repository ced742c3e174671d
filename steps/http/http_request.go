package http

import (
	"context"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// RequestParams are the parameters of http_request.
type RequestParams struct {
	URL             URL               `json:"url" required:"true" doc:"An absolute http or https URL."`
	Method          string            `json:"method" doc:"The method; GET unless given, POST with a body."`
	Headers         map[string]string `json:"headers" doc:"Headers of the request."`
	Query           Values            `json:"query" doc:"Parameters added to the URL's query: a value, or a list of them."`
	JSON            *schema.Node      `json:"json" doc:"The body: a document, sent as JSON."`
	Text            *string           `json:"text" doc:"The body: text."`
	Form            *Values           `json:"form" doc:"The body: fields of a form, sent URL-encoded."`
	File            steps.File        `json:"file" doc:"The body: a file, relative to this one."`
	Sign            *Signature        `json:"sign" doc:"Signs the request for a service of AWS with the credentials of this step, as APIs with IAM authorization ask for."`
	FollowRedirects bool              `json:"follow_redirects" doc:"Follows redirects; otherwise a redirect is the answer."`
}

// Signature says for which service a request is signed.
type Signature struct {
	Service string `json:"service" required:"true" doc:"The service's signing name, such as execute-api."`
	Region  string `json:"region" doc:"The region; the run's unless given."`
}

// RequestResult is the answer to a request.
type RequestResult struct {
	Status     int               `json:"status,omitempty" doc:"The status code."`
	Headers    map[string]string `json:"headers" doc:"The headers, names in lower case; several values are joined by a comma."`
	Body       any               `json:"body" doc:"The body: parsed when it is JSON, else text; base64 when it is not UTF-8."`
	DurationMS int64             `json:"duration_ms" doc:"Until the whole answer was there, in milliseconds."`
}

// Request calls an HTTP API.
var Request = steps.Define("http_request", steps.Def[RequestParams, RequestResult]{
	Summary: "Makes an HTTP request.",
	Doc:     "With GET and HEAD it reads, so it is repeated where steps that read are; with every other method it acts. `*.localhost` is this machine. Without a check on `status` it must be below 400.",
	Example: `act:
  - http_request: {url: "${suite.app.ApiUrl}", query: {page: 1}}
    id: home
assert:
  - http_request: {url: "${suite.app.ApiUrl}", headers: {accept: application/json}}
    within: 5s
    expect: {status: 200, body: {is: object}}
`,
	Saw:       RequestResult.failure,
	Check:     checkRequest,
	Rules:     []steps.Rule{steps.AtMostOne("json", "text", "form", "file")},
	WatchWhen: func(p RequestParams) bool { return p.method() == "GET" || p.method() == "HEAD" },
	Do: func(ctx context.Context, env *steps.Env, p RequestParams) (RequestResult, error) {
		return p.send(ctx, env)
	},
	Watch: func(_ context.Context, env *steps.Env, p RequestParams) (steps.Probe[RequestResult], error) {
		return steps.Probe[RequestResult]{Look: func(ctx context.Context) (steps.Seen[RequestResult], error) {
			r, err := p.send(ctx, env)
			return steps.Seen[RequestResult]{Doc: r, At: time.Now()}, err
		}}, nil
	},
	Success: func(RequestParams) assertions.Checks { return assertions.Rule("status", "lt", 400) },
})

func (p RequestParams) method() string {
	switch {
	case p.Method != "":
		return strings.ToUpper(p.Method)
	case p.hasBody():
		return "POST"
	}
	return "GET"
}

func (p RequestParams) hasBody() bool {
	return p.JSON != nil || p.Text != nil || p.Form != nil || p.File != ""
}
