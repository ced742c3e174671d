package assertions

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/schema"
)

// types are the types that `is` knows.
var types = map[string]func(v any) bool{
	"string":    func(v any) bool { _, ok := v.(string); return ok },
	"number":    func(v any) bool { _, ok := v.(json.Number); return ok },
	"integer":   func(v any) bool { n, ok := v.(json.Number); return ok && isWhole(string(n)) },
	"boolean":   func(v any) bool { _, ok := v.(bool); return ok },
	"object":    func(v any) bool { _, ok := v.(map[string]any); return ok },
	"array":     func(v any) bool { _, ok := v.([]any); return ok },
	"null":      func(v any) bool { return v == nil },
	"uuid":      isText(uuidForm.MatchString),
	"timestamp": isText(func(s string) bool { _, err := parseTimestamp(s); return err == nil }),
	"date":      isText(func(s string) bool { _, err := time.Parse(time.DateOnly, s); return err == nil }),
	"email":     isText(isEmail),
	"url":       isText(isURL),
	"arn":       isText(arnForm.MatchString),
	"ip":        isText(func(s string) bool { a, err := netip.ParseAddr(s); return err == nil && a.Zone() == "" }),
	"base64":    isText(isBase64),
	"json":      isText(func(s string) bool { _, err := schema.ParseJSON([]byte(s)); return err == nil }),
}

func typeNames() []string { return slices.Sorted(maps.Keys(types)) }

func isText(test func(string) bool) func(any) bool {
	return func(v any) bool {
		s, ok := v.(string)
		return ok && test(s)
	}
}

var (
	uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	// arnForm: arn:partition:service:region:account:resource; global services
	// leave region and account empty ("Amazon Resource Names", AWS IAM reference).
	arnForm = regexp.MustCompile(`^arn:aws[a-z0-9-]*:[a-zA-Z0-9-]+:[a-z0-9-]*:([0-9]{12}|[a-z][a-z-]*)?:\S(.*\S)?$`)
)

func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && u.Host != ""
}

func isBase64(s string) bool {
	_, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil && s != "" && !strings.ContainsAny(s, "\r\n")
}

// isWhole says whether a JSON number is whole whatever its notation: 3, 3.0 and
// 3e2 are, without being written out.
func isWhole(s string) bool {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(mantissa, "-"), ".")
	digits := strings.TrimRight(whole+fraction, "0")
	if digits == "" {
		return true
	}
	e := 0
	if exponent != "" {
		var err error
		if e, err = strconv.Atoi(exponent); err != nil {
			return !strings.HasPrefix(exponent, "-")
		}
	}
	return len(whole)+e >= len(digits)
}
