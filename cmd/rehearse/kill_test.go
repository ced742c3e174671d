package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

// longMachine waits for an hour, so that nothing ends by itself what a run forgets.
const longMachine = `
Parameters:
  Fault: {Type: String, Default: none}
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: long
      RoleArn: arn:aws:iam::000000000000:role/play
      Definition: {StartAt: Nap, States: {Nap: {Type: Wait, Seconds: 3600, End: true}}}
`

// killed is a suite that creates one of each thing.
var killed = map[string]string{
	"rehearse.yaml": "arrange:\n  - stack_outputs: {stack: play}\n    id: app\n",
	"heard.scenario.yaml": `scenario: Heard
arrange:
  - listen: {event_bus: "${suite.app.BusName}", pattern: {source: [shop]}}
    id: heard
act:
  - put_event: {bus: "${suite.app.BusName}", source: shop, detail_type: sold, detail: {run: "${scenario.id}"}}
assert:
  - received: {from: heard, match: {detail: {run: "${scenario.id}"}}, count: 1}
    hold: 10ms
`,
	"stored.scenario.yaml": `scenario: Stored
act:
  - upload_object: {bucket: "${suite.app.BucketName}", key: "${scenario.id}", text: hello}
  - put_item: {table: "${suite.app.TableName}", item: {pk: "${scenario.id}"}}
assert:
  - object: {bucket: "${suite.app.BucketName}", key: "${scenario.id}"}
  - item: {table: "${suite.app.TableName}", key: {pk: "${scenario.id}"}}
`,
	"started.scenario.yaml": `scenario: Started
act:
  - start_execution: {state_machine: long}
    id: nap
assert:
  - execution: {arn: "${nap.execution_arn}"}
    expect: {status: RUNNING}
    hold: 10ms
`,
}

// killing is a sandbox behind a real port, where runs are killed.
type killing struct {
	t *testing.T
	*gate
	url    string
	dir    string // of the suite
	state  string // of the ledgers
	config aws.Config
	before []string
}

// gate kills a run at one of its calls.
type gate struct {
	sandbox *sandbox.Sandbox

	mu     sync.Mutex
	idle   *sync.Cond // flying has become 0
	calls  int
	flying int  // calls that are not answered yet
	at     int  // the call that kills; 0 for none
	done   bool // with the call carried out, but not answered
	last   string
	kill   func() // returns when the process is dead
}

func newGate(s *sandbox.Sandbox) *gate {
	g := &gate{sandbox: s}
	g.idle = sync.NewCond(&g.mu)
	return g
}

func (g *gate) fly(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.flying += n; g.flying == 0 {
		g.idle.Broadcast()
	}
}

// landed waits until what was on its way has arrived.
func (g *gate) landed() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.flying > 0 {
		g.idle.Wait()
	}
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.fly(1)
	defer g.fly(-1)
	what := r.Method + " " + r.URL.Path + " " + r.Header.Get("X-Amz-Target")
	if strings.Contains(what, "ReceiveMessage") { // it changes nothing, and how often it is called depends on time
		g.sandbox.ServeHTTP(w, r)
		return
	}
	g.mu.Lock()
	g.calls++
	hit := g.calls == g.at
	if hit {
		g.last = what
	}
	g.mu.Unlock()
	if !hit {
		g.sandbox.ServeHTTP(w, r)
		return
	}
	if g.done {
		g.sandbox.ServeHTTP(httptest.NewRecorder(), r)
	}
	g.kill()
	panic(http.ErrAbortHandler)
}

func newKilling(t *testing.T) *killing {
	s, err := sandbox.New(t.Context(), sandbox.Options{Functions: stage.Functions()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := errors.Join(stage.Deploy(t.Context(), s, ""), s.Deploy(t.Context(), "long", "long", []byte(longMachine), nil)); err != nil {
		t.Fatal(err)
	}
	k := &killing{t: t, gate: newGate(s), dir: t.TempDir(), config: s.Config()}
	k.state = filepath.Join(k.dir, "state")
	server := httptest.NewServer(k.gate)
	t.Cleanup(server.Close)
	k.url = server.URL
	for name, text := range killed {
		if err := os.WriteFile(filepath.Join(k.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{
		"REHEARSE_STATE_DIR": k.state, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": filepath.Join(k.dir, "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(k.dir, "none"),
	} {
		t.Setenv(name, value)
	}
	k.bystanders()
	k.before = k.everything()
	return k
}

// bystanders are things that no sweep may touch.
func (k *killing) bystanders() {
	ctx, t := k.t.Context(), k.t
	queues, events := sqs.NewFromConfig(k.config), eventbridge.NewFromConfig(k.config)
	alive := map[string]string{
		"rehearse:run": "zzzzzz0ab1c2", "rehearse:created": time.Now().Format(time.RFC3339), "rehearse:lease": time.Now().Add(time.Hour).Format(time.RFC3339),
	}
	over := map[string]string{"rehearse:run": "aaaaaa0ab1c2", "rehearse:created": "2026-01-01T00:00:00Z", "rehearse:lease": "2026-01-01T01:00:00Z"}
	for name, tags := range map[string]map[string]string{
		"rehearse-mine": nil, "rehearse-mine-12345678": over, "rehearse-aaaaaa0ab1c2-12345678": nil, "rehearse-aaaaaa0ab1c3-12345678": over,
		"rehearse-zzzzzz0ab1c2-12345678": alive,
	} {
		if _, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Tags: tags}); err != nil {
			t.Fatal(err)
		}
		in := &eventbridge.PutRuleInput{Name: &name, EventBusName: aws.String("play-bus"), EventPattern: aws.String(`{"source":["other"]}`)}
		for key, value := range tags {
			in.Tags = append(in.Tags, ebtypes.Tag{Key: aws.String(key), Value: aws.String(value)})
		}
		_, err1 := events.PutRule(ctx, in)
		_, err2 := events.PutTargets(ctx, &eventbridge.PutTargetsInput{
			Rule: &name, EventBusName: aws.String("play-bus"),
			Targets: []ebtypes.Target{{Id: aws.String("a"), Arn: aws.String("arn:aws:sqs:us-east-1:000000000000:" + name)}},
		})
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"tozzzz0ab1c2-1", "rehearse"} {
		_, err1 := s3.NewFromConfig(k.config, pathStyle).PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("play-bucket"), Key: &name, Body: strings.NewReader("mine")})
		_, err2 := dynamodb.NewFromConfig(k.config).PutItem(ctx, &dynamodb.PutItemInput{
			TableName: aws.String("play-table"), Item: map[string]ddbtypes.AttributeValue{"pk": &ddbtypes.AttributeValueMemberS{Value: name}},
		})
		_, err3 := sfn.NewFromConfig(k.config).StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: aws.String(longARN), Name: aws.String(name + "-act-0")})
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
	}
}

const longARN = "arn:aws:states:us-east-1:000000000000:stateMachine:long"

func pathStyle(o *s3.Options) { o.UsePathStyle = true }

// everything lists by name what a run could leave or take away.
func (k *killing) everything() []string {
	ctx := k.t.Context()
	var all []string
	fail := func(err error) {
		if err != nil {
			k.t.Fatal(err)
		}
	}
	queues, err := sqs.NewFromConfig(k.config).ListQueues(ctx, &sqs.ListQueuesInput{})
	fail(err)
	for _, url := range queues.QueueUrls {
		all = append(all, "queue "+url)
	}
	events := eventbridge.NewFromConfig(k.config)
	for _, bus := range []string{"default", "play-bus"} {
		rules, err := events.ListRules(ctx, &eventbridge.ListRulesInput{EventBusName: &bus})
		fail(err)
		for _, r := range rules.Rules {
			targets, err := events.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{EventBusName: &bus, Rule: r.Name})
			fail(err)
			all = append(all, fmt.Sprintf("rule %s with %d targets", aws.ToString(r.Arn), len(targets.Targets)))
		}
	}
	objects, err := s3.NewFromConfig(k.config, pathStyle).ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("play-bucket")})
	fail(err)
	for _, o := range objects.Contents {
		all = append(all, "object "+aws.ToString(o.Key))
	}
	for _, pk := range []string{"tozzzz0ab1c2-1", "rehearse"} {
		item, err := dynamodb.NewFromConfig(k.config).GetItem(ctx, &dynamodb.GetItemInput{
			TableName: aws.String("play-table"), Key: map[string]ddbtypes.AttributeValue{"pk": &ddbtypes.AttributeValueMemberS{Value: pk}},
		})
		fail(err)
		all = append(all, fmt.Sprintf("item %s with %d fields", pk, len(item.Item)))
	}
	running, err := sfn.NewFromConfig(k.config).ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: aws.String(longARN), StatusFilter: sfntypes.ExecutionStatusRunning})
	fail(err)
	for _, e := range running.Executions {
		all = append(all, "running "+aws.ToString(e.Name))
	}
	slices.Sort(all)
	return append(all, fmt.Sprintf("items: %d", k.sandbox.Inventory()["items"]))
}

// run starts the suite and kills it at a call, or after a while, unless these
// are 0; it gives whether the run came to its own end, and what it said.
func (k *killing) run(at int, done bool, after time.Duration) (ended bool, said string) {
	var console bytes.Buffer
	c := exec.CommandContext(k.t.Context(), os.Args[0], "run", "--endpoint-url", k.url, "--region", sandbox.Region, k.dir)
	c.Env = append(os.Environ(), asProgram+"=1")
	c.Stdout, c.Stderr = &console, &console
	dead := make(chan struct{})
	k.mu.Lock()
	k.calls, k.at, k.done, k.last = 0, at, done, ""
	k.kill = func() {
		_ = c.Process.Kill() // it may have ended
		<-dead
	}
	err := c.Start()
	k.mu.Unlock()
	if err != nil {
		k.t.Fatal(err)
	}
	if after > 0 {
		defer time.AfterFunc(after, k.kill).Stop()
	}
	err = c.Wait()
	close(dead)
	k.landed()
	var exited *exec.ExitError
	if err != nil && (!errors.As(err, &exited) || exited.Exited()) {
		k.t.Fatalf("the run ended with %v\n%s", err, console.String())
	}
	return err == nil, console.String()
}

// sweep sweeps after a kill, and expects everything to be as it was before.
func (k *killing) sweep(after string, args ...string) string {
	k.t.Helper()
	ledgers, _ := filepath.Glob(filepath.Join(k.state, "*"))
	for _, path := range ledgers { // the run died long ago, so that nobody has to wait
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-time.Minute)); err != nil {
			k.t.Fatal(err)
		}
	}
	said, code := sweep(k.t.Context(), append([]string{"--endpoint-url", k.url, "--region", sandbox.Region}, args...)...)
	if diff := cmp.Diff(k.before, k.everything()); code != 0 || diff != "" {
		k.t.Fatalf("killed %s; after the sweep (exit code %d):\n%s\n%s", after, code, diff, said)
	}
	if left, _ := filepath.Glob(filepath.Join(k.state, "*")); len(left) > 0 {
		k.t.Fatalf("killed %s: %v is left\n%s", after, left, said)
	}
	return said
}

func sweep(ctx context.Context, args ...string) (string, int) {
	var said bytes.Buffer
	root := newRoot()
	root.SetArgs(append([]string{"sweep"}, args...))
	root.SetOut(&said)
	root.SetErr(&said)
	err := root.ExecuteContext(ctx)
	var e exit
	switch {
	case err == nil:
		return said.String(), 0
	case errors.As(err, &e):
		if e.err != nil {
			_, _ = io.WriteString(&said, e.Error()+"\n")
		}
		return said.String(), e.code
	}
	return said.String() + err.Error() + "\n", 2
}

// TestKilledAtEveryCall kills a run at each of its calls to AWS in turn: once
// before it is carried out, once when it is carried out but not answered. A
// sweep then removes whatever there is of it, and nothing else.
func TestKilledAtEveryCall(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a process for each call")
	}
	for _, done := range []bool{false, true} {
		t.Run(map[bool]string{false: "before it", true: "after it"}[done], func(t *testing.T) {
			k := newKilling(t)
			began := time.Now()
			for at := 1; ; at++ {
				ended, said := k.run(at, done, 0)
				if ended {
					t.Logf("%d calls, each killed once in %s", at-1, time.Since(began))
					if at < 25 {
						t.Errorf("a run makes only %d calls\n%s", at, said)
					}
					k.sweep("not at all")
					break
				}
				k.sweep(fmt.Sprintf("at call %d, %s", at, k.last))
			}
		})
	}
}

// TestKilledAtAnyTime kills runs at random moments.
func TestKilledAtAnyTime(t *testing.T) {
	kills := 4
	if n, err := strconv.Atoi(os.Getenv("REHEARSE_TEST_KILLS")); err == nil {
		kills = n
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	k := newKilling(t)
	began := time.Now()
	if ended, said := k.run(0, false, 0); !ended {
		t.Fatal(said)
	}
	whole := time.Since(began)
	for range kills {
		moment := time.Duration(1 + random.Int64N(int64(whole)))
		k.run(0, false, moment)
		k.sweep(fmt.Sprintf("after %s of %s (seed %d)", moment, whole, seed))
	}
}
