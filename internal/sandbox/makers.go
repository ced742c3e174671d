package sandbox

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// maker makes one resource of a template from its evaluated properties.
type maker func(d *deployment, id string, p *properties) (resource, error)

// makers is the one list of the resource types that the sandbox can deploy.
var makers = map[string]maker{
	"AWS::DynamoDB::Table":             makeTable,
	"AWS::EventSchemas::Registry":      makeRegistry,
	"AWS::EventSchemas::Schema":        makeSchema,
	"AWS::Events::EventBus":            makeBus,
	"AWS::Events::Rule":                makeRule,
	"AWS::IAM::Policy":                 makePolicy,
	"AWS::IAM::Role":                   makeRole,
	"AWS::Lambda::EventInvokeConfig":   makeInvokeConfig,
	"AWS::Lambda::EventSourceMapping":  makeMapping,
	"AWS::Lambda::Function":            makeFunction,
	"AWS::Lambda::Permission":          makePermission,
	"AWS::Logs::LogGroup":              makeLogGroup,
	"AWS::S3::Bucket":                  makeBucket,
	"AWS::SQS::Queue":                  makeQueue,
	"AWS::SQS::QueuePolicy":            makeQueuePolicy,
	"AWS::StepFunctions::StateMachine": makeStateMachine,
}

func makeTable(d *deployment, id string, p *properties) (resource, error) {
	in := &dynamodb.CreateTableInput{TableName: aws.String(p.text("TableName", fitting(d.stack.name, id, 255)))}
	p.each("AttributeDefinitions", func(a *properties) {
		in.AttributeDefinitions = append(in.AttributeDefinitions, ddb.AttributeDefinition{
			AttributeName: aws.String(a.required("AttributeName")), AttributeType: ddb.ScalarAttributeType(a.required("AttributeType")),
		})
	})
	p.each("KeySchema", func(k *properties) {
		in.KeySchema = append(in.KeySchema, ddb.KeySchemaElement{
			AttributeName: aws.String(k.required("AttributeName")), KeyType: ddb.KeyType(k.required("KeyType")),
		})
	})
	p.object("StreamSpecification", func(s *properties) {
		in.StreamSpecification = &ddb.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: ddb.StreamViewType(s.required("StreamViewType")),
		}
	})
	p.ignore("BillingMode", "ProvisionedThroughput", "PointInTimeRecoverySpecification", "Tags", "DeletionProtectionEnabled", "SSESpecification")
	out, err := d.home.dynamo.CreateTable(d.ctx, in)
	if err != nil {
		return resource{}, err
	}
	t := out.TableDescription
	attributes := map[string]string{"Arn": *t.TableArn}
	if t.LatestStreamArn != nil {
		attributes["StreamArn"] = *t.LatestStreamArn
	}
	return resource{ref: *t.TableName, attributes: attributes}, nil
}

func makeBus(d *deployment, _ string, p *properties) (resource, error) {
	name := p.required("Name")
	p.ignore("Description", "Tags")
	out, err := d.home.events.CreateEventBus(d.ctx, &eventbridge.CreateEventBusInput{Name: &name})
	if err != nil {
		return resource{}, err
	}
	return resource{ref: name, attributes: map[string]string{"Arn": *out.EventBusArn, "Name": name}}, nil
}

func makeRule(d *deployment, id string, p *properties) (resource, error) {
	name, busRef := p.text("Name", fitting(d.stack.name, id, 64)), optional(p.text("EventBusName", ""))
	in := &eventbridge.PutRuleInput{
		Name: &name, EventBusName: busRef, EventPattern: optional(p.document("EventPattern")), Description: optional(p.text("Description", "")),
		State: eb.RuleState(p.text("State", string(eb.RuleStateEnabled))), RoleArn: optional(p.text("RoleArn", "")),
		ScheduleExpression: optional(p.text("ScheduleExpression", "")),
	}
	var targets []eb.Target
	p.each("Targets", func(t *properties) { targets = append(targets, readTarget(t)) })
	p.ignore("Tags")
	out, err := d.home.events.PutRule(d.ctx, in)
	if err != nil {
		return resource{}, err
	}
	if len(targets) > 0 {
		if _, err := d.home.events.PutTargets(d.ctx, &eventbridge.PutTargetsInput{Rule: &name, EventBusName: busRef, Targets: targets}); err != nil {
			return resource{}, err
		}
	}
	ref := name
	if b := busName(busRef); b != defaultBus {
		ref = b + "|" + name
	}
	return resource{ref: ref, attributes: map[string]string{"Arn": *out.RuleArn}}, nil
}

func readTarget(t *properties) eb.Target {
	out := eb.Target{
		Id: aws.String(t.required("Id")), Arn: aws.String(t.required("Arn")), RoleArn: optional(t.text("RoleArn", "")),
		Input: optional(t.text("Input", "")), InputPath: optional(t.text("InputPath", "")),
	}
	t.object("InputTransformer", func(i *properties) {
		out.InputTransformer = &eb.InputTransformer{InputTemplate: aws.String(i.required("InputTemplate")), InputPathsMap: map[string]string{}}
		i.object("InputPathsMap", func(m *properties) {
			for name := range m.values {
				out.InputTransformer.InputPathsMap[name] = m.required(name)
			}
		})
	})
	t.ignore("RetryPolicy")
	return out
}

// makeRole notes that there is the role: the sandbox does not ask what it may do.
func makeRole(d *deployment, id string, p *properties) (resource, error) {
	name := p.text("RoleName", fitting(d.stack.name, id, 64))
	made := "arn:aws:iam::" + d.home.account + ":role/" + name
	p.ignore("AssumeRolePolicyDocument", "Policies", "ManagedPolicyArns", "Description", "Path", "Tags", "MaxSessionDuration", "PermissionsBoundary")
	d.home.mu.Lock()
	d.home.roles[made] = true
	d.home.mu.Unlock()
	return resource{ref: name, attributes: map[string]string{
		"Arn": made, "RoleId": "AROA" + suffix() + suffix()[:5],
	}}, nil
}

func makePolicy(d *deployment, id string, p *properties) (resource, error) {
	p.required("PolicyName")
	p.ignore("PolicyDocument", "Roles", "Users", "Groups")
	return resource{ref: fitting(d.stack.name, id, 128)}, nil
}

func makeFunction(d *deployment, id string, p *properties) (resource, error) {
	key := d.system + "/" + id
	body := d.home.options.Functions[key]
	if body == nil {
		body = systems[key]
	}
	if body == nil {
		return resource{}, fmt.Errorf("function %s has no body in the sandbox: register one under %q", id, key)
	}
	name := p.text("FunctionName", fitting(d.stack.name, id, 64))
	f := &function{
		name: name, arn: d.home.arn("lambda", "function:"+name), runtime: p.text("Runtime", ""), handler: p.text("Handler", ""), role: p.required("Role"), env: map[string]string{},
		timeout: time.Duration(p.number("Timeout", 3)) * time.Second, modified: d.home.now(), body: body,
		logGroup: "/aws/lambda/" + name, logStream: d.home.now().UTC().Format("2006/01/02") + "/[$LATEST]" + strings.ReplaceAll(newID(), "-", ""),
	}
	p.object("Environment", func(e *properties) {
		e.object("Variables", func(v *properties) {
			for k := range v.values {
				f.env[k] = v.text(k, "")
			}
		})
	})
	p.object("LoggingConfig", func(l *properties) {
		f.logGroup = l.text("LogGroup", f.logGroup)
		l.ignore("LogFormat", "ApplicationLogLevel", "SystemLogLevel")
	})
	p.object("TracingConfig", func(t *properties) {
		switch mode := t.required("Mode"); mode {
		case "Active":
			f.active = true
		case "PassThrough":
		default:
			t.fail("Mode", "is Active or PassThrough, not %q", mode)
		}
	})
	p.ignore("Code", "MemorySize", "Description", "Architectures", "Tags", "EphemeralStorage", "ReservedConcurrentExecutions", "PackageType")
	l := d.home.lambda
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.functions[name] != nil {
		return resource{}, fmt.Errorf("function %s exists already", name)
	}
	l.functions[name] = f
	return resource{ref: name, attributes: map[string]string{"Arn": f.arn}}, nil
}

func makePermission(d *deployment, id string, p *properties) (resource, error) {
	f, err := d.home.lambda.find(p.required("FunctionName"))
	if err != nil {
		return resource{}, err
	}
	if action := p.required("Action"); !strings.EqualFold(action, "lambda:InvokeFunction") && action != "lambda:*" {
		p.fail("Action", "the sandbox knows lambda:InvokeFunction only")
	}
	granted := permission{principal: p.required("Principal"), source: p.text("SourceArn", ""), account: p.text("SourceAccount", "")}
	d.home.lambda.mu.Lock()
	defer d.home.lambda.mu.Unlock()
	f.permissions = append(f.permissions, granted)
	return resource{ref: fitting(d.stack.name, id, 100)}, nil
}

// makeInvokeConfig makes nothing: the sandbox tries an asynchronous invocation once, and takes no other wish.
func makeInvokeConfig(d *deployment, id string, p *properties) (resource, error) {
	if _, err := d.home.lambda.find(p.required("FunctionName")); err != nil {
		return resource{}, err
	}
	if n := p.number("MaximumRetryAttempts", 2); n != 0 {
		p.fail("MaximumRetryAttempts", "the sandbox does not retry asynchronous invocations: only 0 is as the template says, not %d", n)
	}
	p.ignore("Qualifier", "MaximumEventAgeInSeconds")
	return resource{ref: fitting(d.stack.name, id, 100)}, nil
}

func makeMapping(d *deployment, _ string, p *properties) (resource, error) {
	f, err := d.home.lambda.find(p.required("FunctionName"))
	if err != nil {
		return resource{}, err
	}
	m := &mapping{function: f, source: p.required("EventSourceArn"), batch: p.number("BatchSize", 100), retries: max(0, p.number("MaximumRetryAttempts", 0))}
	p.object("FilterCriteria", func(c *properties) {
		c.each("Filters", func(f *properties) { m.patterns = append(m.patterns, f.document("Pattern")) })
	})
	if p.text("Enabled", "true") != "true" {
		p.fail("Enabled", "the sandbox has no disabled mappings")
	}
	p.ignore("StartingPosition", "MaximumBatchingWindowInSeconds", "BisectBatchOnFunctionError", "MaximumRecordAgeInSeconds", "ParallelizationFactor", "Tags")
	if p.err == nil {
		err = d.home.lambda.connect(m)
	}
	return resource{ref: m.uuid, attributes: map[string]string{"Id": m.uuid}}, err
}

func makeLogGroup(d *deployment, id string, p *properties) (resource, error) {
	name := p.text("LogGroupName", fitting(d.stack.name, id, 512))
	p.ignore("RetentionInDays", "Tags", "LogGroupClass", "KmsKeyId")
	_, err := d.home.logs.CreateLogGroup(d.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name})
	return resource{ref: name, attributes: map[string]string{"Arn": d.home.arn("logs", "log-group:"+name+":*")}}, err
}

func makeBucket(d *deployment, id string, p *properties) (resource, error) {
	name := p.text("BucketName", strings.ToLower(fitting(d.stack.name, id, 63)))
	var watched []notification
	p.object("NotificationConfiguration", func(c *properties) {
		c.each("LambdaConfigurations", func(l *properties) {
			n := notification{id: newID(), event: l.required("Event"), function: l.required("Function")}
			readFilter(l, &n)
			watched = append(watched, n)
		})
	})
	p.ignore("Tags", "PublicAccessBlockConfiguration", "BucketEncryption", "OwnershipControls", "LifecycleConfiguration")
	if err := d.home.s3.store.CreateBucket(name); err != nil {
		return resource{}, err
	}
	d.home.s3.store.watch(name, watched)
	return resource{ref: name, attributes: map[string]string{
		"Arn": "arn:aws:s3:::" + name, "DomainName": name + ".s3.amazonaws.com", "RegionalDomainName": name + ".s3." + d.home.region + ".amazonaws.com",
	}}, nil
}

func readFilter(l *properties, n *notification) {
	l.object("Filter", func(f *properties) {
		f.object("S3Key", func(k *properties) {
			k.each("Rules", func(r *properties) {
				switch name, v := strings.ToLower(r.required("Name")), r.text("Value", ""); name {
				case "prefix":
					n.prefix = v
				case "suffix":
					n.suffix = v
				default:
					r.fail("Name", "a key filter is a prefix or a suffix, not %q", name)
				}
			})
		})
	})
}

func makeQueue(d *deployment, id string, p *properties) (resource, error) {
	name := p.text("QueueName", fitting(d.stack.name, id, 80))
	in := &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{}}
	for _, k := range []string{
		"VisibilityTimeout", "DelaySeconds", "MessageRetentionPeriod", "MaximumMessageSize", "ReceiveMessageWaitTimeSeconds", "SqsManagedSseEnabled",
	} {
		if v := p.text(k, ""); v != "" {
			in.Attributes[k] = v
		}
	}
	if v := p.document("RedrivePolicy"); v != "" {
		in.Attributes["RedrivePolicy"] = v
	}
	p.ignore("Tags", "KmsMasterKeyId")
	if _, err := d.home.sqs.CreateQueue(d.ctx, in); err != nil {
		return resource{}, err
	}
	url := d.home.sqs.url(name)
	return resource{ref: url, attributes: map[string]string{"Arn": d.home.arn("sqs", name), "QueueName": name, "QueueUrl": url}}, nil
}

func makeQueuePolicy(d *deployment, id string, p *properties) (resource, error) {
	policy := p.document("PolicyDocument")
	for _, url := range p.list("Queues") {
		in := &sqs.SetQueueAttributesInput{QueueUrl: aws.String(textOf(url)), Attributes: map[string]string{"Policy": policy}}
		if _, err := d.home.sqs.SetQueueAttributes(d.ctx, in); err != nil {
			return resource{}, err
		}
	}
	return resource{ref: fitting(d.stack.name, id, 100)}, nil
}

func makeStateMachine(d *deployment, id string, p *properties) (resource, error) {
	name := p.text("StateMachineName", fitting(d.stack.name, id, 80))
	definition := p.text("DefinitionString", "")
	if text := p.document("Definition"); text != "" {
		definition = text
	}
	p.object("DefinitionSubstitutions", func(s *properties) {
		for k := range s.values {
			definition = strings.ReplaceAll(definition, "${"+k+"}", s.text(k, ""))
		}
	})
	role := p.required("RoleArn")
	if kind := p.text("StateMachineType", "STANDARD"); kind != "STANDARD" {
		p.fail("StateMachineType", "the sandbox runs STANDARD state machines only, not %s", kind)
	}
	traced := false
	p.object("TracingConfiguration", func(t *properties) { traced = t.text("Enabled", "false") == "true" })
	p.ignore("LoggingConfiguration", "Tags")
	if p.err != nil {
		return resource{}, p.err
	}
	machineARN, err := d.home.states.create(name, definition, role, traced)
	return resource{ref: machineARN, attributes: map[string]string{"Arn": machineARN, "Name": name}}, err
}
