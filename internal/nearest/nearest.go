// Package nearest finds the word that a misspelt one was meant to be.
package nearest

import (
	"slices"
	"strings"
)

// Word is the known word that is at most a third of its letters away, "" if
// none is.
func Word(word string, known []string) string {
	best, least := "", max(len(word)/3, 1)+1
	for _, k := range known {
		if max(len(word)-len(k), len(k)-len(word)) >= least {
			continue // each letter more is one to insert
		}
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is the number of letters to insert, delete, replace or swap; 64 for
// texts so long that nobody meant a word by them.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	two, one, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range one {
		one[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(one[j]+1, row[j-1]+1, one[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], two[j-2]+1)
			}
		}
		two, one, row = one, row, two
	}
	return one[len(b)]
}

// Sorted is the known words, the nearest ones first. Words that are equally near keep their
// order.
func Sorted(word string, known []string) []string {
	type at struct {
		word string
		far  int
	}
	all := make([]at, len(known))
	for i, k := range known {
		all[i] = at{k, distance(word, k)}
		if strings.Contains(k, word) && word != "" {
			all[i].far = 0
		}
	}
	slices.SortStableFunc(all, func(a, b at) int { return a.far - b.far })
	sorted := make([]string, len(all))
	for i := range all {
		sorted[i] = all[i].word
	}
	return sorted
}
