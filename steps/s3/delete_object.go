package s3

import (
	"context"
	"net/http"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

// DeleteParams are the parameters of delete_object.
type DeleteParams struct {
	Bucket    string `json:"bucket" required:"true" doc:"The bucket's name or ARN."`
	Key       string `json:"key" required:"true" doc:"The object's key."`
	VersionID string `json:"version_id" doc:"Deletes this version for good."`
}

// DeleteObject deletes an object.
var DeleteObject = steps.Define("delete_object", steps.Def[DeleteParams, struct{}]{
	Summary: "Deletes an object.",
	Doc:     "An object that is not there is deleted already. It is not put back when the scenario is over.",
	Example: `act:
  - upload_object: {bucket: "${suite.app.BucketName}", key: "${scenario.id}.txt", text: hello}
    id: uploaded
  - delete_object: {bucket: "${uploaded.bucket}", key: "${uploaded.key}"}
assert:
  - object: {bucket: "${suite.app.BucketName}", key: "${uploaded.key}"}
    hold: 100ms
    expect: {exists: false}
`,
	Check: checkBucket,
	Do:    deleteStep,
	Needs: func(p DeleteParams) []steps.Permission {
		object := "arn:aws:s3:::" + bucketName(p.Bucket) + "/" + p.Key
		if p.VersionID != "" {
			return []steps.Permission{{Action: "s3:DeleteObjectVersion", Resource: object}}
		}
		return []steps.Permission{{Action: "s3:DeleteObject", Resource: object}}
	},
	Idempotent: true,
})

func deleteStep(ctx context.Context, env *steps.Env, p DeleteParams) (struct{}, error) {
	p.Bucket = bucketName(p.Bucket)
	in := &awss3.DeleteObjectInput{Bucket: &p.Bucket, Key: &p.Key}
	if p.VersionID != "" {
		in.VersionId = &p.VersionID
	}
	return struct{}{}, explained(ctx, deleteOnce(ctx, env.AWS, in), env.AWS, p.Bucket, p.Key)
}

// deleteOnce deletes what is there and tells of it once: in a bucket with
// versions each deletion without one adds a marker and a notification, so one
// of which no answer came is sent again only while the object is still there.
func deleteOnce(ctx context.Context, place *awsclient.Place, in *awss3.DeleteObjectInput) error {
	const most = 3 // answers lost in a row
	for lost := 0; ; lost++ {
		_, err := place.Once().S3().DeleteObject(ctx, in)
		switch {
		case err == nil, awsclient.Is(err, "NoSuchKey", "NoSuchVersion"):
			return nil
		case lost == most, ctx.Err() != nil, !awsclient.Transient(err), awsclient.SurelyNotDone(err):
			return err
		}
		_, gone := place.S3().HeadObject(ctx, &awss3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key, VersionId: in.VersionId})
		if status(gone) == http.StatusNotFound {
			return nil
		}
	}
}
