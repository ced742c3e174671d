package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/scenarios"
	"github.com/rehearse-dev/rehearse/schema"
)

// sandboxed starts the sandbox when it is asked for, and gives the way to it.
func (o *runOptions) sandboxed(ctx context.Context) (awsclient.Settings, func(), error) {
	if !o.sandbox {
		return awsclient.Settings{}, func() {}, nil
	}
	s, err := startSandbox(ctx, o.faults)
	if err != nil {
		return awsclient.Settings{}, nil, err
	}
	return awsclient.Settings{
		Region: sandbox.Region, EndpointURL: sandbox.URL, Dial: s.Dial, AccessKey: "local", SecretKey: "local",
	}, func() { _ = s.Close() }, nil // everything in it ends with it
}

// startSandbox deploys the example systems, broken as asked.
func startSandbox(ctx context.Context, faults []string) (*sandbox.Sandbox, error) {
	broken, err := parseFaults(faults)
	if err != nil {
		return nil, exit{runner.ExitInvalid, err}
	}
	s, err := sandbox.New(ctx, sandbox.Options{Templates: scenarios.Templates, Faults: broken})
	if err != nil {
		return nil, exit{runner.ExitReport, fmt.Errorf("the sandbox cannot start: %w", err)}
	}
	return s, nil
}

// parseFaults reads SYSTEM/FAULT and refuses what no template knows.
func parseFaults(list []string) (map[string]string, error) {
	broken := map[string]string{}
	for _, text := range list {
		system, fault, ok := strings.Cut(text, "/")
		systems := exampleSystems()
		if !ok {
			return nil, fmt.Errorf("--sandbox-fault takes SYSTEM/FAULT, got %q; the systems are %s", text, strings.Join(systems, ", "))
		}
		if !slices.Contains(systems, system) {
			return nil, fmt.Errorf("the sandbox has no system %q%s; there are %s", system, schema.DidYouMean(system, systems), strings.Join(systems, ", "))
		}
		template, err := fs.ReadFile(scenarios.Templates, path.Join(system, "template.yaml"))
		if err != nil {
			return nil, err
		}
		known, err := sandbox.Faults(template)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(known, fault) {
			return nil, fmt.Errorf("%s has no fault %q%s; there are %s", system, fault, schema.DidYouMean(fault, known), strings.Join(known, ", "))
		}
		broken[system] = fault
	}
	return broken, nil
}

func exampleSystems() []string {
	found, _ := fs.Glob(scenarios.Templates, "*/template.yaml") // the pattern is right
	for i, f := range found {
		found[i] = path.Dir(f)
	}
	return found
}

func newSandbox() *cobra.Command {
	var port int
	var faults []string
	c := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve the embedded AWS sandbox on a port of this machine",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx := c.Context()
			if ctx == nil {
				ctx = context.Background()
			}
			s, err := startSandbox(ctx, faults)
			if err != nil {
				return err
			}
			defer s.Close()
			listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
			if err != nil {
				return exit{runner.ExitUnusable, fmt.Errorf("cannot serve on port %d: %w", port, err)}
			}
			gentle, hard, release := signals(ctx, c.ErrOrStderr(), "the sandbox ends, and everything in it", "the sandbox is ending")
			defer release()
			fmt.Fprintf(c.OutOrStdout(), "AWS sandbox at http://%s with the systems %s\n", listener.Addr(), strings.Join(exampleSystems(), ", "))
			fmt.Fprintf(c.OutOrStdout(), "export AWS_ENDPOINT_URL=http://%s AWS_REGION=%s AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local\n", listener.Addr(), sandbox.Region)
			return serve(hard, gentle, listener, s)
		},
	}
	c.Flags().IntVar(&port, "port", 4577, "the port; 0 takes a free one")
	c.Flags().StringArrayVar(&faults, "fault", nil, "break an example system on purpose: SYSTEM/FAULT")
	return c
}

// serve answers until it is told to stop.
func serve(ctx context.Context, stop <-chan struct{}, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return exit{runner.ExitUnusable, err}
	case <-stop:
	case <-ctx.Done():
	}
	if err := server.Close(); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return exit{runner.ExitReport, err}
	}
	return nil
}
