package schema

import (
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
