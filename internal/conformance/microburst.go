package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// A faultRule is what the proxy does to a share of the calls. The first rule that is drawn for a call counts.
type faultRule struct {
	Service     string         `json:"service"`
	Operation   string         `json:"operation,omitempty"`
	Probability float64        `json:"probability"`
	Error       map[string]any `json:"error,omitempty"`
	Reset       bool           `json:"reset,omitempty"`
	Latency     map[string]any `json:"latency,omitempty"`
	Response    map[string]any `json:"response,omitempty"`
}

// spared are calls of which nobody can know whether they were carried out when their answer is lost: rehearse does not
// send them again, and rightly says "may have happened". They are throttled nevertheless.
var spared = []string{
	"events PutEvents", "stepfunctions StartExecution", "s3 PutObject", "dynamodb PutItem", "dynamodb UpdateItem", "dynamodb DeleteItem",
}

// headed are asked for with HEAD, whose answers have no body that could say what a status means.
var headed = []string{"s3 HeadObject", "s3 HeadBucket"}

// received is spared because answers that are lost so often hide messages again and again: silence proves nothing then,
// and rehearse says so.
var received = []string{"sqs ReceiveMessage"}

// faultRules are moderate: some fifth of the calls goes wrong or late.
func faultRules() []faultRule {
	const share = .05
	rules := []faultRule{{Service: "sts", Probability: 1}} // asked before the run
	untouched := func(calls []string) {
		for _, c := range calls {
			service, operation, _ := strings.Cut(c, " ")
			rules = append(rules, faultRule{Service: service, Operation: operation, Probability: 1})
		}
	}
	untouched(headed)
	untouched(received)
	for service, code := range map[string]string{"s3": "SlowDown", "dynamodb": "ProvisionedThroughputExceededException", "events": "ThrottlingException", "stepfunctions": "ThrottlingException", "cloudformation": "Throttling", "logs": "ThrottlingException", "sqs": "RequestThrottled"} {
		status := http.StatusBadRequest
		if service == "s3" {
			status = http.StatusServiceUnavailable
		}
		rules = append(rules, faultRule{Service: service, Probability: share, Error: map[string]any{"code": code, "status": status}})
	}
	untouched(spared)
	return append(
		rules,
		faultRule{Service: "*", Probability: share, Error: map[string]any{"code": "InternalFailure", "status": http.StatusInternalServerError}},
		faultRule{Service: "*", Probability: share, Reset: true},
		faultRule{Service: "*", Probability: 2 * share, Response: map[string]any{"abort_frac": .5}},
		faultRule{Service: "*", Probability: 2 * share, Latency: map[string]any{"dist": "uniform", "min": 100, "max": 1000}},
	)
}

// suitesThroughFaults runs the suites on the emulator through a proxy by others that throttles, fails, resets, cuts and
// delays calls: the verdicts must be those without it, and nothing may be left.
func suitesThroughFaults(ctx context.Context, b *bench) error {
	server, config, err := b.ministack(ctx, "ministack-microburst")
	if err != nil {
		return err
	}
	stop := func() { b.report.check("MiniStack stops when asked to", server.close()) }
	defer func() { stop() }()
	all, err := systems()
	if err != nil {
		return err
	}
	if err := b.deploy(ctx, config, all); err != nil {
		return err
	}
	proxy, err := b.microburst(ctx, server.url)
	if err != nil {
		return err
	}
	stop = func() { // in this order: the proxy waits for what it has asked of the emulator
		b.report.check("MiniStack stops when asked to", server.close())
		b.report.check("microburst stops when asked to", proxy.close())
	}
	if err := awake(ctx, config, proxy.url); err != nil {
		return fmt.Errorf("the proxy does not let a call through: %w", err)
	}
	accounts := accountsOf(config, all)
	before, err := count(ctx, accounts...)
	if err != nil {
		return err
	}
	// The proxy takes Content-Length from the answers to HEAD, and the suite of image-metadata asks for sizes. It names
	// another host than the one that was signed for, which the emulator minds of the keys of roles.
	all = slices.DeleteFunc(all, func(s system) bool { return s.name == "image-metadata" || s.name == "cross-account-bus" })
	b.checkThroughFaults(ctx, proxy.url, all)
	b.checkFault(ctx, proxy.url, config, all[0], all[0].faults[0]) // one is enough: it takes the length of an SLA
	fired, err := faultsFired(ctx, proxy.url)
	http.DefaultClient.CloseIdleConnections() // the proxy waits for them when it is to stop
	b.report.check("the proxy made calls fail: "+fired, err)
	return b.checkInventory(ctx, "the runs through the proxy", before, accounts...)
}

// checkThroughFaults expects every case to pass.
func (b *bench) checkThroughFaults(ctx context.Context, url string, all []system) {
	args := []string{"--endpoint-url", url, "--region", region}
	for _, s := range all {
		args = append(args, "scenarios/"+s.name)
	}
	v, err := b.run(ctx, "microburst", possible(args...)...)
	if err == nil {
		err = unless(v.exit == 0 && len(v.cases) > 0, "exit code %d\n%s", v.exit, v.output)
	}
	b.report.check(fmt.Sprintf("all %d cases pass although calls fail", len(v.cases)), err)
}

// awake asks through the proxy who one is: the first call makes it read the models of services, which can take longer than
// rehearse waits for an endpoint.
func awake(ctx context.Context, config aws.Config, url string) error {
	config.BaseEndpoint = &url
	config.RetryMaxAttempts = 10
	transport := &http.Transport{}
	config.HTTPClient = &http.Client{Transport: transport}
	defer transport.CloseIdleConnections() // the proxy waits for them when it is to stop
	_, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	return err
}

// microburst starts the proxy in front of an endpoint.
func (b *bench) microburst(ctx context.Context, upstream string) (*server, error) {
	rules, err := json.Marshal(map[string]any{"rules": faultRules()})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(b.dir, "microburst.json") // JSON is YAML too
	if err := os.WriteFile(file, rules, 0o644); err != nil {
		return nil, err
	}
	return b.start(ctx, "microburst", "/_microburst/stats", func(port, _ string) *exec.Cmd {
		cmd := exec.Command(b.python, "-m", "microburst", "--upstream", upstream, "--port", port, "--config", file)
		cmd.Dir, cmd.Env = b.dir, b.environment()
		return cmd
	})
}

// faultsFired tells how often each sort of fault was made; an error when one of them never was.
func faultsFired(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/_microburst/rules", nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var rules []struct {
		faultRule
		Fired int `json:"fired_count"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&rules); err != nil {
		return "", fmt.Errorf("the proxy's rules: %w", err)
	}
	n := map[string]int{}
	for _, r := range rules {
		switch {
		case r.Error["status"] == float64(http.StatusInternalServerError):
			n["failed"] += r.Fired
		case r.Error != nil:
			n["throttled"] += r.Fired
		case r.Reset:
			n["reset"] += r.Fired
		case r.Response != nil:
			n["cut"] += r.Fired
		case r.Latency != nil:
			n["late"] += r.Fired
		}
	}
	var errs []error
	var said []string
	for _, sort := range []string{"throttled", "failed", "reset", "cut", "late"} {
		errs = append(errs, unless(n[sort] > 0, "no call was %s", sort))
		said = append(said, fmt.Sprintf("%d %s", n[sort], sort))
	}
	return strings.Join(said, ", "), errors.Join(errs...)
}
