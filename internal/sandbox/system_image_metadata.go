package sandbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// imageSizer writes the width and height of uploaded pictures into their metadata.
func imageSizer(ctx context.Context, c *Call) (any, error) {
	client := s3.NewFromConfig(c.Config, func(o *s3.Options) { o.UsePathStyle = true })
	for _, record := range records(c.Event) {
		bucket, _ := field(record, "s3", "bucket", "name").(string)
		escaped, _ := field(record, "s3", "object", "key").(string)
		key, err := url.QueryUnescape(escaped)
		if err != nil {
			return nil, &Failure{Type: "ValueError", Message: err.Error()}
		}
		message, err := measure(ctx, client, bucket, key, c.Env["FAULT"])
		if err != nil {
			c.Log(compactJSON(map[string]any{"level": "ERROR", "key": key, "message": failureText(err)}))
			return nil, err
		}
		c.Log(compactJSON(map[string]any{"level": "INFO", "key": key, "message": message}))
	}
	return nil, nil
}

// The first bytes of a PNG: its signature, the header chunk's length and name, width and height.
// https://www.w3.org/TR/png-3/#11IHDR
const (
	pngSignature = "\x89PNG\r\n\x1a\n"
	pngHead      = 24
)

func measure(ctx context.Context, client *s3.Client, bucket, key, fault string) (string, error) {
	found, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return "", clientError("GetObject", err)
	}
	defer found.Body.Close()
	if _, ok := found.Metadata["image_width"]; ok {
		return "already measured", nil
	}
	head := make([]byte, pngHead)
	if _, err := io.ReadFull(found.Body, head); err != nil || string(head[:8]) != pngSignature || string(head[12:16]) != "IHDR" {
		return "not a PNG", nil
	}
	width, height := binary.BigEndian.Uint32(head[16:]), binary.BigEndian.Uint32(head[20:])
	switch fault {
	case "never-written":
		return "nothing written", nil
	case "wrong-height":
		height++
	case "denied":
		return "", clientError("CopyObject", refuse("AccessDenied", "Access Denied"))
	}
	metadata := maps.Clone(found.Metadata)
	if metadata == nil {
		metadata = map[string]string{}
	}
	metadata["image_width"], metadata["image_height"] = strconv.Itoa(int(width)), strconv.Itoa(int(height))
	_, err = client.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: &bucket, Key: &key, CopySource: aws.String(bucket + "/" + url.PathEscape(key)),
		MetadataDirective: types.MetadataDirectiveReplace, ContentType: found.ContentType, Metadata: metadata,
	})
	if err != nil {
		return "", clientError("CopyObject", err)
	}
	return fmt.Sprintf("measured %dx%d", width, height), nil
}

// clientError words an error of a call to AWS as botocore does.
func clientError(operation string, err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	return &Failure{
		Type:    "ClientError",
		Message: fmt.Sprintf("An error occurred (%s) when calling the %s operation: %s", api.ErrorCode(), operation, api.ErrorMessage()),
	}
}

// failureText is what an error says, without its type.
func failureText(err error) string {
	var f *Failure
	if errors.As(err, &f) {
		return f.Message
	}
	return err.Error()
}
