package steps

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
)

// Credentials gives the parts of a header, or of a parameter of a query, that
// let somebody in, for Env.Hide; nil where there are none. Case counts in no
// name. The short values among them are for Hide to judge.
func Credentials(name, value string) []string {
	if value == "" {
		return nil
	}
	switch strings.ToLower(name) {
	case "authorization", "proxy-authorization":
		return authorization(value)
	case "cookie":
		return append(pairs(cookie, value), value)
	case "set-cookie":
		return pairs(setCookie, value)
	case "x-api-key", "x-amz-security-token", "x-amz-signature", "x-amz-credential":
		return []string{value}
	}
	return nil
}

// authorization is what stands behind the scheme (RFC 9110, section 11.6.2):
// a token, a user and a password (RFC 7617), or a signature.
func authorization(value string) []string {
	list := []string{value}
	scheme, token, ok := strings.Cut(value, " ")
	if !ok {
		return list
	}
	token = strings.TrimSpace(token)
	list = append(list, token)
	if _, signature, ok := strings.Cut(token, "Signature="); ok {
		list = append(list, signature)
	}
	if strings.EqualFold(scheme, "basic") {
		if b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(token, "=")); err == nil {
			_, password, _ := strings.Cut(string(b), ":")
			list = append(list, string(b), password)
		}
	}
	return list
}

var (
	cookie    = regexp.MustCompile(`(?:^|;)\s*[^=;]+="?([^;"]*)`)
	setCookie = regexp.MustCompile(`(?:^|,)\s*[^=;,\s]+="?([^;,"]*)`) // several are joined by commas
)

// pairs gives the values of cookies.
func pairs(form *regexp.Regexp, value string) []string {
	var list []string
	for _, m := range form.FindAllStringSubmatch(value, -1) {
		list = append(list, m[1])
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}
