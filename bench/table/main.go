// Command table turns the output of go test -bench into the table of
// bench/README.md: medians, and the ratio to the peer of the same run. README.md has the
// command.
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

// peers are those that others are held against. A benchmark has one of them.
var peers = []string{"sqlite-batched", "encoding-json", "encoding-xml", "json-valid", "xml-token", "yaml"}

var line = regexp.MustCompile(`^Benchmark(\w+)(?:/of=([^/]+))?/by=(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

func main() {
	figures := map[string]map[string][]float64{} // "Read vms", "parlance", then by unit
	var order []string
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		m := line.FindStringSubmatch(in.Text())
		if m == nil {
			continue
		}
		for rest := strings.Fields(m[4]); len(rest) > 1; rest = rest[2:] {
			name := strings.TrimSpace(m[1]+" "+m[2]) + "\x00" + m[3]
			if figures[name] == nil {
				figures[name] = map[string][]float64{}
				order = append(order, name)
			}
			if f, err := strconv.ParseFloat(rest[0], 64); err == nil {
				figures[name][rest[1]] = append(figures[name][rest[1]], f)
			}
		}
	}
	of := func(name, unit string) float64 { return median(figures[name][unit]) }
	fmt.Println("| what | by | time | of the peer's | MB/s | bytes | allocations |\n|---|---|--:|--:|--:|--:|--:|")
	for _, name := range order {
		what, by, _ := strings.Cut(name, "\x00")
		ratio, speed := "", ""
		for _, p := range peers {
			if r := median(ratios(figures[name]["ns/op"], figures[what+"\x00"+p]["ns/op"])); r > 0 && by != p {
				ratio = fmt.Sprintf("%.2f", r)
			}
		}
		if s := of(name, "MB/s"); s > 0 {
			speed = fmt.Sprintf("%.0f", s)
		}
		fmt.Printf("| %s | %s | %s | %s | %s | %.0f | %.0f |\n",
			what, by, duration(of(name, "ns/op")), ratio, speed, of(name, "B/op"), of(name, "allocs/op"))
	}
}

// ratios are taken round by round: what stood close together in time met the
// same noise.
func ratios(ours, peers []float64) (all []float64) {
	for i := range min(len(ours), len(peers)) {
		all = append(all, ours[i]/peers[i])
	}
	return all
}

func median(figures []float64) float64 {
	all := slices.Sorted(slices.Values(figures))
	if len(all) == 0 {
		return 0
	}
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

// duration is a time in the unit that leaves it a few digits.
func duration(ns float64) string {
	switch {
	case ns >= 1e6:
		return fmt.Sprintf("%.2f ms", ns/1e6)
	case ns >= 1e4:
		return fmt.Sprintf("%.1f µs", ns/1e3)
	case ns < 100:
		return fmt.Sprintf("%.1f ns", ns)
	}
	return fmt.Sprintf("%.0f ns", ns)
}
