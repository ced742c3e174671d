package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// An inventory counts what exists where a run of rehearse could leave something behind.
type inventory struct{ queues, rules, targets, objects, items int }

// changed says what differs from an earlier inventory: a table and, when something does, an error.
func (after inventory) changed(before inventory) ([]string, error) {
	lines := []string{"            before  after"}
	for _, row := range []struct {
		what          string
		before, after int
	}{
		{"queues", before.queues, after.queues},
		{"rules", before.rules, after.rules},
		{"targets", before.targets, after.targets},
		{"objects", before.objects, after.objects},
		{"items", before.items, after.items},
	} {
		lines = append(lines, fmt.Sprintf("%-10s  %6d  %5d", row.what, row.before, row.after))
	}
	return lines, unless(before == after, "something was left behind or is missing")
}

// count takes the inventory of all of the accounts.
func count(ctx context.Context, accounts ...aws.Config) (inventory, error) {
	var n inventory
	for _, config := range accounts {
		for _, part := range []func(context.Context, aws.Config, *inventory) error{countQueues, countRules, countObjects, countItems} {
			if err := part(ctx, config, &n); err != nil {
				return inventory{}, fmt.Errorf("counting what exists: %w", err)
			}
		}
	}
	return n, nil
}

func countQueues(ctx context.Context, config aws.Config, n *inventory) error {
	pages := sqs.NewListQueuesPaginator(sqs.NewFromConfig(config), &sqs.ListQueuesInput{MaxResults: aws.Int32(1000)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		n.queues += len(page.QueueUrls)
	}
	return nil
}

func countRules(ctx context.Context, config aws.Config, n *inventory) error {
	client := eventbridge.NewFromConfig(config)
	buses, err := client.ListEventBuses(ctx, &eventbridge.ListEventBusesInput{Limit: aws.Int32(100)})
	if err != nil {
		return err
	}
	for _, bus := range buses.EventBuses { // a handful: one page
		if err := countRulesOf(ctx, client, bus.Name, n); err != nil {
			return err
		}
	}
	return unless(len(buses.EventBuses) > 0, "there is not even the default bus")
}

func countRulesOf(ctx context.Context, client *eventbridge.Client, bus *string, n *inventory) error {
	for next := (*string)(nil); ; {
		page, err := client.ListRules(ctx, &eventbridge.ListRulesInput{EventBusName: bus, NextToken: next})
		if err != nil {
			return err
		}
		n.rules += len(page.Rules)
		for _, rule := range page.Rules {
			targets, err := client.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{EventBusName: bus, Rule: rule.Name})
			if err != nil {
				return err
			}
			n.targets += len(targets.Targets) // at most five: one page
		}
		if next = page.NextToken; next == nil {
			return nil
		}
	}
}

func countObjects(ctx context.Context, config aws.Config, n *inventory) error {
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	buckets, err := client.ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil {
		return err
	}
	for _, bucket := range buckets.Buckets {
		pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: bucket.Name})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			n.objects += len(page.Contents)
		}
	}
	return nil
}

func countItems(ctx context.Context, config aws.Config, n *inventory) error {
	client := dynamodb.NewFromConfig(config)
	tables := dynamodb.NewListTablesPaginator(client, &dynamodb.ListTablesInput{})
	for tables.HasMorePages() {
		page, err := tables.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, table := range page.TableNames {
			items := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: &table, Select: ddbtypes.SelectCount})
			for items.HasMorePages() {
				scanned, err := items.NextPage(ctx)
				if err != nil {
					return err
				}
				n.items += int(scanned.Count)
			}
		}
	}
	return nil
}
