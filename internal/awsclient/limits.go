package awsclient

import (
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/schemas"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/xray"
)

// Limit is how often something may be called: a bucket of tokens, one for each
// call.
type Limit struct {
	Rate  float64 // tokens that come in a second, above 0
	Burst int     // tokens that the bucket holds; 0: Rate rounded up
}

// Limits are limits by service and operation, such as states.DescribeExecution.
type Limits map[string]Limit

// size is how many tokens the bucket holds, at least 1.
func (l Limit) size() int { return max(1, l.Burst, boundless(l)) }

// boundless is the burst of a limit that names none.
func boundless(l Limit) int {
	if l.Burst > 0 {
		return 0
	}
	return int(math.Ceil(min(l.Rate, math.MaxInt32)))
}

// smaller is the stricter of two limits, of each part.
func smaller(a, b Limit) Limit {
	return Limit{Rate: min(a.Rate, b.Rate), Burst: min(a.size(), b.size())}
}

// service is one that a Place has a client for.
type service struct {
	prefix string // of its actions in policies: states
	id     string // as its client calls itself: SFN
	client reflect.Type
}

var services = []service{
	{"cloudformation", cloudformation.ServiceID, reflect.TypeFor[*cloudformation.Client]()},
	{"dynamodb", dynamodb.ServiceID, reflect.TypeFor[*dynamodb.Client]()},
	{"events", eventbridge.ServiceID, reflect.TypeFor[*eventbridge.Client]()},
	{"lambda", lambda.ServiceID, reflect.TypeFor[*lambda.Client]()},
	{"logs", cloudwatchlogs.ServiceID, reflect.TypeFor[*cloudwatchlogs.Client]()},
	{"s3", s3.ServiceID, reflect.TypeFor[*s3.Client]()},
	{"schemas", schemas.ServiceID, reflect.TypeFor[*schemas.Client]()},
	{"sqs", sqs.ServiceID, reflect.TypeFor[*sqs.Client]()},
	{"states", sfn.ServiceID, reflect.TypeFor[*sfn.Client]()},
	{"sts", sts.ServiceID, reflect.TypeFor[*sts.Client]()},
	{"xray", xray.ServiceID, reflect.TypeFor[*xray.Client]()},
}

// Services lists the services that limits can name, as policies call them.
func Services() []string {
	l := make([]string, len(services))
	for i, s := range services {
		l[i] = s.prefix
	}
	return l
}

// Operations lists the operations of a service, nil where there is none of
// that name.
func Operations(prefix string) []string {
	i := slices.IndexFunc(services, func(s service) bool { return s.prefix == prefix })
	if i < 0 {
		return nil
	}
	var l []string
	for m := range services[i].client.Methods() {
		if m.Type.NumIn() == 4 && m.Type.NumOut() == 2 { // receiver, context, input, options; output, error
			l = append(l, m.Name)
		}
	}
	return l
}

// prefixOf is how policies call the service that names itself so.
func prefixOf(id string) string {
	if i := slices.IndexFunc(services, func(s service) bool { return s.id == id }); i >= 0 {
		return services[i].prefix
	}
	return strings.ToLower(strings.ReplaceAll(id, " ", ""))
}

// control is the one bucket that all calls of a service share which manage its
// things and do not use them.
const control = "control calls"

// largeRegions have greater quotas for Step Functions.
var largeRegions = []string{"us-east-1", "us-west-2", "eu-west-1"}

// quotas are what AWS publishes for an account and region, only of operations
// where it publishes any. Everything else goes as fast as AWS takes it.
//
// states: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html, "API action throttling"
// logs:   https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html, the least of all regions
// events: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
var quotas = map[string]struct{ large, other Limit }{
	"states.StartExecution":                   {Limit{300, 1300}, Limit{150, 800}},
	"states.StopExecution":                    {Limit{200, 1000}, Limit{25, 500}},
	"states.DescribeExecution":                {Limit{15, 300}, Limit{10, 250}},
	"states.DescribeStateMachine":             {Limit{20, 200}, Limit{20, 200}},
	"states.DescribeStateMachineForExecution": {Limit{1, 200}, Limit{1, 200}},
	"states.GetExecutionHistory":              {Limit{20, 400}, Limit{20, 400}},
	"states.ListExecutions":                   {Limit{5, 200}, Limit{2, 100}},
	"states.ListStateMachines":                {Limit{5, 100}, Limit{5, 100}},
	"states.ListTagsForResource":              {Limit{1, 100}, Limit{1, 100}},
	"logs.FilterLogEvents":                    {Limit{5, 5}, Limit{5, 5}},
	"events." + control:                       {Limit{50, 50}, Limit{50, 50}},
}

// quota is the published quota that an operation counts against, and the name
// of its bucket: the operation's own, or that of many.
func quota(prefix, operation, region string) (name string, l Limit, ok bool) {
	name = prefix + "." + operation
	if prefix == "events" && operation != "PutEvents" && operation != "PutPartnerEvents" {
		name = prefix + "." + control
	}
	q, ok := quotas[name]
	if slices.Contains(largeRegions, region) {
		return name, q.large, ok
	}
	return name, q.other, ok
}

// ofAWS says whether AWS itself answers at a host, and not an emulator.
func ofAWS(host string) bool {
	for _, domain := range []string{
		"amazonaws.com", "amazonaws.com.cn", "api.aws", "api.amazonwebservices.com.cn", "amazonaws.eu", "api.amazonwebservices.eu",
		"c2s.ic.gov", "sc2s.sgov.gov", "cloud.adc-e.uk", "csp.hci.ic.gov",
	} {
		if strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}
