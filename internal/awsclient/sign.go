package awsclient

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Sign signs a request with this place's credentials (Signature Version 4) for
// a service, such as execute-api, in a region, "" for the place's own. It reads
// the body and puts it back.
func (p *Place) Sign(ctx context.Context, req *http.Request, service, region string) error {
	if p.cfg.Credentials == nil {
		return errors.New("the request cannot be signed: there are no AWS credentials")
	}
	credentials, err := p.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("the request cannot be signed: %w", err)
	}
	var body []byte
	if req.Body != nil {
		if body, err = io.ReadAll(req.Body); err != nil {
			return fmt.Errorf("the request cannot be signed: %w", err)
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	if region == "" {
		region = p.Region
	}
	objects := service == "s3" || strings.HasPrefix(service, "s3-") || service == "s3express"
	if objects { // the one service that wants the hash in a header and the path as it is
		req.Header.Set("X-Amz-Content-Sha256", hash)
	}
	return v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = objects }).
		SignHTTP(ctx, credentials, req, hash, service, region, time.Now())
}
