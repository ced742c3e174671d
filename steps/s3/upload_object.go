package s3

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// UploadParams are the parameters of upload_object.
type UploadParams struct {
	Bucket      string            `json:"bucket" required:"true" doc:"The bucket's name or ARN."`
	Key         string            `json:"key" required:"true" doc:"The object's key."`
	File        steps.File        `json:"file" doc:"The contents: a file, relative to this one."`
	Text        *string           `json:"text" doc:"The contents: text."`
	JSON        *schema.Node      `json:"json" doc:"The contents: a document, written as JSON."`
	Base64      *Base64           `json:"base64" doc:"The contents: bytes in base64."`
	ContentType string            `json:"content_type" doc:"The content type; from the key's ending unless given."`
	Metadata    map[string]string `json:"metadata" doc:"The object's own metadata."`
	Tags        map[string]string `json:"tags" doc:"The object's tags."`
	Overwrite   bool              `json:"overwrite" doc:"Allows an object that is there already to be replaced, in a bucket that keeps versions."`
}

// UploadResult is an uploaded object.
type UploadResult struct {
	Bucket    string `json:"bucket" doc:"The bucket's name."`
	Key       string `json:"key" doc:"The object's key."`
	ETag      string `json:"etag" doc:"The ETag, without quotes."`
	VersionID string `json:"version_id,omitempty" doc:"The version, in a bucket that keeps versions."`
	Size      int64  `json:"size" doc:"The size in bytes."`
}

// UploadObject creates an object.
var UploadObject = steps.Define("upload_object", steps.Def[UploadParams, UploadResult]{
	Summary: "Uploads an object to a bucket.",
	Doc:     "An object that is there already is an error, unless `overwrite: true` allows to replace it; then the bucket must keep versions, so that the old one can be put back (or `keep: true` must say that it need not be). The object is deleted when the scenario is over.",
	Example: `act:
  - upload_object:
      bucket: ${suite.app.BucketName}
      key: ${scenario.id}.json
      json: {size: 12}
      metadata: {origin: rehearsal}
    id: uploaded
assert:
  - object: {bucket: "${suite.app.BucketName}", key: "${uploaded.key}", content: json}
    within: 5s
    expect: {content.size: 12, metadata.origin: rehearsal}
`,
	Check: checkBucket,
	Rules: []steps.Rule{steps.OneOf("file", "text", "json", "base64")},
	Do:    upload,
	Needs: func(p UploadParams) []steps.Permission {
		object, bucket := "arn:aws:s3:::"+bucketName(p.Bucket)+"/"+p.Key, "arn:aws:s3:::"+bucketName(p.Bucket)
		needs := []steps.Permission{
			{Action: "s3:PutObject", Resource: object},
			{Action: "s3:GetObject", Resource: object},
			{Action: "s3:DeleteObject", Resource: object},
			{Action: "s3:ListBucket", Resource: bucket},
		}
		if len(p.Tags) > 0 {
			needs = append(needs, steps.Permission{Action: "s3:PutObjectTagging", Resource: object})
		}
		if p.Overwrite {
			needs = append(needs, steps.Permission{Action: "s3:GetBucketVersioning", Resource: bucket}, steps.Permission{Action: "s3:DeleteObjectVersion", Resource: object})
		}
		return needs
	},
	Reapers: []steps.Reaper{Reaper},
})

func upload(ctx context.Context, env *steps.Env, p UploadParams) (UploadResult, error) {
	p.Bucket = bucketName(p.Bucket)
	content, err := p.open()
	if err != nil {
		return UploadResult{}, err
	}
	defer func() { _ = content.close() }() // only read
	record, err := prepare(ctx, env, p, content)
	if err != nil {
		return UploadResult{}, err
	}
	r := UploadResult{Bucket: p.Bucket, Key: p.Key, Size: content.size}
	err = env.Create(ctx, record, func(ctx context.Context) (steps.Resource, error) {
		out, err := env.AWS.Once().S3().PutObject(ctx, p.request(content))
		if err != nil {
			return record, err
		}
		r.ETag, r.VersionID = etag(out.ETag), aws.ToString(out.VersionId)
		made := record
		made.Data = maps.Clone(record.Data)
		made.Data["etag"], made.Data["version"] = r.ETag, r.VersionID
		return made, nil
	})
	if status(err) == http.StatusPreconditionFailed {
		return r, taken(p)
	}
	return r, explained(ctx, err, env.AWS, p.Bucket, p.Key)
}

func taken(p UploadParams) error {
	return fmt.Errorf("there is already an object s3://%s/%s; overwrite: true allows it to be replaced", p.Bucket, p.Key)
}

// prepare looks at what is there before the upload, so that the record alone
// is enough to take back an upload of which no answer ever came: where nothing
// was, whatever stands there later is deleted; where something was, only what
// has our contents.
func prepare(ctx context.Context, env *steps.Env, p UploadParams, content *body) (steps.Resource, error) {
	record := steps.Resource{Type: objectType, ID: p.Bucket + "/" + p.Key, Data: map[string]string{"bucket": p.Bucket, "key": p.Key}}
	there, err := head(ctx, env.AWS, p.Bucket, p.Key)
	if err != nil {
		return record, err
	}
	if there != nil && !p.Overwrite {
		return record, taken(p)
	}
	if p.Overwrite && !env.Keep {
		if err := versioned(ctx, env.AWS, p.Bucket); err != nil {
			return record, err
		}
	}
	if there != nil {
		if record.Data["sum"], err = content.sum(); err != nil {
			return record, err
		}
		record.Data["replaced"] = aws.ToString(there.VersionId)
		if record.Data["replaced"] == "" {
			record.Data["replaced"] = "null" // the version from before versions were kept
		}
	}
	return record, nil
}

// versioned makes sure that a bucket keeps what is overwritten.
func versioned(ctx context.Context, place *awsclient.Place, bucket string) error {
	out, err := place.S3().GetBucketVersioning(ctx, &awss3.GetBucketVersioningInput{Bucket: &bucket})
	if err != nil {
		return explained(ctx, err, place, bucket, "")
	}
	if out.Status != s3types.BucketVersioningStatusEnabled {
		return fmt.Errorf("bucket %q keeps no versions, so an overwritten object could not be put back; switch versioning on, use a new key, or say keep: true", bucket)
	}
	return nil
}

func (p UploadParams) request(content *body) *awss3.PutObjectInput {
	in := &awss3.PutObjectInput{
		Bucket: &p.Bucket, Key: &p.Key, Body: content, ContentLength: &content.size,
		ContentType: aws.String(p.contentType()), Metadata: p.Metadata,
	}
	if len(p.Tags) > 0 {
		tags := url.Values{}
		for k, v := range p.Tags {
			tags.Set(k, v)
		}
		in.Tagging = aws.String(tags.Encode())
	}
	if !p.Overwrite {
		in.IfNoneMatch = aws.String("*")
	}
	return in
}
