package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A bench is the place where judges work: an ignored folder of the checkout with a Python
// environment and the built program, and the report.
type bench struct {
	dir      string // absolute path of .conformance
	python   string
	rehearse string
	report   report
}

// newBench prepares the folder: what is installed already is not installed again, the program is
// always built.
func newBench(ctx context.Context, judges []judge) (*bench, error) {
	if _, err := os.Stat("go.mod"); err != nil {
		return nil, fmt.Errorf("run this from the root of the checkout: %w", err)
	}
	dir, err := filepath.Abs(".conformance")
	if err != nil {
		return nil, err
	}
	b := &bench{
		dir:      dir,
		python:   filepath.Join(dir, "venv", "bin", "python"),
		rehearse: filepath.Join(dir, "bin", "rehearse"),
	}
	if runtime.GOOS == "windows" {
		b.python = filepath.Join(dir, "venv", "Scripts", "python.exe")
		b.rehearse += ".exe"
	}
	if err := b.install(ctx, judges); err != nil {
		return nil, err
	}
	if _, err := output(ctx, os.Environ(), "go", "build", "-o", b.rehearse, "./cmd/rehearse"); err != nil {
		return nil, err
	}
	return b, nil
}

// install puts the judges' requirements into the virtual environment, unless a file in it says
// that exactly these are there.
func (b *bench) install(ctx context.Context, judges []judge) error {
	var want []string
	for _, j := range judges {
		want = append(want, j.pip...)
	}
	slices.Sort(want)
	stamp := filepath.Join(b.dir, "venv", "installed.txt")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == strings.Join(want, "\n") {
		return nil
	}
	fmt.Println("installing", strings.Join(want, " "))
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	if _, err := output(ctx, os.Environ(), "python3", "-m", "venv", "--clear", filepath.Join(b.dir, "venv")); err != nil {
		return err
	}
	pip := append([]string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check"}, want...)
	if _, err := output(ctx, os.Environ(), b.python, pip...); err != nil {
		return err
	}
	return os.WriteFile(stamp, []byte(strings.Join(want, "\n")), 0o644)
}

// environment is what the programs get: ours without anything of AWS or rehearse, test credentials,
// and settings that keep them from looking at a developer's own.
func (b *bench) environment(more ...string) []string {
	env := slices.DeleteFunc(os.Environ(), func(e string) bool {
		return strings.HasPrefix(e, "AWS_") || strings.HasPrefix(e, "REHEARSE_")
	})
	bin := filepath.Dir(b.python) + string(os.PathListSeparator) + os.Getenv("PATH")
	return append(append(
		env,
		"PATH="+bin,
		"AWS_ACCESS_KEY_ID=test",
		"AWS_SECRET_ACCESS_KEY=test",
		"AWS_DEFAULT_REGION="+region,
		"AWS_CONFIG_FILE="+filepath.Join(b.dir, "no-config"),
		"AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(b.dir, "no-credentials"),
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_PAGER=",
		"REHEARSE_STATE_DIR="+filepath.Join(b.dir, "state"),
	), more...)
}

const region = "us-east-1"

// output runs a program to its end and returns what it wrote to stdout; an error carries what it
// wrote to stderr.
func output(ctx context.Context, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	out, err := cmd.Output()
	if err == nil {
		return out, nil
	}
	said := ""
	if exit, ok := err.(*exec.ExitError); ok {
		said = "\n" + strings.TrimSpace(string(exit.Stderr))
	}
	return nil, fmt.Errorf("%s %s: %w%s", filepath.Base(name), strings.Join(args, " "), err, said)
}
