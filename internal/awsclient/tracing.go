package awsclient

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/rehearse-dev/rehearse/internal/trace"
)

// tracing makes the calls of a context that belongs to a trace part of it.
// What starts something later, when the call is long over, carries the trace
// in its input; a call that names one itself keeps it.
type tracing struct{}

// ID names the middleware.
func (tracing) ID() string { return "rehearse tracing" }

// HandleInitialize writes the trace into inputs that have a place for it. The
// caller's own input stays as it is.
func (tracing) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	if h, ok := trace.Of(ctx); ok {
		in.Parameters = traced(in.Parameters, aws.String(h.String()))
	}
	return next.HandleInitialize(ctx, in)
}

// HandleBuild sets the header of the HTTP request; it is not among what is signed.
func (tracing) HandleBuild(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
	if h, ok := trace.Of(ctx); ok {
		if r, ok := in.Request.(*smithyhttp.Request); ok {
			r.Header.Set(trace.HeaderName, h.String())
		}
	}
	return next.HandleBuild(ctx, in)
}

func traced(parameters any, header *string) any {
	switch in := parameters.(type) {
	case *eventbridge.PutEventsInput:
		c := *in
		c.Entries = slices.Clone(in.Entries)
		for i := range c.Entries {
			setIfEmpty(&c.Entries[i].TraceHeader, header)
		}
		return &c
	case *sfn.StartExecutionInput:
		c := *in
		setIfEmpty(&c.TraceHeader, header)
		return &c
	case *sfn.StartSyncExecutionInput:
		c := *in
		setIfEmpty(&c.TraceHeader, header)
		return &c
	case *sqs.SendMessageInput:
		c := *in
		c.MessageSystemAttributes = tracedMessage(in.MessageSystemAttributes, header)
		return &c
	case *sqs.SendMessageBatchInput:
		c := *in
		c.Entries = slices.Clone(in.Entries)
		for i, e := range c.Entries {
			c.Entries[i].MessageSystemAttributes = tracedMessage(e.MessageSystemAttributes, header)
		}
		return &c
	}
	return parameters
}

func setIfEmpty(field **string, header *string) {
	if aws.ToString(*field) == "" {
		*field = header
	}
}

// tracedMessage adds the trace to a message's system attributes; among its own
// attributes the application would see it.
func tracedMessage(attributes map[string]sqstypes.MessageSystemAttributeValue, header *string) map[string]sqstypes.MessageSystemAttributeValue {
	key := string(sqstypes.MessageSystemAttributeNameForSendsAWSTraceHeader)
	if _, ok := attributes[key]; ok {
		return attributes
	}
	out := map[string]sqstypes.MessageSystemAttributeValue{key: {DataType: aws.String("String"), StringValue: header}}
	maps.Copy(out, attributes)
	return out
}
