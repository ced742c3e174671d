package assertions

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
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
	_, digits, point, ok := digitsOf(s)
	if !ok { // the exponent alone has pages
		return digits == "" || !strings.Contains(strings.ToLower(s), "e-")
	}
	return point >= int64(len(digits))
}

// digitsOf takes a JSON number apart: 0.digits × 10^point, digits without zeros
// at either end; zero has none. It is not ok for exponents of more than 17
// digits, which nothing here compares but by their text.
func digitsOf(s string) (sign, digits string, point int64, ok bool) {
	mantissa, exponent, scaled := strings.Cut(strings.ToLower(s), "e")
	if mantissa, ok = strings.CutPrefix(mantissa, "-"); ok {
		sign = "-"
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits = strings.TrimLeft(whole+fraction, "0")
	point = int64(len(digits) - len(fraction))
	digits = strings.TrimRight(digits, "0")
	if scaled {
		e, err := strconv.ParseInt(exponent, 10, 64)
		if err != nil || e > 1e17 || e < -1e17 {
			return sign, digits, 0, false
		}
		point += e
	}
	if digits == "" {
		return "", "", 0, true
	}
	return sign, digits, point, true
}

// identity is a text that two values share if, and only if, they are equal.
func identity(v any) string {
	var b strings.Builder
	writeIdentity(&b, v)
	return b.String()
}

func writeIdentity(b *strings.Builder, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case string:
		b.WriteString(strconv.Quote(v))
	case []any:
		b.WriteByte('[')
		for _, e := range v {
			writeIdentity(b, e)
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case map[string]any:
		b.WriteByte('{')
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b.WriteString(strconv.Quote(k))
			b.WriteByte(':')
			writeIdentity(b, v[k])
			b.WriteByte(',')
		}
		b.WriteByte('}')
	default:
		n := fmt.Sprint(v) // a number
		if sign, digits, point, ok := digitsOf(n); ok {
			n = fmt.Sprintf("%s0.%se%d", sign, digits, point)
		}
		b.WriteString(n)
	}
}
