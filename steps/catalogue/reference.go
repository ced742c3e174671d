package catalogue

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// Reference is everything there is to know about a kind, for whoever prints it.
type Reference struct {
	Name, Service, Summary, Doc string

	Behaviour string   // a sentence: whether it acts or looks
	Shorthand string   // the parameter that a lone value stands for
	Params    []Entry  // those inside others by their path: event.source
	Rules     []string // about several parameters together, a sentence each
	Result    []Entry  // by their path: states[*].name
	Free      bool     // the result has keys that depend on what was asked
	Success   []string // checks that hold unless expect looks at the same path
	Calls     []string // the IAM actions that it may need
	Example   string   // phases of a scenario
	Beside    []File   // that the example needs
}

// Entry is a parameter, a part of a result, or a key of a file.
type Entry struct {
	Name, Type, Default, Doc string
	Required                 bool
}

// File is a file with its text.
type File struct{ Name, Text string }

// Service is a group of kinds.
type Service struct {
	Title string
	Kinds []Reference
}

// services names the folders of the kinds for readers.
var services = map[string]string{
	"cloudformation": "CloudFormation",
	"eventbridge":    "EventBridge",
	"schemas":        "Event schemas",
	"stepfunctions":  "Step Functions",
	"s3":             "S3",
	"dynamodb":       "DynamoDB",
	"logs":           "CloudWatch Logs",
	"xray":           "X-Ray",
	"http":           "HTTP",
	"local":          "Values and flow",
}

// Services lists the reference of every kind, grouped, in the order of the list of kinds.
func Services() []Service {
	var l []Service
	for _, k := range Kinds() {
		r := ReferenceOf(k)
		i := slices.IndexFunc(l, func(s Service) bool { return s.Title == r.Service })
		if i < 0 {
			i, l = len(l), append(l, Service{Title: r.Service})
		}
		l[i].Kinds = append(l[i].Kinds, r)
	}
	return l
}

// ReferenceOf is the reference of a kind.
func ReferenceOf(k steps.Kind) Reference {
	nothing := &schema.Node{Kind: schema.Map}
	r := Reference{
		Name: k.Name, Service: service(k), Summary: k.Summary, Doc: strings.TrimSpace(k.Doc), Behaviour: behaviour(k) + patience(k),
		Shorthand: k.Shorthand, Params: EntriesOf(k.Params), Result: EntriesOf(k.Result), Free: k.FreeResult,
		Example: strings.TrimSpace(k.Example) + "\n",
	}
	for _, rule := range k.Rules {
		word := "At most one of "
		if rule.Exactly {
			word = "Exactly one of "
		}
		r.Rules = append(r.Rules, word+strings.Join(rule.Names, ", ")+".")
	}
	if !k.Control {
		results, _ := k.Bind(nothing, &schema.Problems{}).Success.Run(nil)
		for _, c := range results {
			r.Success = append(r.Success, fmt.Sprintf("%s: {%s: %s}", c.Path, c.Op, plain(c.Expected)))
		}
		for _, p := range k.Facts(nothing).Needs {
			if !slices.Contains(r.Calls, p.Action) {
				r.Calls = append(r.Calls, p.Action)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(k.Beside)) {
		r.Beside = append(r.Beside, File{name, k.Beside[name]})
	}
	return r
}

// service is the title of the folder that a kind stands in.
func service(k steps.Kind) string {
	folder := path.Base(k.Params.Type.PkgPath())
	if k.Params.Type.PkgPath() == "" { // a plain list of steps
		folder = "local"
	}
	if title, ok := services[folder]; ok {
		return title
	}
	return folder
}

func behaviour(k steps.Kind) string {
	looks := k.Facts(&schema.Node{Kind: schema.Map}).Reads
	switch {
	case k.Control:
		return "It stands for the steps inside it."
	case k.Pure && looks:
		return "It looks once, at what is there already."
	case k.Pure:
		return "It calls nothing outside."
	case looks && !k.Idempotent: // what only looks always is
		return "It looks or acts, as its parameters say. Where it looks, it is repeated in `assert` until its checks hold."
	case looks:
		return "It looks. In `assert` it is repeated until its checks hold, at most for `within`; elsewhere it looks once, unless it has a `within`."
	case k.Idempotent:
		return "It acts, once. Doing it twice does no harm, so it is sent again when an answer was lost."
	}
	return "It acts, once."
}

// KeysOf lists the keys of a mapping.
func KeysOf(s *schema.Shape) []Entry {
	var l []Entry
	for _, f := range s.Fields {
		if !f.Later {
			l = append(l, entryOf(f))
		}
	}
	return l
}

func entryOf(f schema.Field) Entry {
	return Entry{Name: f.Name, Type: typeWord(f.Shape), Default: f.Default, Doc: f.Doc, Required: f.Required}
}

// patience says what bounds one attempt where that is not the suite's step_timeout.
func patience(k steps.Kind) string {
	if k.Unbounded && !k.Control {
		return " It may take as long as the scenario's `timeout`, unless `attempt_timeout` says less."
	}
	if k.Within > 0 {
		return fmt.Sprintf(" In `assert`, `within` is %s unless the step says otherwise.", k.Within)
	}
	return ""
}

// EntriesOf lists the keys of a mapping, with those inside them.
func EntriesOf(s *schema.Shape) []Entry {
	var l []Entry
	for _, f := range s.Fields {
		if f.Later {
			continue
		}
		l = append(l, entryOf(f))
		inside, mark := f.Shape, "."
		if inside.Elem != nil && inside.Want == schema.List {
			inside, mark = inside.Elem, "[*]."
		}
		for _, e := range EntriesOf(inside) {
			e.Name = f.Name + mark + e.Name
			l = append(l, e)
		}
	}
	return l
}

// typeWord says in a word or two what stands at a place.
func typeWord(s *schema.Shape) string {
	switch {
	case s.Any:
		return "anything"
	case s.Custom:
		article, word, _ := strings.Cut(s.Word(), " ")
		if article == "a" || article == "an" || article == "the" {
			return word
		}
		return s.Word()
	case s.IsDuration():
		return "duration"
	case s.Enum != nil:
		return strings.Join(s.Enum, " or ")
	case s.Want == schema.List:
		return plural(typeWord(s.Elem))
	case s.Want == schema.Map:
		return "mapping"
	}
	return strings.TrimPrefix(s.Word(), "a ")
}

func plural(word string) string {
	switch word {
	case "text", "anything":
		return "list of " + word
	}
	return "list of " + word + "s"
}

func plain(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return strings.Trim(string(b), `"`)
}
