package s3

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

// versions is a bucket that keeps versions, which the sandbox has not.
type versions struct {
	mu     sync.Mutex
	keys   map[string][]version // the newest last
	serial int
	gone   bool   // the bucket was deleted
	lose   string // "before" or "after": the next upload gets no answer
	calls  map[string]int
}

type version struct {
	id, body string
	marker   bool
}

func (v *versions) add(key, body string, marker bool) string {
	v.serial++
	id := fmt.Sprint("v", v.serial)
	v.keys[key] = append(v.keys[key], version{id, body, marker})
	return id
}

// now is the object as it is: its body, "" when there is none.
func (v *versions) now(key string) string {
	l := v.keys[key]
	if len(l) == 0 || l[len(l)-1].marker {
		return ""
	}
	return l[len(l)-1].body
}

func (v *versions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	key := strings.TrimPrefix(r.URL.Path, "/b/")
	if key == r.URL.Path {
		key = ""
	}
	v.calls[r.Method]++
	switch {
	case r.URL.Path == "/":
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>000000000000</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	case v.gone && r.Method == http.MethodHead:
		w.WriteHeader(http.StatusNotFound)
	case v.gone:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `<Error><Code>NoSuchBucket</Code></Error>`)
	case r.URL.Query().Has("versioning"):
		_, _ = io.WriteString(w, `<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`)
	case r.Method == http.MethodHead && key == "":
	case r.Method == http.MethodHead:
		v.head(w, key)
	case r.Method == http.MethodPut:
		v.put(w, r, key)
	case r.Method == http.MethodDelete:
		v.delete(w, key, r.URL.Query().Get("versionId"))
	default:
		w.WriteHeader(http.StatusNotImplemented)
	}
}

func (v *versions) head(w http.ResponseWriter, key string) {
	if v.now(key) == "" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	l := v.keys[key]
	sum := md5.Sum([]byte(v.now(key)))
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
	w.Header().Set("X-Amz-Version-Id", l[len(l)-1].id)
}

func (v *versions) put(w http.ResponseWriter, r *http.Request, key string) {
	lose := v.lose
	v.lose = ""
	body, _ := io.ReadAll(r.Body)
	text := string(body)
	if _, rest, ok := strings.Cut(text, "\r\n"); ok && strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
		text, _, _ = strings.Cut(rest, "\r\n")
	}
	if lose == "before" {
		panic(http.ErrAbortHandler)
	}
	if r.Header.Get("If-None-Match") == "*" && v.now(key) != "" {
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	w.Header().Set("X-Amz-Version-Id", v.add(key, text, false))
	sum := md5.Sum([]byte(text))
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
	if lose == "after" {
		panic(http.ErrAbortHandler)
	}
}

func (v *versions) delete(w http.ResponseWriter, key, id string) {
	w.WriteHeader(http.StatusNoContent)
	if id == "" {
		v.add(key, "", true)
		return
	}
	var left []version
	for _, x := range v.keys[key] {
		if x.id != id {
			left = append(left, x)
		}
	}
	v.keys[key] = left
}

func TestTakingBackVersions(t *testing.T) {
	app := func(body string) func(*versions) { return func(v *versions) { v.add("k", body, false) } }
	remove := func(v *versions) { v.add("k", "", true) }
	bucketGone := func(v *versions) { v.gone = true }
	for _, c := range []struct {
		name   string
		old    string // "" when nothing was there
		lose   string
		after  func(*versions) // what the application does after the upload
		want   string          // what is there in the end
		errors string
	}{
		{"over another", "old", "", nil, "old", ""},
		{"over another, and the application wrote on top", "old", "", app("theirs"), "theirs", ""},
		{"over another, and the application deleted it", "old", "", remove, "", ""},
		{"over another, without an answer", "old", "after", nil, "old", ""},
		{"over another, never arrived", "old", "before", nil, "old", ""},
		{"over another, never arrived, and the application wrote", "old", "before", app("theirs"), "theirs", "has a version v2 that may or may not come from this run (its upload got no answer); it was left alone"},
		{"over another, and the bucket was deleted", "old", "", bucketGone, "", ""},
		{"over another, without an answer, and the bucket was deleted", "old", "after", bucketGone, "", ""},
		{"new", "", "", nil, "", ""},
		{"new, and the application wrote on top", "", "", app("theirs"), "", ""},
		{"new, and the application deleted it", "", "", remove, "", ""},
		{"new, without an answer", "", "after", nil, "", ""},
		{"new, never arrived", "", "before", nil, "", ""},
		{"new, and the bucket was deleted", "", "", bucketGone, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := &versions{keys: map[string][]version{}, calls: map[string]int{}}
			if c.old != "" {
				v.add("k", c.old, false)
			}
			server := httptest.NewServer(v)
			defer server.Close()
			place, err := awsclient.Connect(t.Context(), awsclient.Settings{EndpointURL: server.URL, Region: "us-east-1", AccessKey: "a", SecretKey: "b"})
			if err != nil {
				t.Fatal(err)
			}
			ledger := &stage.Ledger{}
			env := &steps.Env{AWS: place, Ledger: ledger, Run: steps.NewShared(t.Context(), ledger)}
			text := "ours"
			v.lose = c.lose
			_, err = upload(t.Context(), env, UploadParams{Bucket: "b", Key: "k", Text: &text, Overwrite: c.old != ""})
			if (err != nil) != (c.lose != "") {
				t.Fatal(err)
			}
			if c.after != nil {
				v.mu.Lock()
				c.after(v)
				v.mu.Unlock()
			}
			for i := range 2 {
				err := Reaper.Remove(t.Context(), place, ledger.Records[0].Last)
				switch {
				case c.errors == "" && err != nil, c.errors != "" && (err == nil || !strings.Contains(err.Error(), c.errors)):
					t.Errorf("taking back for the %d. time: %v", i+1, err)
				}
			}
			if got := v.now("k"); got != c.want && !v.gone {
				t.Errorf("in the end there is %q, want %q: %+v", got, c.want, v.keys["k"])
			}
		})
	}
}

// TestADeletionIsToldOnce deletes in a bucket with versions, where each
// deletion leaves a marker and tells the application.
func TestADeletionIsToldOnce(t *testing.T) {
	v := &versions{keys: map[string][]version{}, calls: map[string]int{}}
	v.add("k", "a", false)
	lost := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.ServeHTTP(w, r)
		if r.Method == http.MethodDelete && lost {
			lost = false
			panic(http.ErrAbortHandler)
		}
	}))
	defer server.Close()
	place, err := awsclient.Connect(t.Context(), awsclient.Settings{EndpointURL: server.URL, Region: "us-east-1", AccessKey: "a", SecretKey: "b"})
	if err != nil {
		t.Fatal(err)
	}
	var p DeleteParams
	p.Bucket, p.Key = "b", "k"
	if _, err := deleteStep(t.Context(), &steps.Env{AWS: place}, p); err != nil {
		t.Fatal(err)
	}
	if l := v.keys["k"]; len(l) != 2 || v.now("k") != "" || v.calls[http.MethodDelete] != 1 {
		t.Errorf("after %d calls the versions are %+v", v.calls[http.MethodDelete], l)
	}
}
