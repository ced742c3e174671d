package mock

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// ourFormats are those that the library does not know.
var ourFormats = []*jsonschema.Format{
	{Name: "byte", Validate: texts(func(s string) bool {
		_, err := base64.StdEncoding.DecodeString(s)
		return err == nil
	})},
	{Name: "idn-email", Validate: texts(regexp.MustCompile(`^[^@\s]+@[^@\s]+$`).MatchString)},
	{Name: "idn-hostname", Validate: texts(regexp.MustCompile(`^[^\s.@/]+(\.[^\s.@/]+)*\.?$`).MatchString)},
}

// texts makes the check of a format of what says whether a text has it.
func texts(has func(string) bool) func(any) error {
	return func(v any) error {
		if s, ok := v.(string); ok && !has(s) {
			return errors.New("it is not in this format")
		}
		return nil
	}
}

// checkedFormats are the formats of texts that are checked; others are plain text.
var checkedFormats = []string{
	"date-time", "date", "time", "duration", "uuid", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri", "uri-reference",
	"iri", "iri-reference", "uri-template", "json-pointer", "relative-json-pointer", "regex", "semver", "byte",
}

var formatJudges = sync.OnceValue(func() map[string]*jsonschema.Schema {
	all := map[string]*jsonschema.Schema{}
	for _, name := range checkedFormats {
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		for _, f := range ourFormats {
			c.RegisterFormat(f)
		}
		if err := c.AddResource(docURL, map[string]any{"format": name}); err != nil {
			continue
		}
		if s, err := c.Compile(docURL); err == nil {
			all[name] = s
		}
	}
	return all
})

// hasFormat says whether a text has a format; every text has an unknown one.
func hasFormat(name, s string) bool {
	judge := formatJudges()[name]
	return judge == nil || judge.Validate(s) == nil
}

// openFormats are the same for the OpenAPI library.
var openFormats = func() map[string]openapi3.StringFormatValidator {
	all := map[string]openapi3.StringFormatValidator{}
	for _, name := range checkedFormats {
		all[name] = openapi3.NewCallbackValidator(func(s string) error {
			if !hasFormat(name, s) {
				return fmt.Errorf("it is no %s", name)
			}
			return nil
		})
	}
	return all
}()

// formatText makes a text in a format. fill is what its length can be changed
// by: letters and digits, of any number. false for a format that is plain text.
func formatText(format string, now time.Time, r func(int) int, fill string) (string, bool) {
	switch format {
	case "date-time":
		if r(4) == 0 {
			return now.Format("2006-01-02T15:04:05.000Z07:00"), true
		}
		return now.Format(time.RFC3339), true
	case "date":
		return now.AddDate(0, 0, -r(30)).Format(time.DateOnly), true
	case "time":
		return now.Format("15:04:05") + []string{"Z", "+00:00"}[r(2)], true
	case "duration":
		return []string{"PT" + fmt.Sprint(1+r(59)) + "M", "P" + fmt.Sprint(1+r(9)) + "D", "P1DT2H30M"}[r(3)], true
	case "uuid":
		return randomUUID(r), true
	case "email", "idn-email":
		return orX(fill) + "@example.com", true
	case "hostname", "idn-hostname":
		return strings.Join(labels(orX(fill)), ".") + ".example", true
	case "ipv4":
		return fmt.Sprintf("192.0.2.%d", r(256)), true
	case "ipv6":
		return fmt.Sprintf("2001:db8::%x", 1+r(0xfffe)), true
	case "uri", "iri", "uri-template":
		if fill == "" {
			return "urn:x:1", true
		}
		return "https://example.com/" + fill, true
	case "uri-reference", "iri-reference":
		return "/" + fill, true
	case "json-pointer":
		return "/" + fill, true
	case "relative-json-pointer":
		return "1/" + fill, true
	case "regex":
		return "^" + fill + "$", true
	case "semver":
		return fmt.Sprintf("%d.%d.%d", r(9), r(20), r(20)), true
	case "byte":
		return base64.StdEncoding.EncodeToString([]byte(fill)), true
	case "int32", "int64":
		return fmt.Sprint(1 + r(1000)), true
	case "float", "double":
		return fmt.Sprintf("%d.%d", 1+r(1000), 1+r(9)), true
	}
	return "", false
}

func orX(fill string) string {
	if fill == "" {
		return "x"
	}
	return fill
}

// labels cuts a text into parts of the length that a host's name allows.
func labels(s string) []string {
	const most = 60
	var all []string
	for len(s) > most {
		all, s = append(all, s[:most]), s[most:]
	}
	return append(all, s)
}

// randomUUID is a UUID of version 4. Source: RFC 9562.
func randomUUID(r func(int) int) string {
	b := make([]byte, 16)
	for i := range b {
		b[i] = byte(r(256))
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
