package main

import (
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"strings"
)

// comments are the passages of the documentation in a Go file: the package's, and
// that of each exported name, field and method.
func comments(file, text string) ([]passage, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var all []passage
	take := func(group *ast.CommentGroup) {
		if group == nil {
			return
		}
		line := set.Position(group.Pos()).Line
		var p comment.Parser
		for _, block := range p.Parse(group.Text()).Content {
			all = append(all, blocks(line, block)...)
		}
	}
	takeOf := func(names []*ast.Ident, groups ...*ast.CommentGroup) {
		if len(names) > 0 && names[0].IsExported() {
			for _, group := range groups {
				take(group)
			}
		}
	}
	take(tree.Doc)
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			from := len(all)
			takeOf([]*ast.Ident{n.Name}, n.Doc)
			if from < len(all) {
				all[from].rows[0] = code + strings.TrimPrefix(all[from].rows[0], n.Name.Name)
			}
			return false
		case *ast.GenDecl:
			if exports(n) {
				take(n.Doc)
			}
		case *ast.TypeSpec:
			if !n.Name.IsExported() {
				return false
			}
			take(n.Doc)
			take(n.Comment)
		case *ast.ValueSpec:
			takeOf(n.Names, n.Doc, n.Comment)
		case *ast.Field:
			takeOf(n.Names, n.Doc, n.Comment)
		}
		return true
	})
	return all, nil
}

// exports reports that a declaration has an exported name in it.
func exports(d *ast.GenDecl) bool {
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() {
				return true
			}
		case *ast.ValueSpec:
			if s.Names[0].IsExported() {
				return true
			}
		}
	}
	return false
}

// blocks are the passages of one block of a comment; code and headings are none.
func blocks(line int, block comment.Block) (all []passage) {
	switch block := block.(type) {
	case *comment.Paragraph:
		all = append(all, passage{line, strings.Split(inline(block.Text), "\n")})
	case *comment.List:
		for _, item := range block.Items {
			for _, inner := range item.Content {
				all = append(all, blocks(line, inner)...)
			}
		}
	}
	return all
}

// inline is the text of a paragraph; a name in brackets is one word of code.
func inline(text []comment.Text) string {
	var b strings.Builder
	for _, t := range text {
		switch t := t.(type) {
		case comment.Plain:
			b.WriteString(string(t))
		case comment.Italic:
			b.WriteString(string(t))
		case *comment.DocLink:
			b.WriteString(code)
		case *comment.Link:
			b.WriteString(inline(t.Text))
		}
	}
	return b.String()
}
