package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// elsewhere is the account that the suite's steps reach with in. On MiniStack an access key of
// twelve digits is an account of its own, and a role leads into its account.
const elsewhere = "444455556666"

const accountsSuite = `
accounts:
  delivery: {role_arn: "arn:aws:iam::444455556666:role/rehearse", account: "444455556666"}
`

const accountsScenario = `
scenario: Two accounts
act:
  - put_item: {table: parcels, item: {id: kept, at: home}}
    keep: true
  - put_item: {table: parcels, item: {id: kept, at: delivery}}
    in: delivery
    keep: true
  - put_item: {table: parcels, item: {id: passing, at: home}}
  - put_item: {table: parcels, item: {id: passing, at: delivery}}
    in: delivery
  - put_event: {source: parcels, detail_type: sent, detail: {run: "${scenario.id}"}}
    in: delivery
assert:
  - item: {table: parcels, key: {id: passing}}
    expect: {item.at: home}
  - item: {table: parcels, key: {id: passing}}
    in: delivery
    expect: {item.at: delivery}
  - received: {from: parcels, match: {detail: {run: "${scenario.id}"}}, count: 1}
    expect: {"$.events[0].account": "444455556666"}
arrange:
  - listen: {event_bus: default, pattern: {source: [parcels]}}
    id: parcels
    in: delivery
`

// accountsOnMiniStack runs a suite with steps in two accounts, and looks into each of them with the
// SDK. A suite that finds another account than it asks for must touch nothing.
func accountsOnMiniStack(ctx context.Context, b *bench) error {
	server, err := b.start(ctx, "ministack-accounts", "/_ministack/health", func(port, url string) *exec.Cmd {
		cmd := exec.Command(b.python, "-m", "ministack")
		cmd.Dir = b.dir
		cmd.Env = b.environment("BIND_HOST=127.0.0.1", "GATEWAY_PORT="+port, "AWS_ENDPOINT_URL="+url)
		return cmd
	})
	if err != nil {
		return err
	}
	defer func() { b.report.check("MiniStack stops when asked to", server.close()) }()
	sides := map[string]aws.Config{"home": side(server.url, "test"), "delivery": side(server.url, elsewhere)}
	before := map[string]inventory{}
	for name, config := range sides {
		if err := createParcels(ctx, config); err != nil {
			return err
		}
		if before[name], err = count(ctx, config); err != nil {
			return err
		}
	}
	if err := b.refuseOtherAccount(ctx, server.url); err != nil {
		return err
	}
	for name, config := range sides {
		if err := b.checkInventory(ctx, "the run in another account than asked for, "+name, before[name], config); err != nil {
			return err
		}
	}
	suite, err := b.suite("accounts", accountsSuite, accountsScenario)
	if err != nil {
		return err
	}
	v, err := b.run(ctx, "accounts", "--endpoint-url", server.url, "--region", region, suite)
	if err == nil {
		err = unless(v.exit == 0 && len(v.cases) == 1, "exit code %d\n%s", v.exit, v.output)
	}
	b.report.check("a suite reaches two accounts", err)
	for name, config := range sides {
		b.report.check("the item kept in "+name+" is the one that was put there, and nothing else is left", checkParcels(ctx, config, name, before[name]))
	}
	return nil
}

func side(url, key string) aws.Config {
	return aws.Config{Region: region, BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider(key, "test", "")}
}

// suite writes a suite of one scenario into a folder of its own.
func (b *bench) suite(name, suite, scenario string) (string, error) {
	dir := filepath.Join(b.dir, "suites", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return dir, errors.Join(
		os.WriteFile(filepath.Join(dir, "rehearse.yaml"), []byte(suite), 0o644),
		os.WriteFile(filepath.Join(dir, "one.scenario.yaml"), []byte(scenario), 0o644),
	)
}

// refuseOtherAccount runs a suite one of whose accounts is not the one that it must be.
func (b *bench) refuseOtherAccount(ctx context.Context, url string) error {
	suite, err := b.suite("other-account", "accounts:\n  delivery: {region: us-west-2, account: \"777788889999\"}\n", accountsScenario)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, b.rehearse, "run", "--endpoint-url", url, "--region", region, suite)
	cmd.Env = b.environment()
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		return err
	}
	said := "account 777788889999 is asked for; nothing was touched"
	b.report.check("another account than asked for is exit code 3", unless(
		cmd.ProcessState.ExitCode() == 3 && strings.Contains(string(out), said), "exit code %d\n%s", cmd.ProcessState.ExitCode(), out,
	))
	return nil
}

func createParcels(ctx context.Context, config aws.Config) error {
	_, err := dynamodb.NewFromConfig(config).CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("parcels"), BillingMode: ddbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []ddbtypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: ddbtypes.ScalarAttributeTypeS}},
		KeySchema:            []ddbtypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: ddbtypes.KeyTypeHash}},
	})
	return err
}

// checkParcels expects the one item that was to be kept, and beside it as much as before.
func checkParcels(ctx context.Context, config aws.Config, name string, before inventory) error {
	out, err := dynamodb.NewFromConfig(config).Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("parcels")})
	if err != nil {
		return err
	}
	var found []string
	for _, item := range out.Items {
		id, _ := item["id"].(*ddbtypes.AttributeValueMemberS)
		at, _ := item["at"].(*ddbtypes.AttributeValueMemberS)
		if id == nil || at == nil {
			return fmt.Errorf("an item without id or at: %v", item)
		}
		found = append(found, id.Value+" at "+at.Value)
	}
	after, err := count(ctx, config)
	if err != nil {
		return err
	}
	before.items++
	_, changed := after.changed(before)
	return errors.Join(changed, unless(slices.Equal(found, []string{"kept at " + name}), "the table holds %q", found))
}
