package sandbox

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
)

// once makes a client that does not try again.
func once(s *Sandbox) *sqs.Client {
	config := s.Config()
	config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return sqs.NewFromConfig(config)
}

func TestUnkind(t *testing.T) {
	for _, c := range []struct {
		name string
		Unkind
		code string // of the answer; "": the connection broke
		done bool
	}{
		{"throttled", Unkind{Throttled: 1}, "ThrottlingException", false},
		{"failed", Unkind{Failed: 1}, "InternalFailure", false},
		{"reset", Unkind{Reset: 1}, "", false},
		{"cut", Unkind{Cut: 1}, "", true},
		{"cut by choice", Unkind{CutAnswer: func(service, operation string) bool { return service == "sqs" && operation == "CreateQueue" }}, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := New(t.Context(), Options{Unkind: c.Unkind})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				_, err = once(s).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
				var answer smithy.APIError
				if errors.As(err, &answer); err == nil || c.code != "" && (answer == nil || answer.ErrorCode() != c.code) || c.code == "" && answer != nil {
					t.Errorf("the answer is %v, want code %q", err, c.code)
				}
				if got := s.Inventory()["queues"] == 1; got != c.done {
					t.Errorf("carried out: %v, want %v", got, c.done)
				}
			})
		})
	}
}

// TestCutAnswersBreakInTheMiddle, after the status and a part of the body.
func TestCutAnswersBreakInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(t.Context(), Options{Unkind: Unkind{Cut: 1}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		answer, err := (&http.Client{Transport: s.transport}).Get(URL + "/nowhere/k")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if answer.StatusCode != http.StatusNotFound || len(body) == 0 || !errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(string(body), "</Error>") {
			t.Errorf("%d, %v, %s", answer.StatusCode, err, body)
		}
	})
}

func TestAwayAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(t.Context(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		client := once(s)
		ask := func() error {
			_, err := client.ListQueues(t.Context(), &sqs.ListQueuesInput{})
			return err
		}
		if err := ask(); err != nil {
			t.Error(err)
		}
		s.GoAway()
		if err := ask(); err == nil {
			t.Error("the connection was left open")
		}
		if err := ask(); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%v", err)
		}
		s.ComeBack()
		if err := ask(); err != nil {
			t.Error(err)
		}
	})
}

func TestSparedAreOnlyThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(t.Context(), Options{Unkind: Unkind{
			Failed: 1, Reset: 1, Cut: 1, Slow: 1, SlowBy: 3 * time.Second,
			Spared: func(service, operation string) bool { return service+operation == "sqsListQueues" },
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		start := time.Now()
		if _, err := once(s).ListQueues(context.WithoutCancel(t.Context()), &sqs.ListQueuesInput{}); err != nil || time.Since(start) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}
