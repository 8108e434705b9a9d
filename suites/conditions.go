package suites

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"joule/internal/strictyaml"
	"joule/results"
)

// condition is a map of axes and the values that are meant.
type condition []struct {
	key    string
	values []strictyaml.Tree
}

// override is what is changed in the cells where a condition holds.
type override struct {
	where  condition
	config string
	at     strictyaml.Tree // the place of the condition
	set    []strictyaml.Entry
}

// holds says whether a cell has one of the values on every axis of the condition.
func (c condition) holds(cell *Cell) bool {
	for _, want := range c {
		i := slices.IndexFunc(cell.Axes, func(a results.Setting) bool { return a.Key == want.key })
		if i < 0 || !slices.ContainsFunc(want.values, cell.values[i].is) {
			return false
		}
	}
	return true
}

// is says whether a tree means this value: by its label, or as it stands.
func (v value) is(tree strictyaml.Tree) bool {
	text, isScalar := tree.Scalar()
	return isScalar && text == v.label || tree.Text() == v.tree.Text()
}

// conditions reads a list of them.
func (s *Suite) conditions(axes []axis, trees []strictyaml.Tree, path string) (list []condition, errs strictyaml.Errors) {
	for i, tree := range trees {
		c, more := conditionOf(axes, tree, fmt.Sprintf("%s[%d]", path, i))
		list, errs = append(list, c), append(errs, more...)
	}
	return list, errs
}

// conditionOf reads one. An axis that there is not, and a value that its axis has not, are errors.
func conditionOf(axes []axis, tree strictyaml.Tree, path string) (c condition, errs strictyaml.Errors) {
	entries, isMap := tree.Entries()
	if !isMap || len(entries) == 0 {
		return nil, strictyaml.Errors{tree.Fault(path, "found "+tree.Describe()+"; a map of axes and their values is needed")}
	}
	var known []string
	for _, a := range axes {
		known = append(known, a.key)
	}
	for _, e := range entries {
		key := path + "." + e.Key
		at := slices.Index(known, e.Key)
		if at < 0 {
			hint := strictyaml.Suggest(e.Key, known, "the grid has "+strings.Join(known, ", "))
			errs = append(errs, e.Value.Fault(key, "is no axis of the grid; "+hint))
			continue
		}
		values, isList := e.Value.Items()
		if !isList || axes[at].has(e.Value) {
			values = []strictyaml.Tree{e.Value}
		}
		for _, v := range values {
			if !axes[at].has(v) {
				errs = append(errs, v.Fault(key, fmt.Sprintf("%s is no value of this axis; it has %s", v.Describe(), strings.Join(axes[at].labels(), ", "))))
			}
		}
		c = append(c, struct {
			key    string
			values []strictyaml.Tree
		}{e.Key, values})
	}
	return c, errs
}

func (a axis) has(tree strictyaml.Tree) bool {
	return slices.ContainsFunc(a.values, func(v value) bool { return v.is(tree) })
}

func (a axis) labels() (list []string) {
	for _, v := range a.values {
		list = append(list, v.label)
	}
	return list
}

// overrides reads those of the suite. One without a condition is for all cells.
func (s *Suite) overrides(axes []axis) (list []override, errs strictyaml.Errors) {
	for i, o := range s.Overrides {
		path := fmt.Sprintf("overrides[%d]", i)
		read := override{config: o.Config, at: o.Where}
		var more strictyaml.Errors
		if o.Where.IsGiven() {
			read.where, more = conditionOf(axes, o.Where, path+".where")
			errs = append(errs, more...)
		}
		read.set, more = settings(o.Set, path+".set")
		errs = append(errs, more...)
		list = append(list, read)
	}
	return list, errs
}

// check finds out which cells' settings do not go together, and returns an error where that is more than their combination.
func check(cells []*Cell) error {
	if len(cells[0].Axes) == 0 { // there is no other
		_, err := cells[0].Config(cells[0].suite.FirstSeed)
		return err
	}
	type faults struct {
		cells int
		same  map[string]int // cells by what is wrong with them
	}
	byValue := map[results.Setting]*faults{}
	problems := make([]error, len(cells))
	for i, c := range cells {
		_, problems[i] = c.Config(c.suite.FirstSeed)
		if problems[i] != nil {
			c.Refused = strings.ReplaceAll(problems[i].Error(), "\n", "; ")
		}
		for _, a := range c.Axes {
			f := byValue[a]
			if f == nil {
				f = &faults{same: map[string]int{}}
				byValue[a] = f
			}
			f.cells++
			f.same[c.Refused]++
		}
	}
	// A value is a mistake where no cell is right with it; what is wrong with all of its cells alike is the fault of the value.
	var errs, others []error
	seen := map[string]bool{"": true}
	for i, c := range cells {
		isMistake, isAlike := false, false
		for _, a := range c.Axes {
			f := byValue[a]
			isMistake = isMistake || f.same[""] == 0
			isAlike = isAlike || f.same[c.Refused] == f.cells
		}
		switch {
		case !isMistake || seen[c.Refused]:
		case isAlike:
			errs = append(errs, problems[i])
			seen[c.Refused] = true
		default:
			others = append(others, problems[i])
			seen[c.Refused] = true
		}
	}
	if len(errs) == 0 {
		errs = others
	}
	const most = 20
	if len(errs) > most {
		errs = append(errs[:most], fmt.Errorf("and %d more", len(errs)-most))
	}
	return errors.Join(errs...)
}
