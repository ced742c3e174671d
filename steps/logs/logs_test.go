package logs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		name, yaml string
		want       []string
	}{
		{"no group", "{}", []string{`parameter "log_group" is missing: The log group's name or ARN.`}},
		{"since is no time", "{log_group: g, since: yesterday}", []string{`"yesterday" is not a time such as 2026-01-31T12:00:00Z`}},
		{"since is a number", "{log_group: g, since: 5}", []string{`expected a time such as 2026-01-31T12:00:00Z, found a number`}},
		{"misspelt", "{log_group: g, filtr: x}", []string{`unknown parameter "filtr"; did you mean "filter"?`}},
		{"empty match", "{log_group: g, match: {}}", []string{"nothing is matched: the document is empty; name a field that must be there"}},
		{"good", "{log_group: g, since: '2026-01-31T12:00:00.5+01:00', filter: '?ERROR ?Task', match: {json: {a: 1}}, where: {message: {contains: x}}, stream_prefix: s}", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, stage.Complaints(LogEvents, c.yaml)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// write puts an entry into a stream of the application's log group.
func write(t *testing.T, s *stage.Stage, stream, message string, at time.Time) {
	t.Helper()
	client := s.Place.Logs()
	_, err := client.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("play-log"), LogStreamName: &stream})
	var exists *types.ResourceAlreadyExistsException
	if err != nil && !errors.As(err, &exists) {
		t.Fatal(err)
	}
	_, err = client.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: aws.String("play-log"), LogStreamName: &stream,
		LogEvents: []types.InputLogEvent{{Message: &message, Timestamp: aws.Int64(at.UnixMilli())}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		write(t, s, "b", "ERROR from before", time.Now())
		<-time.After(time.Second)
		for yaml, want := range map[string]string{
			"{log_group: play-log}": `["ERROR one", "{\"level\": \"INFO\", \"n\": 9007199254740993}"]`,
			"{log_group: play-log, since: '2000-01-01T00:00:00Z', filter: ERROR}":     `["ERROR from before", "ERROR one"]`,
			"{log_group: play-log, filter: ERROR}":                                    `["ERROR one"]`,
			"{log_group: play-log, filter: '{ $.level = \"INFO\" }'}":                 `["{\"level\": \"INFO\", \"n\": 9007199254740993}"]`,
			"{log_group: play-log, match: {json: {n: 9007199254740993}}}":             `["{\"level\": \"INFO\", \"n\": 9007199254740993}"]`,
			"{log_group: play-log, where: {json.n: {lt: 9007199254740993}}}":          `[]`,
			"{log_group: play-log, stream_prefix: a}":                                 `["ERROR one"]`,
			"{log_group: 'arn:aws:logs:us-east-1:000000000000:log-group:play-log:*'}": `["ERROR one", "{\"level\": \"INFO\", \"n\": 9007199254740993}"]`,
		} {
			look := s.Watch(LogEvents, yaml)
			if _, err := look(); err != nil {
				t.Fatalf("%s: %v", yaml, err)
			}
			defer func() {
				seen, err := look()
				if err != nil {
					t.Fatalf("%s: %v", yaml, err)
				}
				doc := seen.Doc.(map[string]any)
				messages := []any{}
				for _, e := range doc["events"].([]any) {
					messages = append(messages, e.(map[string]any)["message"])
				}
				if diff := cmp.Diff(parse(want), any(messages)); diff != "" || fmt.Sprint(doc["count"]) != fmt.Sprint(len(messages)) {
					t.Errorf("%s: count %v%s", yaml, doc["count"], diff)
				}
			}()
		}
		<-time.After(10 * time.Second)
		write(t, s, "a", "ERROR one", time.Now())
		write(t, s, "b", `{"level": "INFO", "n": 9007199254740993}`, time.Now())
	})
}

func parse(text string) any {
	v, err := schema.ParseJSON([]byte(text))
	if err != nil {
		panic(err)
	}
	return v
}

func TestAnEventAsADocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		look := s.Watch(LogEvents, "{log_group: play-log}")
		at := time.Date(2030, 1, 2, 3, 4, 5, 6e6, time.UTC)
		write(t, s, "a", "plain", at)
		write(t, s, "a", "null", at)
		seen, err := look()
		if err != nil {
			t.Fatal(err)
		}
		want := parse(`{"count": 2, "events": [
			{"message": "plain", "timestamp": "2030-01-02T03:04:05.006Z", "stream": "a"},
			{"message": "null", "json": null, "timestamp": "2030-01-02T03:04:05.006Z", "stream": "a"}]}`)
		if diff := cmp.Diff(want, seen.Doc); diff != "" {
			t.Error(diff)
		}
		if seen.At.IsZero() || time.Since(seen.At) > time.Second {
			t.Errorf("at %v, now %v", seen.At, time.Now())
		}
	})
}

func TestNearMisses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		look := s.Watch(LogEvents, "{log_group: play-log, match: {json: {a: 1, b: 2}}}")
		write(t, s, "a", `{"a": 5, "b": 5}`, time.Now())
		write(t, s, "a", `{"a": 1, "b": 5}`, time.Now())
		seen, err := look()
		if err != nil {
			t.Fatal(err)
		}
		x := seen.Explain()
		if *x.Arrived != 2 || len(x.Misses) != 2 || x.Misses[0].Summary != `{"a": 1, "b": 5}` || len(x.Misses[0].Diff) != 1 {
			t.Errorf("explained as %+v", x)
		}
	})
}

func TestMissingGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		for group, want := range map[string]string{
			"none":             `log group "none" does not exist in account 000000000000, region us-east-1; there are: play-log`,
			"/aws/lambda/none": `log group "/aws/lambda/none" does not exist in account 000000000000, region us-east-1, and there is no function "none" that will make it`,
		} {
			if _, err := s.Watch(LogEvents, "{log_group: "+group+"}")(); err == nil || err.Error() != want || !steps.IsFinal(err) {
				t.Errorf("%s: %v", group, err)
			}
		}
	})
}

const functionTemplate = `
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: silent, Runtime: python3.12, Handler: index.handler, Role: "arn:aws:iam::000000000000:role/play", Code: {ZipFile: "def handler(e, c): pass"}}
`

func TestAFunctionThatHasNotRunHasAnEmptyLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{Functions: map[string]sandbox.Function{
			"other/Function": func(context.Context, *sandbox.Call) (any, error) { return nil, nil },
		}})
		if err := s.Deploy(t.Context(), "other", "other", []byte(functionTemplate), nil); err != nil {
			t.Fatal(err)
		}
		want := parse(`{"count": 0, "events": []}`)
		if diff := cmp.Diff(want, any(s.See(LogEvents, "{log_group: /aws/lambda/silent}"))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestManyWaitersShareTheirReadings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		calls := 0
		s := stage.New(t, sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
			mu.Lock()
			defer mu.Unlock()
			if operation == "FilterLogEvents" {
				calls++
			}
			return nil
		}})
		began := time.Now()
		var wg sync.WaitGroup
		for range 50 {
			look := s.Watch(LogEvents, "{log_group: play-log}")
			wg.Go(func() {
				for range 10 {
					if _, err := look(); err != nil {
						t.Error(err)
					}
					<-time.After(500 * time.Millisecond)
				}
			})
		}
		wg.Wait()
		if most := int(time.Since(began)/spacing) + 1; calls > most {
			t.Errorf("500 looks made %d calls, want at most %d", calls, most)
		}
	})
}

func TestAFailureThatPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{Intercept: func(_ context.Context, service, _ string) error {
			if service == "logs" {
				return errors.New("cut")
			}
			return nil
		}})
		if _, err := s.Watch(LogEvents, "{log_group: play-log}")(); err == nil || steps.IsFinal(err) {
			t.Errorf("error %v, want one that passes", err)
		}
	})
}
