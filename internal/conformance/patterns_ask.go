package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"
)

const (
	rulerSource   = "internal/conformance/ruler" // of the Java program around AWS's engine
	questionsOnce = 8                            // asked of a service at the same time
)

// installRuler has Maven put AWS's engine and what it needs into the bench's folder, from where the
// machine's Maven settings say, unless a file there says that exactly this is there. It gives the
// class path.
func (b *bench) installRuler(ctx context.Context) (jars string, err error) {
	for _, tool := range []string{"java", "javac", "mvn"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", fmt.Errorf("%s is missing: Event Ruler needs a JDK (17 or later) and Maven: %w", tool, err)
		}
	}
	dir := filepath.Join(b.dir, "ruler")
	pom := filepath.Join(rulerSource, "pom.xml")
	want, err := os.ReadFile(pom)
	if err != nil {
		return "", err
	}
	stamp := filepath.Join(dir, "installed.xml")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, want) {
		return filepath.Join(dir, "*"), nil
	}
	fmt.Println("installing Event Ruler")
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if _, err := output(ctx, os.Environ(), "mvn", "--batch-mode", "--quiet", "--file", pom, "dependency:copy-dependencies", "-DoutputDirectory="+dir); err != nil {
		return "", err
	}
	return filepath.Join(dir, "*"), os.WriteFile(stamp, want, 0o644)
}

// askRuler asks AWS's engine: one Java program reads all questions and answers each in a line.
func askRuler(ctx context.Context, jars string, cases []patternCase) ([]answer, error) {
	var questions bytes.Buffer
	write := json.NewEncoder(&questions)
	for _, c := range cases {
		pattern, event := c.question()
		if err := write.Encode(map[string]string{"pattern": pattern, "event": event}); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, "java", "-cp", jars, filepath.Join(rulerSource, "Judge.java"))
	cmd.Stdin = &questions
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", eventRuler, err, said.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(cases) {
		return nil, fmt.Errorf("%s gave %d answers to %d questions", eventRuler, len(lines), len(cases))
	}
	answers := make([]answer, len(cases))
	for i, line := range lines {
		switch {
		case line == "true":
			answers[i] = match
		case line == "false":
			answers[i] = miss
		case strings.HasPrefix(line, "refused: "):
			answers[i] = refused
		default:
			return nil, fmt.Errorf("%s answered %q to %s", eventRuler, line, cases[i])
		}
	}
	return answers, nil
}

// askService asks whatever serves EventBridge's TestEventPattern at a URL.
func askService(ctx context.Context, url string, cases []patternCase) ([]answer, error) {
	client := eventbridge.NewFromConfig(aws.Config{
		Region: region, BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	answers := make([]answer, len(cases))
	asking, ctx := errgroup.WithContext(ctx)
	asking.SetLimit(questionsOnce)
	for i, c := range cases {
		asking.Go(func() error {
			pattern, event := c.question()
			out, err := client.TestEventPattern(ctx, &eventbridge.TestEventPatternInput{EventPattern: &pattern, Event: &event})
			var said smithy.APIError
			switch {
			case errors.As(err, &said) && (said.ErrorCode() == "InvalidEventPatternException" || said.ErrorCode() == "ValidationException"):
				answers[i] = refused
			case err != nil:
				return fmt.Errorf("%s: %w", c, err)
			case out.Result:
				answers[i] = match
			default:
				answers[i] = miss
			}
			return nil
		})
	}
	return answers, asking.Wait()
}
