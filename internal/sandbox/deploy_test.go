package sandbox_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
)

func TestIntrinsics(t *testing.T) {
	const template = `
Parameters:
  Size: {Type: String, Default: big, AllowedValues: [big, small]}
Conditions:
  Big: !Equals [!Ref Size, big]
  Small: !Not [!Condition Big]
  Both: {"Fn::And": [{Condition: Big}, {Condition: Small}]}
  Any: !Or [!Condition Big, !Condition Small]
Resources:
  Later:
    Type: AWS::SQS::Queue
    DependsOn: [Queue, Never]
    Properties:
      QueueName: !Sub "${Queue.QueueName}-2"
      VisibilityTimeout: !If [Small, 1, !Ref AWS::NoValue]
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: one}
  Never:
    Type: AWS::SQS::Queue
    Condition: Both
Outputs:
  Arn: {Value: !GetAtt Later.Arn}
  Long: {Value: {"Fn::GetAtt": [Later, QueueName]}}
  Sub: {Value: !Sub ["${a}-${AWS::Region}-${!literal}", {a: !Select [1, [x, y]]}]}
  Join: {Value: !Join ["/", [!Ref Size, !Ref "AWS::StackName"]]}
  Any: {Value: yes-any, Condition: Any}
  Hidden: {Value: !GetAtt Never.Arn, Condition: Both}
`
	bubble(t, sandbox.Options{}, func(c *clients) {
		if err := c.Deploy(c.ctx, "st", "st", []byte(template), nil); err != nil {
			t.Fatal(err)
		}
		got := c.outputs("st")
		for name, want := range map[string]string{
			"Arn": "arn:aws:sqs:us-east-1:000000000000:one-2", "Long": "one-2", "Sub": "y-us-east-1-${literal}", "Join": "big/st", "Any": "yes-any",
		} {
			if got[name] != want {
				t.Errorf("%s is %q, want %q", name, got[name], want)
			}
		}
		if len(got) != 5 || c.Inventory()["queues"] != 2 {
			t.Errorf("outputs %v, inventory %v", got, c.Inventory())
		}
		must[*cloudformation.DescribeStackResourceOutput](t)(c.stacks.DescribeStackResource(c.ctx, &cloudformation.DescribeStackResourceInput{StackName: aws.String("st"), LogicalResourceId: aws.String("Later")}))
		list := must[*cloudformation.ListStackResourcesOutput](t)(c.stacks.ListStackResources(c.ctx, &cloudformation.ListStackResourcesInput{StackName: aws.String("st")}))
		if len(list.StackResourceSummaries) != 2 {
			t.Errorf("resources %v", list.StackResourceSummaries)
		}
		for want, call := range map[string]func() error{
			"Stack with id nope does not exist": func() error {
				_, err := c.stacks.DescribeStacks(c.ctx, &cloudformation.DescribeStacksInput{StackName: aws.String("nope")})
				return err
			},
			"Resource nope does not exist for stack st": func() error {
				_, err := c.stacks.DescribeStackResource(c.ctx, &cloudformation.DescribeStackResourceInput{StackName: aws.String("st"), LogicalResourceId: aws.String("nope")})
				return err
			},
			"Stack with id nope2 does not exist": func() error {
				_, err := c.stacks.ListStackResources(c.ctx, &cloudformation.ListStackResourcesInput{StackName: aws.String("nope2")})
				return err
			},
		} {
			if err := call(); code(err) != "ValidationError" || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
}

func TestTemplatesThatCannotBe(t *testing.T) {
	queue := func(properties string) string {
		return "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n      " + properties + "\n"
	}
	for name, tt := range map[string]struct{ template, want string }{
		"type":             {"Resources:\n  X:\n    Type: AWS::SNS::Topic\n", "X: line 2: the sandbox cannot make a resource of type AWS::SNS::Topic"},
		"property":         {queue("Colour: red"), "line 5: Colour: the sandbox does not know this property"},
		"intrinsic":        {queue("QueueName: !ImportValue x"), "line 5: the sandbox does not know the intrinsic function ImportValue"},
		"reference":        {queue("QueueName: !Ref Nope"), `line 5: there is no parameter or resource "Nope"`},
		"attribute":        {queue("QueueName: a\n  R:\n    Type: AWS::SQS::Queue\n    Properties: {QueueName: !GetAtt Q.Nope}"), "line 8: Q has no attribute Nope"},
		"circle":           {queue("QueueName: !Sub ${R}\n  R:\n    Type: AWS::SQS::Queue\n    Properties: {QueueName: !Sub \"${Q}\"}"), "need each other: line 2: Q needs R; line 6: R needs Q"},
		"section":          {"Transform: x\nResources: {}\n", "line 1: the sandbox does not know the section Transform"},
		"no resources":     {"Description: x\n", "no Resources"},
		"not YAML":         {"a: [", "not YAML"},
		"twice":            {queue("QueueName: a\n      QueueName: b"), "line 6: QueueName stands here twice"},
		"wrong type":       {queue("VisibilityTimeout: [1]"), "line 5: VisibilityTimeout: expected a text"},
		"refused":          {queue("QueueName: a.fifo"), "Q: line 2: UnsupportedOperation"},
		"circular conditn": {"Conditions:\n  A: !Not [!Condition A]\n" + strings.Replace(queue("QueueName: a"), "    Type", "    Condition: A\n    Type", 1), "needs itself"},
		"no body": {
			"Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties: {Role: r}\n", `function F has no body in the sandbox: register one under "s/F"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, sandbox.Options{}, func(c *clients) {
				err := c.Deploy(c.ctx, "s", "s", []byte(tt.template), nil)
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v\nwant %s", err, tt.want)
				}
			})
		})
	}
}

func TestFaultsThatCannotBe(t *testing.T) {
	files := fstest.MapFS{"sys/template.yaml": {Data: []byte("Parameters:\n  Fault: {Type: String, Default: none, AllowedValues: [none, silent]}\n" + bucketTemplate)}}
	for fault, want := range map[string]string{"sys/nope": `"nope" is not one of none, silent`, "other/silent": `no system "other" to break`} {
		system, value, _ := strings.Cut(fault, "/")
		_, err := sandbox.New(t.Context(), sandbox.Options{Templates: files, Faults: map[string]string{system: value}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", fault, err, want)
		}
	}
}
