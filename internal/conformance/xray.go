package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
)

// tracesOnMoto asserts traces on an X-Ray by others. An application whose calls are traced puts its segments through
// AWS's own SDK, in pieces and late; scenarios ask it for something and look at the trace that this leaves.
func tracesOnMoto(ctx context.Context, b *bench) error {
	server, err := b.start(ctx, "moto-xray", "/moto-api/", func(port, _ string) *exec.Cmd {
		cmd := exec.Command(b.python, "-m", "moto.server", "-H", "127.0.0.1", "-p", port)
		cmd.Dir, cmd.Env = b.dir, b.environment()
		return cmd
	})
	if err != nil {
		return err
	}
	defer func() { b.report.check("moto stops when asked to", server.close()) }()
	client := xray.NewFromConfig(side(server.url, "test"))
	shop := &shop{client: client}
	app := httptest.NewServer(shop)
	defer app.Close()
	v, err := b.traceSuite(ctx, server.url, app.URL, "traces", soundTraces)
	if err == nil {
		err = unless(v.exit == 0 && len(v.cases) == strings.Count(soundTraces, "\nscenario:"), "exit code %d\n%s", v.exit, v.output)
	}
	b.report.check(fmt.Sprintf("%d traces that come in pieces, late, linked and twice are what they should be", len(v.cases)), err)
	v, err = b.traceSuite(ctx, server.url, app.URL, "broken-traces", brokenTraces)
	if err == nil {
		err = v.failsWith(map[string]string{
			"A fourth system takes part":         "Auditor",
			"A segment has an error":             "PaymentRefused",
			"The order is wrong":                 "after",
			"A segment never ends":               "has not ended",
			"A parent never comes":               "has not arrived",
			"Nothing is traced":                  "no service has appeared",
			"A chain of services is not there":   "Store",
			"The trace takes longer than it may": "duration_ms",
		})
	}
	b.report.check(fmt.Sprintf("%d broken traces fail, and the messages name what is wrong", len(v.cases)), err)
	shop.wait()
	b.report.check("each trace begins with the runner's own segment", errors.Join(shop.errors(), rooted(ctx, client, shop.headers())))
	return nil
}

// traceSuite runs scenarios against the application, which they find in the environment.
func (b *bench) traceSuite(ctx context.Context, endpoint, app, name, scenarios string) (verdict, error) {
	dir := filepath.Join(b.dir, "suites", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return verdict{}, err
	}
	if err := os.WriteFile(filepath.Join(dir, "all.scenario.yaml"), []byte(scenarios), 0o644); err != nil {
		return verdict{}, err
	}
	return b.run(ctx, name, "--endpoint-url", endpoint, "--region", region, "--var", "app="+app, dir)
}

// failsWith expects every case to fail, each with its words in what is said of it.
func (v verdict) failsWith(words map[string]string) error {
	problems := []error{unless(v.exit == 1 && len(v.cases) == len(words), "exit code %d, %d cases, expected 1 and %d\n%s", v.exit, len(v.cases), len(words), v.output)}
	for name, want := range words {
		said := ""
		for of, message := range v.messages {
			if strings.HasSuffix(of, ": "+name) {
				said = message
			}
		}
		problems = append(problems, unless(strings.Contains(said, want), "what is said about %q does not name %q: %q\n%s", name, want, said, v.output))
	}
	return errors.Join(problems...)
}

// rooted expects the segment that each header names as parent to be there, named after the tool.
func rooted(ctx context.Context, client *xray.Client, headers []header) error {
	problems := []error{unless(len(headers) > 0, "the application was asked for nothing")}
	for _, h := range headers {
		found, err := client.BatchGetTraces(ctx, &xray.BatchGetTracesInput{TraceIds: []string{h.trace}})
		if err != nil {
			return err
		}
		own := false
		for _, t := range found.Traces {
			for _, s := range t.Segments {
				own = own || aws.ToString(s.Id) == h.parent && strings.Contains(aws.ToString(s.Document), `"rehearse"`)
			}
		}
		problems = append(problems, unless(own, "trace %s has no segment %s of rehearse", h.trace, h.parent))
	}
	return errors.Join(problems...)
}

// In each scenario the path says how the application behaves.
const soundTraces = `
scenario: A trace that is there at once
act:
  - http_request: {url: "${vars.app}/whole", method: POST}
assert:
  - trace:
      id: ${scenario.trace_id}
      visits: [Shop, PlaceOrder, Store]
      paths: ["Shop > PlaceOrder > Store", "** > Stock"]
      only: [Shop, PlaceOrder, Store, Stock]
      no_errors: true
      settle: 1s
    expect:
      duration_ms: {between: [1, 5000]}
      services: {length: 4}
      $.services[1].origin: AWS::Lambda
      $.services[0].http_status: 201
      $.services[0].annotations.order: 9007199254740993
---
scenario: A header serves as well as an id
act:
  - http_request: {url: "${vars.app}/whole", method: POST}
assert:
  - trace: {id: "${scenario.trace_header}", visits: [Shop, Store]}
---
scenario: A trace whose pieces come late and in the wrong order
act:
  - http_request: {url: "${vars.app}/pieces", method: POST}
assert:
  - trace: {id: "${scenario.trace_id}", visits: [Shop, PlaceOrder, Store], only: [Shop, PlaceOrder, Store], no_errors: true, settle: 1s}
    expect: {services: {length: 3}, errors: {empty: true}}
---
scenario: Traces that are linked, over two links
act:
  - http_request: {url: "${vars.app}/linked", method: POST}
assert:
  - trace: {id: "${scenario.trace_id}", paths: ["Shop > PlaceOrder > Worker > Printer"], no_errors: true, settle: 1s}
    expect: {trace_ids: {length: 3}}
---
scenario: Without its links a trace is itself alone
act:
  - http_request: {url: "${vars.app}/linked", method: POST}
assert:
  - trace: {id: "${scenario.trace_id}", only: [Shop, PlaceOrder], linked: false, settle: 1s}
    expect: {trace_ids: {length: 1}}
---
scenario: Segments that are sent twice count once
act:
  - http_request: {url: "${vars.app}/twice", method: POST}
assert:
  - trace: {id: "${scenario.trace_id}", visits: [Shop, PlaceOrder], no_errors: true, settle: 1s}
    expect: {services: {length: 2}, paths: ["Shop > PlaceOrder"]}
`

const brokenTraces = `
scenario: A fourth system takes part
act:
  - http_request: {url: "${vars.app}/fourth", method: POST}
assert:
  - trace: {id: "${scenario.trace_id}", only: [Shop, PlaceOrder, Store], settle: 1s}
    within: 8s
---
scenario: A segment has an error
act:
  - http_request: {url: "${vars.app}/error", method: POST}
assert:
  - trace: {id: "${scenario.trace_id}", no_errors: true, settle: 1s}
    within: 8s
---
scenario: The order is wrong
act:
  - http_request: {url: "${vars.app}/whole", method: POST}
assert:
  - trace: {id: "${scenario.trace_id}", visits: [Store, PlaceOrder]}
    within: 3s
---
scenario: A segment never ends
act:
  - http_request: {url: "${vars.app}/endless", method: POST}
assert:
  - trace: {id: "${scenario.trace_id}", no_errors: true, settle: 1s}
    within: 4s
---
scenario: A parent never comes
act:
  - http_request: {url: "${vars.app}/orphan", method: POST}
assert:
  - trace: {id: "${scenario.trace_id}", no_errors: true, settle: 1s}
    within: 4s
---
scenario: Nothing is traced
act:
  - http_request: {url: "${vars.app}/untraced", method: POST}
assert:
  - trace: {id: "${scenario.trace_id}", only: [Shop], settle: 1s}
    within: 3s
---
scenario: A chain of services is not there
act:
  - http_request: {url: "${vars.app}/whole", method: POST}
assert:
  - trace: {id: "${scenario.trace_id}", paths: ["Shop > Store"]}
    within: 3s
---
scenario: The trace takes longer than it may
act:
  - http_request: {url: "${vars.app}/whole", method: POST}
assert:
  - trace: {id: "${scenario.trace_id}", visits: [Store], settle: 1s}
    within: 8s
    expect: {duration_ms: {lt: 10}}
`
