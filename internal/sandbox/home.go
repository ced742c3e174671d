package sandbox

import (
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// home is what one account has in one region: its services, each with what is in it.
type home struct {
	*Sandbox
	account, region string
	routes          *routes

	sqs     *sqsService
	events  *eventsService
	states  *statesService
	dynamo  *dynamoService
	logs    *logsService
	stacks  *stackService
	lambda  *lambdaService
	schemas *schemaService
	s3      *s3Service
	xray    *xrayService
}

// address names a home.
type address struct{ account, region string }

// home gives the services of an account and region; they are made when they are first asked for.
func (s *Sandbox) home(account, region string) *home {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := address{account, region}
	if h := s.homes[a]; h != nil {
		return h
	}
	h := &home{Sandbox: s, account: account, region: region}
	h.sqs = newSQS(h)
	h.events = newEvents(h)
	h.states = newStates(h)
	h.dynamo = newDynamo(h)
	h.logs = newLogs(h)
	h.stacks = newStacks()
	h.lambda = newLambda(h)
	h.schemas = newSchemas(h)
	h.s3 = newS3(h)
	h.xray = newXRay(h)
	h.routes = newRoutes(h)
	s.homes[a] = h
	return h
}

// all are the homes there are.
func (s *Sandbox) all() []*home {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*home
	for _, h := range s.homes {
		list = append(list, h)
	}
	return list
}

func (h *home) count(counts map[string]int) {
	h.sqs.count(counts)
	h.events.count(counts)
	h.states.count(counts)
	h.dynamo.count(counts)
	h.logs.count(counts)
	h.stacks.count(counts)
	h.lambda.count(counts)
	h.s3.count(counts)
}

// arn makes the ARN of a resource of this home.
func (h *home) arn(service, resource string) string {
	return "arn:aws:" + service + ":" + h.region + ":" + h.account + ":" + resource
}

// has says whether a name may be that of something here: it is no ARN, or an ARN of this account and region.
func (h *home) has(ref string) bool {
	a, ok := arnAddress(ref)
	return !ok || a == address{h.account, h.region}
}

// arnAddress is the account and region that an ARN names, if it names both.
func arnAddress(ref string) (address, bool) {
	parts := strings.SplitN(ref, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[3] == "" || parts[4] == "" {
		return address{}, false
	}
	return address{parts[4], parts[3]}, true
}

// config makes clients of this home.
func (h *home) config() aws.Config { return h.ConfigFor(h.account, h.region) }

// ConfigFor is [Sandbox.Config] for another account, of 12 digits, and region.
func (s *Sandbox) ConfigFor(account, region string) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(URL),
		HTTPClient:   s.client,
		Credentials:  credentials.NewStaticCredentialsProvider(account, "sandbox", ""),
	}
}

// scope is what a request is signed for.
type scope struct{ key, region, service string }

// scopeOf reads Credential=KEY/DATE/REGION/SERVICE/aws4_request, which presigned requests carry in their query.
func scopeOf(r *http.Request) scope {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if credential == "" {
		credential = r.URL.Query().Get("X-Amz-Credential")
	}
	parts := strings.Split(credential, "/")
	if len(parts) < 4 {
		return scope{}
	}
	return scope{key: parts[0], region: parts[2], service: parts[3]}
}
