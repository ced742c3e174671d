package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// cliOnSandbox lets AWS's own client use the sandbox, which judges its wire formats.
func cliOnSandbox(ctx context.Context, b *bench) error {
	server, err := b.start(ctx, "sandbox", "/", func(port, _ string) *exec.Cmd {
		cmd := exec.Command(b.rehearse, "sandbox", "--port", port)
		cmd.Dir = b.dir
		cmd.Env = b.environment()
		return cmd
	})
	if err != nil {
		return err
	}
	defer func() { b.report.check("the sandbox stops when asked to", server.close()) }()
	c := cli{b: b, url: server.url}
	for _, question := range []struct {
		what string
		ask  func(context.Context) error
	}{
		{"s3api put-object, get-object", c.objects},
		{"sqs create-queue, send-message, receive-message", c.messages},
		{"events put-events", c.events},
		{"stepfunctions start-execution", c.executions},
	} {
		b.report.check("aws "+question.what, question.ask(ctx))
	}
	return nil
}

// A cli calls the AWS CLI with the sandbox as its endpoint.
type cli struct {
	b   *bench
	url string
}

// call runs one command and reads its JSON answer into into, unless that is nil.
func (c cli) call(ctx context.Context, into any, args ...string) error {
	args = append([]string{"-m", "awscli", "--endpoint-url", c.url, "--output", "json"}, args...)
	out, err := output(ctx, c.b.environment(), c.b.python, args...)
	if err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("aws %s answered %q: %w", strings.Join(args[6:], " "), out, err)
	}
	return nil
}

// stackOutput finds a value that a system's stack exports.
func (c cli) stackOutput(ctx context.Context, stack, key string) (string, error) {
	var answer struct {
		Stacks []struct {
			Outputs []struct{ OutputKey, OutputValue string }
		}
	}
	if err := c.call(ctx, &answer, "cloudformation", "describe-stacks", "--stack-name", stack); err != nil {
		return "", err
	}
	for _, s := range answer.Stacks {
		for _, o := range s.Outputs {
			if o.OutputKey == key {
				return o.OutputValue, nil
			}
		}
	}
	return "", fmt.Errorf("stack %s has no output %s", stack, key)
}

func (c cli) objects(ctx context.Context) error {
	bucket, err := c.stackOutput(ctx, "image-metadata", "Bucket")
	if err != nil {
		return err
	}
	sent, back := filepath.Join(c.b.dir, "sent.txt"), filepath.Join(c.b.dir, "back.txt")
	text := []byte("by the AWS CLI\n")
	if err := os.WriteFile(sent, text, 0o644); err != nil {
		return err
	}
	if err := c.call(ctx, nil, "s3api", "put-object", "--bucket", bucket, "--key", "cli.txt", "--body", sent, "--metadata", "by=cli"); err != nil {
		return err
	}
	var head struct{ Metadata map[string]string }
	if err := c.call(ctx, &head, "s3api", "get-object", "--bucket", bucket, "--key", "cli.txt", back); err != nil {
		return err
	}
	got, err := os.ReadFile(back)
	if err != nil {
		return err
	}
	return unless(bytes.Equal(got, text) && head.Metadata["by"] == "cli", "%q with metadata %v came back", got, head.Metadata)
}

func (c cli) messages(ctx context.Context) error {
	var queue struct{ QueueUrl string }
	if err := c.call(ctx, &queue, "sqs", "create-queue", "--queue-name", "cli"); err != nil {
		return err
	}
	if err := c.call(ctx, nil, "sqs", "send-message", "--queue-url", queue.QueueUrl, "--message-body", "by the CLI"); err != nil {
		return err
	}
	var got struct{ Messages []struct{ Body string } }
	if err := c.call(ctx, &got, "sqs", "receive-message", "--queue-url", queue.QueueUrl, "--wait-time-seconds", "5"); err != nil {
		return err
	}
	return unless(len(got.Messages) == 1 && got.Messages[0].Body == "by the CLI", "received %v", got.Messages)
}

func (c cli) events(ctx context.Context) error {
	var put struct {
		FailedEntryCount int
		Entries          []struct{ EventId string }
	}
	if err := c.call(ctx, &put, "events", "put-events", "--entries", `[{"Source":"cli","DetailType":"by-cli","Detail":"{}"}]`); err != nil {
		return err
	}
	return unless(put.FailedEntryCount == 0 && len(put.Entries) == 1 && put.Entries[0].EventId != "", "answered %+v", put)
}

func (c cli) executions(ctx context.Context) error {
	machine, err := c.stackOutput(ctx, "video-plugins", "PluginLifecycleWorkflow")
	if err != nil {
		return err
	}
	input := `{"eventHook":"postValidate","pluginTitle":"NoSuchPlugin","run":"cli"}`
	var started struct{ ExecutionArn, StartDate any }
	if err := c.call(ctx, &started, "stepfunctions", "start-execution", "--state-machine-arn", machine, "--input", input); err != nil {
		return err
	}
	var execution struct{ Status, Input string }
	if err := c.call(ctx, &execution, "stepfunctions", "describe-execution", "--execution-arn", fmt.Sprint(started.ExecutionArn)); err != nil {
		return err
	}
	known := execution.Status == "RUNNING" || execution.Status == "SUCCEEDED"
	return unless(known && execution.Input == input, "status %s, input %s", execution.Status, execution.Input)
}
