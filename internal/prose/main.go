// Command prose holds our texts to the rules of plain English in CONTRIBUTING.md:
//
//	go run ./internal/prose README.md docs   # Markdown files, and folders of them
//	go run ./internal/prose -go .            # the comments of exported names in Go files
//
// Each finding is a line with its place. The exit code is 1 if there is one.
package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	log.SetFlags(0)
	inGo := flag.Bool("go", false, "read the comments of exported names in Go files, not Markdown")
	flag.Parse()
	n, err := run(os.Stdout, *inGo, flag.Args())
	if err != nil {
		log.Fatal("prose: ", err)
	}
	if n > 0 {
		log.Fatalf("prose: %d found; the rules are in CONTRIBUTING.md, How we write", n)
	}
}

// run prints what it finds in files and folders, and counts it.
func run(w io.Writer, inGo bool, places []string) (n int, err error) {
	for _, place := range places {
		err := filepath.WalkDir(place, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			switch name := d.Name(); {
			case d.IsDir() && path != place && (strings.HasPrefix(name, ".") || name == "testdata"):
				return filepath.SkipDir
			case d.IsDir(), !wanted(inGo, name):
				return nil
			}
			found, err := read(inGo, path)
			for _, f := range found {
				fmt.Fprintln(w, f)
			}
			n += len(found)
			return err
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func wanted(inGo bool, name string) bool {
	if inGo {
		return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
	}
	return strings.HasSuffix(name, ".md")
}

// read is what is found in one file.
func read(inGo bool, path string) (all []finding, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	passages := []passage(nil)
	if inGo {
		passages, err = comments(path, string(text))
	} else {
		passages = markdown(strings.ReplaceAll(string(text), "\r\n", "\n"))
	}
	for _, p := range passages {
		all = append(all, check(path, p)...)
	}
	return all, err
}
