package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	smithy "github.com/aws/smithy-go"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/listen"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

// sweeping is a sweep of a sandbox, and what it told.
type sweeping struct {
	*Sweep
	*stage.Stage
	t      *testing.T
	groups []Group
	waits  []time.Duration
}

func newSweeping(t *testing.T, o sandbox.Options) *sweeping {
	s := &sweeping{Stage: stage.New(t, o), t: t}
	reapers := Reapers{}
	for _, r := range listen.Reapers() {
		reapers[r.Type] = r
	}
	s.Sweep = &Sweep{
		Folder: t.TempDir(), Reapers: reapers,
		Connect: func(_ context.Context, o awsclient.Origin) (*awsclient.Place, error) {
			if o != s.Stage.Place.Origin {
				return nil, errors.New("nobody answers")
			}
			return s.Stage.Place, nil
		},
		Tell: func(g Group) { s.groups = append(s.groups, g) },
		Wait: func(_ string, d time.Duration) { s.waits = append(s.waits, d) },
	}
	return s
}

// queue makes a queue, with the tags of a run where lease is given: how long
// it still lasts.
func (s *sweeping) queue(name, run string, lease ...time.Duration) {
	s.t.Helper()
	if _, err := s.Stage.Place.SQS().CreateQueue(s.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Tags: tags(run, lease)}); err != nil {
		s.t.Fatal(err)
	}
}

// rule makes a rule with a target, like queue.
func (s *sweeping) rule(bus, name, run string, lease ...time.Duration) {
	s.t.Helper()
	in := &eventbridge.PutRuleInput{Name: &name, EventBusName: &bus, EventPattern: aws.String(`{"source":["x"]}`)}
	for k, v := range tags(run, lease) {
		in.Tags = append(in.Tags, ebtypes.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	events := s.Stage.Place.EventBridge()
	_, err1 := events.PutRule(s.t.Context(), in)
	_, err2 := events.PutTargets(s.t.Context(), &eventbridge.PutTargetsInput{
		Rule: &name, EventBusName: &bus, Targets: []ebtypes.Target{{Id: aws.String("t"), Arn: aws.String("arn:aws:sqs:us-east-1:000000000000:" + name)}},
	})
	if err := errors.Join(err1, err2); err != nil {
		s.t.Fatal(err)
	}
}

func tags(run string, lease []time.Duration) map[string]string {
	if len(lease) == 0 {
		return nil
	}
	now := time.Now().UTC()
	return map[string]string{"rehearse:run": run, "rehearse:created": now.Format(time.RFC3339), "rehearse:lease": now.Add(lease[0]).Format(time.RFC3339)}
}

// record writes the ledger of a run that died.
func (s *sweeping) record(run string, keep bool, resources ...steps.Resource) string {
	s.t.Helper()
	l, err := Open(s.Folder, run, []awsclient.Origin{s.Stage.Place.Origin})
	if err != nil {
		s.t.Fatal(err)
	}
	scope := l.Scope("case", func(Change) {})
	for _, r := range resources {
		if r.Place == "" {
			r.Place = s.Stage.Place.Key()
		}
		if _, err := scope.Keeping(keep).Intend(s.t.Context(), r); err != nil {
			s.t.Fatal(err)
		}
	}
	l.open++ // so that closing leaves the file, as a death does
	if err := l.Close(); err != nil {
		s.t.Fatal(err)
	}
	return l.Path()
}

// told is what was told, a line each.
func (s *sweeping) told() string {
	var b strings.Builder
	for _, g := range s.groups {
		fmt.Fprintf(&b, "%s:", g.Run)
		if g.Alone != "" {
			fmt.Fprintf(&b, " alone: %s;", g.Alone)
		}
		for _, x := range g.Things {
			fmt.Fprintf(&b, " %s %s", x.Status, x.Resource.ID)
			if x.Why != "" {
				fmt.Fprintf(&b, " (%s)", x.Why)
			}
		}
		for _, p := range g.Problems {
			fmt.Fprintf(&b, " problem: %s", p)
		}
		b.WriteString("\n")
	}
	s.groups = nil
	return b.String()
}

// names lists all queues and rules.
func (s *sweeping) names() string {
	var all []string
	queues, err := s.Stage.Place.SQS().ListQueues(s.t.Context(), &sqs.ListQueuesInput{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, url := range queues.QueueUrls {
		all = append(all, "queue "+filepath.Base(url))
	}
	for _, bus := range []string{"default", "play-bus"} {
		rules, err := s.Stage.Place.EventBridge().ListRules(s.t.Context(), &eventbridge.ListRulesInput{EventBusName: &bus, NamePrefix: aws.String("rehearse-")})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range rules.Rules {
			all = append(all, "rule "+*r.Name)
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func (s *sweeping) do() Swept {
	s.t.Helper()
	swept, err := s.Sweep.Do(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return swept
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}

func queue(name string) steps.Resource { return steps.Resource{Type: listen.QueueType, ID: name} }

const dead, alive = "000000aaaaaa", "000000bbbbbb"

func TestSweepByLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSweeping(t, sandbox.Options{})
		s.queue("mine", "")
		s.queue("one", "")
		s.queue("kept", "")
		s.record("000000cccccc", true, queue("kept"))
		path := s.record(dead, false, queue("one"), queue("never made"))
		living, err := Open(s.Folder, alive, []awsclient.Origin{s.Stage.Place.Origin})
		if err != nil {
			t.Fatal(err)
		}
		_ = try(living, "mine")

		s.DryRun = true
		swept := s.do()
		expect(t, "dry", s.told(), dead+": would be removed never made would be removed one\n"+
			alive+": alone: in use: a process of this machine holds its ledger, the run itself or another sweep;\n000000cccccc: kept kept\n")
		expect(t, "after the dry run", s.names(), "queue kept, queue mine, queue one")
		if swept.Removed != 2 || swept.Left != 0 || swept.Alone != 1 || len(s.waits) > 0 {
			t.Errorf("%+v %v", swept, s.waits)
		}

		s.DryRun = false
		began := time.Now()
		swept = s.do()
		expect(t, "told", s.told(), dead+": removed never made removed one\n"+
			alive+": alone: in use: a process of this machine holds its ledger, the run itself or another sweep;\n000000cccccc: kept kept\n")
		expect(t, "left", s.names(), "queue kept, queue mine")
		if _, err := os.Stat(path); err == nil {
			t.Error("the ledger is still there")
		}
		if swept.Removed != 2 || swept.Left != 0 || swept.Ledgers != 3 || strings.Join(swept.Runs, " ") != dead+" "+alive+" 000000cccccc" {
			t.Errorf("%+v", swept)
		}
		// The clock of the bubble is far behind that of the files: they were written just now.
		if took := time.Since(began); took != 2*settling || len(s.waits) != 2 {
			t.Errorf("waited %s, %v", took, s.waits)
		}
		if err := living.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestSweepTellsWhatItCannotRemove: one trouble keeps neither the rest of its
// ledger nor the other ones.
func TestSweepTellsWhatItCannotRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		denied := false
		s := newSweeping(t, sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
			if denied && operation == "DeleteQueue" {
				return &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
			}
			return nil
		}})
		s.queue("one", "")
		s.queue("two", "")
		elsewhere := queue("far")
		elsewhere.Place = "444455556666/eu-west-1"
		stuck := s.record("000000aaaaaa", false, queue("one"))
		later := s.record("000000bbbbbb", false, steps.Resource{Type: "moon.base", ID: "m"}, elsewhere)
		torn := s.record("000000dddddd", false, queue("two"))
		text, err := os.ReadFile(torn)
		if err != nil {
			t.Fatal(err)
		}
		first, rest, _ := strings.Cut(string(text), "\n")
		if err := os.WriteFile(torn, []byte(first+"\n{torn\n"+rest), 0o600); err != nil {
			t.Fatal(err)
		}
		foreign := filepath.Join(s.Folder, "notes.ledger")
		if err := os.WriteFile(foreign, []byte("dear diary"), 0o600); err != nil {
			t.Fatal(err)
		}
		denied = true
		swept := s.do()
		no := "SQS DeleteQueue: AccessDenied: no (the credentials of this run may not call DeleteQueue on it)"
		expect(t, "told", s.told(), "000000aaaaaa: left one ("+no+")\n"+
			"000000bbbbbb: left far (the ledger does not say how to come to 444455556666/eu-west-1) left m (nothing in this version of rehearse knows how to remove it)\n"+
			"000000dddddd: left two ("+no+") problem: line 2 cannot be read\n"+
			"notes: problem: it is no ledger of rehearse\n")
		if swept.Left != 4 || swept.Problems != 2 || swept.Removed != 0 {
			t.Errorf("%+v", swept)
		}
		denied = false
		swept = s.do()
		expect(t, "told then", s.told(), "000000aaaaaa: removed one\n"+
			"000000bbbbbb: left far (the ledger does not say how to come to 444455556666/eu-west-1) left m (nothing in this version of rehearse knows how to remove it)\n"+
			"000000dddddd: removed two problem: line 2 cannot be read\n"+
			"notes: problem: it is no ledger of rehearse\n")
		for path, want := range map[string]bool{stuck: false, later: true, torn: true, foreign: true} {
			if _, err := os.Stat(path); (err == nil) != want {
				t.Errorf("%s: %v", path, err)
			}
		}
		s.do()
		if again := s.told(); strings.Contains(again, "two") {
			t.Errorf("what was removed is not noted: %s", again)
		}
	})
}

// TestSweepKeepsATornEndApart: what a dying machine wrote in part does not mix
// with what a sweep notes after it.
func TestSweepKeepsATornEndApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		denied := true
		s := newSweeping(t, sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
			if denied && operation == "DeleteQueue" {
				return &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
			}
			return nil
		}})
		s.queue("one", "")
		path := s.record("000000aaaaaa", false, queue("one"), queue("gone"), queue("gone too"))
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(`{"n":4,"op":"int`); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		s.do()
		s.told()
		denied = false
		s.do()
		expect(t, "told then", s.told(), "000000aaaaaa: removed one\n")
		if _, err := os.Stat(path); err == nil {
			t.Error("the ledger is still there")
		}
	})
}

func TestSweepOfAnUnreachablePlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSweeping(t, sandbox.Options{})
		l, err := Open(s.Folder, dead, []awsclient.Origin{{Account: "444455556666", Region: "eu-west-1"}, s.Stage.Place.Origin})
		if err != nil {
			t.Fatal(err)
		}
		far := queue("far")
		far.Place = "444455556666/eu-west-1"
		if _, err := l.Scope("case", func(Change) {}).Keeping(false).Intend(t.Context(), far); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		s.rule("play-bus", "rehearse-000000aaaaab-12345678", "000000aaaaab", -time.Hour)
		swept := s.do()
		expect(t, "told", s.told(), dead+": left far (nobody answers)\n000000aaaaab: removed rehearse-000000aaaaab-12345678\n")
		if len(swept.Skipped) != 1 || swept.Skipped[0].Where != "account 444455556666, region eu-west-1" || len(swept.Looked) != 1 {
			t.Errorf("%+v", swept)
		}
	})
}

func TestSweepByNameAndTag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSweeping(t, sandbox.Options{})
		s.Here = s.Stage.Place
		time.Sleep(3 * time.Hour) // into the bubble's day, so that runs can be older
		const over, other = "000000aaaaaa", "000000eeeeee"
		name := func(run string) string { return "rehearse-" + run + "-12345678" }
		s.queue("rehearse-mine", "")
		s.queue("rehearse-mine-12345678", "mine", -time.Hour)
		s.queue(name("000000ffffff"), "")                        // untagged
		s.queue("rehearse-000000ffffff-1234567", "", -time.Hour) // not our form
		s.queue("rehearse-000000ffffff-abcdef00", other, -time.Hour)
		s.rule("default", "rehearse-other", "x", -time.Hour)
		s.queue(name(alive), alive, time.Minute)
		s.rule("play-bus", name(alive), alive, -time.Hour) // of a pair whose renewal is under way
		s.queue("rehearse-000000bbbbbc-12345678", "000000bbbbbc", -time.Minute)
		bystanders := s.names()
		s.queue(name(over), over, -time.Hour)
		s.rule("play-bus", name(over), over, -time.Hour)
		s.rule("default", "rehearse-"+over+"-00000000", over, -time.Hour)
		s.queue("rehearse-"+other+"-11111111", other, -time.Hour)
		if _, err := s.Stage.Place.EventBridge().RemoveTargets(t.Context(), &eventbridge.RemoveTargetsInput{
			Rule: aws.String("rehearse-" + over + "-00000000"), Ids: []string{"t"},
		}); err != nil {
			t.Fatal(err)
		}
		swept := s.do()
		expect(t, "told", s.told(), over+": removed rehearse-000000aaaaaa-00000000 removed rehearse-000000aaaaaa-12345678 removed rehearse-000000aaaaaa-12345678\n"+
			alive+": alone: it may live on another machine: its lease ends at 03:01:00 UTC (in 1 min);  rehearse-000000bbbbbb-12345678  rehearse-000000bbbbbb-12345678\n"+
			"000000bbbbbc: alone: it may live on another machine: its lease ended at 02:59:00 UTC, less than 5m0s ago, and clocks differ;  rehearse-000000bbbbbc-12345678\n"+
			other+": removed rehearse-000000eeeeee-11111111\n"+
			"000000ffffff: alone: named like listeners, but without the tags that rehearse sets, so perhaps not its own;  rehearse-000000ffffff-12345678  rehearse-000000ffffff-abcdef00\n")
		expect(t, "left", s.names(), bystanders)
		if swept.Removed != 4 || swept.Alone != 3 || swept.Left != 0 {
			t.Errorf("%+v", swept)
		}
	})
}

// TestSweepProtectsARunOfThisMachine whose lease nobody renewed, and does not
// believe the lease of one whose ledger says that it died.
func TestSweepProtectsARunOfThisMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSweeping(t, sandbox.Options{})
		s.queue("rehearse-"+alive+"-12345678", alive, -time.Hour)
		s.queue("rehearse-"+dead+"-12345678", dead, time.Hour)
		s.record(dead, false)
		l, err := Open(s.Folder, alive, []awsclient.Origin{s.Stage.Place.Origin})
		if err != nil {
			t.Fatal(err)
		}
		s.do()
		expect(t, "told", s.told(), dead+":\n"+alive+": alone: in use: a process of this machine holds its ledger, the run itself or another sweep;\n"+dead+": removed rehearse-"+dead+"-12345678\n")
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestSweepOfSomeRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSweeping(t, sandbox.Options{})
		s.Here = s.Stage.Place
		time.Sleep(4 * time.Hour)
		s.rule("play-bus", "rehearse-000000aaaaaa-12345678", "000000aaaaaa", -time.Second)
		time.Sleep(2 * time.Hour)
		s.rule("play-bus", "rehearse-000000bbbbbb-12345678", "000000bbbbbb", -time.Second)
		s.record("000000cccccc", false, queue("x")) // begins now
		time.Sleep(10 * time.Minute)
		s.OlderThan = time.Hour
		swept := s.do()
		expect(t, "older", s.told(), "000000aaaaaa: removed rehearse-000000aaaaaa-12345678\n")
		if len(swept.Runs) != 3 {
			t.Errorf("%v", swept.Runs)
		}
		s.OlderThan, s.Sweep.Run = 0, "000000cccccc"
		s.do()
		expect(t, "one", s.told(), "000000cccccc: removed x\n")
		s.Sweep.Run = "unknown"
		swept = s.do()
		expect(t, "none", s.told(), "")
		if swept.Matched || strings.Join(swept.Runs, " ") != "000000bbbbbb" {
			t.Errorf("%+v", swept)
		}
	})
}

// TestSweepReadsEveryPage: ours come after more than a page of others'.
func TestSweepReadsEveryPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSweeping(t, sandbox.Options{})
		s.Here = s.Stage.Place
		for i := range 1001 {
			s.queue(fmt.Sprintf("rehearse-%04d", i), "")
		}
		for i := range 101 {
			s.rule("default", fmt.Sprintf("rehearse-%04d", i), "")
		}
		const run = "zzzzzz000000"
		s.queue("rehearse-"+run+"-12345678", run, -time.Hour)
		s.rule("default", "rehearse-"+run+"-12345678", run, -time.Hour)
		if swept := s.do(); swept.Removed != 2 {
			t.Errorf("%+v", swept)
		}
	})
}

// TestSweepTellsWhatItMayNotSee: what cannot be listed is not clean.
func TestSweepTellsWhatItMayNotSee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSweeping(t, sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
			if operation == "ListEventBuses" || operation == "ListQueues" {
				return &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
			}
			return nil
		}})
		s.Here = s.Stage.Place
		s.rule("default", "rehearse-"+dead+"-12345678", dead, -time.Hour)
		swept := s.do()
		expect(t, "told", s.told(), `: problem: the event buses cannot be listed, so only bus "default" was looked at: EventBridge ListEventBuses: AccessDenied: no (the credentials of this run may not call ListEventBuses on it)`+
			" problem: the queues cannot be listed: SQS ListQueues: AccessDenied: no (the credentials of this run may not call ListQueues on it)\n"+
			dead+": removed rehearse-"+dead+"-12345678\n")
		if swept.Problems != 2 || swept.Removed != 1 {
			t.Errorf("%+v", swept)
		}
	})
}

func TestInterruptedSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		s := newSweeping(t, sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
			if operation == "DeleteQueue" {
				stop()
			}
			return nil
		}})
		s.queue("one", "")
		s.queue("two", "")
		path := s.record(dead, false, queue("one"), queue("two"))
		s.record("000000ffffff", false, queue("mine"))
		if _, err := s.Sweep.Do(ctx); err != nil {
			t.Fatal(err)
		}
		if told := s.told(); told != dead+": left two (the sweep was interrupted) left one (the sweep was interrupted)\n" && told != dead+": removed two left one (the sweep was interrupted)\n" {
			t.Error(told)
		}
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
		s.do()
		if left := s.names(); left != "" {
			t.Error(left)
		}
	})
}

// TestSweepTidies what a run left that died before its ledger had its name.
func TestSweepTidies(t *testing.T) {
	folder := t.TempDir()
	old, young := filepath.Join(folder, "a.ledger.new"), filepath.Join(folder, "b.ledger.new")
	if err := errors.Join(os.WriteFile(old, nil, 0o600), os.WriteFile(young, nil, 0o600), os.Chtimes(old, time.Time{}, time.Now().Add(-time.Hour))); err != nil {
		t.Fatal(err)
	}
	s := &Sweep{Folder: folder, Tell: func(Group) { t.Error("told of something") }}
	if swept, err := s.Do(t.Context()); err != nil || swept.Ledgers != 0 {
		t.Errorf("%+v %v", swept, err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "*")); !slices.Equal(left, []string{young}) {
		t.Errorf("%v", left)
	}
	if _, err := (&Sweep{Folder: filepath.Join(young, "x")}).Do(t.Context()); err == nil {
		t.Error("a folder that cannot be read is no error")
	}
}
