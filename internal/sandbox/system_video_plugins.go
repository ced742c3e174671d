package sandbox

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// minimalPlugin answers a life-cycle event with its completion.
func minimalPlugin(ctx context.Context, c *Call) (any, error) {
	asked := field(c.Event, "detail")
	title, ok := field(asked, "pluginTitle").(string)
	if !ok {
		return nil, &Failure{Type: "KeyError", Message: "'pluginTitle'"}
	}
	c.Log(compactJSON(map[string]any{"level": "INFO", "message": "asked", "run": field(asked, "run")}))
	detailType, times := "plugin-complete", 1
	switch c.Env["FAULT"] {
	case "silent":
		return nil, nil
	case "late":
		if !pause(ctx, 25*time.Second) {
			return nil, ctx.Err()
		}
	case "twice":
		times = 2
	case "wrong-detail-type":
		detailType = "plugin-completed"
	}
	in := &eventbridge.PutEventsInput{}
	for range times {
		in.Entries = append(in.Entries, types.PutEventsRequestEntry{
			Source: aws.String("video.plugin." + title), DetailType: &detailType,
			Detail: aws.String(compactJSON(map[string]any{
				"run": field(asked, "run"), "eventHook": field(asked, "eventHook"), "pluginTitle": title, "status": "ok",
			})),
		})
	}
	result, err := eventbridge.NewFromConfig(c.Config).PutEvents(ctx, in)
	if err != nil {
		return nil, clientError("PutEvents", err)
	}
	if result.FailedEntryCount > 0 {
		return nil, &Failure{Type: "RuntimeError", Message: "the bus refused the answer: " + aws.ToString(result.Entries[0].ErrorMessage)}
	}
	for _, entry := range result.Entries {
		c.Log(compactJSON(map[string]any{
			"level": "INFO", "message": "answered", "run": field(asked, "run"), "detailType": detailType, "eventId": aws.ToString(entry.EventId),
		}))
	}
	return nil, nil
}
