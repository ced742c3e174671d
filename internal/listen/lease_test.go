package listen_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	smithy "github.com/aws/smithy-go"

	"github.com/rehearse-dev/rehearse/internal/listen"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

// TestLease keeps a listener open for hours: at no moment does its lease end,
// though renewing it fails for half an hour, which is told once.
func TestLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		failing, renewals := false, 0
		s := stage.New(t, sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case operation == "TagResource" && failing:
				return &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
			case operation == "TagResource":
				renewals++
			}
			return nil
		}})
		env := s.Env()
		env.RunID = "000000aaaaaa"
		var warned []string
		env.Warn = func(format string, args ...any) { warned = append(warned, strings.TrimSpace(format)) }
		opened, err := listen.OpenEventBridge(t.Context(), env, listen.Selection{Bus: "play-bus", All: true}, listen.ReadySettle)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for minute := 0; minute < 3*60; minute += 5 {
			time.Sleep(5 * time.Minute)
			mu.Lock()
			failing = minute >= 60 && minute < 90
			mu.Unlock()
			parts, errs := listen.Parts(t.Context(), s.Place)
			if len(errs) > 0 || len(parts) != 2 {
				t.Fatal(parts, errs)
			}
			for _, p := range parts {
				if left := time.Until(p.Lease); left <= 5*time.Minute || left > time.Hour || p.Run != env.RunID || !p.Created.Before(began.Add(time.Second)) {
					t.Fatalf("minute %d: %+v, its lease lasts %s", minute, p, left)
				}
			}
		}
		if len(warned) != 1 {
			t.Errorf("told %d times: %s", len(warned), warned)
		}
		if renewals < 8 || renewals > 10 {
			t.Errorf("renewed %d times in three hours", renewals)
		}
		if err := s.Run.Close(t.Context()); err != nil {
			t.Error(err)
		}
		tags := func() string {
			out, err := s.Place.SQS().ListQueueTags(t.Context(), &sqs.ListQueueTagsInput{QueueUrl: aws.String(sandbox.URL + "/" + sandbox.Account + "/" + opened.Queue)})
			if err != nil {
				t.Fatal(err)
			}
			return out.Tags["rehearse:lease"]
		}
		last := tags()
		time.Sleep(2 * time.Hour)
		if tags() != last {
			t.Error("the lease is renewed although the run is over")
		}
	})
}
