// Command stats counts what the catalog holds, as a table for people, and how
// many statements of the five founding pages a test holds:
//
//	go run ./bench/stats
//
// It runs at the root of the module, and its exit code is 1 if a statement has
// no test that passes.
package main

import (
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/parlance-api/parlance/catalog"
	yaml "go.yaml.in/yaml/v4"
)

// columns are what is counted of a file. Bare lines are those without samples,
// comments and empty lines: what somebody has to write.
var columns = []string{"lines", "bare", "codes", "shapes", "samples"}

func main() {
	log.SetFlags(0)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, cells ...any) {
		fmt.Fprint(w, name, "\t")
		for _, c := range cells {
			fmt.Fprint(w, c, "\t")
		}
		fmt.Fprintln(w)
	}
	row("", toAny(columns)...)
	names := catalog.Names()
	byColumn := make([][]int, len(columns))
	rests := map[string]int{}
	for _, name := range names {
		_, text, err := catalog.Read(name)
		if err != nil {
			log.Fatal(err)
		}
		counted, err := count(string(text))
		if err != nil {
			log.Fatalf("%s: %v", name, err)
		}
		row(name, toAny(counted)...)
		rests[restsOn(string(text))]++
		for i, n := range counted {
			byColumn[i] = append(byColumn[i], n)
		}
	}
	var medians, largest, totals []int
	for _, all := range byColumn {
		total := 0
		for _, n := range all {
			total += n
		}
		slices.Sort(all)
		medians, largest, totals = append(medians, all[len(all)/2]), append(largest, all[len(all)-1]), append(totals, total)
	}
	row("")
	row("median", toAny(medians)...)
	row("largest", toAny(largest)...)
	row(fmt.Sprintf("all %d files", len(names)), toAny(totals)...)
	if err := w.Flush(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("\n%d files rest on pages whose day they name, %d on pages without one, %d on recordings, %d on memory\n", rests["pages"], rests[""], rests["recordings"], rests["memory"])
	fmt.Println("bare: the lines without samples, comments and empty lines")
	fmt.Println()
	if err := countStatements(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func toAny[T any](all []T) (cells []any) {
	for _, e := range all {
		cells = append(cells, e)
	}
	return cells
}

// restsOn is what a file was written from: pages, recordings or memory; "" if it does not
// say when its pages were read.
func restsOn(text string) string {
	var file struct {
		PageDate string `yaml:"page_date"`
	}
	if err := yaml.Unmarshal([]byte(text), &file); err != nil || file.PageDate == "" || file.PageDate == "recordings" || file.PageDate == "memory" {
		return file.PageDate
	}
	return "pages"
}

// count is the figures of a file, in the order of columns.
func count(text string) ([]int, error) {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	sampled := func(int) bool { return false }
	codes, shapes, samples := 0, 0, 0
	top := document.Content[0].Content // names and values in turns
	for i := 0; i+1 < len(top); i += 2 {
		switch key, value := top[i], top[i+1]; key.Value {
		case "codes":
			for j := 0; j < len(value.Content); j += 2 {
				codes += 1 + strings.Count(value.Content[j].Value, ",") // 400, 404: invalid
			}
		case "shapes":
			shapes = len(value.Content)
		case "samples":
			samples = len(value.Content)
			first, after := key.Line, len(lines)+1
			if i+2 < len(top) {
				after = top[i+2].Line
			}
			sampled = func(line int) bool { return first <= line && line < after }
		}
	}
	bare := 0
	for i, l := range lines {
		if l = strings.TrimSpace(l); l != "" && l[0] != '#' && !sampled(i+1) {
			bare++
		}
	}
	return []int{len(lines), bare, codes, shapes, samples}, nil
}
