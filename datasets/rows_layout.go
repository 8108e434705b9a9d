package datasets

import (
	"fmt"
	"slices"
	"strings"
)

// ofRun says which columns new rows need to have.
const ofRun = ", which the run was trained on"

// rowLayout says which columns are read of a file of new rows.
type rowLayout struct {
	e       *Encoding
	label   string   // the column of their classes; empty: none
	canMiss bool     // any value may be missing
	absent  []string // columns that need not be there
}

// wanted are the columns that have to be there.
func (l rowLayout) wanted() (columns []EncodedColumn) {
	for _, c := range l.e.Columns {
		if !slices.Contains(l.absent, c.Name) {
			columns = append(columns, c)
		}
	}
	return columns
}

// layout implements the type of that name.
func (l rowLayout) layout(name string, names []string, isNamed bool) (*table, error) {
	t := &table{name: name, names: names, find: finder(names, isNamed), why: ofRun, remedy: "the run has nothing that stands in for one", unlabelled: "leave out the row"}
	if l.label != "" {
		at, err := (&table{name: name, names: names, find: t.find}).at(l.label)
		if err != nil {
			return nil, err
		}
		t.label = &tableColumn{name: names[at], at: at, categories: newCategories(nil), isSure: true}
	}
	return t, l.pick(t, isNamed)
}

// pick picks the coordinates among the columns of a file.
func (l rowLayout) pick(t *table, isNamed bool) error {
	wanted, isArray := l.wanted(), !isNamed && endingOf(t.name) == npyEnding
	isThere := !slices.ContainsFunc(wanted, func(c EncodedColumn) bool { _, found := t.find(c.Name); return !found })
	var others []int // than the label
	for at, column := range t.names {
		if column != "" && (t.label == nil || t.label.at != at) {
			others = append(others, at)
		}
	}
	switch {
	case !(isNamed && isThere) && l.e.isPlain():
		for _, at := range others {
			t.columns = append(t.columns, &tableColumn{name: t.names[at], at: at, canMiss: l.canMiss, isSure: l.canMiss})
		}
	case isArray && len(others) == len(l.e.Columns):
		for k, at := range others {
			l.add(t, at, l.e.Columns[k])
		}
	case isArray && len(others) == len(wanted):
		for k, at := range others {
			l.add(t, at, wanted[k])
		}
	case isArray && !isThere:
		return l.e.misfit(t.name, len(others))
	case !isNamed && !isThere:
		return fmt.Errorf("%s: there is no header, want one that names the columns%s: %.200s", t.name, ofRun, strings.Join(l.e.Names(), ", "))
	default:
		for _, c := range wanted {
			at, err := t.at(c.Name)
			if err != nil {
				return err
			}
			l.add(t, at, c)
		}
	}
	for _, c := range t.columns {
		if t.label != nil && t.label.at == c.at {
			return fmt.Errorf("%s: column %.60q is one of the coordinates, and cannot be the label", t.name, c.name)
		}
	}
	return nil
}

// add adds a column of the encoding that is at a place in the file.
func (l rowLayout) add(t *table, at int, c EncodedColumn) {
	column := &tableColumn{name: t.names[at], at: at, isSure: true, canMiss: l.canMiss || c.Fill != nil}
	if c.Categories != nil {
		column.categories = newCategories(c.Categories)
		column.categories.known = "is none of the categories that the run was trained on"
	}
	t.columns = append(t.columns, column)
}

// isPlain says whether the columns are numbers without names of their own, which are then taken as they come.
func (e *Encoding) isPlain() bool {
	return slices.Equal(e.Names(), unnamed(len(e.Columns))) &&
		!slices.ContainsFunc(e.Columns, func(c EncodedColumn) bool { return c.Categories != nil || c.Fill != nil })
}

// misfit says that a file has another number of columns.
func (e *Encoding) misfit(name string, columns int) error {
	return fmt.Errorf("%s: points of %d coordinates, and the model was trained on %d (%.200s)", name, columns, len(e.Columns), strings.Join(e.Names(), " "))
}
