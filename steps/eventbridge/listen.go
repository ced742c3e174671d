package eventbridge

import (
	"context"

	"github.com/rehearse-dev/rehearse/internal/listen"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

type listenParams struct {
	EventBus string  `json:"event_bus" doc:"Name or ARN of the bus (default: the bus that rule names, else default)."`
	Rule     string  `json:"rule" doc:"A rule whose pattern and state count: its name, bus|rule or its ARN."`
	Pattern  Pattern `json:"pattern" doc:"An event pattern, as a document or as JSON text."`
	All      Yes     `json:"all" doc:"Everything on the bus."`
	Ready    string  `json:"ready" enum:"canary|settle" default:"canary" doc:"How readiness is known: canary events come back three times in a row, or the suite's settle time has passed."`

	Target       *schema.Node `json:"target" later:"true" doc:"A target of the rule whose input, input path or input transformer is applied too."`
	Near         *schema.Node `json:"near" later:"true" doc:"Also gather what comes from the same source without matching."`
	Topic        *schema.Node `json:"topic" later:"true" doc:"Listen to an SNS topic."`
	FilterPolicy *schema.Node `json:"filter_policy" later:"true" doc:"Of an SNS topic."`
	Queue        *schema.Node `json:"queue" later:"true" doc:"Listen to an SQS queue."`
	Mode         *schema.Node `json:"mode" later:"true" doc:"Of an SQS queue: consume or observe."`
	Redrive      *schema.Node `json:"accept_redrive" later:"true" doc:"Observe an SQS queue that has a redrive policy."`
	Stream       *schema.Node `json:"stream" later:"true" doc:"Listen to a Kinesis stream."`
	Start        *schema.Node `json:"start" later:"true" doc:"Where in a Kinesis stream."`
	Table        *schema.Node `json:"table" later:"true" doc:"Listen to the stream of a DynamoDB table."`
	LogGroup     *schema.Node `json:"log_group" later:"true" doc:"Listen to a log group."`
	Filter       *schema.Node `json:"filter" later:"true" doc:"Of a log group."`
	Brokers      *schema.Node `json:"brokers" later:"true" doc:"Listen to a Kafka topic."`
	Momento      *schema.Node `json:"momento" later:"true" doc:"Listen to a Momento topic."`
}

type listenResult struct {
	Listener string `json:"listener" doc:"What received takes as from; the step's id does the same."`
	Rule     string `json:"rule" doc:"The rule that was made for the run's listeners to this."`
	Queue    string `json:"queue" doc:"The queue that the rule fills."`
	Ready    string `json:"ready" doc:"canary: proven; assumed: the settle time has passed."`
}

// Listen opens a listener.
var Listen = steps.Define("listen", steps.Def[listenParams, listenResult]{
	Summary: "Listens to the events of a bus, and returns when the listener is live.",
	Doc: `A listener keeps everything that arrives after it began, so several received steps can look at the same events, in any order.
All scenarios of a run that listen to the same share one rule and one queue, which are removed at the run's end.
Canary events that only the listener's own rule lets through prove it live; no result ever shows one. They reach other rules of the bus
that let everything through: three when it begins, then one every 5 seconds for as long as a case with such a listener runs. Where a bus refuses events of their source, canary_source in rehearse.yaml names another.`,
	Example: `arrange:
  - listen: {event_bus: "${suite.app.BusName}", rule: "${suite.app.RuleName}"}
    id: orders
  - listen: {event_bus: "${suite.app.BusName}", pattern: {source: [shop], detail-type: [{prefix: order-}]}}
    id: by_pattern
act:
  - put_event: {bus: "${suite.app.BusName}", source: shop, detail_type: order-placed, detail: {run: "${scenario.id}"}}
assert:
  - received: {from: orders, match: {detail: {run: "${scenario.id}"}}, count: 1}
    within: 20s
  - received: {from: by_pattern, match: {detail: {run: "${scenario.id}"}}}
    within: 20s
`,
	Do:        doListen,
	Rules:     []steps.Rule{steps.OneOf("rule", "pattern", "all")},
	Needs:     listenNeeds,
	Unbounded: true,
	Reapers:   listen.Reapers(),
})

func doListen(ctx context.Context, env *steps.Env, p listenParams) (listenResult, error) {
	selection := listen.Selection{Bus: p.EventBus, Rule: p.Rule, Pattern: p.Pattern.Text, All: bool(p.All)}
	opened, err := listen.OpenEventBridge(ctx, env, selection, listen.Ready(p.Ready))
	if err != nil {
		return listenResult{}, err
	}
	ready := "canary"
	if p.Ready == string(listen.ReadySettle) {
		ready = "assumed"
	}
	return listenResult{Listener: opened.Handle.ID, Rule: opened.Rule, Queue: opened.Queue, Ready: ready}, nil
}

func listenNeeds(p listenParams) []steps.Permission {
	bus := p.EventBus
	if bus == "" {
		bus = listen.DefaultBus
	}
	needs := []steps.Permission{{Action: "events:DescribeEventBus", Resource: bus}}
	if p.Rule != "" {
		needs = append(needs, steps.Permission{Action: "events:DescribeRule", Resource: p.Rule})
	}
	if p.Ready != string(listen.ReadySettle) {
		needs = append(needs, steps.Permission{Action: "events:PutEvents", Resource: bus})
	}
	for _, action := range []string{"PutRule", "TagResource", "DescribeRule", "DeleteRule", "PutTargets", "ListTargetsByRule", "RemoveTargets"} {
		needs = append(needs, steps.Permission{Action: "events:" + action, Resource: "rehearse-*"})
	}
	for _, action := range []string{"CreateQueue", "TagQueue", "GetQueueUrl", "GetQueueAttributes", "ReceiveMessage", "DeleteMessage", "DeleteQueue"} {
		needs = append(needs, steps.Permission{Action: "sqs:" + action, Resource: "rehearse-*"})
	}
	return needs
}
