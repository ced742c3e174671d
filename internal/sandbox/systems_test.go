package sandbox_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
)

// deployed is a sandbox with the example systems, one of them broken.
func deployed(system, fault string) sandbox.Options {
	return sandbox.Options{Templates: os.DirFS("../../scenarios"), Faults: map[string]string{system: fault}}
}

// TestEveryFaultIsTested keeps the tables below complete.
func TestEveryFaultIsTested(t *testing.T) {
	for system, tested := range map[string][]string{
		"video-plugins":     faultNames(pluginFaults),
		"image-metadata":    faultNames(imageFaults),
		"audit-log":         faultNames(auditFaults),
		"cross-account-bus": faultNames(busFaults),
	} {
		template := must[[]byte](t)(os.ReadFile("../../scenarios/" + system + "/template.yaml"))
		faults := must[[]string](t)(sandbox.Faults(template))
		slices.Sort(faults)
		slices.Sort(tested)
		if !slices.Equal(faults, tested) {
			t.Errorf("%s: the template has the faults %v, tested are %v", system, faults, tested)
		}
		for _, name := range must[[]string](t)(sandbox.HarmlessFaults(template)) {
			if !slices.Contains(faults, name) {
				t.Errorf("%s: %s is called harmless and is no fault", system, name)
			}
		}
	}
}

func faultNames[T any](m map[string]T) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	return names
}

func (c *clients) outputs(stack string) map[string]string {
	c.t.Helper()
	out := must[*cloudformation.DescribeStacksOutput](c.t)(c.stacks.DescribeStacks(c.ctx, &cloudformation.DescribeStacksInput{StackName: &stack}))
	found := map[string]string{}
	for _, o := range out.Stacks[0].Outputs {
		found[*o.OutputKey] = *o.OutputValue
	}
	return found
}

// listen makes a queue that gets every event of a pattern on the default bus.
func (c *clients) listen(name, pattern string) string {
	c.t.Helper()
	return c.listenOn("default", name, pattern)
}

func (c *clients) listenOn(bus, name, pattern string) string {
	c.t.Helper()
	rule := must[*eventbridge.PutRuleOutput](c.t)(c.events.PutRule(c.ctx, &eventbridge.PutRuleInput{EventBusName: &bus, Name: &name, EventPattern: &pattern}))
	queueARN := "arn:aws:sqs:" + c.region + ":" + c.account + ":" + name
	url := *must[*sqs.CreateQueueOutput](c.t)(c.sqs.CreateQueue(c.ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{
		"Policy": queuePolicy(*rule.RuleArn),
	}})).QueueUrl
	must[*eventbridge.PutTargetsOutput](c.t)(c.events.PutTargets(c.ctx, &eventbridge.PutTargetsInput{
		EventBusName: &bus, Rule: &name, Targets: []eb.Target{{Id: aws.String("queue"), Arn: &queueARN}},
	}))
	return url
}

func queuePolicy(source string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*","Condition":{"ArnEquals":{"aws:SourceArn":"` + source + `"}}}]}`
}

type pluginWant struct {
	status  string
	answers int
	after   time.Duration // of the first answer
	kind    string
}

var pluginFaults = map[string]pluginWant{
	"none":              {"SUCCEEDED", 1, 0, "plugin-complete"},
	"silent":            {"SUCCEEDED", 0, 0, ""},
	"late":              {"SUCCEEDED", 1, 25 * time.Second, "plugin-complete"},
	"twice":             {"SUCCEEDED", 2, 0, "plugin-complete"},
	"wrong-detail-type": {"SUCCEEDED", 1, 0, "plugin-completed"},
	"workflow-fails":    {"FAILED", 1, 0, "plugin-complete"},
}

func TestVideoPlugins(t *testing.T) {
	for fault, want := range pluginFaults {
		t.Run(fault, func(t *testing.T) {
			bubble(t, deployed("video-plugins", fault), func(c *clients) {
				url := c.listen("answers", `{"source":[{"prefix":"video.plugin."}]}`)
				machine := c.outputs("video-plugins")["PluginLifecycleWorkflow"]
				began := time.Now()
				started := must[*sfn.StartExecutionOutput](t)(c.states.StartExecution(c.ctx, &sfn.StartExecutionInput{
					StateMachineArn: &machine, Input: aws.String(`{"eventHook":"postValidate","pluginTitle":"PythonMinimalPlugin","run":"r1"}`),
				}))
				var got []string
				for len(got) < max(1, want.answers) && time.Since(began) < time.Minute {
					got = append(got, c.receive(url, 20)...)
				}
				if len(got) != want.answers {
					t.Fatalf("%d answers, want %d: %v; lost: %v", len(got), want.answers, got, c.Lost())
				}
				if want.answers > 0 {
					var event map[string]any
					if err := json.Unmarshal([]byte(got[0]), &event); err != nil {
						t.Fatal(err)
					}
					if event["detail-type"] != want.kind || event["source"] != "video.plugin.PythonMinimalPlugin" {
						t.Errorf("answer %v, want detail-type %s", event, want.kind)
					}
					if took := time.Since(began); took != want.after {
						t.Errorf("answered after %v, want %v", took, want.after)
					}
				}
				c.settle()
				execution := must[*sfn.DescribeExecutionOutput](t)(c.states.DescribeExecution(c.ctx, &sfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn}))
				if string(execution.Status) != want.status {
					t.Errorf("the workflow is %s (%s), want %s", execution.Status, aws.ToString(execution.Cause), want.status)
				}
			})
		})
	}
}

type imageWant struct{ width, height string }

var imageFaults = map[string]imageWant{
	"none": {"172", "178"}, "never-written": {}, "wrong-height": {"172", "179"}, "denied": {},
}

func picture(t *testing.T) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 172, 178))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestImageMetadata(t *testing.T) {
	for fault, want := range imageFaults {
		t.Run(fault, func(t *testing.T) {
			bubble(t, deployed("image-metadata", fault), func(c *clients) {
				bucket, key := c.outputs("image-metadata")["Bucket"], "a b/ü+1.png"
				must[*s3.PutObjectOutput](t)(c.s3.PutObject(c.ctx, &s3.PutObjectInput{
					Bucket: &bucket, Key: &key, Body: bytes.NewReader(picture(t)), ContentType: aws.String("image/png"),
					Metadata: map[string]string{"owner": "me"}, IfNoneMatch: aws.String("*"),
				}))
				c.settle()
				head := must[*s3.HeadObjectOutput](t)(c.s3.HeadObject(c.ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key}))
				if head.Metadata["image_width"] != want.width || head.Metadata["image_height"] != want.height {
					t.Errorf("metadata %v, want %v", head.Metadata, want)
				}
				if head.Metadata["owner"] != "me" || aws.ToString(head.ContentType) != "image/png" {
					t.Errorf("metadata %v and type %s: the upload's own are gone", head.Metadata, aws.ToString(head.ContentType))
				}
				lines := strings.Join(c.messages(c.outputs("image-metadata")["FunctionLogGroup"]), "\n")
				if fault == "denied" && !strings.Contains(lines, "An error occurred (AccessDenied) when calling the CopyObject operation: Access Denied") {
					t.Errorf("the log does not name the error:\n%s", lines)
				}
				if fault == "none" && strings.Count(lines, "already measured") != 1 {
					t.Errorf("the function's own copy must wake it once more:\n%s", lines)
				}
			})
		})
	}
}

// messages are the lines of a log group, Lambda's own among them.
func (c *clients) messages(group string) []string {
	c.t.Helper()
	out := must[*cloudwatchlogs.FilterLogEventsOutput](c.t)(c.logs.FilterLogEvents(c.ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group}))
	var lines []string
	for _, e := range out.Events {
		lines = append(lines, *e.Message)
	}
	return lines
}

const userCreated = `{"EventType":"UserCreated","PK":{"S":"USER#1"},"SK":{"S":"A"}}`

var auditFaults = map[string][]string{
	"none": {userCreated}, "written-twice": {userCreated, userCreated}, "filter-lets-updates": {userCreated, userCreated}, "denied": nil, "silent": nil,
}

func TestAuditLog(t *testing.T) {
	for fault, want := range auditFaults {
		t.Run(fault, func(t *testing.T) {
			bubble(t, deployed("audit-log", fault), func(c *clients) {
				out := c.outputs("audit-log")
				for _, item := range []map[string]ddb.AttributeValue{
					{"PK": text("USER#1"), "SK": text("A"), "n": &ddb.AttributeValueMemberN{Value: "9007199254740993"}},
					{"PK": text("USER#1"), "SK": text("A"), "n": &ddb.AttributeValueMemberN{Value: "2"}}, // an update
					{"PK": text("GROUP#1"), "SK": text("A")},
				} {
					must[*dynamodb.PutItemOutput](t)(c.dynamo.PutItem(c.ctx, &dynamodb.PutItemInput{TableName: aws.String(out["Table"]), Item: item}))
					c.settle()
				}
				if got := c.messages(out["AuditLogGroup"]); !slices.Equal(got, want) {
					t.Errorf("audit log %q, want %q; lost: %v", got, want, c.Lost())
				}
				if fault == "denied" && !strings.Contains(strings.Join(c.messages(out["FunctionLogGroup"]), "\n"), "AccessDeniedException") {
					t.Error("the function's log does not name the error")
				}
			})
		})
	}
}
