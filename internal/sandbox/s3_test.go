package sandbox_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
)

const bucketTemplate = `
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: things
`

// bucket is a sandbox with the bucket "things".
func withBucket(t *testing.T, o sandbox.Options, f func(*clients)) {
	bubble(t, o, func(c *clients) {
		if err := c.Deploy(c.ctx, "store", "store", []byte(bucketTemplate), nil); err != nil {
			t.Fatal(err)
		}
		f(c)
	})
}

func (c *clients) upload(key, body string, change func(*s3.PutObjectInput)) error {
	in := &s3.PutObjectInput{Bucket: aws.String("things"), Key: &key, Body: strings.NewReader(body)}
	if change != nil {
		change(in)
	}
	_, err := c.s3.PutObject(c.ctx, in)
	return err
}

func TestObjects(t *testing.T) {
	bucket := aws.String("things")
	head := func(c *clients, key string) *s3.HeadObjectOutput {
		t.Helper()
		return must[*s3.HeadObjectOutput](t)(c.s3.HeadObject(c.ctx, &s3.HeadObjectInput{Bucket: bucket, Key: &key}))
	}
	tests := map[string]func(t *testing.T, c *clients){
		"a conditional upload does not overwrite": func(t *testing.T, c *clients) {
			none := func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }
			if err := c.upload("k", "one", none); err != nil {
				t.Fatal(err)
			}
			if got := code(c.upload("k", "two", none)); got != "PreconditionFailed" {
				t.Errorf("the second upload says %q", got)
			}
			out := must[*s3.GetObjectOutput](t)(c.s3.GetObject(c.ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k")}))
			if body := must[[]byte](t)(io.ReadAll(out.Body)); string(body) != "one" {
				t.Errorf("body %q, want the first", body)
			}
		},
		"an overwrite keeps nothing of the old metadata": func(t *testing.T, c *clients) {
			_ = c.upload("k", "one", func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"image_width": "1"} })
			_ = c.upload("k", "two", nil)
			if m := head(c, "k").Metadata; len(m) != 0 {
				t.Errorf("metadata %v", m)
			}
		},
		"a copy replaces metadata or keeps it": func(t *testing.T, c *clients) {
			_ = c.upload("a/b c+é", "body", func(in *s3.PutObjectInput) {
				in.Metadata, in.ContentType, in.Tagging = map[string]string{"old": "1"}, aws.String("text/plain"), aws.String("team=media")
			})
			for key, replace := range map[string]bool{"kept": false, "replaced": true} {
				in := &s3.CopyObjectInput{Bucket: bucket, Key: &key, CopySource: aws.String("things/a/b%20c%2B%C3%A9"), Metadata: map[string]string{"new": "2"}}
				want := "old"
				if replace {
					in.MetadataDirective, want = types.MetadataDirectiveReplace, "new"
				}
				must[*s3.CopyObjectOutput](t)(c.s3.CopyObject(c.ctx, in))
				if m := head(c, key).Metadata; len(m) != 1 || m[want] == "" {
					t.Errorf("%s: metadata %v", key, m)
				}
				tags := must[*s3.GetObjectTaggingOutput](t)(c.s3.GetObjectTagging(c.ctx, &s3.GetObjectTaggingInput{Bucket: bucket, Key: &key}))
				if len(tags.TagSet) != 1 || *tags.TagSet[0].Value != "media" {
					t.Errorf("%s: tags %v", key, tags.TagSet)
				}
			}
			_, err := c.s3.CopyObject(c.ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("kept"), CopySource: aws.String("things/kept")})
			if code(err) != "InvalidRequest" {
				t.Errorf("a copy onto itself: %v", err)
			}
		},
		"listing pages": func(t *testing.T, c *clients) {
			for _, key := range []string{"p/1", "p/2", "p/3", "q/1"} {
				_ = c.upload(key, key, nil)
			}
			var keys []string
			pages := s3.NewListObjectsV2Paginator(c.s3, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("p/"), MaxKeys: aws.Int32(2)})
			for pages.HasMorePages() {
				for _, o := range must[*s3.ListObjectsV2Output](t)(pages.NextPage(c.ctx)).Contents {
					keys = append(keys, *o.Key)
				}
			}
			if !slices.Equal(keys, []string{"p/1", "p/2", "p/3"}) {
				t.Errorf("keys %v", keys)
			}
		},
		"deleting": func(t *testing.T, c *clients) {
			_ = c.upload("k", "one", nil)
			etag := head(c, "k").ETag
			_, err := c.s3.DeleteObject(c.ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k"), IfMatch: aws.String(`"other"`)})
			if code(err) != "PreconditionFailed" {
				t.Errorf("a deletion of another object: %v", err)
			}
			must[*s3.DeleteObjectOutput](t)(c.s3.DeleteObject(c.ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k"), IfMatch: etag}))
			must[*s3.DeleteObjectOutput](t)(c.s3.DeleteObject(c.ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k")}))
			_, err = c.s3.HeadObject(c.ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("k")})
			if code(err) != "NotFound" {
				t.Errorf("the object is still there: %v", err)
			}
			if n := c.Inventory()["objects"]; n != 0 {
				t.Errorf("%d objects left", n)
			}
		},
		"what is missing": func(t *testing.T, c *clients) {
			_, err := c.s3.GetObject(c.ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("nope")})
			if code(err) != "NoSuchKey" {
				t.Errorf("object: %v", err)
			}
			_, err = c.s3.GetObject(c.ctx, &s3.GetObjectInput{Bucket: aws.String("nope"), Key: aws.String("nope")})
			if code(err) != "NoSuchBucket" {
				t.Errorf("bucket: %v", err)
			}
			_, err = c.s3.HeadBucket(c.ctx, &s3.HeadBucketInput{Bucket: aws.String("nope")})
			if code(err) != "NotFound" {
				t.Errorf("bucket: %v", err)
			}
		},
		"about the bucket": func(t *testing.T, c *clients) {
			must[*s3.HeadBucketOutput](t)(c.s3.HeadBucket(c.ctx, &s3.HeadBucketInput{Bucket: bucket}))
			must[*s3.GetBucketLocationOutput](t)(c.s3.GetBucketLocation(c.ctx, &s3.GetBucketLocationInput{Bucket: bucket}))
			v := must[*s3.GetBucketVersioningOutput](t)(c.s3.GetBucketVersioning(c.ctx, &s3.GetBucketVersioningInput{Bucket: bucket}))
			if v.Status != "" {
				t.Errorf("versioning %q", v.Status)
			}
			_, err := c.s3.GetBucketAcl(c.ctx, &s3.GetBucketAclInput{Bucket: bucket})
			if code(err) != "NotImplemented" {
				t.Errorf("an operation the sandbox does not have: %v", err)
			}
		},
		"virtual hosts": func(t *testing.T, c *clients) {
			client := s3.NewFromConfig(c.Config())
			must[*s3.PutObjectOutput](t)(client.PutObject(c.ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("v"), Body: strings.NewReader("x")}))
			head(c, "v")
		},
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) { withBucket(t, sandbox.Options{}, func(c *clients) { f(t, c) }) })
	}
}

// TestChunkedUpload sends the framing of clients that put checksums behind the body.
func TestChunkedUpload(t *testing.T) {
	tests := map[string]struct {
		body   string
		status int
	}{
		"trailers":  {"5\r\nhello\r\n6;chunk-signature=abc\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", 200},
		"cut":       {"5\r\nhel", 400},
		"no size":   {"zz\r\nhello\r\n0\r\n\r\n", 400},
		"no length": {"5\r\nhelloX\r\n0\r\n\r\n", 400},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			withBucket(t, sandbox.Options{}, func(c *clients) {
				r := must[*http.Request](t)(http.NewRequestWithContext(c.ctx, http.MethodPut, sandbox.URL+"/things/k", strings.NewReader(tt.body)))
				r.Header.Set("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
				r.Header.Set("Content-Encoding", "aws-chunked")
				resp := must[*http.Response](t)(c.Config().HTTPClient.Do(r))
				defer resp.Body.Close()
				if resp.StatusCode != tt.status {
					t.Fatalf("status %s: %s", resp.Status, must[[]byte](t)(io.ReadAll(resp.Body)))
				}
				if tt.status != http.StatusOK {
					return
				}
				out := must[*s3.GetObjectOutput](t)(c.s3.GetObject(c.ctx, &s3.GetObjectInput{Bucket: aws.String("things"), Key: aws.String("k")}))
				if body := must[[]byte](t)(io.ReadAll(out.Body)); !bytes.Equal(body, []byte("hello world")) || aws.ToString(out.ContentEncoding) != "" {
					t.Errorf("body %q, encoding %q", body, aws.ToString(out.ContentEncoding))
				}
			})
		})
	}
}
