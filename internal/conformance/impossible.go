package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// impossible are the tags of cases that need what MiniStack does not have.
var impossible = map[string]string{
	"schemas": "it has no schema registry",
	"xray":    "it has no X-Ray",
}

// leftOut are parameters that keep out of a stack what MiniStack refuses to deploy, by their names.
var leftOut = map[string]string{"SchemaRegistry": "left-out"}

// possible are the arguments of a run without the cases that are impossible.
func possible(args ...string) []string {
	return append([]string{"--skip-tags", strings.Join(slices.Sorted(maps.Keys(impossible)), ",")}, args...)
}

// listImpossible tells which cases are left out, and why: none is in silence.
func (b *bench) listImpossible(ctx context.Context) {
	for _, tag := range slices.Sorted(maps.Keys(impossible)) {
		cmd := exec.CommandContext(ctx, b.rehearse, "list", "--tags", tag, "scenarios")
		cmd.Env = b.environment()
		out, err := cmd.Output()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w\n%s", err, exit.Stderr)
		}
		cases := strings.Split(strings.TrimSpace(string(out)), "\n")
		b.report.check(fmt.Sprintf("not possible on MiniStack, since %s: the cases tagged %s", impossible[tag], tag), err, cases...)
	}
}

// without gives the parameters of a template that leave out what MiniStack refuses.
func without(known map[string]any) []cftypes.Parameter {
	var l []cftypes.Parameter
	for _, name := range slices.Sorted(maps.Keys(leftOut)) {
		if _, ok := known[name]; ok {
			l = append(l, cftypes.Parameter{ParameterKey: &name, ParameterValue: aws.String(leftOut[name])})
		}
	}
	return l
}
