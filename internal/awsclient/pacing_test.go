package awsclient

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
)

func describe(ctx context.Context, p *Place) error {
	_, err := p.SFN().DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String("arn")})
	return err
}

// together makes n calls at once and says how long all of them took.
func together(t *testing.T, n int, call func(i int) error) time.Duration {
	t.Helper()
	began := time.Now()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if err := call(i); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return time.Since(began).Round(time.Millisecond)
}

func TestPacing(t *testing.T) {
	slow := Limits{"states.DescribeExecution": {Rate: 10, Burst: 20}}
	for _, c := range []struct {
		name     string
		endpoint string
		limits   []Limits
		calls    int
		call     func(context.Context, *Place, int) error
		want     time.Duration
	}{
		{
			name: "limits of a file count at an emulator", endpoint: emulator, limits: []Limits{slow}, calls: 50,
			call: func(ctx context.Context, p *Place, _ int) error { return describe(ctx, p) }, want: 3 * time.Second,
		},
		{
			name: "whatever the retries, the place's calls take from one bucket", endpoint: emulator, limits: []Limits{slow}, calls: 51,
			call: func(ctx context.Context, p *Place, i int) error {
				return describe(ctx, []*Place{p, p.Once(), p.Single(), p.Once().Single(), p.Steady()}[i%5])
			}, want: 3100 * time.Millisecond,
		},
		{
			name: "of two suites the smaller limit counts", endpoint: emulator, calls: 50,
			limits: []Limits{{"states.DescribeExecution": {Rate: 100, Burst: 10}}, slow, {"states.DescribeExecution": {Rate: 11}}},
			call:   func(ctx context.Context, p *Place, _ int) error { return describe(ctx, p) }, want: 4 * time.Second,
		},
		{
			name: "quotas of AWS do not count at an emulator", endpoint: emulator, calls: 1000,
			call: func(ctx context.Context, p *Place, _ int) error { return describe(ctx, p) }, want: 0,
		},
		{
			name: "they count where AWS answers", calls: 345,
			call: func(ctx context.Context, p *Place, _ int) error { return describe(ctx, p) }, want: 3 * time.Second,
		},
		{
			name: "and at an endpoint of AWS", endpoint: "https://vpce-1.states.eu-west-1.vpce.amazonaws.com", calls: 345,
			call: func(ctx context.Context, p *Place, _ int) error { return describe(ctx, p) }, want: 3 * time.Second,
		},
		{
			name: "limits of a file replace them", limits: []Limits{{"states.DescribeExecution": {Rate: 1000, Burst: 1000}}}, calls: 1000,
			call: func(ctx context.Context, p *Place, _ int) error { return describe(ctx, p) }, want: 0,
		},
		{
			name: "the control calls of EventBridge share a bucket", calls: 100,
			call: func(ctx context.Context, p *Place, i int) (err error) {
				if i%2 == 0 {
					_, err = p.EventBridge().DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("x")})
				} else {
					_, err = p.EventBridge().ListRules(ctx, &eventbridge.ListRulesInput{})
				}
				return err
			}, want: time.Second,
		},
		{
			name: "which a limit of a file does not widen", limits: []Limits{{"events.ListRules": {Rate: 1000}}}, calls: 100,
			call: func(ctx context.Context, p *Place, _ int) error {
				_, err := p.EventBridge().ListRules(ctx, &eventbridge.ListRulesInput{})
				return err
			}, want: time.Second,
		},
		{
			name: "PutEvents is none of them", calls: 200,
			call: func(ctx context.Context, p *Place, _ int) error {
				_, err := p.EventBridge().PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{}}})
				return err
			}, want: 0,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := placeAt(t, c.endpoint, done, nil)
				for _, l := range c.limits {
					p.Limit(l)
				}
				if got := together(t, c.calls, func(i int) error { return c.call(t.Context(), p, i) }); got != c.want {
					t.Errorf("took %s, want %s", got, c.want)
				}
			})
		})
	}
}

func TestPacersAreSharedByPlacesOfOneAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pacers Pacers
		cfg := placeAt(t, emulator, done, nil).cfg
		a := newPlace(cfg, "111122223333", Settings{Pacers: &pacers, Profile: "a"})
		b := newPlace(cfg, "111122223333", Settings{Pacers: &pacers, RoleARN: "arn:aws:iam::111122223333:role/b"})
		a.Limit(Limits{"states.DescribeExecution": {Rate: 1, Burst: 1}})
		took := together(t, 4, func(i int) error { return describe(t.Context(), []*Place{a, b}[i%2]) })
		if took != 3*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int32
		p := placeAt(t, emulator, func(w http.ResponseWriter, r *http.Request) error {
			sent.Add(1)
			return done(w, r)
		}, Limits{"states.DescribeExecution": {Rate: 0.05, Burst: 1}})
		if err := describe(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		for _, x := range []*Place{p, p.Once(), p.Single()} {
			ctx, cancel := context.WithTimeoutCause(t.Context(), 4*time.Second, errors.New("the step's time is over"))
			ctx, pace := Paced(ctx)
			err := describe(ctx, x)
			cancel()
			const want = "SFN DescribeExecution: waited 4s for its turn: at most 0.05 states.DescribeExecution calls a second (limits in rehearse.yaml)"
			if got := Explain(err); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if !Transient(err) || !SurelyNotDone(err) {
				t.Errorf("transient: %v, surely not done: %v", Transient(err), SurelyNotDone(err))
			}
			if pace.Waited() != 4*time.Second {
				t.Errorf("waited %s", pace.Waited())
			}
		}
		ctx, pace := Paced(t.Context()) // 12 s have passed, and nobody took the token that comes after 20
		if err := describe(ctx, p); err != nil {
			t.Fatal(err)
		}
		if pace.Waited() != 8*time.Second || sent.Load() != 2 {
			t.Errorf("waited %s, %d calls sent", pace.Waited(), sent.Load())
		}
	})
}

// TestWaitedIsToldWhileWaiting: who bounds a look must know before it is over.
func TestWaitedIsToldWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := placeAt(t, emulator, done, Limits{"states.DescribeExecution": {Rate: 0.1, Burst: 1}})
		ctx, pace := Paced(t.Context())
		var all sync.WaitGroup
		for range 3 { // at 0 s, 10 s and 20 s
			all.Go(func() {
				if err := describe(ctx, p); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(4 * time.Second)
		if pace.Waited() != 4*time.Second {
			t.Errorf("after 4s: waited %s", pace.Waited())
		}
		all.Wait()
		time.Sleep(time.Minute)
		if pace.Waited() != 20*time.Second {
			t.Errorf("at the end: waited %s", pace.Waited())
		}
	})
}

func TestWhoseLimitHeldUp(t *testing.T) {
	for _, c := range []struct {
		name, want string
		call       func(context.Context, *Place) error
	}{
		{
			"a quota",
			"SFN DescribeExecution: waited 100ms for its turn: at most 15 states.DescribeExecution calls a second (the quota that AWS publishes; where yours differs, say so with limits in rehearse.yaml)",
			describe,
		},
		{
			"a shared quota",
			"EventBridge ListRules: waited 100ms for its turn: at most 50 EventBridge control calls together a second (the quota that AWS publishes; where yours differs, say so with limits in rehearse.yaml)",
			func(ctx context.Context, p *Place) error {
				_, err := p.EventBridge().ListRules(ctx, &eventbridge.ListRulesInput{})
				return err
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := placeAt(t, "", done, nil)
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				var all sync.WaitGroup
				var said sync.Map
				for range 500 {
					all.Go(func() {
						if err := c.call(ctx, p); err != nil {
							said.Store(Explain(err), true)
						}
					})
				}
				all.Wait()
				said.Range(func(text, _ any) bool {
					if text != c.want {
						t.Errorf("got  %s\nwant %s", text, c.want)
					}
					return true
				})
				if _, ok := said.Load(c.want); !ok {
					t.Error("nobody was held up")
				}
			})
		})
	}
}

func TestUrgentGoesAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := placeAt(t, emulator, done, Limits{"states.DescribeExecution": {Rate: 1, Burst: 1}})
		if err := describe(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		var mu sync.Mutex
		var order []int
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond) // in this order
				if err := describe(t.Context(), p); err != nil {
					t.Error(err)
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
			})
		}
		all.Go(func() {
			time.Sleep(500 * time.Millisecond)
			if err := describe(Urgent(t.Context()), p); err != nil {
				t.Error(err)
			}
			if took := time.Since(began).Round(time.Millisecond); took != 2*time.Second { // after the one that has its token already
				t.Errorf("an urgent call came after %s", took)
			}
		})
		all.Wait()
		for i, x := range order {
			if i != x {
				t.Fatalf("not in the order in which they came: %v", order)
			}
		}
	})
}

// busy is a service that allows some calls a second and throttles what is beyond.
type busy struct {
	rate                float64
	mu                  sync.Mutex
	tokens              float64
	last                time.Time
	throttled, answered int
}

func (s *busy) answer(w http.ResponseWriter, r *http.Request) error {
	time.Sleep(20 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.tokens = min(s.rate, s.tokens+now.Sub(s.last).Seconds()*s.rate)
	s.last = now
	if s.tokens < 1 {
		s.throttled++
		return refuse(w, 400, "ThrottlingException", "Rate exceeded")
	}
	s.tokens--
	s.answered++
	return done(w, r)
}

// TestBackPressure has 500 probes look at a service that allows 10 calls a
// second, which nobody said before.
func TestBackPressure(t *testing.T) {
	run := func(t *testing.T, learn bool) *busy {
		s := &busy{rate: 10}
		synctest.Test(t, func(t *testing.T) {
			s.last = time.Now()
			p := placeAt(t, emulator, s.answer, nil)
			ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
			defer cancel()
			var all sync.WaitGroup
			for range 500 {
				all.Go(func() {
					for ctx.Err() == nil {
						_ = describe(ctx, p.Single())
						if !learn {
							p.pacer.forget()
						}
						time.Sleep(500 * time.Millisecond)
					}
				})
			}
			all.Wait()
		})
		return s
	}
	with, without := run(t, true), run(t, false)
	t.Logf("with: %d answered, %d throttled; without: %d answered, %d throttled", with.answered, with.throttled, without.answered, without.throttled)
	if with.throttled > 600 || with.answered < 20 || without.throttled < 5*with.throttled {
		t.Errorf("with back-pressure %d were answered and %d throttled", with.answered, with.throttled)
	}
}

// forget undoes what the lanes learnt.
func (p *pacer) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.lanes {
		x.set(Limit{}, ofNobody)
	}
}
