package datasets

import (
	"fmt"
	"strings"
)

// suggest returns `, did you mean "…"?` with the known name closest to what was found, or nothing when none is close.
func suggest(found string, known []string) string {
	best, fewest := "", len(found)/3+1 // edits a slip of the hand may take
	for _, name := range known {
		if edits := editDistance(strings.ToLower(found), strings.ToLower(name)); edits <= fewest {
			best, fewest = name, edits-1
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}

// editDistance returns the least number of inserted, deleted and replaced bytes that turn a into b (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1) // row[j]: from the part of a seen so far to b[:j]
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
