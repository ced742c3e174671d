package sandbox

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// functionTime is what such a function takes at least. Without it all that an order brings about would be at the same
// instant in a bubble, and in no order.
const functionTime = 20 * time.Millisecond

// placeOrder places a requested order on the bus of the delivery's account.
func placeOrder(ctx context.Context, c *Call) (any, error) {
	if c.Env["FAULT"] == "wrong-order" && !pause(ctx, 3*time.Second) {
		return nil, ctx.Err()
	}
	there, err := assume(ctx, c, "PlaceOrder")
	if err != nil {
		return nil, err
	}
	return nil, tell(ctx, c, there, "orders", "OrderPlaced")
}

// deliver delivers a placed order and says so on the bus of the orders' account.
func deliver(ctx context.Context, c *Call) (any, error) {
	if c.Env["FAULT"] == "too-slow" && !pause(ctx, 11*time.Second) {
		return nil, ctx.Err()
	}
	there, err := assume(ctx, c, "Deliver")
	if err != nil {
		return nil, err
	}
	if err := tell(ctx, c, there, "delivery", "OrderDelivered"); err != nil {
		return nil, err
	}
	if c.Env["FAULT"] == "segment-error" {
		problem := "the parcel's label cannot be printed"
		c.Log(compactJSON(map[string]any{"level": "ERROR", "order": field(c.Event, "detail", "order"), "message": problem}))
		return nil, &Failure{Type: "ValueError", Message: problem}
	}
	return nil, nil
}

// closeOrder closes a delivered order.
func closeOrder(ctx context.Context, c *Call) (any, error) {
	if c.Env["FAULT"] == "late-segment" {
		c.TraceLate = 8 * time.Second
	}
	return nil, tell(ctx, c, c.Config, "orders", "OrderClosed")
}

// sendVoucher takes part although nobody expects it.
func sendVoucher(ctx context.Context, c *Call) (any, error) {
	return nil, tell(ctx, c, c.Config, "vouchers", "VoucherSent")
}

// assume gives the way into the account of the function's ROLE.
func assume(ctx context.Context, c *Call, session string) (aws.Config, error) {
	out, err := sts.NewFromConfig(c.Config).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(c.Env["ROLE"]), RoleSessionName: &session})
	if err != nil {
		return aws.Config{}, clientError("AssumeRole", err)
	}
	there := c.Config.Copy()
	there.Credentials = credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	return there, nil
}

// tell puts an event about the order on the function's BUS and hands the trace on with it.
func tell(ctx context.Context, c *Call, there aws.Config, source, detailType string) error {
	order := field(c.Event, "detail", "order")
	if !pause(ctx, functionTime) {
		return ctx.Err()
	}
	entry := types.PutEventsRequestEntry{
		EventBusName: aws.String(c.Env["BUS"]), Source: &source, DetailType: &detailType,
		Detail: aws.String(compactJSON(map[string]any{"order": order})), TraceHeader: optional(c.TraceHeader),
	}
	result, err := eventbridge.NewFromConfig(there).PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{entry}})
	if err != nil {
		return clientError("PutEvents", err)
	}
	if result.FailedEntryCount > 0 {
		return &Failure{Type: "RuntimeError", Message: "the bus refused the event: " + aws.ToString(result.Entries[0].ErrorMessage)}
	}
	c.Log(compactJSON(map[string]any{"level": "INFO", "order": order, "put": detailType}))
	return nil
}
