package s3

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// maxContent is how much of an object's contents a result may have, in bytes.
const maxContent = 10 << 20

// ObjectParams are the parameters of object.
type ObjectParams struct {
	Bucket  string `json:"bucket" required:"true" doc:"The bucket's name or ARN."`
	Key     string `json:"key" required:"true" doc:"The object's key."`
	Content string `json:"content" enum:"none|text|json|base64" default:"none" doc:"Whether, and as what, the contents are read; at most 10 MiB."`
}

// ObjectResult is an object as it is now. Of a missing one there is only exists.
type ObjectResult struct {
	Exists       bool               `json:"exists" doc:"Whether the object is there."`
	Size         *int64             `json:"size,omitempty" doc:"The size in bytes."`
	ETag         *string            `json:"etag,omitempty" doc:"The ETag, without quotes."`
	ContentType  *string            `json:"content_type,omitempty" doc:"The content type."`
	Metadata     *map[string]string `json:"metadata,omitempty" doc:"The object's own metadata; keys are in lower case."`
	Tags         *map[string]string `json:"tags,omitempty" doc:"The object's tags."`
	LastModified *string            `json:"last_modified,omitempty" doc:"When it was written last, in RFC 3339."`
	Content      *any               `json:"content,omitempty" doc:"The contents, where they were asked for."`
}

// Object looks at an object.
var Object = steps.Define("object", steps.Def[ObjectParams, ObjectResult]{
	Absent: func(p ObjectParams) []string {
		if p.Content == "none" {
			return []string{"content"}
		}
		return nil
	},
	Summary: "Looks at an object in a bucket: whether it is there, its metadata, tags and contents.",
	Doc:     "A missing object is an answer (`exists: false`), a missing bucket an error.",
	Example: `act:
  - upload_object: {bucket: "${suite.app.BucketName}", key: "${scenario.id}.txt", text: hello, tags: {kind: greeting}}
    id: uploaded
assert:
  - object: {bucket: "${suite.app.BucketName}", key: "${uploaded.key}", content: text}
    within: 5s
    expect: {content: hello, size: 5, tags.kind: greeting, content_type: {starts_with: text/plain}}
`,
	Check: checkBucket,
	Watch: func(_ context.Context, env *steps.Env, p ObjectParams) (steps.Probe[ObjectResult], error) {
		p.Bucket = bucketName(p.Bucket)
		place := env.AWS.Single()
		return steps.Probe[ObjectResult]{Look: func(ctx context.Context) (steps.Seen[ObjectResult], error) {
			return p.look(ctx, place)
		}}, nil
	},
	Success: func(ObjectParams) assertions.Checks { return assertions.Rule("exists", "equals", true) },
	Needs: func(p ObjectParams) []steps.Permission {
		object := "arn:aws:s3:::" + bucketName(p.Bucket) + "/" + p.Key
		return []steps.Permission{
			{Action: "s3:GetObject", Resource: object},
			{Action: "s3:GetObjectTagging", Resource: object},
			{Action: "s3:ListBucket", Resource: "arn:aws:s3:::" + bucketName(p.Bucket)},
		}
	},
})

func (p ObjectParams) look(ctx context.Context, place *awsclient.Place) (steps.Seen[ObjectResult], error) {
	var seen steps.Seen[ObjectResult]
	there, err := head(ctx, place, p.Bucket, p.Key)
	if err != nil || there == nil {
		return seen, err
	}
	seen.Doc = ObjectResult{
		Exists: true, Size: there.ContentLength, ETag: aws.String(etag(there.ETag)), ContentType: there.ContentType,
		Metadata: lowered(there.Metadata), LastModified: stamp(there.LastModified),
	}
	if p.Content != "none" {
		gone, err := p.read(ctx, place, there, &seen)
		if err != nil || gone {
			return steps.Seen[ObjectResult]{}, err
		}
	}
	tags, gone, err := p.tags(ctx, place)
	if err != nil || gone {
		return steps.Seen[ObjectResult]{}, err
	}
	seen.Doc.Tags = tags
	return seen, nil
}

// read adds the contents of exactly the object that was looked at. gone says
// that it was deleted meanwhile.
func (p ObjectParams) read(ctx context.Context, place *awsclient.Place, there *awss3.HeadObjectOutput, seen *steps.Seen[ObjectResult]) (gone bool, err error) {
	if size := aws.ToInt64(there.ContentLength); size > maxContent {
		return false, steps.Finalf("s3://%s/%s has %d bytes; contents are read up to 10 MiB: use content: none", p.Bucket, p.Key, size)
	}
	out, err := place.S3().GetObject(ctx, &awss3.GetObjectInput{Bucket: &p.Bucket, Key: &p.Key, IfMatch: there.ETag})
	switch {
	case awsclient.Is(err, "NoSuchKey"):
		return true, nil
	case status(err) == http.StatusPreconditionFailed:
		return false, steps.Passingf("s3://%s/%s was written anew while it was read", p.Bucket, p.Key)
	case err != nil:
		return false, explained(ctx, err, place, p.Bucket, p.Key)
	}
	b, err := io.ReadAll(io.LimitReader(out.Body, maxContent+1))
	_ = out.Body.Close() // only read
	if err != nil {
		return false, explained(ctx, err, place, p.Bucket, p.Key)
	}
	p.content(b, seen)
	return false, nil
}

// content puts the contents into the result; contents that are not what was
// asked for are a mismatch, not text that happens to look different.
func (p ObjectParams) content(b []byte, seen *steps.Seen[ObjectResult]) {
	var v any
	wrong := ""
	switch p.Content {
	case "base64":
		v = base64.StdEncoding.EncodeToString(b)
	case "json":
		doc, err := schema.ParseJSON(b)
		if err != nil {
			wrong = fmt.Sprintf("the contents are not JSON: %v", err)
		}
		v = doc
	case "text":
		if !utf8.Valid(b) {
			wrong = "the contents are not UTF-8 text; content: base64 reads them"
		}
		v = string(b)
	}
	if wrong != "" {
		seen.Unmet = append(seen.Unmet, assertions.Mismatch{Path: "content", Op: "is", Expected: p.Content, Message: wrong})
		return
	}
	seen.Doc.Content = &v
}

// tags are the object's tags. A service that has no such thing has none; a
// refusal is an error, because "no such tag" would pass on it.
func (p ObjectParams) tags(ctx context.Context, place *awsclient.Place) (tags *map[string]string, gone bool, err error) {
	out, err := place.S3().GetObjectTagging(ctx, &awss3.GetObjectTaggingInput{Bucket: &p.Bucket, Key: &p.Key})
	switch {
	case awsclient.Is(err, "NoSuchKey"):
		return nil, true, nil
	case status(err) == http.StatusNotImplemented || awsclient.Is(err, "NotImplemented", "MethodNotAllowed"):
		return nil, false, nil
	case awsclient.Is(err, "NoSuchTagSet"):
		return &map[string]string{}, false, nil
	case err != nil:
		return nil, false, explained(ctx, err, place, p.Bucket, p.Key)
	}
	m := map[string]string{}
	for _, t := range out.TagSet {
		m[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return &m, false, nil
}

func lowered(metadata map[string]string) *map[string]string {
	m := make(map[string]string, len(metadata))
	for k, v := range metadata {
		m[strings.ToLower(k)] = v
	}
	return &m
}

func stamp(t *time.Time) *string {
	if t == nil {
		return nil
	}
	return aws.String(t.UTC().Format(time.RFC3339))
}
