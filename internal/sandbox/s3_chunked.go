package sandbox

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// mostObject bounds an upload in bytes: everything is held in memory.
const mostObject = 256 << 20

// unchunk decodes a body in aws-chunked framing (SIZE[;chunk-signature=…] CRLF data CRLF … 0 CRLF trailers), which
// clients send with checksums in trailers. Signatures and checksums are not verified.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
func unchunk(r *http.Request) error {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") && !strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
		return nil
	}
	body, err := readChunks(bufio.NewReader(r.Body))
	if err != nil {
		return &apiError{Code: "IncompleteBody", Message: "The request body is not well-formed aws-chunked: " + err.Error()}
	}
	if want := r.Header.Get("X-Amz-Decoded-Content-Length"); want != "" && want != strconv.Itoa(len(body)) {
		return &apiError{Code: "IncompleteBody", Message: fmt.Sprintf("You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header (%s): %d", want, len(body))}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	r.Header.Del("X-Amz-Decoded-Content-Length")
	return nil
}

func readChunks(in *bufio.Reader) ([]byte, error) {
	var body bytes.Buffer
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("the last chunk is missing: %w", err)
		}
		text, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		size, err := strconv.ParseInt(text, 16, 64)
		if err != nil || size < 0 || int64(body.Len())+size > mostObject {
			return nil, fmt.Errorf("%q is no size of a chunk", text)
		}
		if size == 0 {
			_, err := io.Copy(io.Discard, in) // trailers
			return body.Bytes(), err
		}
		if _, err := io.CopyN(&body, in, size); err != nil {
			return nil, fmt.Errorf("a chunk ends early: %w", err)
		}
		if end, err := in.ReadString('\n'); err != nil || strings.TrimSpace(end) != "" {
			return nil, fmt.Errorf("a chunk of %d bytes does not end with a line break", size)
		}
	}
}
