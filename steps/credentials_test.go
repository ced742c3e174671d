package steps

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCredentials(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        []string
	}{
		{"Accept", "text/plain", nil},
		{"Authorization", "", nil},
		{"authorization", "key-alone", []string{"key-alone"}},
		{"Authorization", "Bearer eyJhbGci", []string{"Bearer eyJhbGci", "eyJhbGci"}},
		{"Proxy-Authorization", "basic dXNlcjpwYTpzcw==", []string{"basic dXNlcjpwYTpzcw==", "dXNlcjpwYTpzcw==", "user:pa:ss", "pa:ss"}},
		{"Authorization", "AWS4-HMAC-SHA256 Credential=A/B, Signature=0bad", []string{"AWS4-HMAC-SHA256 Credential=A/B, Signature=0bad", "Credential=A/B, Signature=0bad", "0bad"}},
		{"Cookie", `a=1; b="two"; c`, []string{"1", "two", `a=1; b="two"; c`}},
		{"SET-COOKIE", `sid=one; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT, tok=two==; HttpOnly, gone=; Max-Age=0`, []string{"one", "two=="}},
		{"x-api-key", "k", []string{"k"}},
		{"X-Amz-Signature", "s", []string{"s"}},
	} {
		if diff := cmp.Diff(c.want, Credentials(c.name, c.value)); diff != "" {
			t.Errorf("%s: %s: %s", c.name, c.value, diff)
		}
	}
}
