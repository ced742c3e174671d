package sandbox_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"gopkg.in/yaml.v3"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/internal/trace"
)

// delivery is the account of template.delivery.yaml.
const delivery = "444455556666"

// busWant is what one order leaves behind: the events of each bus, in order, and the services in the two accounts' traces.
type busWant struct {
	global, delivery []string
	traced           [2]string // in the orders' and the delivery's account
	took             time.Duration
	fault            string // what the delivery's segments tell
}

var (
	wholeWay = []string{"OrderRequested", "OrderDelivered", "OrderClosed"}
	placed   = []string{"OrderPlaced"}
	both     = [2]string{"CloseOrder PlaceOrder", "Deliver"}
)

// functions is how long the three take after each other.
const functions = 60 * time.Millisecond

var busFaults = map[string]busWant{
	"none":           {wholeWay, placed, both, functions, ""},
	"segment-error":  {wholeWay, placed, both, functions, "ValueError: the parcel's label cannot be printed"},
	"fourth-service": {wholeWay, []string{"OrderPlaced", "VoucherSent"}, [2]string{"CloseOrder PlaceOrder", "Deliver SendVoucher"}, functions, ""},
	"wrong-order":    {[]string{"OrderRequested", "OrderClosed", "OrderDelivered"}, placed, both, 3*time.Second + 40*time.Millisecond, ""},
	"too-slow":       {wholeWay, placed, both, 11*time.Second + functions, ""},
	"late-segment":   {wholeWay, placed, both, functions, ""},
}

func TestCrossAccountBus(t *testing.T) {
	for fault, want := range busFaults {
		t.Run(fault, func(t *testing.T) {
			bubble(t, deployed("cross-account-bus", fault), func(c *clients) {
				there, h := c.in(delivery, sandbox.Region), trace.New(time.Now())
				global := c.listenOn("global-bus", "seen", `{"detail":{"order":["o1"]}}`)
				near := there.listenOn("delivery-bus", "seen", `{"detail":{"order":["o1"]}}`)
				must[*eventbridge.PutEventsOutput](t)(c.events.PutEvents(c.ctx, &eventbridge.PutEventsInput{Entries: []eb.PutEventsRequestEntry{{
					EventBusName: aws.String("global-bus"), Source: aws.String("shop"), DetailType: aws.String("OrderRequested"),
					Detail: aws.String(`{"order":"o1"}`), TraceHeader: aws.String(h.String()),
				}}}))
				c.settle()
				if got := detailTypes(t, c.receive(global, 0)); !slices.Equal(got, want.global) {
					t.Errorf("the global bus saw %v, want %v; lost: %v", got, want.global, c.Lost())
				}
				got := detailTypes(t, there.receive(near, 0))
				slices.Sort(got)
				if !slices.Equal(got, want.delivery) {
					t.Errorf("the delivery's bus saw %v, want %v", got, want.delivery)
				}
				var first, last float64
				for i, home := range []*clients{c, there} {
					names, from, to, said := home.traceOf(h.Trace)
					if names != want.traced[i] {
						t.Errorf("traced in %s: %s, want %s", home.account, names, want.traced[i])
					}
					if home == there && said != want.fault {
						t.Errorf("the delivery's segments tell %q, want %q", said, want.fault)
					}
					if i == 0 {
						first, last = from, to
					}
					first, last = min(first, from), max(last, to)
				}
				if took := time.Duration((last - first) * float64(time.Second)).Round(time.Millisecond); took != want.took {
					t.Errorf("the trace lasts %v, want %v", took, want.took)
				}
			})
		})
	}
}

func detailTypes(t *testing.T, events []string) (list []string) {
	t.Helper()
	for _, text := range events {
		var event struct {
			Type string `json:"detail-type"`
		}
		if err := json.Unmarshal([]byte(text), &event); err != nil {
			t.Fatal(err)
		}
		list = append(list, event.Type)
	}
	return list
}

// traceOf gives the names of the functions in a trace as this account has it, its time, and the exception in it.
func (c *clients) traceOf(id string) (names string, from, to float64, said string) {
	c.t.Helper()
	out := must[*xray.BatchGetTracesOutput](c.t)(c.xray.BatchGetTraces(c.ctx, &xray.BatchGetTracesInput{TraceIds: []string{id}}))
	var list []string
	for _, tr := range out.Traces {
		for _, s := range tr.Segments {
			var d document
			if err := json.Unmarshal([]byte(*s.Document), &d); err != nil {
				c.t.Fatal(err)
			}
			if d.Origin == "AWS::Lambda::Function" {
				list = append(list, d.Name)
			}
			for _, e := range d.Cause.Exceptions {
				said = e.Type + ": " + e.Message
			}
			if from == 0 || d.Start < from {
				from = d.Start
			}
			to = max(to, d.End)
		}
	}
	slices.Sort(list)
	return strings.Join(list, " "), from, to, said
}

// TestAccountsOfTemplates holds that the suites call the accounts of their other templates what the files are called,
// and that a fault reaches all of them.
func TestAccountsOfTemplates(t *testing.T) {
	const folder = "../../scenarios/cross-account-bus/"
	type document struct {
		Metadata struct {
			Sandbox struct {
				Account string `yaml:"Account"`
			} `yaml:"Sandbox"`
		} `yaml:"Metadata"`
		Accounts map[string]struct {
			RoleARN string `yaml:"role_arn"`
		} `yaml:"accounts"`
	}
	read := func(name string) (d document) {
		if err := yaml.Unmarshal(must[[]byte](t)(os.ReadFile(folder+name)), &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	if role := read("rehearse.yaml").Accounts["delivery"].RoleARN; !strings.Contains(role, ":"+read("template.delivery.yaml").Metadata.Sandbox.Account+":") {
		t.Errorf("template.delivery.yaml is deployed elsewhere than in the account of %s", role)
	}
	own := must[[]string](t)(sandbox.Faults(must[[]byte](t)(os.ReadFile(folder + "template.yaml"))))
	if other := must[[]string](t)(sandbox.Faults(must[[]byte](t)(os.ReadFile(folder + "template.delivery.yaml")))); !slices.Equal(own, other) {
		t.Errorf("faults %v and %v", own, other)
	}
}
