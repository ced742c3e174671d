package sandbox

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// objectStore keeps buckets and objects for gofakes3. It replaces what gofakes3's own store would merge: a new object
// has the metadata of its upload and nothing of the object it took the place of.
type objectStore struct {
	*s3mem.Backend
	home *home

	mu            sync.RWMutex // makes replacing one step; never held while reading a request's body
	tags          map[string]string
	notifications map[string][]notification // by bucket
	serial        int
}

// notification sends events of a bucket to a function.
type notification struct {
	id, event      string // the event may end in *
	function       string // its ARN
	prefix, suffix string
}

func newObjectStore(h *home) *objectStore {
	return &objectStore{Backend: s3mem.New(), home: h, tags: map[string]string{}, notifications: map[string][]notification{}}
}

func (o *objectStore) count(counts map[string]int) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	buckets, _ := o.Backend.ListBuckets() // memory does not fail
	counts["buckets"] += len(buckets)
	objects := 0
	for _, b := range buckets {
		if list, err := o.Backend.ListBucket(b.Name, nil, gofakes3.ListBucketPage{}); err == nil {
			objects += len(list.Contents)
		}
	}
	counts["objects"] += objects
}

// CreateBucket refuses a name that another account or region has: buckets share one space of names.
func (o *objectStore) CreateBucket(name string) error {
	o.home.naming.Lock()
	defer o.home.naming.Unlock()
	for _, h := range o.home.all() {
		if taken, _ := h.s3.store.BucketExists(name); taken && h != o.home { // memory does not fail
			return gofakes3.ResourceError(gofakes3.ErrBucketAlreadyExists, name)
		}
	}
	return o.Backend.CreateBucket(name)
}

func (o *objectStore) GetObject(bucket, key string, part *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.Backend.GetObject(bucket, key, part)
}

func (o *objectStore) HeadObject(bucket, key string) (*gofakes3.Object, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.Backend.HeadObject(bucket, key)
}

func (o *objectStore) ListBucket(bucket string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.Backend.ListBucket(bucket, prefix, page)
}

// PutObject is called by gofakes3 for uploads in one piece and for finished multipart uploads.
func (o *objectStore) PutObject(bucket, key string, meta map[string]string, input io.Reader, size int64, c *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	body, err := gofakes3.ReadAll(input, size)
	if err != nil {
		return gofakes3.PutObjectResult{}, err
	}
	tagging := meta["X-Amz-Tagging"]
	meta = kept(meta)
	meta["X-Amz-Tagging"] = tagging
	_, _, err = o.put("ObjectCreated:Put", bucket, key, meta, body, c)
	return gofakes3.PutObjectResult{}, err
}

// kept are the headers of an upload that belong to the object.
func kept(headers map[string]string) map[string]string {
	out := map[string]string{"Content-Type": "binary/octet-stream"}
	for name, v := range headers {
		name = http.CanonicalHeaderKey(name)
		switch {
		case strings.HasPrefix(name, "X-Amz-Meta-"), name == "Content-Type" && v != "", name == "Content-Disposition":
			out[name] = v
		case name == "Content-Encoding":
			if v = strings.Trim(strings.ReplaceAll(v, "aws-chunked", ""), ", "); v != "" {
				out[name] = v
			}
		}
	}
	return out
}

func (o *objectStore) put(event, bucket, key string, meta map[string]string, body []byte, c *gofakes3.PutConditions) (hash []byte, at time.Time, err error) {
	at = o.home.now()
	sum := md5.Sum(body)
	o.mu.Lock()
	defer o.mu.Unlock()
	old, err := o.Backend.HeadObject(bucket, key)
	info := &gofakes3.ConditionalObjectInfo{Exists: err == nil}
	if err == nil {
		info.Hash = old.Hash
	}
	if c != nil {
		if c.IfMatch != nil && !info.Exists {
			return nil, at, gofakes3.KeyNotFound(key)
		}
		if gofakes3.CheckPutConditions(c, info) != nil {
			return nil, at, gofakes3.ErrorMessage(gofakes3.ErrPreconditionFailed, gofakes3.ErrPreconditionFailed.Message())
		}
	}
	if info.Exists {
		if _, err := o.Backend.DeleteObject(bucket, key); err != nil {
			return nil, at, fmt.Errorf("replacing s3://%s/%s: %w", bucket, key, err)
		}
	}
	tagging := meta["X-Amz-Tagging"]
	delete(meta, "X-Amz-Tagging")
	meta["Last-Modified"] = at.UTC().Format(http.TimeFormat)
	if _, err := o.Backend.PutObject(bucket, key, meta, bytes.NewReader(body), int64(len(body)), nil); err != nil {
		return nil, at, err
	}
	o.tag(bucket, key, tagging)
	o.notify(event, bucket, key, len(body), hex.EncodeToString(sum[:]))
	return sum[:], at, nil
}

func (o *objectStore) DeleteObject(bucket, key string) (gofakes3.ObjectDeleteResult, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, missing := o.Backend.HeadObject(bucket, key)
	result, err := o.Backend.DeleteObject(bucket, key)
	if err == nil && missing == nil {
		o.tag(bucket, key, "")
		o.notify("ObjectRemoved:Delete", bucket, key, 0, "")
	}
	return result, err
}

func (o *objectStore) DeleteMulti(bucket string, keys ...string) (gofakes3.MultiDeleteResult, error) {
	var out gofakes3.MultiDeleteResult
	for _, key := range keys {
		if _, err := o.DeleteObject(bucket, key); err != nil {
			out.Error = append(out.Error, gofakes3.ErrorResultFromError(err))
			continue
		}
		out.Deleted = append(out.Deleted, gofakes3.ObjectID{Key: key})
	}
	return out, nil
}

// matches checks the If-Match of a deletion.
func (o *objectStore) matches(bucket, key, etag string) error {
	if etag == "" || etag == "*" {
		return nil
	}
	object, err := o.HeadObject(bucket, key)
	if err != nil {
		return err
	}
	if strings.Trim(etag, `"`) != hex.EncodeToString(object.Hash) {
		return gofakes3.ErrorMessage(gofakes3.ErrPreconditionFailed, gofakes3.ErrPreconditionFailed.Message())
	}
	return nil
}

// tag notes an object's tags, as a query string. The mutex must be held.
func (o *objectStore) tag(bucket, key, tagging string) {
	if tagging == "" {
		delete(o.tags, bucket+"/"+key)
		return
	}
	o.tags[bucket+"/"+key] = tagging
}

func (o *objectStore) setTags(bucket, key, tagging string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tag(bucket, key, tagging)
}

func (o *objectStore) tagsOf(bucket, key string) string {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.tags[bucket+"/"+key]
}

// watch sets the notifications of a bucket.
func (o *objectStore) watch(bucket string, n []notification) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.notifications[bucket] = n
}

// notify tells the functions that wait for an event. The mutex must be held, so that events come in order.
func (o *objectStore) notify(event, bucket, key string, size int, etag string) {
	o.serial++
	serial := o.serial
	for _, n := range o.notifications[bucket] {
		if !wildcard(n.event, "s3:"+event) || !strings.HasPrefix(key, n.prefix) || !strings.HasSuffix(key, n.suffix) {
			continue
		}
		object := map[string]any{"key": strings.ReplaceAll(url.QueryEscape(key), "%2F", "/"), "sequencer": fmt.Sprintf("%016X", serial)}
		if etag != "" {
			object["size"], object["eTag"] = size, etag
		}
		record := map[string]any{
			"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": o.home.region, "eventName": event,
			"eventTime":         o.home.now().UTC().Format("2006-01-02T15:04:05.000Z"),
			"userIdentity":      map[string]any{"principalId": "AIDASANDBOXSANDBOXSA"},
			"requestParameters": map[string]any{"sourceIPAddress": "127.0.0.1"},
			"s3": map[string]any{
				"s3SchemaVersion": "1.0", "configurationId": n.id, "object": object,
				"bucket": map[string]any{"name": bucket, "arn": "arn:aws:s3:::" + bucket, "ownerIdentity": map[string]any{"principalId": o.home.account}},
			},
		}
		body := []byte(compactJSON(map[string]any{"Records": []any{record}}))
		o.home.deliver(func(ctx context.Context) {
			if err := o.home.lambda.trigger(ctx, n.function, body, "s3.amazonaws.com", "arn:aws:s3:::"+bucket); err != nil && ctx.Err() == nil {
				o.home.lose(event+" of s3://"+bucket+"/"+key, n.function, err)
			}
		})
	}
}

// s3Message is what S3 says to a code, where gofakes3 says less.
func s3Message(e gofakes3.Error) string {
	switch e.ErrorCode() {
	case gofakes3.ErrNoSuchKey:
		return "The specified key does not exist."
	case gofakes3.ErrNoSuchBucket:
		return "The specified bucket does not exist"
	}
	if m := e.ErrorCode().Message(); m != "" {
		return m
	}
	return e.Error()
}
