package schema

import (
	"maps"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// Account is another account or region that steps name with in.
type Account struct {
	RoleARN string `json:"role_arn" doc:"A role to assume with the suite's own credentials."`
	Profile string `json:"profile" doc:"A profile of the AWS configuration, in place of a role."`
	Region  string `json:"region" doc:"The AWS region; the suite's own when left out."`
	Account string `json:"account" doc:"The account's 12 digits; with another one nothing is touched."`
}

// Limit is how often an operation may be called.
type Limit struct {
	Rate  float64 `json:"rate" required:"true" doc:"Calls a second, above 0."`
	Burst *int    `json:"burst" doc:"Calls at once before the rate counts, at least 1 (rate, rounded up)."`
}

var roleForm = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}):role/[\w+=,.@/-]+$`)

// checkAccounts looks at the accounts of a suite or of an environment.
func checkAccounts(n *Node, p *Problems) {
	all, ok := n.Get("accounts")
	if !ok || all.Value.Kind != Map {
		return
	}
	for _, e := range all.Value.Entries {
		if e.Key == "" {
			p.Add(e.KeyPos, "an account needs a name, which steps write with in")
		}
		CheckAccount(e.Value, p)
	}
}

// CheckAccount looks at what the types of an account's keys do not say. Values
// that are expressions still are left alone.
func CheckAccount(n *Node, p *Problems) {
	if n.Kind != Map {
		return // told already
	}
	role, hasRole := n.Get("role_arn")
	profile, hasProfile := n.Get("profile")
	_, hasRegion := n.Get("region")
	switch {
	case hasRole && hasProfile:
		p.Add(profile.KeyPos, "an account takes role_arn or profile, not both: a profile may name a role itself")
	case !hasRole && !hasProfile && !hasRegion:
		p.Add(n.Pos, "nothing says where this is: write role_arn, profile, or the region alone for another region of the suite's own account")
	}
	owner := ""
	if known(role, hasRole) {
		if m := roleForm.FindStringSubmatch(role.Value.Scalar); m != nil {
			owner = m[1]
		} else {
			p.Add(role.Value.Pos, "%q is not the ARN of a role, such as arn:aws:iam::444455556666:role/rehearse", role.Value.Scalar)
		}
	}
	if known(profile, hasProfile) && strings.TrimSpace(profile.Value.Scalar) == "" {
		p.Add(profile.Value.Pos, "a profile needs a name; `aws configure list-profiles` shows those that exist")
	}
	checkAccountID(n, p)
	if e, ok := n.Get("account"); known(e, ok) && owner != "" && accountForm.MatchString(e.Value.Scalar) && e.Value.Scalar != owner {
		p.Add(e.Value.Pos, "the role belongs to account %s, so that this cannot be account %s", owner, e.Value.Scalar)
	}
}

// known says whether a key is written and has its text already.
func known(e Entry, written bool) bool {
	return written && e.Value.Kind == Text && !e.Value.Open()
}

// checkAccountID refuses an account that is not named by its digits.
func checkAccountID(n *Node, p *Problems) {
	if e, ok := n.Get("account"); known(e, ok) && !accountForm.MatchString(e.Value.Scalar) {
		p.Add(e.Value.Pos, "an account is named by its 12 digits, such as \"111122223333\", found %q", e.Value.Scalar)
	}
}

// accountSchema describes an account's digits to editors.
func accountSchema() map[string]any {
	return map[string]any{"type": "string", "pattern": `^[0-9]{12}$|` + holePattern}
}

// accountsSchema describes accounts to editors; their expressions see env.
func accountsSchema() map[string]any {
	shape := ShapeOf(reflect.TypeFor[Account]())
	m := shape.object(true)
	p := m["properties"].(map[string]any)
	p["role_arn"] = described(shape, "role_arn", map[string]any{"type": "string", "pattern": roleForm.String() + "|" + holePattern})
	p["account"] = described(shape, "account", accountSchema())
	role, profile, region := Required("role_arn"), Required("profile"), Required("region")
	role["properties"].(map[string]any)["profile"] = false
	profile["properties"].(map[string]any)["role_arn"] = false
	maps.Copy(region["properties"].(map[string]any), None("role_arn", "profile"))
	m["anyOf"] = []any{role, profile, region}
	return map[string]any{"type": "object", "additionalProperties": m}
}

// limitsSchema describes limits to editors.
func limitsSchema() map[string]any {
	shape := ShapeOf(reflect.TypeFor[Limit]())
	m := shape.object(false)
	p := m["properties"].(map[string]any)
	p["rate"] = described(shape, "rate", map[string]any{"type": "number", "exclusiveMinimum": 0})
	p["burst"] = described(shape, "burst", map[string]any{"type": "integer", "minimum": 1})
	return map[string]any{
		"type": "object", "additionalProperties": m,
		"propertyNames": map[string]any{"pattern": `^[a-z0-9]+\.[A-Za-z0-9]+$`},
	}
}

// checkLimits looks at the numbers of limits; which services and operations
// there are is not known here.
func checkLimits(n *Node, p *Problems) {
	all, ok := n.Get("limits")
	if !ok || all.Value.Kind != Map {
		return
	}
	for _, e := range all.Value.Entries {
		rate, ok := e.Value.Get("rate")
		if f, err := strconv.ParseFloat(digits(rate, ok), 64); err == nil && f <= 0 {
			p.Add(rate.Value.Pos, "rate is a number of calls a second, above 0; with %s nothing could ever be called", rate.Value.Scalar)
		}
		burst, ok := e.Value.Get("burst")
		if f, err := strconv.ParseFloat(digits(burst, ok), 64); err == nil && f < 1 {
			p.Add(burst.Value.Pos, "burst is a number of calls, at least 1; with %s nothing could ever be called", burst.Value.Scalar)
		}
	}
}

// digits are those of a number that is written, "" where there is none.
func digits(e Entry, written bool) string {
	if !written || e.Value.Kind != Number {
		return ""
	}
	return e.Value.Scalar
}
