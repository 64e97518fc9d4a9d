package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	docpage "github.com/parlance-api/parlance/page"
)

// pageFlags are what the flags of the page set.
type pageFlags struct {
	out      string
	markdown bool
	catalog  bool
	try      string
	options  docpage.Options
}

func (a *app) pageCommand() *cobra.Command {
	var f pageFlags
	cmd := &cobra.Command{
		Use:   "page NAME|FILE…",
		Short: "Make the documentation of an API's responses: HTML or Markdown",
		Long: `Makes a page from a dialect. For each code it says what it means, what causes it, what
a client does and when, and whether a retry is safe. It shows the response, a command
that gets it from parlance mock, and the Go that handles it.

A page of HTML is one file. It fetches nothing, and it can be read without JavaScript.
Each code has an anchor, which is the code itself: with --base-url, the page shows the
type of a problem (RFC 9457) that leads there, such as https://errors.example.com/#402.

Several dialects, or --catalog, make a folder: a page for each, and index.html with a
search over all codes. -o names the file or the folder. Without -o, the page of one
dialect goes to standard output.

With --try, a reader of the page can paste a response, as curl -i prints it, and sees what
it means. The page then holds the core of Parlance as WebAssembly, which adds about 3 MB,
and the text of the dialect file with its comments. It fetches nothing. FILE is
parlance-try.js, which the package for Node writes: parlance-files --try DIR, or in a checkout
node lib/node/build.js DIR --pack.`,
		Example: `  parlance page stripe -o stripe.html
  parlance page my-api.yaml --base-url https://errors.example.com/ -o public
  parlance page vms --markdown --lang de > errors.md
  parlance page stripe --try node/parlance-try.js -o stripe.html
  parlance page --catalog -o public`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.catalog {
				return arguments(0, 0, "no dialect beside --catalog")(cmd, args)
			}
			return arguments(1, -1, "dialects, or --catalog")(cmd, args)
		},
		ValidArgsFunction: completeDialect,
		RunE:              func(_ *cobra.Command, args []string) error { return a.makePage(args, f) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "output", "o", "", "the `FILE` or folder to write; a folder if it is there, ends in / or has no extension")
	flags.BoolVar(&f.markdown, "markdown", false, "write Markdown, and not HTML; also if FILE ends in .md")
	flags.BoolVar(&f.catalog, "catalog", false, "make the pages of all dialects of the catalog")
	flags.StringVar(&f.try, "try", "", "let a reader paste a response; `FILE` is parlance-try.js, see above")
	flags.StringVar(&f.options.Language, "lang", docpage.DefaultLanguage, "the `LANGUAGE` of the page's own words: "+strings.Join(docpage.Languages(), ", "))
	flags.StringVar(&f.options.BaseURL, "base-url", "", "the `URL` at which the page, or the folder, will stand")
	// The library's only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions(docpage.Languages(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// makePage writes the page of one dialect, or a folder of them.
func (a *app) makePage(names []string, f pageFlags) error {
	if f.catalog {
		names = catalog.Names()
	}
	folder := f.catalog || len(names) > 1
	f.markdown = f.markdown || !folder && strings.EqualFold(filepath.Ext(f.out), ".md")
	if err := f.check(folder); err != nil {
		return err
	}
	dialects, err := a.loadAll(names)
	if err != nil {
		return err
	}
	f.options.Files = map[string]string{}
	for i, name := range names {
		if catalog.IsFile(name) {
			f.options.Files[dialects[i].Name()] = name
		}
	}
	if folder {
		return a.writePages(f, dialects)
	}
	if f.try != "" {
		if f.options.Trial, err = trialOf(names[0], dialects[0].Name(), f.try); err != nil {
			return err
		}
	}
	return a.writePage(f, dialects[0])
}

// check says what is wrong with the flags. folder is set if several pages are made.
func (f *pageFlags) check(folder bool) error {
	switch base := f.options.BaseURL; {
	case !slices.Contains(docpage.Languages(), f.options.Language):
		return &mistake{message: fmt.Sprintf("--lang: there are no words for the language %q", f.options.Language), hint: "there are: " + strings.Join(docpage.Languages(), ", ")}
	case base != "" && !isPage(base):
		return &mistake{message: fmt.Sprintf("--base-url: %q is not the URL of a page", base), hint: "for example: --base-url https://errors.example.com/"}
	case f.try != "" && (folder || f.markdown):
		return &mistake{message: "--try makes the page of one dialect, in HTML", hint: "run it once for each of them"}
	case folder && f.out == "":
		return &mistake{message: "several dialects make a folder of pages", hint: "name it: -o DIR"}
	case folder && f.markdown:
		return &mistake{message: "--markdown makes the page of one dialect", hint: "run it once for each of them"}
	}
	return nil
}

// isPage reports that a text is the URL of a page.
func isPage(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.Fragment == ""
}

// writePage writes the page of one dialect to a file, or to standard output.
func (a *app) writePage(f pageFlags, d *dialect.Dialect) error {
	write, extension := docpage.HTML, ".html"
	if f.markdown {
		write, extension = docpage.Markdown, ".md"
	}
	var text bytes.Buffer
	if err := write(&text, f.options, d); err != nil {
		if errors.Is(err, docpage.ErrCore) {
			return noCore(f.try, err)
		}
		return err
	}
	switch {
	case f.out == "":
		_, err := a.stdout.Write(text.Bytes())
		return err
	case isFolder(f.out):
		f.out = filepath.Join(f.out, d.Name()+extension)
	}
	return a.writeFiles("", docpage.File{Name: f.out, Text: text.Bytes()})
}

// writePages writes a folder of pages.
func (a *app) writePages(f pageFlags, dialects []*dialect.Dialect) error {
	if info, err := os.Stat(f.out); err == nil && !info.IsDir() {
		return &mistake{message: f.out + " is a file, and several pages need a folder", hint: "name a folder: -o DIR"}
	}
	if base := f.options.BaseURL; base != "" && !strings.HasSuffix(base, "/") {
		f.options.BaseURL += "/"
	}
	files, err := docpage.Files(f.options, dialects...)
	if err != nil {
		return &mistake{message: err.Error(), hint: "name each dialect once", cause: err}
	}
	return a.writeFiles(f.out, files...)
}

// isFolder reports that -o names a folder.
func isFolder(name string) bool {
	if info, err := os.Stat(name); err == nil {
		return info.IsDir()
	}
	return os.IsPathSeparator(name[len(name)-1]) || filepath.Ext(name) == ""
}

// writeFiles writes files into a folder, which is made if it is not there, and says on
// standard error how many.
func (a *app) writeFiles(dir string, files ...docpage.File) error {
	for _, f := range files {
		name := filepath.Join(dir, f.Name)
		err := os.MkdirAll(filepath.Dir(name), 0o777)
		if err == nil {
			err = os.WriteFile(name, f.Text, 0o666)
		}
		if err != nil {
			return &mistake{message: cannotWrite(name, err), hint: "name another place: -o DIR", cause: err}
		}
	}
	first := filepath.Join(dir, files[len(files)-1].Name)
	if len(files) == 1 {
		fmt.Fprintf(a.stderr, "wrote %s\n", first)
		return nil
	}
	fmt.Fprintf(a.stderr, "wrote %d pages; begin with %s\n", len(files), first)
	return nil
}

// cannotWrite says why a file cannot be written. A folder that is the cause is named.
func cannotWrite(name string, err error) string {
	var path *fs.PathError
	switch {
	case !errors.As(err, &path):
	case path.Path == name:
		err = path.Err
	default:
		err = fmt.Errorf("%s: %w", path.Path, path.Err)
	}
	return fmt.Sprintf("%s cannot be written: %v", name, err)
}
