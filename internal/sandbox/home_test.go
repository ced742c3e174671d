package sandbox_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
)

const other, west = "111122223333", "eu-west-1"

// elsewhere is a stack with a role, in another account and region.
const elsewhere = `
Metadata:
  Sandbox: {Account: "111122223333", Region: eu-west-1}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {RoleName: guest, AssumeRolePolicyDocument: {}}
Outputs:
  Role: {Value: !GetAtt Role.Arn}
  Here: {Value: !Sub "${AWS::AccountId} ${AWS::Region} ${AWS::StackId}"}
`

func TestAccountsAndRegionsAreApart(t *testing.T) {
	bubble(t, sandbox.Options{}, func(c *clients) {
		urls := map[string]bool{}
		for _, home := range []*clients{c, c.in(other, sandbox.Region), c.in(other, west)} {
			url := home.queue("q")
			urls[url] = true
			arn := must[*sqs.GetQueueAttributesOutput](t)(home.sqs.GetQueueAttributes(c.ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})).Attributes["QueueArn"]
			if want := "arn:aws:sqs:" + home.region + ":" + home.account + ":q"; arn != want {
				t.Errorf("the queue is %s, want %s", arn, want)
			}
			list := must[*sqs.ListQueuesOutput](t)(home.sqs.ListQueues(c.ctx, &sqs.ListQueuesInput{}))
			if len(list.QueueUrls) != 1 {
				t.Errorf("%s in %s sees %v", home.account, home.region, list.QueueUrls)
			}
		}
		if len(urls) != 2 || c.Inventory()["queues"] != 3 {
			t.Errorf("queues %v, inventory %v", urls, c.Inventory())
		}
		for url := range urls {
			if strings.Contains(url, other) {
				if _, err := c.sqs.PurgeQueue(c.ctx, &sqs.PurgeQueueInput{QueueUrl: &url}); !strings.Contains(code(err), "NonExistentQueue") {
					t.Errorf("another account's queue: %v", err)
				}
			}
		}
	})
}

func TestRolesLeadIntoTheirAccount(t *testing.T) {
	bubble(t, sandbox.Options{}, func(c *clients) {
		if err := c.Deploy(c.ctx, "guests", "guests", []byte(elsewhere), nil); err != nil {
			t.Fatal(err)
		}
		there := c.in(other, west)
		if out := there.outputs("guests"); out["Role"] != "arn:aws:iam::"+other+":role/guest" || !strings.HasPrefix(out["Here"], other+" "+west+" arn:aws:cloudformation:"+west+":"+other+":stack/guests/") {
			t.Errorf("outputs %v", out)
		}
		if list := must[*cloudformation.ListStacksOutput](t)(c.stacks.ListStacks(c.ctx, &cloudformation.ListStacksInput{})); len(list.StackSummaries) != 0 {
			t.Errorf("the base account has stacks %v", list.StackSummaries)
		}
		assume := func(role, session string) (*sts.AssumeRoleOutput, error) {
			return c.sts.AssumeRole(c.ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: &session})
		}
		out := must[*sts.AssumeRoleOutput](t)(assume("arn:aws:iam::"+other+":role/guest", "visit"))
		cfg := c.ConfigFor("", west)
		cfg.Credentials = credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
		guest := clientsOf(c.t, c.Sandbox, other, west, cfg)
		who := must[*sts.GetCallerIdentityOutput](t)(guest.sts.GetCallerIdentity(c.ctx, &sts.GetCallerIdentityInput{}))
		if *who.Account != other || *who.Arn != "arn:aws:sts::"+other+":assumed-role/guest/visit" || *who.Arn != *out.AssumedRoleUser.Arn {
			t.Errorf("the guest is %s of %s, was told %s", *who.Arn, *who.Account, *out.AssumedRoleUser.Arn)
		}
		if guest.queue("q") != there.queue("q") || c.Inventory()["queues"] != 1 {
			t.Errorf("the guest is not in the account: %v", c.Inventory())
		}
		for role, want := range map[string]string{
			"arn:aws:iam::" + other + ":role/nobody":      "AccessDenied: the sandbox has no role arn:aws:iam::111122223333:role/nobody: no stack in account 111122223333 makes it",
			"arn:aws:iam::444455556666:role/guest":        "no stack in account 444455556666 makes any",
			"arn:aws:iam::" + sandbox.Account + ":role/x": "no stack in account 000000000000 makes any",
			"guest": "ValidationError",
		} {
			if _, err := assume(role, "visit"); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %s", role, err, want)
			}
		}
		if _, err := assume("arn:aws:iam::"+other+":role/guest", "no spaces"); code(err) != "ValidationError" {
			t.Errorf("a bad session name: %v", err)
		}
	})
}

func TestBucketsShareTheirNames(t *testing.T) {
	bubble(t, sandbox.Options{}, func(c *clients) {
		in := &s3.CreateBucketInput{Bucket: aws.String("taken")}
		must[*s3.CreateBucketOutput](t)(c.s3.CreateBucket(c.ctx, in))
		there := c.in(other, sandbox.Region)
		if _, err := there.s3.CreateBucket(c.ctx, in); code(err) != "BucketAlreadyExists" {
			t.Errorf("the name is taken elsewhere: %v", err)
		}
		if _, err := there.s3.HeadBucket(c.ctx, &s3.HeadBucketInput{Bucket: aws.String("taken")}); err == nil {
			t.Error("a bucket is seen from another account")
		}
	})
}

// route sends what a bus gets on to another bus.
func (c *clients) route(from, to string) error {
	c.t.Helper()
	must[*eventbridge.PutRuleOutput](c.t)(c.events.PutRule(c.ctx, &eventbridge.PutRuleInput{EventBusName: &from, Name: aws.String("on"), EventPattern: aws.String(`{"source":["shop"]}`)}))
	_, err := c.events.PutTargets(c.ctx, &eventbridge.PutTargetsInput{EventBusName: &from, Rule: aws.String("on"), Targets: []eb.Target{{Id: aws.String("on"), Arn: &to}}})
	return err
}

// TestEventsCrossAccounts holds that a rule sends events to a bus of another account and region, once: from there no
// rule sends them on.
func TestEventsCrossAccounts(t *testing.T) {
	bubble(t, sandbox.Options{}, func(c *clients) {
		there := c.in(other, west)
		must[*eventbridge.CreateEventBusOutput](t)(there.events.CreateEventBus(c.ctx, &eventbridge.CreateEventBusInput{Name: aws.String("far")}))
		arrived, back := there.listenOn("far", "arrived", `{"source":["shop"]}`), c.listen("back", `{"source":["shop"]}`)
		for _, err := range []error{
			c.route("default", "arn:aws:events:"+west+":"+other+":event-bus/far"),
			there.route("far", "arn:aws:events:"+sandbox.Region+":"+sandbox.Account+":event-bus/default"),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		c.put("shop", "sold", `{}`)
		c.settle()
		got := there.receive(arrived, 5)
		if len(got) != 1 || !strings.Contains(got[0], `"account":"`+sandbox.Account+`"`) || !strings.Contains(got[0], `"region":"`+sandbox.Region+`"`) {
			t.Errorf("arrived: %v; lost: %v", got, c.Lost())
		}
		if got := c.receive(back, 5); len(got) != 1 {
			t.Errorf("the first bus saw it %d times", len(got))
		}
		if lost := strings.Join(c.Lost(), "\n"); strings.Count(lost, "\n") != 0 || !strings.Contains(lost, "sends no event on to a third one") {
			t.Errorf("lost %q", lost)
		}
	})
}

func TestWhatCannotReachAnotherAccount(t *testing.T) {
	bubble(t, sandbox.Options{}, func(c *clients) {
		if err := c.route("default", "arn:aws:sqs:"+sandbox.Region+":"+other+":q"); code(err) != "ValidationException" {
			t.Errorf("a queue of another account as target: %v", err)
		}
		if err := c.route("default", "arn:aws:events:"+west+":"+other+":event-bus/none"); err != nil {
			t.Fatal(err)
		}
		c.put("shop", "sold", `{}`)
		c.settle()
		if lost := strings.Join(c.Lost(), "\n"); !strings.Contains(lost, "Event bus none does not exist") {
			t.Errorf("lost %q", lost)
		}
		entry := eb.PutEventsRequestEntry{
			EventBusName: aws.String("arn:aws:events:" + sandbox.Region + ":" + other + ":event-bus/default"),
			Source:       aws.String("shop"), DetailType: aws.String("sold"), Detail: aws.String("{}"),
		}
		out := must[*eventbridge.PutEventsOutput](t)(c.events.PutEvents(c.ctx, &eventbridge.PutEventsInput{Entries: []eb.PutEventsRequestEntry{entry}}))
		if out.FailedEntryCount != 1 || !strings.Contains(*out.Entries[0].ErrorMessage, "assume a role there") {
			t.Errorf("put on another account's bus: %+v", out.Entries[0])
		}
	})
}

func TestMetadataOfTemplates(t *testing.T) {
	for name, tt := range map[string]struct{ metadata, want string }{
		"account": {`{Sandbox: {Account: "12"}}`, `line 1: "12" is no account: it has 12 digits`},
		"field":   {`{Sandbox: {Acount: "111122223333"}}`, "line 1: the sandbox does not know Acount; it knows Account, Region, HarmlessFaults"},
		"others":  {`{AWS::CloudFormation::Interface: {}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, sandbox.Options{}, func(c *clients) {
				err := c.Deploy(c.ctx, "s", "s", []byte("Metadata: "+tt.metadata+"\nResources: {Q: {Type: AWS::SQS::Queue}}\n"), nil)
				if tt.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
			})
		})
	}
}
