package s3

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

const objectType = "s3.object"

// Reaper deletes uploaded objects. In its records, bucket and key say which;
// version is our version, replaced the one that was there before (only where
// one was), sum the MD5 of our contents.
var Reaper = steps.Reaper{Type: objectType, Remove: remove}

func remove(ctx context.Context, place *awsclient.Place, r steps.Resource) error {
	bucket, key, version := r.Data["bucket"], r.Data["key"], r.Data["version"]
	if r.Data["replaced"] != "" {
		return restore(ctx, place, r)
	}
	if version != "" {
		if err := deleteObject(ctx, place, bucket, key, version); err != nil {
			return err
		}
	}
	// The application may have rewritten the object, to add metadata for
	// example. Nothing was there before, so nothing of it stays.
	there, err := place.S3().HeadObject(ctx, &awss3.HeadObjectInput{Bucket: &bucket, Key: &key})
	switch {
	case status(err) == http.StatusNotFound:
		return nil
	case err != nil:
		return explained(ctx, err, place, bucket, key)
	}
	return deleteObject(ctx, place, bucket, key, replacedVersion(version, there))
}

// replacedVersion is the version to delete where our own one is gone already:
// the application's, in a bucket with versions.
func replacedVersion(ours string, there *awss3.HeadObjectOutput) string {
	if ours == "" {
		return ""
	}
	return aws.ToString(there.VersionId)
}

// restore takes back a version that stands on top of an older one.
func restore(ctx context.Context, place *awsclient.Place, r steps.Resource) error {
	bucket, key, version := r.Data["bucket"], r.Data["key"], r.Data["version"]
	if version != "" {
		return deleteObject(ctx, place, bucket, key, version)
	}
	there, err := place.S3().HeadObject(ctx, &awss3.HeadObjectInput{Bucket: &bucket, Key: &key})
	switch {
	case status(err) == http.StatusNotFound:
		return nil
	case err != nil:
		return explained(ctx, err, place, bucket, key)
	}
	current := aws.ToString(there.VersionId)
	switch {
	case current == "" || current == r.Data["replaced"]:
		return nil // the upload never happened
	case etag(there.ETag) == r.Data["sum"]:
		return deleteObject(ctx, place, bucket, key, current)
	}
	return fmt.Errorf("s3://%s/%s has a version %s that may or may not come from this run (its upload got no answer); it was left alone", bucket, key, current)
}

// deleteObject deletes an object, or one version of it. What is not there is a success.
func deleteObject(ctx context.Context, place *awsclient.Place, bucket, key, version string) error {
	in := &awss3.DeleteObjectInput{Bucket: &bucket, Key: &key}
	if version != "" {
		in.VersionId = &version
	}
	_, err := place.S3().DeleteObject(ctx, in)
	if err == nil || awsclient.Is(err, "NoSuchBucket", "NoSuchKey", "NoSuchVersion") {
		return nil
	}
	return explained(ctx, err, place, bucket, key)
}
