package sandbox

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// auditLogger writes an audit entry for every record of the stream that reaches it.
func auditLogger(ctx context.Context, c *Call) (any, error) {
	var entries []string
	for _, record := range records(c.Event) {
		keys := field(record, "dynamodb", "Keys")
		c.Log(compactJSON(map[string]any{"level": "INFO", "message": fmt.Sprintf("%v %v", field(record, "eventName"), field(keys, "PK", "S"))}))
		entries = append(entries, `{"EventType":"UserCreated","PK":`+compactJSON(field(keys, "PK"))+`,"SK":`+compactJSON(field(keys, "SK"))+`}`)
	}
	switch c.Env["FAULT"] {
	case "silent":
		return nil, nil
	case "written-twice":
		entries = append(entries, entries...)
	}
	if err := writeAudit(ctx, c, entries); err != nil {
		c.Log(compactJSON(map[string]any{"level": "ERROR", "message": failureText(err)}))
		return nil, err
	}
	return nil, nil
}

func writeAudit(ctx context.Context, c *Call, entries []string) error {
	if c.Env["FAULT"] == "denied" {
		return clientError("CreateLogStream", refuse("AccessDeniedException", "User is not authorized to perform: logs:CreateLogStream"))
	}
	client := cloudwatchlogs.NewFromConfig(c.Config)
	group, stream := c.Env["AUDIT_LOG"], newID()
	if _, err := client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &stream}); err != nil {
		return clientError("CreateLogStream", err)
	}
	in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream}
	now := time.Now().UnixMilli()
	for _, entry := range entries {
		in.LogEvents = append(in.LogEvents, types.InputLogEvent{Timestamp: &now, Message: aws.String(entry)})
	}
	if _, err := client.PutLogEvents(ctx, in); err != nil {
		return clientError("PutLogEvents", err)
	}
	return nil
}
