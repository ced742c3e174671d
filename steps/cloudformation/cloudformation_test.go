package cloudformation

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		name string
		kind steps.Kind
		yaml string
		want []string
	}{
		{"no stack", StackOutputs, "{}", []string{`parameter "stack" is missing: The stack's name or ARN.`}},
		{"outputs not a list", StackOutputs, "{stack: play, outputs: A}", []string{"expected a list of text, found the text \"A\"; write [A]"}},
		{"unknown parameter", StackOutputs, "{stack: play, output: [A]}", []string{`unknown parameter "output"; did you mean "outputs"?`}},
		{"no logical id", StackResource, "{stack: play}", []string{`parameter "logical_id" is missing: The resource's name in the template.`}},
		{"good", StackResource, "{stack: play, logical_id: Bucket}", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, stage.Complaints(c.kind, c.yaml)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOutputs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		s := stage.New(t, sandbox.Options{Intercept: func(_ context.Context, service, _ string) error {
			if service == "cloudformation" {
				calls++
			}
			return nil
		}})
		want := map[string]any{"ApiUrl": "http://127.0.0.1:9/", "BusName": "play-bus", "RuleName": "play-bus|play-rule", "BucketName": "play-bucket", "TableName": "play-table", "LogGroupName": "play-log", "StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:play-machine"}
		for range 2 {
			if diff := cmp.Diff(want, s.Must(StackOutputs, "{stack: play, outputs: [BucketName]}")); diff != "" {
				t.Error(diff)
			}
		}
		if calls != 1 {
			t.Errorf("the stack was read %d times, want once", calls)
		}
		fails(t, s, StackOutputs, "{stack: play, outputs: [BucketNam, TableName, X]}",
			`stack "play" has no outputs "BucketNam", "X"; it has: ApiUrl, BucketName, BusName, LogGroupName, RuleName, StateMachineArn, TableName; did you mean "BucketName"?`)
		fails(t, s, StackOutputs, "{stack: pla}", `there is no stack "pla" in account 000000000000, region us-east-1; did you mean "play"?`)
	})
}

func TestResource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		want := map[string]any{"physical_id": "play-table", "type": "AWS::DynamoDB::Table", "status": "CREATE_COMPLETE"}
		if diff := cmp.Diff(want, s.Must(StackResource, "{stack: play, logical_id: Table}")); diff != "" {
			t.Error(diff)
		}
		fails(t, s, StackResource, "{stack: play, logical_id: Tabel}",
			`stack "play" has no resource "Tabel"; it has: Bucket, Bus, Greeter, Group, Invoke, Machine, Rule, Slow, Table; did you mean "Table"?`)
		fails(t, s, StackResource, "{stack: pla, logical_id: Table}", `there is no stack "pla" in account 000000000000, region us-east-1; did you mean "play"?`)
	})
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		status types.StackStatus
		done   bool
		want   string
	}{
		{types.StackStatusCreateComplete, true, ""},
		{types.StackStatusUpdateInProgress, false, ""},
		{types.StackStatusUpdateCompleteCleanupInProgress, false, ""},
		{types.StackStatusRollbackInProgress, false, ""},
		{types.StackStatusReviewInProgress, true, `stack "s" was never deployed: its first change set waits to be executed`},
		{types.StackStatusDeleteComplete, true, `stack "s" is deleted`},
		{types.StackStatusUpdateRollbackComplete, true, `stack "s" is UPDATE_ROLLBACK_COMPLETE: no room; its last deployment did not succeed, so there is nothing sound to test`},
		{types.StackStatusCreateFailed, true, `stack "s" is CREATE_FAILED: no room; its last deployment did not succeed, so there is nothing sound to test`},
	} {
		t.Run(string(c.status), func(t *testing.T) {
			done, err := verdict("s", types.Stack{StackStatus: c.status, StackStatusReason: aws.String("no room")})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if done != c.done || got != c.want {
				t.Errorf("%v, %q; want %v, %q", done, got, c.done, c.want)
			}
		})
	}
}

func fails(t *testing.T, s *stage.Stage, k steps.Kind, yaml, want string) {
	t.Helper()
	if _, err := s.Do(k, yaml); err == nil || err.Error() != want {
		t.Errorf("%s %s: error %v, want %q", k.Name, yaml, err, want)
	}
}
