package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
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
)

// kills is how many runs are killed.
const kills = 20

// victim is an application with one of each thing that a run creates something in; its machine
// does not end by itself.
const victim = `
Parameters:
  Fault: {Type: String, Default: none}
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: victim}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: victim
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {Service: states.amazonaws.com}, Action: sts:AssumeRole}]}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: victim
      RoleArn: !GetAtt Role.Arn
      DefinitionString: '{"StartAt":"Nap","States":{"Nap":{"Type":"Wait","Seconds":3600,"End":true}}}'
Outputs:
  MachineArn: {Value: !Ref Machine}
`

var victimSuite = map[string]string{
	"rehearse.yaml": "arrange:\n  - stack_outputs: {stack: victim}\n    id: app\n",
	"heard.scenario.yaml": `scenario: Heard
arrange:
  - listen: {event_bus: default, pattern: {source: [shop]}}
    id: heard
act:
  - put_event: {source: shop, detail_type: sold, detail: {run: "${scenario.id}"}}
assert:
  - received: {from: heard, match: {detail: {run: "${scenario.id}"}}, count: 1}
    hold: 100ms
`,
	"stored.scenario.yaml": `scenario: Stored
act:
  - upload_object: {bucket: victim, key: "${scenario.id}", text: hello}
  - put_item: {table: victim, item: {pk: "${scenario.id}"}}
assert:
  - object: {bucket: victim, key: "${scenario.id}"}
  - item: {table: victim, key: {pk: "${scenario.id}"}}
`,
	"started.scenario.yaml": `scenario: Started
act:
  - start_execution: {state_machine: "${suite.app.MachineArn}"}
    id: nap
assert:
  - execution: {arn: "${nap.execution_arn}"}
    expect: {status: RUNNING}
    hold: 500ms
`,
}

// checkKilled kills runs at random moments, sweeps after each, and expects that nothing is left of
// them and that nothing of others is gone.
func (b *bench) checkKilled(ctx context.Context, config aws.Config) error {
	if err := (system{name: "victim", stacks: []stack{{template: victim}}}).deploy(ctx, config); err != nil {
		return fmt.Errorf("stack victim: %w", err)
	}
	dir := filepath.Join(b.dir, "victim")
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return err
	}
	for name, text := range victimSuite {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	if err := bystanders(ctx, config); err != nil {
		return fmt.Errorf("bystanders: %w", err)
	}
	before, err := names(ctx, config)
	if err != nil {
		return err
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	began := time.Now()
	said, ended, err := b.kill(ctx, *config.BaseEndpoint, dir, 0)
	if err != nil || !ended {
		return fmt.Errorf("the run that is to be killed does not pass by itself: %w\n%s", err, said)
	}
	whole := time.Since(began)
	var problems []error
	removed := 0
	for range kills {
		moment := time.Duration(random.Int64N(int64(whole)))
		if _, _, err := b.kill(ctx, *config.BaseEndpoint, dir, max(moment, time.Millisecond)); err != nil {
			return err
		}
		said, err := b.sweep(ctx, *config.BaseEndpoint, dir)
		after, listing := names(ctx, config)
		if err = errors.Join(err, listing); err == nil {
			err = unless(slices.Equal(before, after), "there was\n  %s\nthere is\n  %s", strings.Join(before, "\n  "), strings.Join(after, "\n  "))
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("killed after %s: %w\n%s", moment, err, said))
		}
		if strings.Contains(said, "  removed  ") {
			removed++
		}
	}
	b.report.check(fmt.Sprintf("nothing is left, and nothing else is gone, after %d runs of %s were killed and swept (%d left something; seed %d)",
		kills, whole.Round(time.Millisecond), removed, seed), errors.Join(problems...))
	return nil
}

// kill runs the suite and kills it after a while, unless that is 0 or it ended before.
func (b *bench) kill(ctx context.Context, url, dir string, after time.Duration) (said string, ended bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.rehearse, "run", "--endpoint-url", url, "--region", region, dir)
	cmd.Env = b.environment("REHEARSE_STATE_DIR=" + filepath.Join(dir, "state"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return "", false, err
	}
	if after > 0 {
		defer time.AfterFunc(after, cancel).Stop()
	}
	err = cmd.Wait()
	if cmd.ProcessState.Exited() {
		if errors.Is(err, context.Canceled) { // it ended just before it was to be killed
			err = nil
		}
		return out.String(), true, err
	}
	return out.String(), false, nil
}

// sweep sweeps as if the run had died some seconds ago: what was on its way has arrived by then.
func (b *bench) sweep(ctx context.Context, url, dir string) (string, error) {
	ledgers, err := filepath.Glob(filepath.Join(dir, "state", "*.ledger"))
	if err != nil {
		return "", err
	}
	for _, path := range ledgers {
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-4*time.Second)); err != nil {
			return "", err
		}
	}
	cmd := exec.CommandContext(ctx, b.rehearse, "sweep", "--endpoint-url", url, "--region", region)
	cmd.Env = b.environment("REHEARSE_STATE_DIR=" + filepath.Join(dir, "state"))
	out, err := cmd.CombinedOutput()
	if err == nil {
		ledgers, err = filepath.Glob(filepath.Join(dir, "state", "*.ledger"))
		err = errors.Join(err, unless(len(ledgers) == 0, "%v is left", ledgers))
	}
	return string(out), err
}

// bystanders are things that no sweep may touch: others' own, some with names like ours, and the
// listener of a run that lives elsewhere.
func bystanders(ctx context.Context, config aws.Config) error {
	now := time.Now().UTC()
	living := map[string]string{
		"rehearse:run": "zzzzzz0ab1c2", "rehearse:created": now.Format(time.RFC3339), "rehearse:lease": now.Add(time.Hour).Format(time.RFC3339),
	}
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	for name, tags := range map[string]map[string]string{"rehearse-mine": nil, "rehearse-aaaaaa0ab1c2-12345678": nil, "rehearse-zzzzzz0ab1c2-12345678": living} {
		_, err := sqs.NewFromConfig(config).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Tags: tags})
		note(err)
		rule := &eventbridge.PutRuleInput{Name: &name, EventPattern: aws.String(`{"source":["other"]}`)}
		for k, v := range tags {
			rule.Tags = append(rule.Tags, ebtypes.Tag{Key: &k, Value: &v})
		}
		events := eventbridge.NewFromConfig(config)
		_, err = events.PutRule(ctx, rule)
		note(err)
		_, err = events.PutTargets(ctx, &eventbridge.PutTargetsInput{
			Rule: &name, Targets: []ebtypes.Target{{Id: aws.String("a"), Arn: aws.String("arn:aws:sqs:" + region + ":000000000000:" + name)}},
		})
		note(err)
	}
	mine := "rehearse-mine"
	_, err := s3.NewFromConfig(config, pathStyle).PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("victim"), Key: &mine, Body: strings.NewReader("mine")})
	note(err)
	_, err = dynamodb.NewFromConfig(config).PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String("victim"), Item: map[string]ddbtypes.AttributeValue{"pk": &ddbtypes.AttributeValueMemberS{Value: mine}},
	})
	note(err)
	_, err = sfn.NewFromConfig(config).StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: aws.String(victimMachine), Name: &mine})
	note(err)
	return errors.Join(errs...)
}

const victimMachine = "arn:aws:states:" + region + ":000000000000:stateMachine:victim"

func pathStyle(o *s3.Options) { o.UsePathStyle = true }

// names lists, sorted, what the runs and the sweeps could leave or take away.
func names(ctx context.Context, config aws.Config) ([]string, error) {
	var all []string
	queues, err := sqs.NewFromConfig(config).ListQueues(ctx, &sqs.ListQueuesInput{})
	if err != nil {
		return nil, err
	}
	for _, url := range queues.QueueUrls {
		all = append(all, "queue "+url[strings.LastIndex(url, "/")+1:])
	}
	events := eventbridge.NewFromConfig(config)
	rules, err := events.ListRules(ctx, &eventbridge.ListRulesInput{})
	if err != nil {
		return nil, err
	}
	for _, r := range rules.Rules {
		targets, err := events.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: r.Name})
		if err != nil {
			return nil, err
		}
		all = append(all, fmt.Sprintf("rule %s with %d targets", aws.ToString(r.Name), len(targets.Targets)))
	}
	objects, err := s3.NewFromConfig(config, pathStyle).ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("victim")})
	if err != nil {
		return nil, err
	}
	for _, o := range objects.Contents {
		all = append(all, "object "+aws.ToString(o.Key))
	}
	items, err := dynamodb.NewFromConfig(config).Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("victim")})
	if err != nil {
		return nil, err
	}
	for _, item := range items.Items {
		pk, _ := item["pk"].(*ddbtypes.AttributeValueMemberS)
		all = append(all, "item "+pk.Value)
	}
	running, err := sfn.NewFromConfig(config).ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: aws.String(victimMachine), StatusFilter: sfntypes.ExecutionStatusRunning})
	if err != nil {
		return nil, err
	}
	for _, e := range running.Executions {
		all = append(all, "running execution "+aws.ToString(e.Name))
	}
	slices.Sort(all)
	return all, nil
}
