package s3

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		name string
		kind steps.Kind
		yaml string
		want []string
	}{
		{"nothing", UploadObject, "{}", []string{`parameter "bucket" is missing: The bucket's name or ARN.`, `parameter "key" is missing: The object's key.`}},
		{"no contents", UploadObject, "{bucket: b, key: k}", []string{"upload_object needs one of file, text, json and base64"}},
		{"two contents", UploadObject, "{bucket: b, key: k, text: a, json: {}}", []string{"upload_object takes only one of file, text, json and base64; text stands there already"}},
		{"bad base64", UploadObject, "{bucket: b, key: k, base64: '#'}", []string{`this is not base64: it has no character "#"`}},
		{"base64 for URLs", UploadObject, "{bucket: b, key: k, base64: 'a_8='}", []string{"this is not base64: this is the alphabet for URLs; write + for - and / for _"}},
		{"base64 without its end", UploadObject, "{bucket: b, key: k, base64: aGVsbG8}", []string{"this is not base64: it comes in groups of four characters, and this has 7; fill the last group up with ="}},
		{"base64 with an early end", UploadObject, "{bucket: b, key: k, base64: 'aG=sbG8='}", []string{"this is not base64: = stands only at its end, once or twice"}},
		{"names that say nothing", Object, "{bucket: '', key: ' '}", []string{`parameter "bucket" is empty: The bucket's name or ARN.`, `parameter "key" is empty: The object's key.`}},
		{"a URL as bucket", Object, "{bucket: 's3://b/k', key: k}", []string{`"s3://b/k" is a URL, not a bucket; write bucket: b, and what follows it as key`}},
		{"a path as bucket", DeleteObject, "{bucket: b/k, key: k}", []string{`"b/k" cannot be a bucket's name: it has a slash; what follows it belongs into key`}},
		{"an access point", Object, "{bucket: 'arn:aws:s3:eu-west-1:111122223333:accesspoint/a', key: k}", nil},
		{"an open bucket", Object, `{bucket: "${x}/", key: k}`, nil},
		{"an empty path", UploadObject, "{bucket: b, key: k, file: ''}", []string{"expected the path of a file, found empty text"}},
		{"a misspelt file", UploadObject, "{bucket: b, key: k, file: s3_tset.go}", []string{`there is no file "s3_tset.go" (looked at s3_tset.go); did you mean "s3_test.go"?`}},
		{"metadata that is no text", UploadObject, "{bucket: b, key: k, text: a, metadata: {width: 172}}", []string{`expected text, found the number 172; to mean the text write "172"`}},
		{"unknown content", Object, "{bucket: b, key: k, content: jsn}", []string{`"jsn" is not one of none, text, json, base64; did you mean "json"?`}},
		{"null is a document", UploadObject, "{bucket: b, key: k, json: null}", nil},
		{"empty text", UploadObject, "{bucket: b, key: k, text: ''}", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, stage.Complaints(c.kind, c.yaml)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUploadAndLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		file := filepath.Join(t.TempDir(), "a.bin")
		if err := os.WriteFile(file, []byte{0xff, 0x00}, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ name, upload, look, want string }{
			{
				"json", `{bucket: play-bucket, key: a/b.json, json: {n: 9007199254740993, h: "<&>"}, metadata: {Width: "172"}, tags: {a b: "x=y&z"}}`,
				"{bucket: 'arn:aws:s3:::play-bucket', key: a/b.json, content: json}",
				`{"size": 32, "content_type": "application/json", "metadata": {"width": "172"}, "tags": {"a b": "x=y&z"}, "content": {"n": 9007199254740993, "h": "<&>"}}`,
			},
			{
				"text", `{bucket: play-bucket, key: t, text: "häh"}`, "{bucket: play-bucket, key: t, content: text}",
				`{"size": 4, "content_type": "text/plain; charset=utf-8", "metadata": {}, "tags": {}, "content": "häh"}`,
			},
			{
				"null", `{bucket: play-bucket, key: null.json, json: null}`, "{bucket: play-bucket, key: null.json, content: json}",
				`{"size": 4, "content_type": "application/json", "metadata": {}, "tags": {}, "content": null}`,
			},
			{
				"file", `{bucket: play-bucket, key: f.png, file: "` + file + `"}`, "{bucket: play-bucket, key: f.png, content: base64}",
				`{"size": 2, "content_type": "image/png", "metadata": {}, "tags": {}, "content": "/wA="}`,
			},
			{
				"bytes, not read", `{bucket: play-bucket, key: x, base64: "/wA=", content_type: a/b}`, "{bucket: play-bucket, key: x}",
				`{"size": 2, "content_type": "a/b", "metadata": {}, "tags": {}}`,
			},
			{
				"empty", `{bucket: play-bucket, key: e, text: ""}`, "{bucket: play-bucket, key: e, content: text}",
				`{"size": 0, "content_type": "text/plain; charset=utf-8", "metadata": {}, "tags": {}, "content": ""}`,
			},
		} {
			uploaded := s.Must(UploadObject, c.upload)
			got := s.See(Object, c.look)
			if got["exists"] != true || got["etag"] != uploaded["etag"] || strings.Contains(got["etag"].(string), `"`) || uploaded["size"] != got["size"] || got["last_modified"] == "" {
				t.Errorf("%s: uploaded %v, found %v", c.name, uploaded, got)
			}
			for _, k := range []string{"exists", "etag", "last_modified"} {
				delete(got, k)
			}
			want, err := schema.ParseJSON([]byte(c.want))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, any(got)); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
		}
		if err := s.TakeBack(false, Reaper); err != nil {
			t.Fatal(err)
		}
		if n := s.Inventory()["objects"]; n != 0 {
			t.Errorf("%d objects are left", n)
		}
	})
}

func TestContentsThatAreNotWhatWasAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		s.Must(UploadObject, `{bucket: play-bucket, key: x, base64: "/wA="}`)
		for content, want := range map[string]string{
			"json": "the contents are not JSON: invalid character 'ÿ' looking for beginning of value",
			"text": "the contents are not UTF-8 text; content: base64 reads them",
		} {
			seen, err := s.Watch(Object, "{bucket: play-bucket, key: x, content: "+content+"}")()
			if err != nil || len(seen.Unmet) != 1 || seen.Unmet[0].Message != want {
				t.Errorf("%s: %+v, %v", content, seen.Unmet, err)
			}
			if _, ok := seen.Doc.(map[string]any)["content"]; ok {
				t.Errorf("%s: contents are given all the same", content)
			}
		}
	})
}

func TestWhatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		if diff := cmp.Diff(map[string]any{"exists": false}, s.See(Object, "{bucket: play-bucket, key: none, content: text}")); diff != "" {
			t.Error(diff)
		}
		s.Must(DeleteObject, "{bucket: play-bucket, key: none}")
		const want = `bucket "nowhere" does not exist (asked in region us-east-1); there are: play-bucket`
		if _, err := s.Watch(Object, "{bucket: nowhere, key: k}")(); err == nil || err.Error() != want || !steps.IsFinal(err) {
			t.Errorf("object: %v", err)
		}
		if _, err := s.Do(DeleteObject, "{bucket: nowhere, key: k}"); err == nil || err.Error() != want {
			t.Errorf("delete_object: %v", err)
		}
		if _, err := s.Do(UploadObject, "{bucket: nowhere, key: k, text: a}"); err == nil || err.Error() != want {
			t.Errorf("upload_object: %v", err)
		}
		if len(s.Ledger.Records) != 0 {
			t.Errorf("recorded %+v", s.Ledger.Records)
		}
	})
}

func TestNothingIsOverwritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		s.Must(UploadObject, "{bucket: play-bucket, key: k, text: first}")
		const taken = "there is already an object s3://play-bucket/k; overwrite: true allows it to be replaced"
		if _, err := s.Do(UploadObject, "{bucket: play-bucket, key: k, text: second}"); err == nil || err.Error() != taken {
			t.Errorf("error %v", err)
		}
		const unversioned = `bucket "play-bucket" keeps no versions, so an overwritten object could not be put back; switch versioning on, use a new key, or say keep: true`
		if _, err := s.Do(UploadObject, "{bucket: play-bucket, key: k, text: second, overwrite: true}"); err == nil || err.Error() != unversioned {
			t.Errorf("error %v", err)
		}
		if got := s.See(Object, "{bucket: play-bucket, key: k, content: text}"); got["content"] != "first" {
			t.Errorf("the object is %v", got)
		}
		env := s.Env()
		env.Keep = true
		if _, err := s.Bind(UploadObject, "{bucket: play-bucket, key: k, text: second, overwrite: true}").Do(t.Context(), env); err != nil {
			t.Error(err)
		}
	})
}

// TestAnUploadWithoutAnAnswer cuts the connection before or after the upload.
func TestAnUploadWithoutAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cut := false
		s := stage.New(t, sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
			if cut && operation == "PutObject" {
				return errors.New("cut")
			}
			return nil
		}})
		cut = true
		if _, err := s.Do(UploadObject, "{bucket: play-bucket, key: k, text: a}"); err == nil {
			t.Fatal("no error")
		}
		if len(s.Ledger.Records) != 1 || s.Ledger.Records[0].Forgotten {
			t.Fatalf("the record is gone: %+v", s.Ledger.Records)
		}
		cut = false
		s.Must(UploadObject, "{bucket: play-bucket, key: k, text: a}") // as if it had arrived
		if err := s.TakeBack(true, Reaper); err != nil {
			t.Fatal(err)
		}
		if n := s.Inventory()["objects"]; n != 0 {
			t.Errorf("%d objects are left", n)
		}
		if err := s.TakeBack(true, Reaper); err != nil {
			t.Errorf("a second time: %v", err)
		}
	})
}

func TestAFailureThatPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
			if operation == "HeadObject" {
				return errors.New("cut")
			}
			return nil
		}})
		if _, err := s.Watch(Object, "{bucket: play-bucket, key: k}")(); err == nil || steps.IsFinal(err) {
			t.Errorf("error %v, want one that passes", err)
		}
	})
}
