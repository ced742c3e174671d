package assertions

import (
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
)

// ref reads a reference and the schema that it leads to.
func (b *schemaBuild) ref(e schema.Entry, at schemaPlace) {
	if e.Value.Kind != schema.Text || e.Value.Scalar == "" {
		b.p.Add(e.Value.Pos, `%s takes text such as "#/definitions/address" or "address.json", found %s`, e.Key, describe(e.Value))
		return
	}
	address, fragment, _ := strings.Cut(e.Value.Scalar, "#")
	u, err := joinURL(at.base, address)
	pointer, err2 := url.PathUnescape(fragment)
	if err != nil || err2 != nil {
		b.p.Add(e.Value.Pos, "%s %q is not a reference", e.Key, e.Value.Scalar)
		return
	}
	if draftOf(u.String()) != nil { // the schema of schemas, which the library has
		b.targets[e.Value] = nil
		return
	}
	owner, doc := at.doc.ids[u.String()], at.doc
	if owner == nil {
		if doc = b.document(e, u, address, at); doc == nil {
			return
		}
		owner = doc.node
	}
	target := schemaPlace{doc, u}
	n := owner
	switch {
	case strings.HasPrefix(pointer, "/"):
		n, target = b.follow(e, owner, target, pointer)
	case pointer != "":
		if n = doc.anchors[owner][pointer]; n == nil {
			names := slices.Sorted(maps.Keys(doc.anchors[owner]))
			b.p.Add(e.Value.Pos, "%s %q leads nowhere: no schema there has the anchor %q%s; a place in a schema begins with #/", e.Key, e.Value.Scalar, pointer, schema.DidYouMean(pointer, names))
		}
	}
	if n == nil {
		return
	}
	b.targets[e.Value] = n
	b.subschema(n, target)
}

// follow walks a JSON pointer (RFC 6901).
func (b *schemaBuild) follow(e schema.Entry, n *schema.Node, at schemaPlace, pointer string) (*schema.Node, schemaPlace) {
	walked := "#"
	for i, token := range pointerTokens(pointer) {
		if i > 0 {
			at = at.within(n)
		}
		next := step(n, token)
		if next == nil {
			var names []string
			for _, e := range n.Entries {
				names = append(names, e.Key)
			}
			hint := schema.DidYouMean(token, names)
			if hint == "" {
				hint = "; it has " + schema.KnownNames(names)
			}
			b.p.Add(e.Value.Pos, "%s %q leads nowhere: %s has no %q%s", e.Key, e.Value.Scalar, walked, token, hint)
			return nil, at
		}
		n, walked = next, walked+"/"+token
	}
	return n, at
}

// fragmentTokens takes the JSON pointer in a URL apart.
func fragmentTokens(fragment string) []string {
	if pointer, err := url.PathUnescape(fragment); err == nil {
		return pointerTokens(pointer)
	}
	return nil
}

func pointerTokens(pointer string) []string {
	tokens := strings.Split(pointer, "/")[1:]
	for i, t := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
	}
	return tokens
}

// step goes into a mapping or a list; nil where it has no such place.
func step(n *schema.Node, token string) *schema.Node {
	if e, ok := n.Get(token); ok {
		return e.Value
	}
	if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(n.Items) {
		return n.Items[i]
	}
	return nil
}

// document gives the document that a reference leads to, reading its file when
// it was not read yet; nil when there is none, which is told.
func (b *schemaBuild) document(e schema.Entry, u *url.URL, address string, at schemaPlace) *schemaDoc {
	if d := b.docs[u.String()]; d != nil {
		return d
	}
	if b.alone {
		b.p.Add(e.Value.Pos, "%s %q leads out of this document, and nothing else is read", e.Key, e.Value.Scalar)
		return nil
	}
	path := pathOf(u)
	if path == "" {
		path = b.beside(u, address, at)
	}
	if path == "" {
		b.unreachable(e, u, address)
		return nil
	}
	if why := notReadable(path); why != "" {
		b.stamps = append(b.stamps, stamp{path: path})
		b.p.Add(e.Value.Pos, "%s %q: %s (looked at %s)%s", e.Key, e.Value.Scalar, why, b.shown(path), schema.NearFile(path, nil))
		return nil
	}
	n := b.read(path)
	if n == nil {
		return nil
	}
	d := b.add(n, u, b.root.draft)
	d.path = path
	return d
}

// unreachable reports a reference to what is not a file.
func (b *schemaBuild) unreachable(e schema.Entry, u *url.URL, address string) {
	if r, err := url.Parse(address); err == nil && !r.IsAbs() {
		b.p.Add(e.Value.Pos, "%s %q leads to %s, since it counts from the $id of its schema; nothing is read from the network, and there is no such file beside this one", e.Key, e.Value.Scalar, u)
		return
	}
	b.p.Add(e.Value.Pos, "%s %q: nothing is read from the network; save that schema in a file beside this one and write the file's name", e.Key, e.Value.Scalar)
}

// beside finds the file that a relative reference means in a schema whose $id
// is not where the schema is kept: such files are kept side by side.
func (b *schemaBuild) beside(u *url.URL, address string, at schemaPlace) string {
	r, err := url.Parse(address)
	home := pathOf(at.doc.url)
	if err != nil || r.IsAbs() || r.Host != "" || r.Path == "" || u.Opaque != "" {
		return ""
	}
	if home == "" { // this document was found beside another
		home = at.doc.path
	}
	path := filepath.Join(filepath.Dir(home), filepath.FromSlash(r.Path))
	if notReadable(path) != "" {
		b.stamps = append(b.stamps, stamp{path: path})
		return ""
	}
	return path
}
