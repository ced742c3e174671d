package assertions

import (
	"fmt"
	"strings"
)

// logTerms is the form made of words and phrases. Terms are looked for
// anywhere in the message, inside longer words too, with capitals as written.
type logTerms struct {
	all, none []string // must be there, must not
	any       []string // one must be there; only when there are no others
}

// logRegex is a regular expression that stands alone.
type logRegex struct{ logRegexp }

// logTerm is one term as it was read.
type logTerm struct {
	sign byte // 0, '?' or '-'
	text string
	at   int
}

func (p *logScanner) regexForm() (logForm, error) {
	re, err := p.regex()
	if err != nil {
		return nil, err
	}
	if p.space(); p.rest() != "" {
		return nil, p.regexBesideTerms(p.at)
	}
	return logRegex{re}, nil
}

// regexBesideTerms: the documentation knows regular expressions that stand
// alone, in the JSON form and in the form for space-delimited messages.
func (p *logScanner) regexBesideTerms(at int) error {
	return p.wrong(at, "a regular expression stands alone: nothing before %%…%% and nothing behind it; for one of several write %%a|b%%, for one behind the other %%a.*b%%")
}

// termsForm reads terms: words, "phrases", each with ? or - before it or without.
func (p *logScanner) termsForm() (logForm, error) {
	var terms []logTerm
	for p.space(); p.rest() != ""; p.space() {
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
	}
	// Double quotes with nothing or a space between them are documented to
	// match every event.
	if len(terms) == 1 && terms[0].sign == 0 && (terms[0].text == "" || terms[0].text == " ") {
		return logEverything{}, nil
	}
	var f logTerms
	for _, t := range terms {
		if p.warnOfWord(t, len(terms)); strings.TrimSpace(t.text) == "" {
			return nil, p.wrong(t.at, "between these quotes is nothing to look for; leave them out")
		}
		switch t.sign {
		case 0:
			f.all = append(f.all, t.text)
		case '-':
			f.none = append(f.none, t.text)
		default:
			f.any = append(f.any, t.text)
		}
	}
	// Terms with ? beside others are ignored, as documented.
	if f.any != nil && len(f.any) < len(terms) {
		p.warn("CloudWatch Logs ignores terms with ? beside other terms, so %s changes nothing; put ? before every term, or before none", sayTerms(f.any))
		f.any = nil
	}
	return f, nil
}

// warnOfWord tells of words that join conditions elsewhere.
func (p *logScanner) warnOfWord(t logTerm, terms int) {
	if terms == 1 || t.sign != 0 || p.source[t.at] == '"' {
		return
	}
	switch t.text {
	case "AND":
		p.warn("AND is looked for like any other word: terms side by side must all be there, so leave it out, or write \"AND\" to mean the word")
	case "OR":
		p.warn("OR is looked for like any other word: for one of several terms put ? before each, as in ?ERROR ?WARN, or write \"OR\" to mean the word")
	case "NOT":
		p.warn("NOT is looked for like any other word: put - before a term that must not be there, as in -DEBUG, or write \"NOT\" to mean the word")
	}
}

func (p *logScanner) term() (logTerm, error) {
	t := logTerm{at: p.at}
	if c := p.source[p.at]; c == '?' || c == '-' {
		t.sign = c
		p.at++
	}
	from := p.at
	var err error
	switch {
	case p.rest() == "" || strings.ContainsRune(logSpace, rune(p.rest()[0])):
		return t, p.wrong(t.at, "behind %c a term follows at once, without a space", t.sign)
	case p.rest()[0] == '%':
		return t, p.regexBesideTerms(p.at)
	case p.rest()[0] == '"':
		if t.text, err = p.quoted(); err != nil {
			return t, err
		}
		if p.rest() != "" && !strings.ContainsRune(logSpace, rune(p.rest()[0])) {
			return t, p.wrong(p.at, "a space follows a closing double quote, found %s; a double quote inside the text is written %s", showShort(p.rest()), `\"`)
		}
		return t, nil
	}
	t.text = p.run(func(r rune) bool { return !strings.ContainsRune(logSpace, r) })
	if strings.IndexFunc(t.text, func(r rune) bool { return !isTermRune(r) }) >= 0 {
		return t, p.badTerm(from, t)
	}
	return t, nil
}

// badTerm says what is wrong with a term that needs quotes or is no term.
func (p *logScanner) badTerm(at int, t logTerm) error {
	sign := ""
	if t.sign != 0 {
		sign = string(t.sign)
	}
	switch {
	case t.text == "&&" || t.text == "&":
		return p.wrong(at, "terms side by side must all be there: leave %s out", t.text)
	case t.text == "||" || t.text == "|":
		return p.wrong(at, "for one of several terms put ? before each, as in ?ERROR ?WARN, and leave %s out", t.text)
	case strings.HasPrefix(t.text, "$.") || t.text == "$":
		return p.wrong(at, `conditions on fields stand in braces: { $.level = "ERROR" }`)
	case strings.Trim(t.text, "*") != t.text && isBareText(strings.Trim(t.text, "*")):
		return p.wrong(at, "a term is found inside longer words too and takes no *: write %s%s", sign, strings.Trim(t.text, "*"))
	case len(t.text) > 2 && strings.HasPrefix(t.text, "/") && strings.HasSuffix(t.text, "/"):
		return p.wrong(at, "a regular expression stands between %% and %%; for this text write %s%s", sign, inQuotes(t.text))
	}
	return p.needsQuotes(at, t.text, sign+inQuotes(strings.ReplaceAll(t.text, `"`, "")))
}

func isBareText(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !isTermRune(r) }) < 0
}

func (f logTerms) matches(message string) bool {
	for _, t := range f.all {
		if !strings.Contains(message, t) {
			return false
		}
	}
	for _, t := range f.none {
		if strings.Contains(message, t) {
			return false
		}
	}
	for _, t := range f.any {
		if strings.Contains(message, t) {
			return true
		}
	}
	return f.any == nil
}

func (f logTerms) reasons(message string) []Reason {
	var l []Reason
	for _, t := range f.all {
		if !strings.Contains(message, t) {
			l = append(l, Reason{
				Difference{Path: "$", Expected: t, Kind: Missing},
				showShort(t) + " is not in the message" + sayNear(t, message),
			})
		}
	}
	for _, t := range f.none {
		if strings.Contains(message, t) {
			l = append(l, Reason{
				Difference{Path: "$", Found: t, Kind: Extra},
				showShort(t) + " must not be in the message",
			})
		}
	}
	if f.any != nil && l == nil {
		l = append(l, Reason{
			Difference{Path: "$", Expected: sayTerms(f.any), Kind: Missing},
			fmt.Sprintf("none of %s is in the message", sayTerms(f.any)),
		})
	}
	return l
}

// sayNear adds what comes near a term that is missing.
func sayNear(term, message string) string {
	if strings.Contains(strings.ToLower(message), strings.ToLower(term)) {
		return "; it is there with other capitals, which count"
	}
	return ""
}

func sayTerms(terms []string) string {
	said := make([]string, len(terms))
	for i, t := range terms {
		said[i] = showShort(t)
	}
	return strings.Join(said, ", ")
}

func (f logRegex) matches(message string) bool { return f.re.MatchString(message) }

func (f logRegex) reasons(message string) []Reason {
	r := Reason{
		Difference{Path: "$", Expected: f.source, Kind: Missing},
		f.source + " is found nowhere in the message",
	}
	if f.re.MatchString(strings.TrimRight(message, "\r\n")) {
		r.Message += "; $ is the end of the text, and this one ends with a line break: \\s*$ allows for it"
	}
	return []Reason{r}
}
