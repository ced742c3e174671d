package expr

import "math"

// functions is the one table of functions; Functions and the parser read it.
var functions = map[string]*function{
	"uuid":       {signature: "uuid()", doc: "a new random UUID (version 4)", call: callUUID},
	"now":        {signature: "now()", doc: "the time as RFC 3339 text in UTC, with milliseconds", call: callNow},
	"unix_ms":    {signature: "unix_ms()", doc: "the time in milliseconds since 1970, a number", call: callUnixMS},
	"date":       {signature: "date(format, offset?)", least: 1, most: 2, doc: "the time in UTC as strftime writes it, such as %Y-%m-%d (%L: milliseconds, %s: seconds since 1970), moved by a duration such as \"-24h\"", call: callDate},
	"random_int": {signature: "random_int(a, b)", least: 2, most: 2, doc: "a random whole number from a to b, both included; repeatable with --seed", call: callRandomInt},
	"range":      {signature: "range(n)", least: 1, most: 1, doc: "the list 0, 1, … n-1; n is at most 1000000", call: callRange},

	"to_json":     {signature: "to_json(x)", least: 1, most: 1, doc: "x as compact JSON text, keys sorted", call: callToJSON},
	"from_json":   {signature: "from_json(s)", least: 1, most: 1, doc: "the document that JSON text holds, its numbers exact", call: callFromJSON},
	"base64":      {signature: "base64(s)", least: 1, most: 1, doc: "text as base64", call: callBase64, makes: takesBytes},
	"from_base64": {signature: "from_base64(s)", least: 1, most: 1, doc: "the text that base64 holds, of either alphabet, padded or not", call: callFromBase64, makes: makesBytes},
	"sha256":      {signature: "sha256(s)", least: 1, most: 1, doc: "the SHA-256 of text, as 64 hexadecimal digits", call: callSHA256, makes: takesBytes},
	"file":        {signature: "file(path)", least: 1, most: 1, doc: "the content of a file; the path is relative to the file that the expression stands in", call: callFile, makes: readsFile},
	"render":      {signature: "render(path)", least: 1, most: 1, doc: "the content of a file with its ${…} expanded", call: callRender, makes: readsFile},

	"lower":   {signature: "lower(s)", least: 1, most: 1, doc: "text in lower case", call: callLower},
	"upper":   {signature: "upper(s)", least: 1, most: 1, doc: "text in upper case", call: callUpper},
	"trim":    {signature: "trim(s)", least: 1, most: 1, doc: "text without white space at either end", call: callTrim},
	"split":   {signature: "split(s, separator)", least: 2, most: 2, doc: "the list of the parts between separators", call: callSplit},
	"join":    {signature: "join(list, separator)", least: 2, most: 2, doc: "the texts of a list as one, a separator between them", call: callJoin},
	"replace": {signature: "replace(s, old, new)", least: 3, most: 3, doc: "text with every old replaced by new", call: callReplace},
	"length":  {signature: "length(x)", least: 1, most: 1, doc: "how many characters a text, elements a list, fields a document has", call: callLength, makes: takesBytes},
	"keys":    {signature: "keys(document)", least: 1, most: 1, doc: "the names of a document's fields, sorted", call: callKeys},
	"text":    {signature: "text(x)", least: 1, most: 1, doc: "x as text: numbers as written, true, false, documents and lists as JSON; null is an error", call: callText},
	"number":  {signature: "number(s)", least: 1, most: 1, doc: "the number that text holds in JSON's syntax, exact", call: callNumber},

	"sum":        {signature: "sum(list)", least: 1, most: 1, doc: "the exact sum of the numbers of a list; of none it is an error", call: callSum},
	"avg":        {signature: "avg(list)", least: 1, most: 1, doc: "the mean of the numbers of a list; of none it is an error", call: callAvg},
	"min":        {signature: "min(list)", least: 1, most: math.MaxInt, doc: "the least of a list, or of several arguments: numbers or texts; of none it is an error", call: callMin},
	"max":        {signature: "max(list)", least: 1, most: math.MaxInt, doc: "the greatest of a list, or of several arguments: numbers or texts; of none it is an error", call: callMax},
	"percentile": {signature: "percentile(list, p)", least: 2, most: 2, doc: "the least number of a list that at least p percent of it do not exceed (nearest rank); p goes from 1 to 100", call: callPercentile},

	"default": {signature: "default(x, y)", least: 2, most: 2, doc: "y where x is missing or null, else x: the one place where a missing name is no error"},
}
