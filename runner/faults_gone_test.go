package runner_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// removes is somebody who removes something while a run needs it. harness is
// the name of the listener's rule and queue.
type removes func(ctx context.Context, s *sandbox.Sandbox, harness string) error

func theQueue(ctx context.Context, s *sandbox.Sandbox, harness string) error {
	client := sqs.NewFromConfig(s.Config())
	found, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &harness})
	if err == nil {
		_, err = client.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: found.QueueUrl})
	}
	return err
}

func theTarget(ctx context.Context, s *sandbox.Sandbox, harness string) error {
	_, err := eventbridge.NewFromConfig(s.Config()).RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{
		Rule: &harness, EventBusName: aws.String("play-bus"), Ids: []string{"rehearse-queue"},
	})
	return err
}

func theRule(ctx context.Context, s *sandbox.Sandbox, harness string) error {
	if err := theTarget(ctx, s, harness); err != nil {
		return err
	}
	_, err := eventbridge.NewFromConfig(s.Config()).DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: &harness, EventBusName: aws.String("play-bus")})
	return err
}

func theBus(ctx context.Context, s *sandbox.Sandbox, harness string) error {
	if err := theRule(ctx, s, harness); err != nil {
		return err
	}
	client := eventbridge.NewFromConfig(s.Config())
	bus, rule := aws.String("play-bus"), aws.String("play-rule")
	if _, err := client.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: rule, EventBusName: bus, Ids: []string{"greeter"}}); err != nil {
		return err
	}
	if _, err := client.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: rule, EventBusName: bus}); err != nil {
		return err
	}
	_, err := client.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: bus})
	return err
}

func theGroup(ctx context.Context, s *sandbox.Sandbox, _ string) error {
	_, err := cloudwatchlogs.NewFromConfig(s.Config()).DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("play-log")})
	return err
}

func dropped(what, name string) removes {
	return func(_ context.Context, s *sandbox.Sandbox, _ string) error { return s.Drop(what, name) }
}

// TestRemovedInMidRun: silence of what is no longer there is an error, and
// never a pass; so is that something did not come.
func TestRemovedInMidRun(t *testing.T) {
	const mine = `match: {detail: {run: "${scenario.id}"}}`
	listener := map[string]struct {
		removes
		says string
	}{
		"the listener's queue":  {theQueue, "was deleted while the run needed it"},
		"the listener's rule":   {theRule, "was deleted while the run needed it"},
		"the listener's target": {theTarget, "was removed or changed while the run needed it"},
		"the bus":               {theBus, "while the run needed it"},
	}
	for name, gone := range listener {
		for _, check := range []string{
			"none: true}\n    throughout: 5s",
			"none: true}\n    hold: 5s",
			"at_most: 3}\n    throughout: 5s",
			"count: 1}\n    within: 5s",
			"at_least: 1}\n    within: 5s",
			"count: 0}\n    throughout: 5s",
		} {
			t.Run(name+", "+strings.ReplaceAll(check, "}\n    ", ", "), func(t *testing.T) {
				removedInMidRun(t, gone.removes, gone.says, "received: {from: l, "+mine+", "+check)
			})
		}
	}
	for _, c := range []struct {
		name, assert string
		removes
		says string
	}{
		{"a table, no item", "item: {table: play-table, key: {pk: \"${scenario.id}\"}}\n    expect: {exists: false}\n    throughout: 5s", dropped("table", "play-table"), `table "play-table" does not exist`},
		{"a table, an item", "item: {table: play-table, key: {pk: \"${scenario.id}\"}}\n    within: 5s", dropped("table", "play-table"), `table "play-table" does not exist`},
		{"a bucket, no object", "object: {bucket: play-bucket, key: \"${scenario.id}\"}\n    expect: {exists: false}\n    throughout: 5s", dropped("bucket", "play-bucket"), `play-bucket`},
		{"a bucket, an object", "object: {bucket: play-bucket, key: \"${scenario.id}\"}\n    within: 5s", dropped("bucket", "play-bucket"), `play-bucket`},
		{"a log group, no entry", "log_events: {log_group: play-log}\n    expect: {count: 0}\n    throughout: 5s", theGroup, `log group "play-log" does not exist`},
		{"a log group, an entry", "log_events: {log_group: play-log}\n    within: 5s", theGroup, `log group "play-log" does not exist`},
		{"a state machine", "start_execution: {state_machine: play-machine}", dropped("state_machine", "play-machine"), `play-machine`},
	} {
		t.Run(c.name, func(t *testing.T) { removedInMidRun(t, c.removes, c.says, c.assert) })
	}
}

// removedInMidRun removes something before, and again in the middle of, assert.
func removedInMidRun(t *testing.T, remove removes, said, assert string) {
	t.Helper()
	for _, when := range []string{"act/0", "assert/0"} {
		if strings.HasPrefix(assert, "start_execution") && when == "assert/0" {
			continue // it is over at once
		}
		t.Run(when, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				harness := ""
				r := perform(t, `
scenario: S
arrange:
  - listen: {event_bus: play-bus, all: true}
    id: l
act:
  - wait: 1s
assert:
  - wait: 2s
  - `+assert+"\n", func(s *stage) {
					s.watch = func(e event.Event) {
						if b, ok := e.Body.(*event.ResourceChange); ok && b.Resource.Kind == "events.rule" {
							harness = b.Resource.ID
						}
						if e.Type == event.StepStarted && e.Step == when {
							if err := remove(t.Context(), s.sandbox, harness); err != nil {
								t.Error(err)
							}
						}
					}
				})
				f := r.finish(t)
				if r.code != runner.ExitFailed || f.Status != event.Errored || f.Cause != event.CauseStep || f.FailedStep != "assert/1" {
					t.Errorf("exit code %d, %s, %s at %s\n%s", r.code, f.Status, f.Cause, f.FailedStep, r.text)
				}
				says(t, r, said)
				for what, n := range r.after {
					if n > r.before[what] {
						t.Errorf("%s: %d before the run, %d after it", what, r.before[what], n)
					}
				}
			})
		})
	}
}
