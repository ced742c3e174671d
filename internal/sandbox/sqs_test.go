package sandbox_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
)

func (c *clients) send(url, body string) {
	c.t.Helper()
	must[*sqs.SendMessageOutput](c.t)(c.sqs.SendMessage(c.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body}))
}

func TestQueues(t *testing.T) {
	tests := map[string]func(t *testing.T, c *clients){
		"a long poll ends when a message comes": func(t *testing.T, c *clients) {
			url := c.queue("q")
			began := time.Now()
			var wait sync.WaitGroup
			wait.Go(func() {
				<-time.After(7 * time.Second)
				c.send(url, "late")
			})
			if got := c.receive(url, 20); !slices.Equal(got, []string{"late"}) || time.Since(began) != 7*time.Second {
				t.Errorf("received %v after %v", got, time.Since(began))
			}
			wait.Wait()
		},
		"a long poll ends with its caller": func(t *testing.T, c *clients) {
			url := c.queue("q")
			ctx, cancel := context.WithTimeout(c.ctx, 3*time.Second)
			defer cancel()
			began := time.Now()
			_, err := c.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
			if err == nil || time.Since(began) != 3*time.Second {
				t.Errorf("ended after %v with %v", time.Since(began), err)
			}
		},
		"a message that is not deleted comes again, counted": func(t *testing.T, c *clients) {
			url := c.queue("q")
			c.send(url, "one")
			began := time.Now()
			for n := range 3 {
				out := must[*sqs.ReceiveMessageOutput](t)(c.sqs.ReceiveMessage(c.ctx, &sqs.ReceiveMessageInput{
					QueueUrl: &url, WaitTimeSeconds: 20, VisibilityTimeout: 5, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
				}))
				if len(out.Messages) != 1 || out.Messages[0].Attributes["ApproximateReceiveCount"] != []string{"1", "2", "3"}[n] {
					t.Fatalf("look %d: %v", n, out.Messages)
				}
			}
			if time.Since(began) != 10*time.Second {
				t.Errorf("three looks took %v", time.Since(began))
			}
		},
		"deleting": func(t *testing.T, c *clients) {
			url := c.queue("q")
			c.send(url, "one")
			c.send(url, "two")
			out := must[*sqs.ReceiveMessageOutput](t)(c.sqs.ReceiveMessage(c.ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10}))
			must[*sqs.DeleteMessageOutput](t)(c.sqs.DeleteMessage(c.ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: out.Messages[0].ReceiptHandle}))
			batch := must[*sqs.DeleteMessageBatchOutput](t)(c.sqs.DeleteMessageBatch(c.ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: []types.DeleteMessageBatchRequestEntry{
				{Id: aws.String("a"), ReceiptHandle: out.Messages[1].ReceiptHandle}, {Id: aws.String("b"), ReceiptHandle: aws.String("nonsense")},
			}}))
			if len(batch.Successful) != 1 || len(batch.Failed) != 1 || *batch.Failed[0].Code != "ReceiptHandleIsInvalid" {
				t.Errorf("batch %+v", batch)
			}
			<-time.After(time.Minute)
			if got := c.receive(url, 1); len(got) != 0 {
				t.Errorf("deleted, yet received: %v", got)
			}
		},
		"too many receives lead to the dead letters": func(t *testing.T, c *clients) {
			dead := c.queue("dead")
			out := must[*sqs.CreateQueueOutput](t)(c.sqs.CreateQueue(c.ctx, &sqs.CreateQueueInput{QueueName: aws.String("q"), Attributes: map[string]string{
				"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":2}`, "VisibilityTimeout": "1",
			}}))
			c.send(*out.QueueUrl, "poison")
			for range 2 {
				if got := c.receive(*out.QueueUrl, 5); len(got) != 1 {
					t.Fatalf("received %v", got)
				}
			}
			if got := c.receive(*out.QueueUrl, 5); len(got) != 0 {
				t.Errorf("received %v a third time", got)
			}
			if got := c.receive(dead, 5); len(got) != 1 {
				t.Errorf("the dead letters are %v", got)
			}
		},
		"tags of a new queue": func(t *testing.T, c *clients) {
			url := must[*sqs.CreateQueueOutput](t)(c.sqs.CreateQueue(c.ctx, &sqs.CreateQueueInput{QueueName: aws.String("tagged"), Tags: map[string]string{"a": "b"}})).QueueUrl
			if tags := must[*sqs.ListQueueTagsOutput](t)(c.sqs.ListQueueTags(c.ctx, &sqs.ListQueueTagsInput{QueueUrl: url})).Tags; tags["a"] != "b" {
				t.Errorf("tags %v", tags)
			}
		},
		"attributes and tags": func(t *testing.T, c *clients) {
			url := c.queue("q")
			must[*sqs.SetQueueAttributesOutput](t)(c.sqs.SetQueueAttributes(c.ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"VisibilityTimeout": "9"}}))
			must[*sqs.TagQueueOutput](t)(c.sqs.TagQueue(c.ctx, &sqs.TagQueueInput{QueueUrl: &url, Tags: map[string]string{"a": "b"}}))
			a := must[*sqs.GetQueueAttributesOutput](t)(c.sqs.GetQueueAttributes(c.ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"VisibilityTimeout", "QueueArn"}})).Attributes
			if a["VisibilityTimeout"] != "9" || a["QueueArn"] != "arn:aws:sqs:us-east-1:000000000000:q" || len(a) != 2 {
				t.Errorf("attributes %v", a)
			}
			tags := must[*sqs.ListQueueTagsOutput](t)(c.sqs.ListQueueTags(c.ctx, &sqs.ListQueueTagsInput{QueueUrl: &url})).Tags
			if tags["a"] != "b" {
				t.Errorf("tags %v", tags)
			}
			urls := must[*sqs.ListQueuesOutput](t)(c.sqs.ListQueues(c.ctx, &sqs.ListQueuesInput{QueueNamePrefix: aws.String("q")})).QueueUrls
			if !slices.Equal(urls, []string{url}) {
				t.Errorf("queues %v", urls)
			}
		},
		"errors": func(t *testing.T, c *clients) {
			url := c.queue("q")
			_, err := c.sqs.GetQueueUrl(c.ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("nope")})
			if got := code(err); got != "AWS.SimpleQueueService.NonExistentQueue" && got != "QueueDoesNotExist" {
				t.Errorf("a queue that is not there: %v", err)
			}
			_, err = c.sqs.SetQueueAttributes(c.ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"Nope": "1"}})
			if code(err) != "InvalidAttributeName" {
				t.Errorf("an attribute that is not there: %v", err)
			}
			must[*sqs.DeleteQueueOutput](t)(c.sqs.DeleteQueue(c.ctx, &sqs.DeleteQueueInput{QueueUrl: &url}))
			_, err = c.sqs.CreateQueue(c.ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")})
			if got := code(err); got != "QueueDeletedRecently" && got != "AWS.SimpleQueueService.QueueDeletedRecently" {
				t.Errorf("a name that was just deleted: %v", err)
			}
			<-time.After(time.Minute)
			c.queue("q")
		},
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) { bubble(t, sandbox.Options{}, func(c *clients) { f(t, c) }) })
	}
}
