// Command conformance holds rehearse against judges that others wrote.
//
// The sandbox inside rehearse may not judge rehearse: both are ours. So this program installs the
// judges at pinned versions into .conformance (ignored by git), starts them on free loopback ports,
// asks each its questions, prints a line for each answer and stops whatever it started. It uses
// rehearse as a user does, through the built program, and must not know its packages.
//
//	go run ./internal/conformance               # all judges
//	go run ./internal/conformance -judge aws-cli
//
// To add a judge, add it to the list below: its pip requirements and a function that questions it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// A judge is a program by others, with the questions that it answers.
type judge struct {
	name string
	pip  []string // pinned requirements, installed into one virtual environment
	ask  func(context.Context, *bench) error
}

var judges = []judge{
	{"ministack", []string{"ministack==1.5.33", "boto3==1.43.106"}, suitesOnMiniStack},
	{"accounts", nil, accountsOnMiniStack}, // with the requirements of ministack
	{"aws-cli", []string{"awscli==1.46.2"}, cliOnSandbox},
	{"patterns", nil, patternsOnJudges},                                 // with the requirements of ministack
	{"editor", nil, editorSchemas},                                      // with Node.js and the packages of ajv/package-lock.json
	{"junit", []string{"junitparser==5.0.3"}, junitReaders},             // and Node.js with the packages of junit/package-lock.json
	{"microburst", []string{"microburst==0.10.0"}, suitesThroughFaults}, // in front of ministack
	{"mock", []string{"jsonschema[format-nongpl]==4.26.0", "openapi-schema-validator==0.9.0"}, mocksOnValidators},
	{"moto", []string{"moto[server]==5.2.5"}, tracesOnMoto},
}

func main() {
	only := flag.String("judge", "", "ask only the judge of this name")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *only); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

// run asks every judge (or only the one named), prints the summary and returns an error when any
// check failed or could not be made.
func run(ctx context.Context, only string) error {
	b, err := newBench(ctx, judges)
	if err != nil {
		return err
	}
	asked := 0
	for _, j := range judges {
		if only != "" && only != j.name {
			continue
		}
		asked++
		fmt.Printf("\n%s %v\n", j.name, j.pip)
		if err := j.ask(ctx, b); err != nil {
			b.report.check(j.name+" could be asked everything", err)
		}
	}
	if asked == 0 {
		return fmt.Errorf("there is no judge %q", only)
	}
	b.report.summary()
	if ctx.Err() != nil {
		return errors.New("interrupted; everything that was started has been stopped")
	}
	if b.report.anyFailed() {
		return errors.New("not conformant: see ✗ above")
	}
	return nil
}
