package suites

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"joule/configs"
	"joule/internal/strictyaml"
	"joule/results"
)

// maxCells is the largest number of cells that a suite may have.
const maxCells = 1_000_000

// Cell is a combination of settings, of which there is a run for every seed.
type Cell struct {
	// Axes are its values on the axes of the grid.
	Axes []results.Setting
	// Name is made of them; it is that of a folder.
	Name string
	// Refused says why these settings do not go together; empty: they do.
	Refused string
	// Budget is what each run may take.
	Budget Budget

	suite  *Suite
	base   *configs.Base
	values []value            // on the axes, in their order
	parts  []strictyaml.Entry // of the config
}

// Cells are the combinations of the grid in its order, without those that are excluded, and then those that are included. A
// cell whose settings do not go together is refused; it is an error if that is so of all cells with some value, since then the
// value is a mistake.
func (s *Suite) Cells() ([]*Cell, error) {
	axes, errs := s.axes()
	exclude, more := s.conditions(axes, s.Exclude, "exclude")
	errs = append(errs, more...)
	overrides, more := s.overrides(axes)
	errs = append(errs, more...)
	set, more := settings(s.Set, "set")
	errs = append(errs, more...)
	if len(errs) > 0 {
		return nil, errs
	}
	cells, err := s.combinations(axes, exclude)
	if err != nil {
		return nil, err
	}
	for i, tree := range s.Include {
		cell, errs := s.included(tree, fmt.Sprintf("include[%d]", i))
		if len(errs) > 0 {
			return nil, errs
		}
		cells = append(cells, cell)
	}
	if len(cells) == 0 {
		return nil, fmt.Errorf("suite %s has no cells: its grid is empty, or all of it is excluded", s.Name)
	}
	bases := map[string]*configs.Base{}
	for _, cell := range cells {
		if err := cell.build(bases, set, overrides); err != nil {
			return nil, err
		}
	}
	if err := uniquelyNamed(cells); err != nil {
		return nil, err
	}
	return cells, check(cells)
}

// combinations are those of the axes, the last one fastest.
func (s *Suite) combinations(axes []axis, exclude []condition) (cells []*Cell, err error) {
	if len(axes) == 0 {
		if len(s.Include) > 0 {
			return nil, nil
		}
		return []*Cell{{suite: s, Name: plain(s.Name)}}, nil
	}
	total := 1
	for _, a := range axes {
		if total *= len(a.values); total > maxCells {
			return nil, fmt.Errorf("suite %s has more than %d cells", s.Name, maxCells)
		}
	}
	for n := range total {
		cell := &Cell{suite: s}
		rest := n
		choice := make([]int, len(axes))
		for k, a := range slices.Backward(axes) {
			choice[k], rest = rest%len(a.values), rest/len(a.values)
		}
		for k, a := range axes {
			cell.take(a.key, a.values[choice[k]])
		}
		if !slices.ContainsFunc(exclude, func(c condition) bool { return c.holds(cell) }) {
			cells = append(cells, cell)
		}
	}
	return cells, nil
}

// take gives the cell its value on an axis.
func (c *Cell) take(key string, v value) {
	c.Axes = append(c.Axes, results.Setting{Key: key, Value: v.label})
	c.values = append(c.values, v)
	if c.Name != "" {
		c.Name += "/"
	}
	c.Name += v.part
}

// included is a cell that is added to the grid.
func (s *Suite) included(tree strictyaml.Tree, path string) (*Cell, strictyaml.Errors) {
	entries, errs := settings(tree, path)
	cell := &Cell{suite: s}
	for _, e := range entries {
		label, part := labelOf(e.Key, e.Value)
		cell.take(e.Key, value{e.Value, label, plain(part)})
	}
	if len(entries) == 0 && len(errs) == 0 {
		errs = append(errs, tree.Fault(path, "is empty; want keys of the config and their values"))
	}
	return cell, errs
}

// settings reads a map of keys of the config and values.
func settings(tree strictyaml.Tree, path string) (entries []strictyaml.Entry, errs strictyaml.Errors) {
	if !tree.IsGiven() {
		return nil, nil
	}
	entries, isMap := tree.Entries()
	if !isMap {
		return nil, strictyaml.Errors{tree.Fault(path, "found "+tree.Describe()+"; a map of keys of the config and their values is needed")}
	}
	for _, e := range entries {
		if problem := keyProblem(e.Key); problem != "" {
			errs = append(errs, e.Value.Fault(path+"."+e.Key, problem))
		}
	}
	return entries, errs
}

// build finds the config that the cell starts from, and the parts that are put into it.
func (c *Cell) build(bases map[string]*configs.Base, set []strictyaml.Entry, overrides []override) (err error) {
	name, at := c.suite.Config, strictyaml.Tree{}
	c.parts, c.Budget = slices.Clone(set), c.suite.Budget
	for i, a := range c.Axes {
		if key, ok := strings.CutPrefix(a.Key, budgetAxes); ok {
			if c.Budget, err = budgetOf(key, c.values[i].tree); err != nil {
				return err
			}
			continue
		}
		if a.Key == configAxis {
			at = c.values[i].tree
			name, _ = at.Scalar()
			continue
		}
		c.parts = append(c.parts, strictyaml.Entry{Key: a.Key, Value: c.values[i].tree})
	}
	for _, o := range overrides {
		if !o.where.holds(c) {
			continue
		}
		if o.config != "" {
			name, at = o.config, o.at
		}
		c.parts = append(c.parts, o.set...)
	}
	// A kind first: where it changes, the other keys of its section go.
	slices.SortStableFunc(c.parts, func(a, b strictyaml.Entry) int { return rank(a) - rank(b) })
	if name == "" {
		return fmt.Errorf("suite %s: %s starts from no config; give the suite a key config, or the grid an axis of that name", c.suite.Name, c.Name)
	}
	name = c.suite.locate(name)
	if bases[name] == nil {
		if bases[name], err = configs.Open(name); err != nil {
			if at.IsGiven() {
				return at.Fault(configAxis, err.Error())
			}
			return err
		}
	}
	c.base = bases[name]
	return nil
}

// budgetAxes begin the keys of axes that are no keys of the config but say what a run may take.
const budgetAxes = "budget."

// budgetOf is a budget on an axis.
func budgetOf(key string, tree strictyaml.Tree) (b Budget, err error) {
	document, err := strictyaml.Load(func(string, string) (string, []byte, error) { return "", []byte("{}"), nil }, "")
	if err != nil {
		return b, err
	}
	document.Put(budgetAxes+key, tree)
	var read struct {
		Budget Budget `yaml:"budget"`
	}
	err = document.Decode(&read, strictyaml.NewRegistry())
	return read.Budget, err
}

// locate is the path of a config that is beside the suite, or its name where it is not there.
func (s *Suite) locate(name string) string {
	if configs.IsEmbedded(name) || filepath.IsAbs(name) {
		return name
	}
	path := filepath.Join(s.Dir, name)
	if _, err := os.Stat(path); err != nil {
		return name
	}
	return path
}

// rank puts parts that say a kind before others.
func rank(e strictyaml.Entry) int {
	entries, _ := e.Value.Entries()
	if strings.HasSuffix(e.Key, ".kind") || slices.ContainsFunc(entries, func(e strictyaml.Entry) bool { return e.Key == "kind" }) {
		return 0
	}
	return 1
}

// Config is that of the cell's run with a seed.
func (c *Cell) Config(seed int64) (*configs.Config, error) {
	sets := []string{fmt.Sprintf("seed=%d", seed), "train.replicas=1"}
	if c.Budget.Steps > 0 {
		sets = append(sets, fmt.Sprintf("train.steps=%d", c.Budget.Steps))
	}
	return c.base.Config(c.parts, sets)
}

// uniquelyNamed refuses two cells of one name, as an included one can be.
func uniquelyNamed(cells []*Cell) error {
	seen := map[string]bool{}
	for _, c := range cells {
		if seen[c.Name] {
			return fmt.Errorf("suite %s has two cells %s; the grid or include names one twice", c.suite.Name, c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}
