package sandbox

import (
	"bytes"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// s3Service is S3 without versions: gofakes3 behind a front that decodes chunked bodies, answers copies and tags itself
// (gofakes3 would keep metadata that was to be replaced), refuses what neither of them knows, and tells of changes.
type s3Service struct {
	home  *home
	store *objectStore
	inner http.Handler
}

func newS3(h *home) *s3Service {
	store := newObjectStore(h)
	return &s3Service{
		home: h, store: store,
		inner: gofakes3.New(store, gofakes3.WithoutVersioning(), gofakes3.WithTimeSkewLimit(0)).Server(),
	}
}

func (s *s3Service) count(counts map[string]int) { s.store.count(counts) }

// s3Request is a request with its bucket, key and operation found.
type s3Request struct {
	bucket, key, operation string
}

// knownQuery are the query parameters that belong to operations the sandbox has.
var knownQuery = []string{
	"list-type", "prefix", "delimiter", "max-keys", "marker", "continuation-token", "start-after", "fetch-owner", "encoding-type",
	"location", "versioning", "delete", "uploads", "uploadId", "partNumber", "tagging", "x-id", "max-parts", "part-number-marker",
	"max-uploads", "key-marker", "upload-id-marker",
}

func (s *s3Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = r.Clone(r.Context())
	if bucket := hostBucket(r.Host); bucket != "" {
		r.URL.Path = "/" + bucket + r.URL.Path
		r.URL.RawPath = ""
	}
	req, err := readS3Request(r)
	if err == nil {
		err = s.home.intercept(r.Context(), "s3", req.operation)
	}
	if err == nil {
		err = unchunk(r)
	}
	if err == nil {
		err = s.answer(w, r, req)
	}
	if err != nil {
		writeS3Error(w, r, err)
	}
}

// answer serves a request. Where somebody may take the answer away, it is kept back until they were asked.
func (s *s3Service) answer(w http.ResponseWriter, r *http.Request, req s3Request) error {
	if s.home.options.Answer == nil {
		return s.serve(w, r, req)
	}
	kept := &heldAnswer{header: w.Header().Clone(), code: http.StatusOK}
	if err := s.serve(kept, r, req); err != nil {
		return err
	}
	if kept.code < http.StatusBadRequest {
		if err := s.home.answer(r.Context(), "s3", req.operation); err != nil {
			return err
		}
	}
	maps.Copy(w.Header(), kept.header)
	w.WriteHeader(kept.code)
	_, _ = w.Write(kept.body.Bytes()) // fails only when the caller has left
	return nil
}

// heldAnswer is an answer that nobody has seen yet.
type heldAnswer struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (h *heldAnswer) Header() http.Header         { return h.header }
func (h *heldAnswer) WriteHeader(code int)        { h.code = code }
func (h *heldAnswer) Write(b []byte) (int, error) { return h.body.Write(b) }

func (s *s3Service) serve(w http.ResponseWriter, r *http.Request, req s3Request) error {
	switch req.operation {
	case "CopyObject":
		return s.copy(w, r, req)
	case "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging":
		return s.tagging(w, r, req)
	case "GetBucketVersioning":
		if ok, _ := s.store.BucketExists(req.bucket); !ok { // memory does not fail
			return gofakes3.BucketNotFound(req.bucket)
		}
		w.Header().Set("Content-Type", "application/xml")
		_, _ = io.WriteString(w, xml.Header+`<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>`) // fails only when the caller has left
		return nil
	case "DeleteObject":
		if err := s.store.matches(req.bucket, req.key, r.Header.Get("If-Match")); err != nil {
			return err
		}
	}
	r.Header.Del("X-Amz-Acl")
	tidy := &s3Writer{ResponseWriter: w}
	s.inner.ServeHTTP(tidy, r)
	tidy.tidy()
	return nil
}

// s3Writer makes gofakes3's headers those of a bucket without versions, and writes metadata's names as S3 does: clients
// that keep the letter case of headers would see them changed.
type s3Writer struct {
	http.ResponseWriter
	done bool
}

func (w *s3Writer) tidy() {
	if w.done {
		return
	}
	w.done = true
	h := w.Header()
	h.Del("X-Amz-Version-Id")
	h.Del("X-Amz-Delete-Marker")
	for name, v := range h {
		if strings.HasPrefix(name, "X-Amz-Meta-") {
			delete(h, name)
			h[strings.ToLower(name)] = v
		}
	}
}

func (w *s3Writer) WriteHeader(status int) {
	w.tidy()
	w.ResponseWriter.WriteHeader(status)
}

func (w *s3Writer) Write(b []byte) (int, error) {
	w.tidy()
	return w.ResponseWriter.Write(b)
}

// hostBucket is the bucket of a virtual-hosted request: BUCKET.aws.sandbox.localhost, BUCKET.localhost, BUCKET.s3.localhost.
func hostBucket(h string) string {
	h, _, _ = strings.Cut(h, ":")
	if h == host || h == "s3."+host || h == "s3.localhost" {
		return ""
	}
	bucket, ok := strings.CutSuffix(h, "."+host)
	if !ok {
		if bucket, ok = strings.CutSuffix(h, ".localhost"); !ok {
			return ""
		}
	}
	return strings.TrimSuffix(bucket, ".s3")
}

func readS3Request(r *http.Request) (s3Request, error) {
	var req s3Request
	req.bucket, req.key, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	req.operation = s3Operation(r, req, query)
	if v := query.Get("versionId"); v != "" && v != "null" {
		return req, &apiError{Code: "NotImplemented", Message: "the sandbox keeps no versions of objects", Status: http.StatusNotImplemented}
	}
	for name := range query {
		if name != "versionId" && !slices.Contains(knownQuery, name) && !strings.HasPrefix(name, "response-") && !strings.HasPrefix(strings.ToLower(name), "x-amz-") {
			return req, &apiError{Code: "NotImplemented", Message: fmt.Sprintf("the sandbox does not have the operation %s ?%s of \"s3\"", r.Method, name), Status: http.StatusNotImplemented}
		}
	}
	return req, nil
}

// s3Operation names what a request asks for.
func s3Operation(r *http.Request, req s3Request, query url.Values) string {
	verb := map[string]string{http.MethodGet: "Get", http.MethodPut: "Put", http.MethodHead: "Head", http.MethodDelete: "Delete", http.MethodPost: "Post"}[r.Method]
	switch {
	case req.bucket == "":
		return "ListBuckets"
	case query.Has("tagging"):
		return verb + "ObjectTagging"
	case query.Has("uploads"), query.Has("uploadId"):
		return verb + "MultipartUpload"
	case query.Has("delete"):
		return "DeleteObjects"
	case req.key == "" && query.Has("location"):
		return "GetBucketLocation"
	case req.key == "" && query.Has("versioning"):
		return verb + "BucketVersioning"
	case req.key == "" && r.Method == http.MethodGet:
		return "ListObjectsV2"
	case req.key == "" && r.Method == http.MethodPut:
		return "CreateBucket"
	case req.key == "":
		return verb + "Bucket"
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		return "CopyObject"
	}
	return verb + "Object"
}

// copy answers CopyObject. With the directive REPLACE the new metadata is all there is; without, all is kept.
func (s *s3Service) copy(w http.ResponseWriter, r *http.Request, req s3Request) error {
	source, err := url.PathUnescape(strings.TrimPrefix(r.Header.Get("X-Amz-Copy-Source"), "/"))
	source, _, _ = strings.Cut(source, "?versionId=")
	bucket, key, ok := strings.Cut(source, "/")
	if err != nil || !ok {
		return refuse("InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Amz-Copy-Source-If-") {
			return &apiError{Code: "NotImplemented", Message: "the sandbox does not have conditional copies (" + name + ")", Status: http.StatusNotImplemented}
		}
	}
	replace := r.Header.Get("X-Amz-Metadata-Directive") == "REPLACE"
	if !replace && bucket == req.bucket && key == req.key {
		return refuse("InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	object, err := s.store.GetObject(bucket, key, nil)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(object.Contents)
	if err != nil {
		return fmt.Errorf("reading s3://%s/%s to copy it: %w", bucket, key, err)
	}
	meta := object.Metadata
	if replace {
		meta = map[string]string{}
		for name, values := range r.Header {
			meta[name] = values[0]
		}
	}
	tags := s.store.tagsOf(bucket, key)
	if r.Header.Get("X-Amz-Tagging-Directive") == "REPLACE" {
		tags = r.Header.Get("X-Amz-Tagging")
	}
	meta = kept(meta)
	if tags != "" {
		meta["X-Amz-Tagging"] = tags
	}
	hash, at, err := s.store.put("ObjectCreated:Copy", req.bucket, req.key, meta, body, nil)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/xml")
	fmt.Fprintf(w, `%s<CopyObjectResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ETag>&quot;%s&quot;</ETag><LastModified>%s</LastModified></CopyObjectResult>`,
		xml.Header, hex.EncodeToString(hash), at.UTC().Format("2006-01-02T15:04:05.000Z"))
	return nil
}

type tagSet struct {
	XMLName xml.Name `xml:"Tagging"`
	Tags    []struct {
		Key   string `xml:"Key"`
		Value string `xml:"Value"`
	} `xml:"TagSet>Tag"`
}

func (s *s3Service) tagging(w http.ResponseWriter, r *http.Request, req s3Request) error {
	if _, err := s.store.HeadObject(req.bucket, req.key); err != nil {
		return err
	}
	switch r.Method {
	case http.MethodPut:
		var in tagSet
		if err := xml.NewDecoder(r.Body).Decode(&in); err != nil {
			return refuse("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		}
		values := url.Values{}
		for _, t := range in.Tags {
			values.Set(t.Key, t.Value)
		}
		s.store.setTags(req.bucket, req.key, values.Encode())
	case http.MethodDelete:
		s.store.setTags(req.bucket, req.key, "")
		w.WriteHeader(http.StatusNoContent)
	default:
		values, err := url.ParseQuery(s.store.tagsOf(req.bucket, req.key))
		if err != nil {
			return refuse("InvalidTag", "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
		}
		var b bytes.Buffer
		b.WriteString(xml.Header + `<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>`)
		for _, k := range slices.Sorted(maps.Keys(values)) {
			xmlTree(&b, "Tag", map[string]any{"Key": k, "Value": values.Get(k)})
		}
		b.WriteString("</TagSet></Tagging>")
		w.Header().Set("Content-Type", "application/xml")
		_, _ = w.Write(b.Bytes()) // fails only when the caller has left
	}
	return nil
}

// writeS3Error writes errors of ours and of gofakes3.
func writeS3Error(w http.ResponseWriter, r *http.Request, err error) {
	a, ok := answerFor(err)
	if fake, isFake := err.(gofakes3.Error); isFake {
		a, ok = answer{code: string(fake.ErrorCode()), message: s3Message(fake), status: fake.ErrorCode().Status()}, true
	}
	if !ok {
		panic(http.ErrAbortHandler) // cuts the connection
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(restStatus(a))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = io.WriteString(w, xml.Header) // fails only when the caller has left
	xmlTree(w, "Error", map[string]any{"Code": a.code, "Message": a.message, "Resource": r.URL.Path, "RequestId": w.Header().Get("X-Amzn-Requestid")})
}
