package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"
	"gopkg.in/yaml.v3"

	"github.com/rehearse-dev/rehearse/scenarios"
)

// A system is an example application with its suite: a folder in scenarios.
type system struct {
	name     string // of the folder and of its stacks
	stacks   []stack
	faults   []string // without none
	harmless []string // faults that the suite must not mind
}

// A stack is what of a system is in one account.
type stack struct {
	template string
	account  string // of 12 digits; "" is the one that the suite runs in
	without  []cftypes.Parameter
}

// deployLimit is how long a stack may take.
const deployLimit = 2 * time.Minute

// systems finds the example applications and the faults that their templates know.
func systems() ([]system, error) {
	files, err := fs.Glob(scenarios.Templates, "*/template.yaml")
	if err != nil {
		return nil, err
	}
	var found []system
	for _, file := range files {
		s := system{name: path.Dir(file)}
		others, err := fs.Glob(scenarios.Templates, s.name+"/template.*.yaml")
		if err != nil {
			return nil, err
		}
		for _, file := range append([]string{file}, others...) {
			if err := s.read(file); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
		found = append(found, s)
	}
	return found, unless(len(found) > 0, "no template in scenarios")
}

// read adds what a template describes.
func (s *system) read(file string) error {
	text, err := scenarios.Templates.ReadFile(file)
	if err != nil {
		return err
	}
	var template struct {
		Metadata struct {
			Sandbox struct {
				Account        string   `yaml:"Account"`
				HarmlessFaults []string `yaml:"HarmlessFaults"`
			} `yaml:"Sandbox"`
		} `yaml:"Metadata"`
		Parameters struct {
			Fault struct {
				AllowedValues []string `yaml:"AllowedValues"`
			} `yaml:"Fault"`
			Others map[string]any `yaml:",inline"`
		} `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		return err
	}
	faults := slices.DeleteFunc(template.Parameters.Fault.AllowedValues, func(fault string) bool { return fault == "none" })
	if len(faults) == 0 {
		return errors.New("its parameter Fault names no fault")
	}
	if len(s.stacks) > 0 && !slices.Equal(faults, s.faults) {
		return fmt.Errorf("its faults are %q, those of the system's first template %q", faults, s.faults)
	}
	s.faults, s.harmless = faults, template.Metadata.Sandbox.HarmlessFaults
	s.stacks = append(s.stacks, stack{string(text), template.Metadata.Sandbox.Account, without(template.Parameters.Others)})
	return nil
}

// config is the way into a stack's account. On MiniStack an access key of 12 digits is an account of its own.
func (x stack) config(config aws.Config) aws.Config {
	if x.account != "" {
		return side(*config.BaseEndpoint, x.account)
	}
	return config
}

func (x stack) in(config aws.Config) *cloudformation.Client {
	return cloudformation.NewFromConfig(x.config(config))
}

// deploy creates the system's stacks, healthy.
func (s system) deploy(ctx context.Context, config aws.Config) error {
	for _, x := range s.stacks {
		if err := s.create(ctx, x.in(config), x); err != nil {
			return err
		}
	}
	return s.wake(ctx, config)
}

// wake has every function of the system started: how long the emulator takes for that on a busy machine is nothing that
// an SLA of the suite should judge. The functions refuse the empty event before they do anything.
func (s system) wake(ctx context.Context, config aws.Config) error {
	for _, x := range s.stacks {
		resources, err := x.in(config).ListStackResources(ctx, &cloudformation.ListStackResourcesInput{StackName: &s.name})
		if err != nil {
			return err
		}
		functions := lambda.NewFromConfig(x.config(config))
		for _, r := range resources.StackResourceSummaries {
			if aws.ToString(r.ResourceType) != "AWS::Lambda::Function" {
				continue
			}
			if _, err := functions.Invoke(ctx, &lambda.InvokeInput{FunctionName: r.PhysicalResourceId, Payload: []byte("{}")}); err != nil {
				return fmt.Errorf("waking %s: %w", aws.ToString(r.LogicalResourceId), err)
			}
		}
	}
	return nil
}

var capabilities = []cftypes.Capability{cftypes.CapabilityCapabilityIam, cftypes.CapabilityCapabilityNamedIam}

func (s system) create(ctx context.Context, client *cloudformation.Client, x stack) error {
	_, err := client.CreateStack(ctx, &cloudformation.CreateStackInput{
		StackName:    &s.name,
		TemplateBody: &x.template,
		Parameters:   x.parameters("none"),
		Capabilities: capabilities,
	})
	if err != nil {
		return err
	}
	waiter := cloudformation.NewStackCreateCompleteWaiter(client, func(o *cloudformation.StackCreateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = 200*time.Millisecond, 5*time.Second
	})
	return waiter.Wait(ctx, &cloudformation.DescribeStacksInput{StackName: &s.name}, deployLimit)
}

// breakWith updates the system's stacks so that they have the fault.
func (s system) breakWith(ctx context.Context, config aws.Config, fault string) error {
	for _, x := range s.stacks {
		if err := s.update(ctx, x.in(config), x, fault); err != nil {
			return err
		}
	}
	return s.wake(ctx, config)
}

func (s system) update(ctx context.Context, client *cloudformation.Client, x stack, fault string) error {
	_, err := client.UpdateStack(ctx, &cloudformation.UpdateStackInput{
		StackName:    &s.name,
		TemplateBody: &x.template,
		Parameters:   x.parameters(fault),
		Capabilities: capabilities,
	})
	var refused smithy.APIError
	if errors.As(err, &refused) && strings.Contains(refused.ErrorMessage(), "No updates are to be performed") {
		return nil
	}
	if err != nil {
		return err
	}
	waiter := cloudformation.NewStackUpdateCompleteWaiter(client, func(o *cloudformation.StackUpdateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = 200*time.Millisecond, 5*time.Second
	})
	return waiter.Wait(ctx, &cloudformation.DescribeStacksInput{StackName: &s.name}, deployLimit)
}

func (x stack) parameters(fault string) []cftypes.Parameter {
	return append([]cftypes.Parameter{{ParameterKey: aws.String("Fault"), ParameterValue: &fault}}, x.without...)
}
