package storm

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

var full = flag.Bool("storm.full", false, "simulate every cell, and write docs/storm.md and its pictures")

const (
	page    = "../../docs/storm.md"
	picture = "../../docs/storm.svg"

	seeds = 20

	// hopeless is after how many seeds one who has not come back with any of them
	// is let off the others: being lost takes the most time.
	hopeless = 3
)

var (
	loads  = []int{50, 67, 80, 90, 95}
	stalls = []time.Duration{time.Second, 10 * time.Second, time.Minute}
)

// TestGrid makes the table of docs/storm.md and its picture.
func TestGrid(t *testing.T) {
	if !*full {
		t.Skip("takes half an hour; run it by -storm.full")
	}
	debug.SetGCPercent(400) // it is short of time and not of memory
	var cells []cell
	for _, shed := range []bool{false, true} {
		for _, stall := range stalls {
			for _, load := range loads {
				cells = append(cells, cell{load, stall, shed})
			}
		}
	}
	rows := make([][]tally, len(cells))
	t.Run("cells", func(t *testing.T) {
		for i := len(cells) - 1; i >= 0; i-- { // the long ones first
			t.Run(cells[i].String(), func(t *testing.T) {
				t.Parallel()
				began := time.Now()
				rows[i] = visitAll(t, cells[i])
				t.Logf("%v in %v", rows[i], time.Since(began).Round(time.Second))
			})
		}
	})
	for i, c := range cells {
		if why := failing(c, rows[i][0], rows[i][1]); why != "" {
			t.Error(why)
		}
	}
	splice(t, page, "simulated", table(cells, rows))
	if err := os.WriteFile(picture, plot(stallOf10, curves(t)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// visitAll sends every client through a cell.
func visitAll(t *testing.T, c cell) []tally {
	row := make([]tally, len(peers))
	for seed := range uint64(seeds) {
		var within time.Duration
		for i, p := range peers {
			if row[i].seeds >= hopeless && row[i].recovered == 0 {
				continue
			}
			if i == 0 {
				within = time.Hour
			}
			r := run(t, trip{peer: p, cell: c, seed: seed, within: within})
			if i == 0 {
				within = allow(r)
			}
			row[i].add(r)
		}
	}
	return row
}

// curves are the picture's: a stall of 10 s at 80% of the load.
func curves(t *testing.T) []curve {
	all := make([]curve, len(peers))
	for i, p := range peers {
		all[i].name = p.name
		sums := map[int]counts{}
		for seed := range uint64(5) {
			r := run(t, trip{peer: p, cell: cell{80, 10 * time.Second, false}, seed: seed, within: 70 * time.Second, stay: true})
			for s := range 90 {
				from := ticks(time.Duration(s) * time.Second)
				c, sum := r.record.between(from, from+ticks(time.Second)), sums[s]
				sums[s] = counts{first: sum.first + c.first, inTime: sum.inTime + c.inTime}
			}
		}
		for s := range 90 {
			all[i].share = append(all[i].share, sums[s].share())
		}
	}
	return all
}

func table(cells []cell, rows [][]tally) string {
	var b strings.Builder
	b.WriteString("| server | stall | load |")
	for _, p := range peers {
		b.WriteString(" " + p.name + " |")
	}
	b.WriteString("\n|---|--:|--:|" + strings.Repeat("--:|", len(peers)) + "\n")
	for i, c := range cells {
		fmt.Fprintf(&b, "| %s | %d s | %d%% |", map[bool]string{false: "lets all in", true: "sheds"}[c.shed], c.stall/time.Second, c.load)
		for _, y := range rows[i] {
			fmt.Fprintf(&b, " %s |", y)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// splice puts a text between the two comments of a page that bear its name.
func splice(t *testing.T, file, name, text string) {
	t.Helper()
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(old), "<!-- "+name+" -->\n")
	_, after, ok2 := strings.Cut(rest, "<!-- end of "+name+" -->\n")
	if !ok || !ok2 {
		t.Fatalf("%s has no comments that say where %q begins and ends", file, name)
	}
	text = before + "<!-- " + name + " -->\n" + text + "<!-- end of " + name + " -->\n" + after
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
