// Command table makes the table of bench/README.md of what go test -bench
// prints: medians, and the ratio to the peer of the same run.
//
//	go test -run '^$' -bench . -benchmem -count=6 ./bench ./dialect/internal/tree | go run ./bench/table
package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// peers are what each benchmark is held against, by preference.
var peers = []string{"encoding-json", "encoding-xml", "reverseproxy"}

var line = regexp.MustCompile(`^Benchmark(\w+)/of=([^/]+)/by=(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

func main() {
	figures := map[string]map[string][]float64{} // "Read vms", "parlance", then by unit
	var order []string
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		m := line.FindStringSubmatch(in.Text())
		if m == nil {
			continue
		}
		for rest := strings.Fields(m[4]); len(rest) > 1; rest = rest[2:] {
			name := m[1] + " " + m[2] + "\x00" + m[3]
			if figures[name] == nil {
				figures[name] = map[string][]float64{}
				order = append(order, name)
			}
			if f, err := strconv.ParseFloat(rest[0], 64); err == nil {
				figures[name][rest[1]] = append(figures[name][rest[1]], f)
			}
		}
	}
	median := func(name, unit string) float64 {
		all := slices.Sorted(slices.Values(figures[name][unit]))
		if len(all) == 0 {
			return 0
		}
		return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
	}
	fmt.Println("| what | by | time | of the peer's | bytes | allocations |\n|---|---|--:|--:|--:|--:|")
	for _, name := range order {
		what, by, _ := strings.Cut(name, "\x00")
		ratio := ""
		for _, p := range peers {
			if t := median(what+"\x00"+p, "ns/op"); t > 0 && by != p {
				ratio = fmt.Sprintf("%.2f", median(name, "ns/op")/t)
			}
		}
		fmt.Printf("| %s | %s | %.0f ns | %s | %.0f | %.0f |\n", what, by, median(name, "ns/op"), ratio, median(name, "B/op"), median(name, "allocs/op"))
	}
}
