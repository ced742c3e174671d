package listen

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
)

func TestSplitRule(t *testing.T) {
	place := &awsclient.Place{Account: "111122223333", Region: "eu-west-1"}
	for _, c := range []struct{ ref, bus, name, wrong string }{
		{"orders", "", "orders", ""},
		{"shop|orders", "shop", "orders", ""},
		{"arn:aws:events:eu-west-1:111122223333:rule/orders", "default", "orders", ""},
		{"arn:aws:events:eu-west-1:111122223333:rule/shop/orders", "shop", "orders", ""},
		{"arn:aws:events:eu-west-1:111122223333:rule/aws.partner/example.com/x/orders", "aws.partner/example.com/x", "orders", ""},
		{"arn:aws:events:eu-west-1:444455556666:rule/orders", "", "", "rule arn:aws:events:eu-west-1:444455556666:rule/orders belongs to account 444455556666, but this step runs in account 111122223333"},
		{"arn:aws:events:eu-west-1:111122223333:event-bus/shop", "", "", "arn:aws:events:eu-west-1:111122223333:event-bus/shop is not the ARN of a rule; one looks like arn:aws:events:REGION:ACCOUNT:rule/BUS/NAME"},
	} {
		t.Run(c.ref, func(t *testing.T) {
			bus, name, err := splitRule(place, c.ref)
			switch {
			case c.wrong != "" && (err == nil || err.Error() != c.wrong):
				t.Errorf("expected %q, found %v", c.wrong, err)
			case c.wrong == "" && (err != nil || bus != c.bus || name != c.name):
				t.Errorf("found %q, %q, %v", bus, name, err)
			}
		})
	}
}

func TestFlatten(t *testing.T) {
	for _, c := range []struct{ pattern, want string }{
		{`{"$or":[{"a":[1]},{"b":[2]}]}`, `{"$or":[{"a":[1]},{"b":[2]},{"c":[3]}]}`},
		{`{"source":["x"],"$or":[{"a":[1]},{"b":[2]}]}`, ""},
		{`{"source":["x"]}`, ""},
		{`{"detail":{"a":["x"]}}`, ""},
	} {
		got, ok := flatten(c.pattern, `{"c":[3]}`)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s: found %q", c.pattern, got)
		}
	}
}

func TestCanariesInARow(t *testing.T) {
	c := newCanaries(nil, "b", "s", namePrefix+"x")
	for _, step := range []struct {
		came int
		want bool
	}{{1, false}, {2, false}, {5, false}, {4, false}, {7, false}, {6, true}} {
		c.returned(step.came)
		if done, _, _ := c.state(1, 7, 3); done != step.want {
			t.Errorf("after %d: %v", step.came, done)
		}
	}
	if done, _, _ := c.state(7, 7, 3); done {
		t.Error("what an earlier proof sent does not count")
	}
}

func TestIsCanary(t *testing.T) {
	canary := func(detailType, token string, number any) map[string]any {
		return map[string]any{"detail-type": detailType, "source": "any", "detail": map[string]any{"listener": token, "number": number}}
	}
	for name, c := range map[string]struct {
		event map[string]any
		want  bool
	}{
		"ours":              {canary(canaryDetailType, "rehearse-r1-a", json.Number("3")), true},
		"other detail-type": {canary("order", "rehearse-r1-a", json.Number("3")), false},
		"other token":       {canary(canaryDetailType, "mine", json.Number("3")), false},
		"no number":         {canary(canaryDetailType, "rehearse-r1-a", "3"), false},
		"no detail":         {map[string]any{"detail-type": canaryDetailType}, false},
	} {
		if _, _, ok := isCanary(c.event); ok != c.want {
			t.Errorf("%s: %v", name, ok)
		}
	}
}

func TestNamesFit(t *testing.T) {
	place := &awsclient.Place{Account: "111122223333", Region: "cn-north-1"}
	long := "r-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789"
	c := chosen{bus: Bus{Name: "shop", ARN: "arn:aws-cn:events:cn-north-1:111122223333:event-bus/shop"}, pattern: `{"source":["a"]}`}
	h, err := newHarness(place, c, long, "k", "s")
	if err != nil {
		t.Fatal(err)
	}
	other, err := newHarness(place, c, long, "k2", "s")
	if err != nil {
		t.Fatal(err)
	}
	if len(h.name) != 64 || h.name == other.name {
		t.Errorf("names %q and %q", h.name, other.name)
	}
	if h.ruleARN != "arn:aws-cn:events:cn-north-1:111122223333:rule/shop/"+h.name || h.queueARN != "arn:aws-cn:sqs:cn-north-1:111122223333:"+h.name {
		t.Errorf("ARNs %s, %s", h.ruleARN, h.queueARN)
	}
}

func TestLog(t *testing.T) {
	l, start := NewLog(), time.Now()
	l.Add("old", "m0", "old", start.Add(-time.Second), time.Time{})
	w := l.Watch(start, nil)
	l.Add("a", "m1", "A", start, time.Time{})
	l.Add("a", "m2", "A", start.Add(time.Second), time.Time{})
	l.Add("a", "m2", "A", start.Add(2*time.Second), time.Time{}) // the same message, read again
	got := w.Next()
	if len(got) != 1 || got[0].Doc != "A" || w.Deliveries(got) != 2 {
		t.Errorf("found %v, deliveries %d", got, w.Deliveries(got))
	}
	if len(w.Next()) != 0 {
		t.Error("nothing is new")
	}
	<-w.Wake()
	l.Fail(errors.New("first"))
	l.Fail(errors.New("second"))
	<-w.Wake()
	if l.Err().Error() != "first" {
		t.Error(l.Err())
	}
	w.Close()
	l.Add("b", "m3", "B", start, time.Time{})
	select {
	case <-w.Wake():
		t.Error("a closed watch is not woken")
	default:
	}
}

func TestConfirmationBeginsAfterItWasAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var group sync.WaitGroup
		var begun []time.Duration
		start := time.Now()
		c := &confirmation{ctx: t.Context(), group: &group, prove: func(context.Context) error {
			begun = append(begun, time.Since(start))
			time.Sleep(time.Second)
			return nil
		}}
		for i := range 4 {
			group.Go(func() {
				asked := time.Duration(i) * 300 * time.Millisecond
				time.Sleep(asked)
				if err := c.ask(t.Context()); err != nil {
					t.Error(err)
				}
				if took := time.Since(start) - asked; took < time.Second {
					t.Errorf("asked at %s, answered by a proof that began before", asked)
				}
			})
		}
		group.Wait()
		if !slices.Equal(begun, []time.Duration{0, time.Second}) {
			t.Errorf("proofs began at %v", begun)
		}
	})
}
