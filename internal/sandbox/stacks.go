package sandbox

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// stackService is the reading half of CloudFormation; the writing half is Sandbox.Deploy.
type stackService struct {
	mu     sync.Mutex
	stacks map[string]*deployedStack
}

// deployedStack never changes once it is in the service's map.
type deployedStack struct {
	name, id, description string
	created               time.Time
	parameters            map[string]string
	outputs               []types.Output
	resources             []deployedResource // in the order they were made
}

type deployedResource struct {
	logicalID, physicalID, kind string
	made                        time.Time
}

func newStacks() *stackService { return &stackService{stacks: map[string]*deployedStack{}} }

func (s *stackService) count(counts map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts["stacks"] += len(s.stacks)
}

// find gives a stack by its name or id.
func (s *stackService) find(name *string) (*deployedStack, error) {
	n := aws.ToString(name)
	if n == "" {
		return nil, refuse("ValidationError", "1 validation error detected: Value null at 'stackName' failed to satisfy constraint: Member must not be null")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.stacks {
		if st.name == n || st.id == n {
			return st, nil
		}
	}
	return nil, refuse("ValidationError", "Stack with id %s does not exist", n)
}

func (s *stackService) DescribeStacks(_ context.Context, in *cloudformation.DescribeStacksInput) (*cloudformation.DescribeStacksOutput, error) {
	out := &cloudformation.DescribeStacksOutput{Stacks: []types.Stack{}}
	if in.StackName != nil {
		st, err := s.find(in.StackName)
		if err != nil {
			return nil, err
		}
		out.Stacks = append(out.Stacks, st.document())
		return out, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.stacks)) {
		out.Stacks = append(out.Stacks, s.stacks[name].document())
	}
	return out, nil
}

func (st *deployedStack) document() types.Stack {
	d := types.Stack{
		StackName: aws.String(st.name), StackId: aws.String(st.id), CreationTime: aws.Time(st.created), Description: optional(st.description),
		StackStatus: types.StackStatusCreateComplete, Outputs: st.outputs, DisableRollback: aws.Bool(false),
		Capabilities: []types.Capability{types.CapabilityCapabilityIam},
	}
	for _, k := range slices.Sorted(maps.Keys(st.parameters)) {
		d.Parameters = append(d.Parameters, types.Parameter{ParameterKey: aws.String(k), ParameterValue: aws.String(st.parameters[k])})
	}
	return d
}

func (s *stackService) DescribeStackResource(_ context.Context, in *cloudformation.DescribeStackResourceInput) (*cloudformation.DescribeStackResourceOutput, error) {
	st, err := s.find(in.StackName)
	if err != nil {
		return nil, &apiError{Code: "ValidationError", Message: "Stack '" + aws.ToString(in.StackName) + "' does not exist"}
	}
	for _, r := range st.resources {
		if r.logicalID == aws.ToString(in.LogicalResourceId) {
			return &cloudformation.DescribeStackResourceOutput{StackResourceDetail: &types.StackResourceDetail{
				StackName: aws.String(st.name), StackId: aws.String(st.id), LogicalResourceId: aws.String(r.logicalID),
				PhysicalResourceId: aws.String(r.physicalID), ResourceType: aws.String(r.kind),
				LastUpdatedTimestamp: aws.Time(r.made), ResourceStatus: types.ResourceStatusCreateComplete,
			}}, nil
		}
	}
	return nil, refuse("ValidationError", "Resource %s does not exist for stack %s", aws.ToString(in.LogicalResourceId), st.name)
}

func (s *stackService) DescribeStackResources(_ context.Context, in *cloudformation.DescribeStackResourcesInput) (*cloudformation.DescribeStackResourcesOutput, error) {
	out := &cloudformation.DescribeStackResourcesOutput{StackResources: []types.StackResource{}}
	st, err := s.owner(in)
	if err != nil {
		return nil, err
	}
	for _, r := range st.resources {
		if in.LogicalResourceId != nil && *in.LogicalResourceId != r.logicalID {
			continue
		}
		out.StackResources = append(out.StackResources, types.StackResource{
			StackName: aws.String(st.name), StackId: aws.String(st.id), LogicalResourceId: aws.String(r.logicalID),
			PhysicalResourceId: aws.String(r.physicalID), ResourceType: aws.String(r.kind),
			Timestamp: aws.Time(r.made), ResourceStatus: types.ResourceStatusCreateComplete,
		})
	}
	if in.LogicalResourceId != nil && len(out.StackResources) == 0 {
		return nil, refuse("ValidationError", "Resource %s does not exist for stack %s", *in.LogicalResourceId, st.name)
	}
	return out, nil
}

// owner finds the stack that is asked for, or the one that owns a physical resource.
func (s *stackService) owner(in *cloudformation.DescribeStackResourcesInput) (*deployedStack, error) {
	if in.StackName != nil || in.PhysicalResourceId == nil {
		return s.find(in.StackName)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.stacks {
		for _, r := range st.resources {
			if r.physicalID == *in.PhysicalResourceId {
				return st, nil
			}
		}
	}
	return nil, refuse("ValidationError", "Stack for %s does not exist", *in.PhysicalResourceId)
}

func (s *stackService) ListStackResources(_ context.Context, in *cloudformation.ListStackResourcesInput) (*cloudformation.ListStackResourcesOutput, error) {
	st, err := s.find(in.StackName)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.ListStackResourcesOutput{StackResourceSummaries: []types.StackResourceSummary{}}
	for _, r := range st.resources {
		out.StackResourceSummaries = append(out.StackResourceSummaries, types.StackResourceSummary{
			LogicalResourceId: aws.String(r.logicalID), PhysicalResourceId: aws.String(r.physicalID), ResourceType: aws.String(r.kind),
			LastUpdatedTimestamp: aws.Time(r.made), ResourceStatus: types.ResourceStatusCreateComplete,
		})
	}
	return out, nil
}

func (s *stackService) ListStacks(_ context.Context, in *cloudformation.ListStacksInput) (*cloudformation.ListStacksOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &cloudformation.ListStacksOutput{StackSummaries: []types.StackSummary{}}
	if len(in.StackStatusFilter) > 0 && !slices.Contains(in.StackStatusFilter, types.StackStatusCreateComplete) {
		return out, nil
	}
	for _, name := range slices.Sorted(maps.Keys(s.stacks)) {
		st := s.stacks[name]
		out.StackSummaries = append(out.StackSummaries, types.StackSummary{
			StackName: aws.String(st.name), StackId: aws.String(st.id), CreationTime: aws.Time(st.created),
			StackStatus: types.StackStatusCreateComplete, TemplateDescription: aws.String(strings.TrimSpace(st.description)),
		})
	}
	return out, nil
}
