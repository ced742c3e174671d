package catalogue_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/smithy-go"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

// TestMissingContainers names what does not exist, with and without the right
// to list what does.
func TestMissingContainers(t *testing.T) {
	for _, c := range []struct{ kind, yaml, says, near string }{
		{"object", "{bucket: play-buckte, key: k}", `bucket "play-buckte" does not exist (asked in region us-east-1)`, `; did you mean "play-bucket"?`},
		{"upload_object", "{bucket: play-buckte, key: k, text: a}", `bucket "play-buckte" does not exist (asked in region us-east-1)`, `; did you mean "play-bucket"?`},
		{"delete_object", "{bucket: far-away, key: k}", `bucket "far-away" does not exist (asked in region us-east-1)`, `; there are: play-bucket`},
		{"item", "{table: play-tabel, key: {pk: a}}", `table "play-tabel" does not exist in account 000000000000, region us-east-1`, `; did you mean "play-table"?`},
		{"put_item", "{table: play-tabel, item: {pk: a}}", `table "play-tabel" does not exist in account 000000000000, region us-east-1`, `; did you mean "play-table"?`},
		{"delete_item", "{table: 'arn:aws:dynamodb:us-east-1:000000000000:table/play-tabel', key: {pk: a}}", `does not exist in account 000000000000, region us-east-1`, `; did you mean "play-table"?`},
		{"start_execution", "{state_machine: play-machin}", `there is no state machine "play-machin" in account 000000000000, region us-east-1`, `; did you mean "play-machine"?`},
		{"log_events", "{log_group: play-lgo}", `log group "play-lgo" does not exist in account 000000000000, region us-east-1`, `; did you mean "play-log"?`},
		{"log_events", "{log_group: /aws/lambda/none}", `log group "/aws/lambda/none" does not exist in account 000000000000, region us-east-1, and there is no function "none" that will make it`, ``},
		{"stack_outputs", "{stack: plya}", `there is no stack "plya" in account 000000000000, region us-east-1`, `; did you mean "play"?`},
		{"stack_resource", "{stack: plya, logical_id: Bucket}", `there is no stack "plya" in account 000000000000, region us-east-1`, `; did you mean "play"?`},
		{"put_event", "{bus: play-buss, source: a, detail_type: b, detail: {}}", `there is no bus "play-buss" in account 000000000000, region us-east-1`, `; did you mean "play-bus"?`},
		{"listen", "{event_bus: play-bus, rule: play-rulle}", `there is no rule "play-rulle" on bus "play-bus"`, `; did you mean "play-rule"?`},
	} {
		for _, denied := range []bool{false, true} {
			name := c.kind + " " + c.yaml
			if denied {
				name += ", nothing can be listed"
			}
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					lists := []string{"ListBuckets", "ListTables", "ListStateMachines", "DescribeLogGroups", "ListEventBuses", "ListRules"}
					stacks := 0
					s := stage.New(t, sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
						if operation == "DescribeStacks" { // the second one lists them
							stacks++
						}
						if denied && (slices.Contains(lists, operation) || stacks > 1) {
							return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not you"}
						}
						return nil
					}})
					k := kindNamed(t, c.kind)
					var err error
					if b := s.Bind(k, c.yaml); b.Watch != nil {
						_, err = s.Watch(k, c.yaml)()
					} else {
						_, err = s.Do(k, c.yaml)
					}
					if err == nil || !steps.IsFinal(err) {
						t.Fatalf("error %v, want one that ends a probe at once", err)
					}
					text := awsclient.Explain(err)
					if !strings.Contains(text, c.says) || !denied && !strings.Contains(text, c.near) {
						t.Errorf("it says %s", text)
					}
					if denied && c.near != "" && (!strings.Contains(text, "AccessDeniedException: not you") || !strings.Contains(text, "list")) {
						t.Errorf("why no other names are told: %s", text)
					}
				})
			})
		}
	}
}
