package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
)

// suitesOnMiniStack runs the suites, unchanged, on an AWS emulator by others: first with all systems
// healthy, then with each fault of each, which must fail the same cases as in the sandbox. Nothing
// may be left behind.
func suitesOnMiniStack(ctx context.Context, b *bench) error {
	server, config, err := b.ministack(ctx, "ministack")
	if err != nil {
		return err
	}
	defer func() { b.report.check("MiniStack stops when asked to", server.close()) }()
	all, err := systems()
	if err != nil {
		return err
	}
	stacks := cloudformation.NewFromConfig(config)
	if err := b.deploy(ctx, stacks, all); err != nil {
		return err
	}
	before, err := count(ctx, config)
	if err != nil {
		return err
	}
	b.listImpossible(ctx)
	b.checkHealthy(ctx, server.url)
	if err := b.checkInventory(ctx, config, "the healthy run", before); err != nil {
		return err
	}
	var each sync.WaitGroup // systems side by side; the faults of one, one after the other
	for _, s := range all {
		each.Go(func() {
			for _, fault := range s.faults {
				b.checkFault(ctx, server.url, stacks, s, fault)
			}
		})
	}
	each.Wait()
	if err := b.checkInventory(ctx, config, "the runs with faults", before); err != nil {
		return err
	}
	return b.checkKilled(ctx, config, stacks)
}

// ministack starts the emulator and gives the way to it.
func (b *bench) ministack(ctx context.Context, name string) (*server, aws.Config, error) {
	server, err := b.start(ctx, name, "/_ministack/health", func(port, url string) *exec.Cmd {
		cmd := exec.Command(b.python, "-m", "ministack")
		cmd.Dir = b.dir
		// The functions inside reach AWS through the endpoint of the emulator's own environment.
		// AUTH makes it enforce the templates' roles; the test credentials are the root user's.
		cmd.Env = b.environment("BIND_HOST=127.0.0.1", "GATEWAY_PORT="+port, "AWS_ENDPOINT_URL="+url, "AUTH=true")
		return cmd
	})
	if err != nil {
		return nil, aws.Config{}, err
	}
	return server, aws.Config{
		Region:       region,
		BaseEndpoint: &server.url,
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
	}, nil
}

// deploy creates the stacks of all systems.
func (b *bench) deploy(ctx context.Context, stacks *cloudformation.Client, all []system) error {
	for _, s := range all {
		err := s.deploy(ctx, stacks)
		b.report.check("stack "+s.name+" is created from its template", err)
		if err != nil {
			return errors.New("without its stacks nothing can run")
		}
	}
	return nil
}

// checkHealthy expects every case to pass.
func (b *bench) checkHealthy(ctx context.Context, url string) {
	v, err := b.run(ctx, "ministack", possible("--endpoint-url", url, "--region", region, "scenarios")...)
	if err == nil {
		err = unless(v.exit == 0 && v.cases > 0, "exit code %d\n%s", v.exit, v.output)
	}
	b.report.check(fmt.Sprintf("all %d other cases pass on MiniStack", v.cases), err)
}

// checkInventory expects as much to exist as before.
func (b *bench) checkInventory(ctx context.Context, config aws.Config, when string, before inventory) error {
	after, err := count(ctx, config)
	if err != nil {
		return err
	}
	table, err := after.changed(before)
	b.report.check("nothing is left after "+when, err, table...)
	return nil
}

// checkFault breaks a system on the emulator and in the sandbox, and expects the same cases of its
// suite to fail.
func (b *bench) checkFault(ctx context.Context, url string, stacks *cloudformation.Client, s system, fault string) {
	if ctx.Err() != nil {
		return
	}
	what := s.name + "/" + fault
	if err := s.breakWith(ctx, stacks, fault); err != nil {
		b.report.check(what+" can be deployed", err)
		return
	}
	var inSandbox, onMiniStack verdict
	var errSandbox, errMiniStack error
	var both sync.WaitGroup
	both.Go(func() {
		inSandbox, errSandbox = b.run(ctx, s.name+"-"+fault+"-sandbox", possible("--sandbox", "--sandbox-fault", what, "scenarios/"+s.name)...)
	})
	both.Go(func() {
		onMiniStack, errMiniStack = b.run(ctx, s.name+"-"+fault+"-ministack", possible("--endpoint-url", url, "--region", region, "scenarios/"+s.name)...)
	})
	both.Wait()
	err := errors.Join(errSandbox, errMiniStack)
	if err == nil {
		err = sameFailures(inSandbox, onMiniStack)
	}
	var notes []string
	for _, name := range slices.Sorted(maps.Keys(onMiniStack.failed)) {
		notes = append(notes, name, "    "+onMiniStack.failed[name])
	}
	b.report.check(fmt.Sprintf("%s is noticed by %d of %d cases, as in the sandbox", what, len(onMiniStack.failed), onMiniStack.cases), err, notes...)
}

// sameFailures expects both runs to fail, and with the same cases.
func sameFailures(inSandbox, onMiniStack verdict) error {
	var problems []error
	for where, v := range map[string]verdict{"in the sandbox": inSandbox, "on MiniStack": onMiniStack} {
		if v.exit != 1 || len(v.failed) == 0 {
			problems = append(problems, fmt.Errorf("%s: exit code %d with %d failed cases; expected 1 and some", where, v.exit, len(v.failed)))
		}
	}
	for name, message := range inSandbox.failed {
		if _, ok := onMiniStack.failed[name]; !ok {
			problems = append(problems, fmt.Errorf("fails only in the sandbox: %s: %s", name, message))
		}
	}
	for name, message := range onMiniStack.failed {
		if _, ok := inSandbox.failed[name]; !ok {
			problems = append(problems, fmt.Errorf("fails only on MiniStack: %s: %s", name, message))
		}
	}
	return errors.Join(problems...)
}
