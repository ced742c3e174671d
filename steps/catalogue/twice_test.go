package catalogue_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/catalogue"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

// fault breaks the first calls of one operation, before or after they are carried out.
type fault struct {
	name  string
	err   error
	after bool
	times int
}

// counter counts the calls of one operation: those that were sent, and those
// that were carried out.
type counter struct {
	mu         sync.Mutex
	operation  string
	fault      fault
	sent, done int
	broken     int
}

func (c *counter) options() sandbox.Options {
	return sandbox.Options{Intercept: c.intercept, Answer: c.answer}
}

func (c *counter) intercept(_ context.Context, _, operation string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if operation != c.operation {
		return nil
	}
	c.sent++
	if !c.fault.after && c.broken < c.fault.times {
		c.broken++
		return c.fault.err
	}
	return nil
}

func (c *counter) answer(_ context.Context, _, operation string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if operation != c.operation {
		return nil
	}
	c.done++
	if c.fault.after && c.broken < c.fault.times {
		c.broken++
		return c.fault.err
	}
	return nil
}

// outcome is how a step ended that met a fault: how often its call was carried
// out, and whether it knows that it was.
type outcome struct {
	done int
	ok   bool
}

func kindNamed(t *testing.T, name string) steps.Kind {
	t.Helper()
	k, ok := catalogue.New().Kind(name)
	if !ok {
		t.Fatalf("no kind %q", name)
	}
	return k
}

func TestNothingIsDoneTwice(t *testing.T) {
	throttled := &smithy.GenericAPIError{Code: "ThrottlingException", Message: "slow down"}
	broken := &smithy.GenericAPIError{Code: "InternalError", Message: "oops", Fault: smithy.FaultServer}
	faults := []fault{
		{"throttled", throttled, false, 3},
		{"reset before it arrived", errors.New("cut"), false, 1},
		{"reset before the answer", errors.New("cut"), true, 1},
		{"5xx before", broken, false, 1},
		{"5xx after", broken, true, 1},
	}
	once, unknown, lost := outcome{1, true}, outcome{0, false}, outcome{1, false}
	for _, c := range []struct {
		kind, yaml, operation string
		ends                  [5]outcome // one for each fault
	}{
		{"put_event", "{bus: play-bus, source: x, detail_type: y, detail: {}}", "PutEvents", [5]outcome{once, unknown, lost, unknown, lost}},
		{"put_events", "{bus: play-bus, entries: [{source: x, detail_type: y, detail: {}}, {source: x, detail_type: z, detail: {}}]}", "PutEvents", [5]outcome{once, unknown, lost, unknown, lost}},
		{"upload_object", "{bucket: play-bucket, key: new, text: a}", "PutObject", [5]outcome{once, unknown, lost, unknown, lost}},
		{"put_item", "{table: play-table, item: {pk: new}}", "PutItem", [5]outcome{once, unknown, lost, unknown, lost}},
		{"put_item", "{table: play-table, item: {pk: there, v: 2}, overwrite: true}", "PutItem", [5]outcome{once, unknown, lost, unknown, lost}},
		{"start_execution", "{state_machine: play-slow}", "StartExecution", [5]outcome{once, once, {2, true}, once, {2, true}}}, // by its name the second is the first
		{"delete_object", "{bucket: play-bucket, key: there}", "DeleteObject", [5]outcome{once, once, once, once, once}},
		{"delete_item", "{table: play-table, key: {pk: there}}", "DeleteItem", [5]outcome{once, once, {2, true}, once, {2, true}}}, // the second finds nothing
	} {
		for i, f := range faults {
			t.Run(c.kind+" "+f.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					count := &counter{fault: f}
					s := stage.New(t, count.options())
					s.Must(kindNamed(t, "put_item"), "{table: play-table, item: {pk: there, v: 1}}")
					s.Must(kindNamed(t, "upload_object"), "{bucket: play-bucket, key: there, text: there}")
					count.mu.Lock()
					count.operation = c.operation
					count.mu.Unlock()
					_, err := s.Do(kindNamed(t, c.kind), c.yaml)
					synctest.Wait()
					if got := (outcome{count.done, err == nil}); got != c.ends[i] {
						t.Errorf("done %d times (sent %d), error %v; want %+v", got.done, count.sent, err, c.ends[i])
					}
					if err != nil && (awsclient.SurelyNotDone(err) || !awsclient.Transient(err)) {
						t.Errorf("it may have happened, and the error does not say so: %v", err)
					}
					if n := s.Inventory()["executions_running"]; c.kind == "start_execution" && n != 1 {
						t.Errorf("%d executions run", n)
					}
				})
			})
		}
	}
}

// TestEventsThatFailAlone fails single entries of a call.
func TestEventsThatFailAlone(t *testing.T) {
	const yaml = "{bus: play-bus, entries: [%s]}"
	var entries []string
	for n := range 12 {
		entries = append(entries, fmt.Sprintf("{source: x, detail_type: e%d, detail: {}}", n))
	}
	for _, c := range []struct {
		name  string
		fails map[string][]string // the codes of the first tries, by detail-type
		want  string              // "" when all were put
		put   string              // how often each was taken
	}{
		{"none", nil, "", "111111111111"},
		{"some are throttled", map[string][]string{"e1": {"ThrottlingException"}, "e4": {"ThrottlingException", "ThrottlingException"}, "e11": {"ThrottlingException"}}, "", "111111111111"},
		{
			"one always is",
			map[string][]string{"e3": strings.Split(strings.Repeat("ThrottlingException,", 20), ",")},
			`bus "play-bus" refuses entries[3]: ThrottlingException: as the test asked (9 of 12 events were put)`, "111011111100",
		},
		{
			"some may have happened",
			map[string][]string{"e2": {"InternalFailure"}, "e5": {"InternalFailure"}, "e7": {"ThrottlingException"}},
			`bus "play-bus" refuses entries[2]: InternalFailure: as the test asked; it may have happened, so it is not sent again; entries[5]: InternalFailure: as the test asked; it may have happened, so it is not sent again (7 of 12 events were put)`, "110110101100",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				tries, taken := map[string]int{}, map[string]int{}
				s := stage.New(t, sandbox.Options{PutEntry: func(e types.PutEventsRequestEntry) string {
					mu.Lock()
					defer mu.Unlock()
					name := *e.DetailType
					tries[name]++
					if n := tries[name]; n <= len(c.fails[name]) {
						return c.fails[name][n-1]
					}
					taken[name]++
					return ""
				}})
				r, err := s.Do(kindNamed(t, "put_events"), fmt.Sprintf(yaml, strings.Join(entries, ", ")))
				put := ""
				for n := range 12 {
					put += fmt.Sprint(taken[fmt.Sprintf("e%d", n)])
				}
				if put != c.put {
					t.Errorf("the events were taken %s times, want %s", put, c.put)
				}
				switch {
				case c.want != "" && (err == nil || err.Error() != c.want || !steps.IsFinal(err)):
					t.Errorf("error %v\nwant  %s", err, c.want)
				case c.want == "" && err != nil:
					t.Error(err)
				case c.want == "" && len(r.(map[string]any)["event_ids"].([]any)) != 12:
					t.Errorf("found %v", r)
				}
			})
		})
	}
}

func TestACallOfSeveralThatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		s := stage.New(t, sandbox.Options{Answer: func(_ context.Context, _, operation string) error {
			if operation == "PutEvents" {
				if calls++; calls == 2 {
					return errors.New("cut")
				}
			}
			return nil
		}})
		_, err := s.Do(kindNamed(t, "put_events"), "{bus: play-bus, entries: ["+strings.Repeat("{source: x, detail_type: y, detail: {}}, ", 23)+"]}")
		if err == nil || !strings.HasPrefix(err.Error(), "entries[10] to [19] may have been put (10 of 23 events were put): ") || calls != 2 {
			t.Errorf("after %d calls: %v", calls, err)
		}
	})
}
