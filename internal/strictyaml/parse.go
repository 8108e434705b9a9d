package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// refused are the parts of YAML that settings have no use for.
var refused = map[token.Type]string{
	token.AliasType:      "aliases (*) are not supported; write the value out",
	token.AnchorType:     "anchors (&) are not supported",
	token.TagType:        "tags (!) are not supported; the key decides the type",
	token.MergeKeyType:   "merge keys (<<) are not supported; use extends",
	token.DirectiveType:  "directives (%) are not supported",
	token.MappingKeyType: "complex keys (?) are not supported",
}

// maxRepeated is how often blank lines, tabs and signs may follow each other.
const maxRepeated = 50

// parse turns text into a tree. The tree is nil where the errors leave nothing to go on with.
func parse(file string, text []byte) (root *node, errs Errors) {
	start := place{file, 1, 1}
	if len(text) > maxBytes {
		return nil, Errors{start.error("", "is larger than %d bytes", maxBytes)}
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n")) // a line break too
	if errs := checkLines(file, text); errs != nil {
		return nil, errs
	}
	defer func() {
		// The parser indexes its tokens without checks; a file that makes it fail is malformed.
		if recover() != nil {
			root, errs = nil, Errors{start.error("", "is not well-formed YAML")}
		}
	}()
	tokens := lexer.Tokenize(string(text))
	if errs := checkTokens(file, tokens); errs != nil {
		return nil, errs
	}
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, Errors{syntaxError(start, err)}
	}
	var bodies []ast.Node
	for _, doc := range parsed.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	if len(bodies) > 1 {
		at := placeOf(file, bodies[1])
		return nil, Errors{at.error("", "a second document begins; a file holds one")}
	}
	if len(bodies) == 0 {
		if strings.HasPrefix(file, assignmentPrefix) {
			return &node{at: start}, nil // an empty value
		}
		return nil, Errors{start.error("", "is empty; a map of keys and values is needed")}
	}
	c := converter{file: file}
	return c.convert(bodies[0], 1), c.errs
}

// checkLines refuses what is not text, tabs where spaces count, and what the lexer takes a quadratic time for: blank
// lines, of which it cuts one at a time off a block, tabs, and signs of a merge key.
func checkLines(file string, text []byte) (errs Errors) {
	blank, i := 0, -1
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		i++
		start := place{file, i + 1, 1}
		if blank++; len(bytes.TrimSpace(line)) > 0 {
			blank = 0
		}
		switch {
		case !utf8.Valid(line):
			errs.add(start.error("", "the line is not UTF-8"))
		case blank > maxRepeated:
			return append(errs, start.error("", "more than %d blank lines", maxRepeated))
		case bytes.Count(line, []byte("\t")) > maxRepeated:
			errs.add(start.error("", "more than %d tabs in a line", maxRepeated))
		case bytes.Contains(line, bytes.Repeat([]byte("<"), maxRepeated)):
			errs.add(start.error("", "%d < in a row", maxRepeated))
		}
		indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
		if tab := bytes.IndexByte(indent, '\t'); tab >= 0 && len(indent) < len(line) {
			errs.add(place{file, i + 1, tab + 1}.error("", "a tab in the indentation; use spaces"))
		}
	}
	return errs
}

// checkTokens refuses unsupported parts of YAML, and what would exhaust the parser: it recurses into nested values, and
// takes a time that is quadratic in the number of keys.
func checkTokens(file string, tokens token.Tokens) (errs Errors) {
	flow, dashes, line, keys := 0, 0, 0, 0
	for i, t := range tokens {
		at := place{file, t.Position.Line, max(t.Position.Column, 1)}
		if problem, ok := refused[t.Type]; ok {
			errs.add(at.error("", "%s", problem))
		}
		if at.line != line {
			line, dashes = at.line, 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow = max(flow-1, 0)
		case token.SequenceEntryType:
			dashes++
		case token.MappingValueType:
			keys++
			if i > 0 && len(tokens[i-1].Value) > maxKey {
				return append(errs, at.error("", "a key is longer than %d bytes", maxKey)) // the parser repeats it in every value
			}
		}
		if keys > maxKeys {
			return append(errs, at.error("", "has more than %d keys", maxKeys))
		}
		if flow > maxDepth || dashes > maxDepth {
			return append(errs, at.error("", "is nested more than %d levels deep", maxDepth))
		}
	}
	return errs
}

// syntaxError gives an error of the parser its place.
func syntaxError(start place, err error) Error {
	var syntax *yaml.SyntaxError
	if !errors.As(err, &syntax) {
		return start.error("", "%v", err)
	}
	if t := syntax.Token; t != nil && t.Position != nil {
		start.line, start.column = max(t.Position.Line, 1), max(t.Position.Column, 1)
	}
	message, _, _ := strings.Cut(syntax.Message, `"`) // what follows is text of the file, without end
	return start.error("", "%s", strings.TrimRight(message, ": "))
}

func placeOf(file string, n ast.Node) place {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key // the token of a block map is its first colon
	} else if m, ok := n.(*ast.MappingValueNode); ok {
		n = m.Key
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return place{file, max(t.Position.Line, 1), max(t.Position.Column, 1)}
	}
	return place{file, 1, 1}
}

// converter makes nodes of the parser's tree.
type converter struct {
	file string
	path []string // of the value at hand: keys, and indices as [0]
	errs Errors
}

func (c *converter) refuse(at place, format string, args ...any) *node {
	path := ""
	for _, part := range c.path {
		if strings.HasPrefix(part, "[") {
			path += part
		} else {
			path = join(path, part)
		}
	}
	c.errs.add(at.error(path, format, args...))
	return nil
}

// within converts a value one level below, at the key or index given. It returns nil where the value is refused.
func (c *converter) within(part string, n ast.Node, depth int) *node {
	c.path = append(c.path, part)
	defer func() { c.path = c.path[:len(c.path)-1] }()
	return c.convert(n, depth+1)
}

// convert returns nil where n is refused.
func (c *converter) convert(n ast.Node, depth int) *node {
	at := placeOf(c.file, n)
	if depth > maxDepth {
		c.errs.add(at.error("", "is nested more than %d levels deep", maxDepth))
		return nil
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return c.mapping(at, n.Values, depth)
	case *ast.MappingValueNode:
		return c.mapping(at, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		list := &node{kind: listNode, at: at}
		for i, item := range n.Values {
			if converted := c.within(fmt.Sprintf("[%d]", i), item, depth); converted != nil {
				list.items = append(list.items, converted)
			}
		}
		return list
	case *ast.StringNode:
		quoted := n.Token.Type == token.SingleQuoteType || n.Token.Type == token.DoubleQuoteType
		return &node{at: at, text: n.Value, quoted: quoted}
	case *ast.LiteralNode:
		return &node{at: at, text: n.Value.Value, quoted: true}
	case *ast.NullNode:
		return &node{at: at}
	case ast.ScalarNode:
		return &node{at: at, text: n.GetToken().Value}
	}
	return c.refuse(at, "this is not supported; write a map, a list or a scalar")
}

func (c *converter) mapping(at place, values []*ast.MappingValueNode, depth int) *node {
	m := &node{kind: mapNode, at: at}
	seen := map[string]int{}
	for _, v := range values {
		keyAt := placeOf(c.file, v.Key)
		name, ok := v.Key.(ast.ScalarNode)
		if !ok {
			c.refuse(keyAt, "a key has to be a name")
			continue
		}
		text := name.GetToken().Value
		if first, twice := seen[text]; twice {
			c.path = append(c.path, text)
			c.refuse(keyAt, "duplicate key; it is given on line %d already", first)
			c.path = c.path[:len(c.path)-1]
			continue
		}
		seen[text] = keyAt.line
		if value := c.within(text, v.Value, depth); value != nil {
			if value.isNull() {
				value.at = keyAt // what is not there has no place of its own
			}
			m.entries = append(m.entries, entry{text, keyAt, value})
		}
	}
	return m
}

// join appends a key to a dotted path.
func join(path, key string) string {
	if path == "" || key == "" {
		return path + key
	}
	return path + "." + key
}
