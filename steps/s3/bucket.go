// Package s3 holds the kinds of steps for objects in buckets. It must not know
// what reacts to an object.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// bucketName takes a bucket's name, or its ARN, which S3 itself does not
// accept. Other ARNs, such as an access point's, are left to S3.
func bucketName(ref string) string {
	if _, name, ok := strings.Cut(ref, ":s3:::"); ok && strings.HasPrefix(ref, "arn:") {
		return name
	}
	return ref
}

// checkBucket refuses what was copied from elsewhere and cannot be a bucket's
// name. Names of buckets have no slash (S3 User Guide, "Bucket naming rules").
func checkBucket(n *schema.Node, p *schema.Problems) {
	e, _ := n.Get("bucket")
	name := e.Value.Scalar
	if e.Value.Open() || strings.HasPrefix(name, "arn:") || !strings.Contains(name, "/") {
		return
	}
	if rest, ok := strings.CutPrefix(name, "s3://"); ok {
		bucket, _, _ := strings.Cut(rest, "/")
		p.Add(e.Value.Pos, "%q is a URL, not a bucket; write bucket: %s, and what follows it as key", name, bucket)
		return
	}
	p.Add(e.Value.Pos, "%q cannot be a bucket's name: it has a slash; what follows it belongs into key", name)
}

// status is the HTTP status of an answer, 0 when there was none.
func status(err error) int {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// explained says a service's error with the object it is about. Answers to
// HEAD have no body, so their status is all there is to go by.
func explained(ctx context.Context, err error, place *awsclient.Place, bucket, key string) error {
	switch {
	case err == nil:
		return nil
	case awsclient.Is(err, "NoSuchBucket"):
		return noBucket(ctx, place, bucket)
	case status(err) == http.StatusMovedPermanently || awsclient.Is(err, "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"):
		return steps.Finalf("bucket %q is not in region %s", bucket, place.Region)
	}
	return fmt.Errorf("s3://%s/%s: %w", bucket, key, err)
}

// noBucket says that a bucket does not exist, and which do.
func noBucket(ctx context.Context, place *awsclient.Place, bucket string) error {
	pages := awss3.NewListBucketsPaginator(place.S3(), &awss3.ListBucketsInput{})
	others := steps.Known(ctx, bucket, "buckets", func(ctx context.Context) ([]string, bool, error) {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, false, err
		}
		var names []string
		for _, b := range page.Buckets {
			names = append(names, aws.ToString(b.Name))
		}
		return names, pages.HasMorePages(), nil
	})
	return steps.Finalf("bucket %q does not exist (asked in region %s)%s", bucket, place.Region, others)
}

// head asks for an object. A missing one is nil, a missing bucket an error.
func head(ctx context.Context, place *awsclient.Place, bucket, key string) (*awss3.HeadObjectOutput, error) {
	out, err := place.S3().HeadObject(ctx, &awss3.HeadObjectInput{Bucket: &bucket, Key: &key})
	switch {
	case err == nil:
		return out, nil
	case status(err) == http.StatusNotFound:
		return nil, bucketExists(ctx, place, bucket)
	case status(err) == http.StatusForbidden:
		return nil, steps.Finalf("s3://%s/%s: access denied; rehearse needs s3:GetObject on it, and s3:ListBucket on the bucket, without which S3 does not say that a key is free", bucket, key)
	}
	return nil, explained(ctx, err, place, bucket, key)
}

// bucketExists tells a missing bucket from a missing key, which look the same to HEAD.
func bucketExists(ctx context.Context, place *awsclient.Place, bucket string) error {
	_, err := place.S3().HeadBucket(ctx, &awss3.HeadBucketInput{Bucket: &bucket})
	if status(err) == http.StatusNotFound {
		return noBucket(ctx, place, bucket)
	}
	return explained(ctx, err, place, bucket, "")
}

func etag(quoted *string) string {
	if quoted == nil {
		return ""
	}
	return strings.Trim(*quoted, `"`)
}
