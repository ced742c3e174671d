package sandbox

import (
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// TestEveryOperationSurvives calls each operation with nothing, and with names that lead nowhere: whatever the answer
// is, there is one.
func TestEveryOperationSurvives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(context.Background(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		bodies := []string{`{}`, `{"Name":"","QueueUrl":"//","TableName":"/","Rule":"r","ResourceARN":"arn:","Entries":[{}],"Targets":[{"Id":"a","Arn":"arn"}],"executionArn":"arn:aws:states:","logGroupName":"arn::log-group:","EventBusName":"arn::event-bus/","Item":{},"Key":{},"logEvents":[{}],"NextToken":"page--1","nextToken":"page-9"}`}
		for target, e := range s.home(Account, Region).routes.targets {
			for _, operation := range slices.Sorted(maps.Keys(e.operations)) {
				for _, body := range bodies {
					r, err := http.NewRequest(http.MethodPost, URL, strings.NewReader(body))
					if err != nil {
						t.Fatal(err)
					}
					r.Header.Set("X-Amz-Target", target+"."+operation)
					resp, err := s.client.Do(r)
					if err != nil {
						t.Errorf("%s.%s %s: %v", target, operation, body, err)
						continue
					}
					answer, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					if err != nil || !strings.HasPrefix(string(answer), "{") {
						t.Errorf("%s.%s: %s %s %v", target, operation, resp.Status, answer, err)
					}
				}
			}
		}
		for service, e := range s.home(Account, Region).routes.actions {
			for operation := range e.operations {
				r, err := http.NewRequest(http.MethodPost, URL, strings.NewReader("Action="+operation))
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/"+service+"/aws4_request")
				resp, err := s.client.Do(r)
				if err != nil {
					t.Errorf("%s %s: %v", service, operation, err)
					continue
				}
				resp.Body.Close()
			}
		}
	})
}
