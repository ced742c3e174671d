package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
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
	if err := b.deploy(ctx, config, all); err != nil {
		return err
	}
	accounts := accountsOf(config, all)
	before, err := count(ctx, accounts...)
	if err != nil {
		return err
	}
	b.listImpossible(ctx)
	b.checkHealthy(ctx, server.url)
	if err := b.checkInventory(ctx, "the healthy run", before, accounts...); err != nil {
		return err
	}
	var each sync.WaitGroup // systems side by side; the faults of one, one after the other
	for _, s := range all {
		each.Go(func() {
			for _, fault := range s.faults {
				b.checkFault(ctx, server.url, config, s, fault)
			}
			if err := s.breakWith(ctx, config, "none"); err != nil {
				b.report.check(s.name+" can be mended", err)
			}
		})
	}
	each.Wait()
	if err := b.checkInventory(ctx, "the runs with faults", before, accounts...); err != nil {
		return err
	}
	return b.checkKilled(ctx, config)
}

// accountsOf are the ways into all the accounts that the systems are in.
func accountsOf(config aws.Config, all []system) []aws.Config {
	accounts := []aws.Config{config}
	var seen []string
	for _, s := range all {
		for _, x := range s.stacks {
			if x.account != "" && !slices.Contains(seen, x.account) {
				seen = append(seen, x.account)
				accounts = append(accounts, side(*config.BaseEndpoint, x.account))
			}
		}
	}
	return accounts
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
func (b *bench) deploy(ctx context.Context, config aws.Config, all []system) error {
	for _, s := range all {
		err := s.deploy(ctx, config)
		b.report.check(fmt.Sprintf("%s is created from its %s", s.name, counted(len(s.stacks), "template")), err)
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
		err = unless(v.exit == 0 && len(v.cases) > 0, "exit code %d\n%s", v.exit, v.output)
	}
	b.report.check(fmt.Sprintf("all %d other cases pass on MiniStack", len(v.cases)), err)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// checkInventory expects as much to exist as before.
func (b *bench) checkInventory(ctx context.Context, when string, before inventory, accounts ...aws.Config) error {
	after, err := count(ctx, accounts...)
	if err != nil {
		return err
	}
	table, err := after.changed(before)
	b.report.check("nothing is left after "+when, err, table...)
	return nil
}

// checkFault breaks a system on the emulator and in the sandbox, and expects the same cases of its
// suite to fail, of those that are possible on both.
func (b *bench) checkFault(ctx context.Context, url string, config aws.Config, s system, fault string) {
	if ctx.Err() != nil {
		return
	}
	what := s.name + "/" + fault
	if err := s.breakWith(ctx, config, fault); err != nil {
		b.report.check(what+" can be deployed", err)
		return
	}
	var inSandbox, onMiniStack verdict
	var errSandbox, errMiniStack error
	var both sync.WaitGroup
	both.Go(func() {
		inSandbox, errSandbox = b.run(ctx, s.name+"-"+fault+"-sandbox", "--sandbox", "--sandbox-fault", what, "scenarios/"+s.name)
	})
	both.Go(func() {
		onMiniStack, errMiniStack = b.run(ctx, s.name+"-"+fault+"-ministack", possible("--endpoint-url", url, "--region", region, "scenarios/"+s.name)...)
	})
	both.Wait()
	err := errors.Join(errSandbox, errMiniStack)
	if err == nil {
		err = sameFailures(inSandbox, onMiniStack, slices.Contains(s.harmless, fault))
	}
	var notes []string
	for _, name := range slices.Sorted(maps.Keys(inSandbox.failed)) {
		where := ""
		if !slices.Contains(onMiniStack.cases, name) {
			where = " (in the sandbox only: it is not possible on MiniStack)"
		}
		notes = append(notes, name+where, "    "+cmp.Or(onMiniStack.failed[name], inSandbox.failed[name]))
	}
	b.report.check(fmt.Sprintf("%s is noticed by %d of %d cases, as in the sandbox", what, len(onMiniStack.failed), len(onMiniStack.cases)), err, notes...)
}

// sameFailures expects a fault to be noticed in the sandbox, unless it is harmless, and on MiniStack by the same of the
// cases that ran there.
func sameFailures(inSandbox, onMiniStack verdict, harmless bool) error {
	problems := []error{unless(len(onMiniStack.cases) > 0, "on MiniStack nothing ran")}
	for where, v := range map[string]verdict{"in the sandbox": inSandbox, "on MiniStack": onMiniStack} {
		want := 0
		if len(v.failed) > 0 {
			want = 1
		}
		problems = append(problems, unless(v.exit == want, "%s: exit code %d with %d failed cases\n%s", where, v.exit, len(v.failed), v.output))
	}
	problems = append(problems, unless((len(inSandbox.failed) == 0) == harmless, "in the sandbox %d cases fail\n%s", len(inSandbox.failed), inSandbox.output))
	for name, message := range inSandbox.failed {
		if _, ok := onMiniStack.failed[name]; !ok && slices.Contains(onMiniStack.cases, name) {
			problems = append(problems, fmt.Errorf("fails only in the sandbox: %s: %s\n%s", name, message, onMiniStack.output))
		}
	}
	for name, message := range onMiniStack.failed {
		if _, ok := inSandbox.failed[name]; !ok {
			problems = append(problems, fmt.Errorf("fails only on MiniStack: %s: %s\n%s", name, message, onMiniStack.output))
		}
	}
	return errors.Join(problems...)
}
