package eventbridge_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/eventbridge"
)

// bench is a run against a sandbox that has the bus "shop" with the rules
// "orders" (source shop) and "asleep" (the same, disabled).
type bench struct {
	*testing.T
	box    *sandbox.Sandbox
	place  *awsclient.Place
	ledger *ledger
	run    *steps.Shared
	runID  string
	suite  steps.SuiteEnv
	ctx    context.Context
	before map[string]int
}

// inBubble runs a test in virtual time and sees that nothing is left afterwards.
func inBubble(t *testing.T, o sandbox.Options, test func(*bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		box, err := sandbox.New(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := box.Close(); err != nil {
				t.Error(err)
			}
		}()
		b := newBench(t, box, "run1")
		b.must(b.place.EventBridge().CreateEventBus(b.ctx, &sdk.CreateEventBusInput{Name: aws.String("shop")}))
		b.rule("orders", `{"source":["shop"]}`, types.RuleStateEnabled)
		b.rule("asleep", `{"source":["shop"]}`, types.RuleStateDisabled)
		b.before = box.Inventory()
		test(b)
		b.end()
		if after := box.Inventory(); !maps.Equal(b.before, after) {
			t.Errorf("left behind: before %v, after %v", b.before, after)
		}
	})
}

func newBench(t *testing.T, box *sandbox.Sandbox, runID string) *bench {
	t.Helper()
	place, err := awsclient.Connect(t.Context(), awsclient.Settings{
		Dial: box.Dial, EndpointURL: sandbox.URL, Region: sandbox.Region, AccessKey: "test", SecretKey: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, box: box, place: place, runID: runID, ledger: &ledger{}, ctx: t.Context()}
	b.suite = steps.SuiteEnv{Name: "test", Settle: 5 * time.Second, Tags: map[string]string{"team": "media"}}
	b.run = steps.NewShared(t.Context(), b.ledger)
	return b
}

// end closes the run and takes back what its ledger knows.
func (b *bench) end() {
	b.Helper()
	if err := b.run.Close(b.ctx); err != nil {
		b.Error(err)
	}
	b.ledger.takeBack(b)
}

func (b *bench) must(_ any, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) rule(name, pattern string, state types.RuleState) {
	b.Helper()
	b.must(b.place.EventBridge().PutRule(b.ctx, &sdk.PutRuleInput{
		Name: aws.String(name), EventBusName: aws.String("shop"), EventPattern: aws.String(pattern), State: state,
	}))
}

func (b *bench) env() *steps.Env {
	now := time.Now()
	return &steps.Env{
		AWS: b.place, RunID: b.runID, ScenarioID: "s1", Step: "act/0", Owner: "case", Since: now, Started: now, Clock: now,
		Suite: b.suite, Ledger: b.ledger, Run: b.run, Warn: b.Logf,
	}
}

// bind reads parameters as they stand in a file.
func (b *bench) bind(k steps.Kind, yaml string) steps.Bound {
	b.Helper()
	bound, err := bind(k, yaml)
	if err != nil {
		b.Fatal(err)
	}
	return bound
}

func bind(k steps.Kind, yaml string) (steps.Bound, error) {
	var p schema.Problems
	docs := schema.ReadDocuments("t.yaml", []byte(yaml), &p)
	if len(docs) != 1 {
		return steps.Bound{}, fmt.Errorf("%q: %d documents: %v", yaml, len(docs), p.Err())
	}
	n := k.Normal(docs[0], &p)
	k.Check(n, &p)
	if err := p.Err(); err != nil {
		return steps.Bound{}, err
	}
	bound := k.Bind(n, &p)
	return bound, p.Err()
}

func (b *bench) try(k steps.Kind, yaml string) (map[string]any, error) {
	b.Helper()
	seen, err := b.bind(k, yaml).Do(b.ctx, b.env())
	doc := seen.Doc
	m, _ := doc.(map[string]any)
	return m, err
}

func (b *bench) do(k steps.Kind, yaml string) map[string]any {
	b.Helper()
	doc, err := b.try(k, yaml)
	if err != nil {
		b.Fatalf("%s %s: %s", k.Name, yaml, awsclient.Explain(err))
	}
	return doc
}

// listen opens a listener and gives its handle.
func (b *bench) listen(yaml string) string {
	b.Helper()
	return b.do(eventbridge.Listen, yaml)["listener"].(string)
}

// put puts an event of source shop on the bus shop and lets it arrive.
func (b *bench) put(detailType, detail string) {
	b.Helper()
	b.do(eventbridge.PutEvent, fmt.Sprintf(`{bus: shop, source: shop, detail_type: %s, detail: %s}`, detailType, detail))
	synctest.Wait()
}

// observed is a received step under way.
type observed struct {
	b     *bench
	bound steps.Bound
	probe steps.Probe[any]
}

func (b *bench) received(from, rest string) *observed {
	b.Helper()
	return b.receivedAs(b.env(), from, rest)
}

func (b *bench) receivedAs(env *steps.Env, from, rest string) *observed {
	b.Helper()
	bound := b.bind(eventbridge.Received, fmt.Sprintf(`{from: %s%s}`, from, rest))
	probe, err := bound.Watch(b.ctx, env)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(probe.Close)
	return &observed{b, bound, probe}
}

// look looks once: the result, and whether kind and parameters are satisfied.
func (o *observed) look() (steps.Seen[any], bool) {
	o.b.Helper()
	seen, err := o.probe.Look(o.b.ctx)
	if err != nil {
		o.b.Fatalf("look: %s", awsclient.Explain(err))
	}
	return seen, o.bound.Success.And(o.bound.Demands).Holds(seen.Doc)
}

func (o *observed) lookError() error {
	o.b.Helper()
	seen, err := o.probe.Look(o.b.ctx)
	if err == nil {
		o.b.Fatalf("expected an error, found %v", seen.Doc)
	}
	return err
}

// confirmError looks, and asks for the proof that this is all there is.
func (o *observed) confirmError() error {
	o.b.Helper()
	seen, err := o.probe.Look(o.b.ctx)
	if err != nil {
		o.b.Fatalf("the look itself failed: %v", err)
	}
	return seen.Confirm(o.b.ctx)
}

func count(s steps.Seen[any]) string { return fmt.Sprint(s.Doc.(map[string]any)["count"]) }

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("expected an error with %q", parts)
	}
	for _, p := range parts {
		if s := awsclient.Explain(err); !strings.Contains(s, p) && !strings.Contains(err.Error(), p) {
			t.Errorf("expected %q in the error: %v", p, err)
		}
	}
}

// ledger keeps resources in memory.
type ledger struct {
	mu      sync.Mutex
	entries []*entry
}

type entry struct {
	resource          steps.Resource
	created, forgiven bool
}

func (l *ledger) Intend(_ context.Context, r steps.Resource) (steps.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := &entry{resource: r}
	l.entries = append(l.entries, e)
	return e, nil
}

func (e *entry) Created(steps.Resource) { e.created = true }
func (e *entry) Forget()                { e.forgiven = true }

// takeBack removes everything from the intents alone, the latest first, and
// then once more: what is gone is a success.
func (l *ledger) takeBack(b *bench) {
	b.Helper()
	reapers := map[string]steps.Reaper{}
	for _, r := range eventbridge.Listen.Reapers {
		reapers[r.Type] = r
	}
	for range 2 {
		for i := len(l.entries) - 1; i >= 0; i-- {
			r := l.entries[i].resource
			if err := reapers[r.Type].Remove(b.ctx, b.place, r); err != nil {
				b.Errorf("removing %s %s: %v", r.Type, r.ID, err)
			}
		}
	}
}
