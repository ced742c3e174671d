package s3

import (
	"bytes"
	"crypto/md5" //nolint:gosec // S3 names contents by MD5
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
)

// maxUpload is the most that S3 takes in one piece.
const maxUpload = 5 << 30

// body is what an upload sends.
type body struct {
	io.ReadSeeker
	size  int64
	close func() error
}

// Base64 are bytes that are written in base64.
type Base64 []byte

// ReadNode decodes the bytes.
func (b *Base64) ReadNode(n *schema.Node, p *schema.Problems) {
	if n.Open() {
		return
	}
	if n.Kind != schema.Text {
		p.Add(n.Pos, "expected text in base64, found %s", n.Kind)
		return
	}
	text := strings.Join(strings.Fields(n.Scalar), "")
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		p.Add(n.Pos, "this is not base64: %s", whyNotBase64(text))
		return
	}
	*b = decoded
}

// notBase64 are characters that base64 does not have.
var notBase64 = regexp.MustCompile(`[^A-Za-z0-9+/=]`)

// whyNotBase64 says what is wrong with text that cannot be decoded.
func whyNotBase64(text string) string {
	switch wrong := notBase64.FindString(text); {
	case wrong == "-" || wrong == "_":
		return "this is the alphabet for URLs; write + for - and / for _"
	case wrong != "":
		return fmt.Sprintf("it has no character %q", wrong)
	case len(text)%4 != 0:
		return fmt.Sprintf("it comes in groups of four characters, and this has %d; fill the last group up with =", len(text))
	}
	return "= stands only at its end, once or twice"
}

func (Base64) String() string { return "text in base64" }

// EditorSchema describes the parameter to editors.
func (Base64) EditorSchema() map[string]any { return map[string]any{"type": "string"} }

// open makes the body that the parameters describe.
func (p UploadParams) open() (*body, error) {
	switch {
	case p.File != "":
		return fileBody(string(p.File))
	case p.Text != nil:
		return bytesBody([]byte(*p.Text)), nil
	case p.Base64 != nil:
		return bytesBody(*p.Base64), nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(p.JSON.Value()); err != nil {
		return nil, fmt.Errorf("json cannot be written as JSON: %w", err)
	}
	return bytesBody(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

func bytesBody(b []byte) *body {
	return &body{ReadSeeker: bytes.NewReader(b), size: int64(len(b)), close: func() error { return nil }}
}

func fileBody(name string) (*body, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", schema.Shown(name), err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		_ = f.Close() // only read
		return nil, fmt.Errorf("%s cannot be read: %w", schema.Shown(name), err)
	case info.Size() > maxUpload:
		_ = f.Close() // only read
		return nil, fmt.Errorf("%s has %d bytes; S3 takes at most 5 GiB in one piece", schema.Shown(name), info.Size())
	}
	return &body{ReadSeeker: f, size: info.Size(), close: f.Close}, nil
}

// sum is the MD5 of the body in hex, which S3 uses as ETag for contents it does
// not encrypt with a key of KMS. The body stands at its beginning afterwards.
func (b *body) sum() (string, error) {
	h := md5.New()
	if _, err := io.Copy(h, b); err != nil {
		return "", fmt.Errorf("the contents cannot be read: %w", err)
	}
	if _, err := b.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("the contents cannot be read twice: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// types are the content types by a key's ending. They are ours, because the
// machine's own tables differ from machine to machine.
var types = map[string]string{
	".json": "application/json", ".jsonl": "application/x-ndjson", ".ndjson": "application/x-ndjson", ".xml": "application/xml",
	".yaml": "application/yaml", ".yml": "application/yaml", ".pdf": "application/pdf", ".zip": "application/zip", ".gz": "application/gzip",
	".tar": "application/x-tar", ".parquet": "application/vnd.apache.parquet", ".avro": "application/avro", ".wasm": "application/wasm",
	".txt": "text/plain; charset=utf-8", ".log": "text/plain; charset=utf-8", ".csv": "text/csv; charset=utf-8", ".tsv": "text/tab-separated-values; charset=utf-8",
	".html": "text/html; charset=utf-8", ".htm": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".md": "text/markdown; charset=utf-8",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".svg": "image/svg+xml", ".avif": "image/avif",
	".bmp": "image/bmp", ".tif": "image/tiff", ".tiff": "image/tiff", ".ico": "image/x-icon", ".mp3": "audio/mpeg", ".wav": "audio/wav", ".ogg": "audio/ogg",
	".flac": "audio/flac", ".mp4": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm", ".mkv": "video/x-matroska", ".avi": "video/x-msvideo",
}

// contentType is what the user says, else what the key's ending or the way of
// giving the contents says.
func (p UploadParams) contentType() string {
	if p.ContentType != "" {
		return p.ContentType
	}
	if t := types[strings.ToLower(path.Ext(p.Key))]; t != "" {
		return t
	}
	switch {
	case p.JSON != nil:
		return "application/json"
	case p.Text != nil:
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}
