package main

import "fmt"

// mostCells bounds the table of a diff: beyond it all lines differ.
const mostCells = 4 << 20

// edit is a line of a diff: kept (a blank), taken out (-) or added (+).
type edit struct {
	mark byte
	text string
	line int
}

// hunks are the lines that differ, marked - and +, with a line of what is alike
// around them, after @@ and the number of the first.
func hunks(before, after []string) []string {
	if (len(before)+1)*(len(after)+1) > mostCells {
		return []string{fmt.Sprintf("@@ 1 to %d: too long to show", len(before))}
	}
	edits := diff(before, after)
	kept := func(at int) bool { return at < 0 || at >= len(edits) || edits[at].mark == ' ' }
	var lines []string
	shown := false
	for at, e := range edits {
		if kept(at-1) && kept(at) && kept(at+1) {
			shown = false
			continue
		}
		if !shown {
			lines = append(lines, fmt.Sprintf("@@ %d", e.line))
		}
		shown = true
		lines = append(lines, string(e.mark)+e.text)
	}
	return lines
}

// diff is how one text becomes the other.
func diff(before, after []string) (edits []edit) {
	common := commonLines(before, after)
	for i, j := 0, 0; i < len(before) || j < len(after); {
		switch {
		case i < len(before) && j < len(after) && before[i] == after[j]:
			edits = append(edits, edit{' ', before[i], i + 1})
			i, j = i+1, j+1
		case j == len(after) || i < len(before) && common[i+1][j] >= common[i][j+1]:
			edits = append(edits, edit{'-', before[i], i + 1})
			i++
		default:
			edits = append(edits, edit{'+', after[j], i + 1})
			j++
		}
	}
	return edits
}

// commonLines is the table of how many lines the rest of one text, from each of its
// lines on, has in common with the rest of the other.
func commonLines(before, after []string) [][]int32 {
	common := make([][]int32, len(before)+1)
	for i := range common {
		common[i] = make([]int32, len(after)+1)
	}
	for i := len(before) - 1; i >= 0; i-- {
		for j := len(after) - 1; j >= 0; j-- {
			if before[i] == after[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	return common
}
