package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
	"gopkg.in/yaml.v3"

	"github.com/rehearse-dev/rehearse/scenarios"
)

// A system is an example application with its suite: a folder in scenarios.
type system struct {
	name     string // of the folder and of the stack
	template string
	faults   []string // without none
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
		text, err := scenarios.Templates.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var template struct {
			Parameters struct {
				Fault struct {
					AllowedValues []string `yaml:"AllowedValues"`
				} `yaml:"Fault"`
				Others map[string]any `yaml:",inline"`
			} `yaml:"Parameters"`
		}
		if err := yaml.Unmarshal(text, &template); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		s := system{name: path.Dir(file), template: string(text), without: without(template.Parameters.Others)}
		for _, fault := range template.Parameters.Fault.AllowedValues {
			if fault != "none" {
				s.faults = append(s.faults, fault)
			}
		}
		if len(s.faults) == 0 {
			return nil, fmt.Errorf("%s: its parameter Fault names no fault", file)
		}
		found = append(found, s)
	}
	return found, unless(len(found) > 0, "no template in scenarios")
}

// deploy creates the system's stack, healthy.
func (s system) deploy(ctx context.Context, client *cloudformation.Client) error {
	_, err := client.CreateStack(ctx, &cloudformation.CreateStackInput{
		StackName:    &s.name,
		TemplateBody: &s.template,
		Parameters:   s.parameters("none"),
		Capabilities: []cftypes.Capability{cftypes.CapabilityCapabilityIam},
	})
	if err != nil {
		return err
	}
	waiter := cloudformation.NewStackCreateCompleteWaiter(client, func(o *cloudformation.StackCreateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = 200*time.Millisecond, 5*time.Second
	})
	return waiter.Wait(ctx, &cloudformation.DescribeStacksInput{StackName: &s.name}, deployLimit)
}

// breakWith updates the system's stack so that it has the fault.
func (s system) breakWith(ctx context.Context, client *cloudformation.Client, fault string) error {
	_, err := client.UpdateStack(ctx, &cloudformation.UpdateStackInput{
		StackName:    &s.name,
		TemplateBody: &s.template,
		Parameters:   s.parameters(fault),
		Capabilities: []cftypes.Capability{cftypes.CapabilityCapabilityIam},
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

func (s system) parameters(fault string) []cftypes.Parameter {
	return append([]cftypes.Parameter{{ParameterKey: aws.String("Fault"), ParameterValue: &fault}}, s.without...)
}
