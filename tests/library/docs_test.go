package library

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unindented is code without what its lines begin with.
func unindented(code string) string {
	lines := strings.Split(strings.TrimSpace(code), "\n")
	for i := range lines {
		lines[i] = strings.TrimLeft(lines[i], "\t")
	}
	return strings.Join(lines, "\n") + "\n"
}

// The code of docs/library.md stands in the programs that are run: in the examples, and in the other module.
func TestLibraryPage(t *testing.T) {
	var sources strings.Builder
	files := []string{"testdata/wells/main.go", "testdata/wells/cmd/joule/main.go", "testdata/wells/kinds/kinds.go"}
	for _, example := range examples {
		files = append(files, filepath.Join("../..", example))
	}
	for _, file := range files {
		sources.WriteString(unindented(read(t, file)))
	}
	code := blocks(read(t, root(t), "docs", "library.md"), "go")
	if len(code) < 10 {
		t.Errorf("docs/library.md has %d pieces of code", len(code))
	}
	for _, piece := range code {
		if !strings.Contains(sources.String(), unindented(piece)) {
			t.Errorf("no program has this piece of docs/library.md:\n%s", piece)
		}
	}
}

// Whatever another module can see has a doc comment that go doc shows.
func TestDocComments(t *testing.T) {
	count := 0
	err := filepath.WalkDir(root(t), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		switch name := entry.Name(); {
		case name == "internal" || name == "benchmarks" || name == "tests" || name == "testdata" || strings.HasPrefix(name, ".") && path != root(t):
			return fs.SkipDir
		}
		sources, err := filepath.Glob(filepath.Join(path, "*.go"))
		if err != nil || len(sources) == 0 {
			return err
		}
		hasPackage := false
		for _, source := range sources {
			if strings.HasSuffix(source, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, source, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			hasPackage = hasPackage || file.Doc != nil
			for _, name := range undocumented(file) {
				t.Errorf("%s: %s has no doc comment", set.Position(name.Pos()), name.Name)
			}
			count++
		}
		if !hasPackage {
			t.Errorf("the package in %s has no comment", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count < 100 {
		t.Errorf("only %d files were looked at", count)
	}
}

// undocumented are the exported names of a file that nothing is said of: declarations, methods of exported types, and the methods of
// interfaces. A comment on a group of constants or variables is one on each, and what everybody knows of Error, String and Unwrap needs
// none.
func undocumented(file *ast.File) (names []*ast.Ident) {
	add := func(name *ast.Ident, comments ...*ast.CommentGroup) {
		for _, c := range comments {
			if c != nil {
				return
			}
		}
		if name.IsExported() {
			names = append(names, name)
		}
	}
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			isKnown := d.Recv != nil && slices.Contains([]string{"Error", "String", "Unwrap"}, d.Name.Name)
			if d.Recv == nil || receiver(d.Recv.List[0].Type).IsExported() && !isKnown {
				add(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					add(s.Name, s.Doc, s.Comment, d.Doc)
					if i, ok := s.Type.(*ast.InterfaceType); ok && s.Name.IsExported() {
						for _, method := range i.Methods.List {
							for _, name := range method.Names {
								add(name, method.Doc, method.Comment)
							}
						}
					}
				case *ast.ValueSpec:
					for _, name := range s.Names {
						add(name, s.Doc, s.Comment, d.Doc)
					}
				}
			}
		}
	}
	return names
}

// receiver is the name of the type that a method belongs to.
func receiver(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e
	}
	return ast.NewIdent("_")
}

// The check of doc comments finds those that are missing.
func TestUndocumented(t *testing.T) {
	const source = `package p
type A struct{}
// B is said.
type B interface {
	M()
	N() // said
}
func (B) String() string { return "" }
func (B) Q() {}
func (a) Q() {}
const C = 1
// Group.
const ( D = 1; E = 2 )
var f = 1
`
	file, err := parser.ParseFile(token.NewFileSet(), "p.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, name := range undocumented(file) {
		got = append(got, name.Name)
	}
	if strings.Join(got, " ") != "A M Q C" {
		t.Errorf("%v lack a comment; want A, M, Q and C", got)
	}
}
