package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What docs/architecture.md calls by name is there: exported names of packages, and files. What is called xyz is to be written.
func TestArchitectureNames(t *testing.T) {
	text := read(t, "../../docs/architecture.md")
	names, files := map[string]bool{}, map[string]bool{}
	pictures := regexp.MustCompile("(?s)```mermaid\n(.*?)```").FindAllString(text, -1)
	prose := regexp.MustCompile("`[^`\n]+`").FindAllString(text, -1)
	for _, part := range append(pictures, prose...) {
		for _, name := range regexp.MustCompile(`[a-z]+(/[a-z]+)*(\.[A-Z]\w*)+`).FindAllString(part, -1) {
			names[name] = true
		}
		for _, file := range regexp.MustCompile(`[a-z_]+(/[a-z_]+)+\.(go|yaml)`).FindAllString(part, -1) {
			files[file] = !strings.Contains(file, "xyz")
		}
	}
	if len(pictures) == 0 || len(names) < 30 || len(files) < 20 {
		t.Fatalf("%d pictures, %d names and %d files were found", len(pictures), len(names), len(files))
	}
	for file, isThere := range files {
		if _, err := os.Stat(filepath.Join("../..", file)); isThere && err != nil {
			t.Errorf("there is no file %s", file)
		}
	}
	exported := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		folder, rest, _ := strings.Cut(name, ".")
		if exported[folder] == nil {
			exported[folder] = exportedBy(t, filepath.Join("../..", folder))
		}
		if exported[folder] != nil && !slices.Contains(exported[folder], rest) {
			t.Errorf("package %s exports no %s", folder, rest)
		}
	}
}

// exportedBy lists what a package exports: Name, and Type.Name of methods and fields. A folder that is no package has nil.
func exportedBy(t *testing.T, folder string) (all []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			all = append(all, declared(d)...)
		}
	}
	return all
}

// declared are the names of a declaration.
func declared(d ast.Decl) (all []string) {
	if f, isFunc := d.(*ast.FuncDecl); isFunc {
		if f.Recv == nil {
			return []string{f.Name.Name}
		}
		of := f.Recv.List[0].Type
		if star, isPointer := of.(*ast.StarExpr); isPointer {
			of = star.X
		}
		if of, isName := of.(*ast.Ident); isName {
			return []string{of.Name + "." + f.Name.Name}
		}
		return nil
	}
	for _, spec := range d.(*ast.GenDecl).Specs {
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				all = append(all, name.Name)
			}
		case *ast.TypeSpec:
			all = append(all, spec.Name.Name)
			var members *ast.FieldList
			switch of := spec.Type.(type) {
			case *ast.StructType:
				members = of.Fields
			case *ast.InterfaceType:
				members = of.Methods
			default:
				continue
			}
			for _, member := range members.List {
				for _, name := range member.Names {
					all = append(all, spec.Name.Name+"."+name.Name)
				}
			}
		}
	}
	return all
}
