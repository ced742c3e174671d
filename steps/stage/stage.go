// Package stage is for tests of kinds: a sandbox with one small application in
// it, and what a step is given to work with. Nothing but tests may import it.
package stage

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// Template is the application, deployed as the stack "play": one of each
// resource that the kinds work with.
const Template = `
Parameters:
  Fault: {Type: String, Default: none}
  ApiUrl: {Type: String, Default: "http://127.0.0.1:9/"}
Resources:
  Bus:
    Type: AWS::Events::EventBus
    Properties: {Name: play-bus}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      Name: play-rule
      EventBusName: !Ref Bus
      EventPattern: {source: [shop]}
      Targets: [{Id: greeter, Arn: !GetAtt Greeter.Arn}]
  Greeter:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: greeter
      Runtime: python3.12
      Handler: index.handler
      Role: arn:aws:iam::000000000000:role/play
      Code: {ZipFile: "the body is Greeter"}
      LoggingConfig: {LogGroup: !Ref Group}
      TracingConfig: {Mode: Active}
  Invoke:
    Type: AWS::Lambda::Permission
    Properties: {Action: lambda:InvokeFunction, FunctionName: !Ref Greeter, Principal: events.amazonaws.com, SourceArn: !GetAtt Rule.Arn}
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {BucketName: play-bucket}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: play-table
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: play-machine
      RoleArn: arn:aws:iam::000000000000:role/play
      Definition:
        StartAt: Mirror
        States: {Mirror: {Type: Pass, End: true}}
  Slow:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: play-slow
      RoleArn: arn:aws:iam::000000000000:role/play
      Definition:
        StartAt: Choose
        States:
          Choose: {Type: Choice, Choices: [{Variable: $.fail, IsPresent: true, Next: Break}], Default: Nap}
          Nap: {Type: Wait, Seconds: 3, Next: Done}
          Done: {Type: Succeed}
          Break: {Type: Fail, Error: Play.Broken, Cause: as asked}
  Group:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: play-log}
Outputs:
  ApiUrl: {Value: !Ref ApiUrl}
  BusName: {Value: !Ref Bus}
  RuleName: {Value: !Ref Rule}
  BucketName: {Value: !Ref Bucket}
  TableName: {Value: !Ref Table}
  StateMachineArn: {Value: !Ref Machine}
  LogGroupName: {Value: !Ref Group}
`

// Functions are the bodies of the application's functions.
func Functions() map[string]sandbox.Function {
	return map[string]sandbox.Function{"play/Greeter": greet}
}

// greet logs what it was told, as one line of JSON.
func greet(_ context.Context, c *sandbox.Call) (any, error) {
	event, _ := c.Event.(map[string]any)
	line, err := json.Marshal(map[string]any{"level": "INFO", "greeting": "hello", "detail": event["detail"]})
	c.Log(string(line))
	return nil, err
}

// Deploy deploys the application. apiURL is what its output ApiUrl says.
func Deploy(ctx context.Context, s *sandbox.Sandbox, apiURL string) error {
	return s.Deploy(ctx, "play", "play", []byte(Template), map[string]string{"ApiUrl": apiURL})
}

// Stage is a sandbox and a run.
type Stage struct {
	*sandbox.Sandbox
	Place  *awsclient.Place
	Ledger *Ledger
	Run    *steps.Shared

	t   *testing.T
	ctx context.Context
}

// New sets a stage up and takes it down with the test, which may be a bubble.
func New(t *testing.T, o sandbox.Options) *Stage {
	t.Helper()
	ctx := t.Context()
	functions := Functions()
	maps.Copy(functions, o.Functions)
	o.Functions = functions
	sb, err := sandbox.New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := Deploy(ctx, sb, "http://127.0.0.1:9/"); err != nil {
		t.Fatal(err)
	}
	place, err := awsclient.Connect(ctx, awsclient.Settings{Dial: sb.Dial, EndpointURL: sandbox.URL, Region: sandbox.Region, AccessKey: "test", SecretKey: "test"})
	if err != nil {
		t.Fatal(err)
	}
	l := &Ledger{}
	return &Stage{Sandbox: sb, Place: place, Ledger: l, Run: steps.NewShared(ctx, l), t: t, ctx: ctx}
}

// Env is what a step of a case is given.
func (s *Stage) Env() *steps.Env {
	now := time.Now()
	return &steps.Env{
		AWS: s.Place, HTTP: &http.Client{Transport: &http.Transport{DialContext: s.Dial}}, RunID: "run1", ScenarioID: "case1", Step: "act/0", Owner: "case",
		Since: now, Started: now, Clock: now, Ledger: s.Ledger, Run: s.Run, Warn: s.t.Logf, Hide: func(any) {},
	}
}

// Bind fills the parameters of a step, written as YAML.
func (s *Stage) Bind(k steps.Kind, yaml string) steps.Bound {
	s.t.Helper()
	n, p := read(k, yaml)
	b := k.Bind(n, p)
	if err := p.Err(); err != nil {
		s.t.Fatal(err)
	}
	return b
}

// Do runs a step that acts.
func (s *Stage) Do(k steps.Kind, yaml string) (any, error) {
	s.t.Helper()
	seen, err := s.Bind(k, yaml).Do(s.ctx, s.Env())
	return seen.Doc, err
}

// Must runs a step that acts and gives its result.
func (s *Stage) Must(k steps.Kind, yaml string) map[string]any {
	s.t.Helper()
	r, err := s.Do(k, yaml)
	if err != nil {
		s.t.Fatalf("%s: %v", k.Name, err)
	}
	m, _ := r.(map[string]any)
	return m
}

// Watch starts a step that observes and gives its look.
func (s *Stage) Watch(k steps.Kind, yaml string) func() (steps.Seen[any], error) {
	s.t.Helper()
	probe, err := s.Bind(k, yaml).Watch(s.ctx, s.Env())
	return func() (steps.Seen[any], error) {
		if err != nil {
			return steps.Seen[any]{}, err
		}
		return probe.Look(s.ctx)
	}
}

// See looks once and gives what was seen.
func (s *Stage) See(k steps.Kind, yaml string) map[string]any {
	s.t.Helper()
	seen, err := s.Watch(k, yaml)()
	if err != nil {
		s.t.Fatalf("%s: %v", k.Name, err)
	}
	m, _ := seen.Doc.(map[string]any)
	return m
}

// TakeBack removes what the ledger holds, the latest first, by the records
// as they were completed; with intents, by the records as they were begun.
func (s *Stage) TakeBack(intents bool, reapers ...steps.Reaper) error {
	s.t.Helper()
	for i := len(s.Ledger.Records) - 1; i >= 0; i-- {
		r := s.Ledger.Records[i]
		if r.Forgotten {
			continue
		}
		resource := r.Last
		if intents {
			resource = r.First
		}
		for _, reaper := range reapers {
			if reaper.Type != resource.Type {
				continue
			}
			if err := reaper.Remove(s.ctx, s.Place, resource); err != nil {
				return err
			}
		}
	}
	return nil
}

// Complaints is what is wrong with a step's parameters at load, without positions.
func Complaints(k steps.Kind, yaml string) []string {
	n, p := read(k, yaml)
	if p.Errors() == 0 {
		k.Check(n, p)
	}
	var l []string
	for _, x := range p.Sorted() {
		l = append(l, x.Message)
	}
	return l
}

func read(k steps.Kind, yaml string) (*schema.Node, *schema.Problems) {
	p := &schema.Problems{}
	docs := schema.ReadDocuments("step.yaml", []byte("step: "+strings.TrimSpace(yaml)+"\n"), p)
	if len(docs) != 1 {
		return &schema.Node{}, p
	}
	e, _ := docs[0].Get("step")
	return k.Normal(e.Value, p), p
}

// Ledger keeps records in memory.
type Ledger struct {
	mu      sync.Mutex
	Records []*Record
}

// Record is one record: as it was begun, and as it was completed.
type Record struct {
	First, Last steps.Resource
	Forgotten   bool
}

// Intend adds a record.
func (l *Ledger) Intend(_ context.Context, r steps.Resource) (steps.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := &Record{First: r, Last: r}
	l.Records = append(l.Records, x)
	return x, nil
}

// Created completes the record.
func (r *Record) Created(made steps.Resource) { r.Last = made }

// Forget withdraws the record.
func (r *Record) Forget() { r.Forgotten = true }
