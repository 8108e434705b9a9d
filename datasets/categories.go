package datasets

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxCategories is how many categories a column may have: each is a coordinate.
const maxCategories = 1000

// categories number the names in a column.
type categories struct {
	names []string
	codes map[string]int
	given bool // there are no others
	known string
}

// newCategories are those given, or those that are found where there are none.
func newCategories(given []string) *categories {
	c := &categories{names: slices.Clone(given), codes: map[string]int{}, given: len(given) > 0, known: "is no category"}
	for code, name := range given {
		c.codes[name] = code
	}
	return c
}

// code is the number of the category in a cell.
func (c *categories) code(cell string) (int, error) {
	if code, ok := c.codes[cell]; ok {
		return code, nil
	}
	if problem := noCategory(cell); problem != "" {
		return 0, errors.New(problem)
	}
	if c.given {
		return 0, fmt.Errorf("%.60q %s%s", cell, c.known, alternatives(cell, c.names))
	}
	if len(c.names) == maxCategories {
		return 0, fmt.Errorf("%.60q is one category more than %d: is it a column of categories?", cell, maxCategories)
	}
	name := strings.Clone(cell) // of a row that goes
	c.names, c.codes[name] = append(c.names, name), len(c.names)
	return c.codes[name], nil
}

// sort brings categories that were found into order, that of numbers where all are, and changes the codes of a column
// accordingly.
func (c *categories) sort(codes []float64) {
	if c.given {
		return
	}
	order := make([]int, len(c.names))
	for i := range order {
		order[i] = i
	}
	numbers, areNumbers := numbersOf(c.names)
	slices.SortFunc(order, func(a, b int) int {
		if areNumbers && numbers[a] != numbers[b] {
			return cmp.Compare(numbers[a], numbers[b])
		}
		return strings.Compare(c.names[a], c.names[b])
	})
	names, to := make([]string, len(order)), make([]float64, len(order))
	for code, old := range order {
		names[code], to[old], c.codes[c.names[old]] = c.names[old], float64(code), code
	}
	c.names = names
	for i, code := range codes {
		if !math.IsNaN(code) {
			codes[i] = to[int(code)]
		}
	}
}

// numbersOf reads names as numbers, and says whether all are.
func numbersOf(names []string) (numbers []float64, all bool) {
	for _, name := range names {
		x, err := strconv.ParseFloat(name, 64)
		if err != nil || math.IsNaN(x) {
			return nil, false
		}
		numbers = append(numbers, x)
	}
	return numbers, true
}

// tokens are what stands for a missing value in a text. Nil is nothing.
type tokens struct{ folded map[string]bool }

// longestToken bounds what is compared.
const longestToken = 100

func newTokens(given []string) *tokens {
	t := &tokens{folded: map[string]bool{}}
	for _, token := range given {
		t.folded[strings.ToLower(strings.TrimSpace(token))] = true
	}
	return t
}

// has says whether a cell is one of them, in whichever case.
func (t *tokens) has(cell string) bool {
	if t == nil || len(cell) > longestToken {
		return false
	}
	if t.folded[cell] {
		return true
	}
	for i := range len(cell) { // numbers have no letters but e
		if c := cell[i]; c >= 'A' && c != 'E' && c != 'e' {
			return t.folded[strings.ToLower(cell)]
		}
	}
	return false
}
