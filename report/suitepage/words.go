package suitepage

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"joule/results"
)

// title names the page after its suites, and says how large they are.
func (all *cells) title() string {
	var names []string
	for _, s := range all.suites {
		names = append(names, all.suiteName(s))
	}
	return fmt.Sprintf("%s: %s on %s", strings.Join(names, ", "), counted(len(all.methods), "method"), counted(len(all.data), "data set"))
}

// factsOf are what was run, when and where.
func factsOf(all *cells) []fact {
	rows := all.rows()
	var list []fact
	add := func(name, value string) {
		if value != "" {
			list = append(list, fact{name, value})
		}
	}
	add("Runs", fmt.Sprintf("%s in %s: %s", counted(len(rows), "run"), counted(len(all.cells), "cell"), endings(rows)))
	add("Seeds", seeds(all))
	for _, s := range all.fixed {
		add(s.Key, s.Value)
	}
	add("When", when(rows))
	of := func(name string, value func(*results.Row) string) {
		add(name, strings.Join(distinct(rows, value), "; "))
	}
	of("Trained on", func(r *results.Row) string {
		if r.Device == "" || strings.HasPrefix(r.Device, "cpu") { // which says nothing more
			return r.Backend
		}
		return fmt.Sprintf("%s (%s)", r.Backend, r.Device)
	})
	of("Machine", func(r *results.Row) string {
		if r.CPU == "" || r.CPUs == 0 {
			return r.CPU
		}
		return fmt.Sprintf("%s, %s", r.CPU, counted(r.CPUs, "processor"))
	})
	of("Versions", func(r *results.Row) string {
		var parts []string
		for _, p := range []struct{ name, version string }{{"joule ", r.Joule}, {"", r.Go}, {"gomlx ", r.GoMLX}} {
			if p.version != "" {
				parts = append(parts, p.name+p.version)
			}
		}
		return strings.Join(parts, ", ")
	})
	return list
}

// endings say how many runs ended in which way.
func endings(rows []*results.Row) string {
	completed, others := ending(rows)
	switch {
	case completed == len(rows):
		return "all completed"
	case others == "":
		return fmt.Sprintf("%d completed", completed)
	}
	return fmt.Sprintf("%d completed, %s", completed, others)
}

// seeds are how many a cell has, and which.
func seeds(all *cells) string {
	fewest, most := len(all.cells[0].rows), 0
	low, high := all.cells[0].rows[0].Seed, all.cells[0].rows[0].Seed
	for _, c := range all.cells {
		fewest, most = min(fewest, len(c.rows)), max(most, len(c.rows))
		low, high = min(low, c.rows[0].Seed), max(high, c.rows[len(c.rows)-1].Seed)
	}
	text := fmt.Sprint(most)
	if fewest < most {
		text = fmt.Sprintf("%d to %d", fewest, most)
	}
	if low == high {
		return fmt.Sprintf("%s a cell: %d", text, low)
	}
	return fmt.Sprintf("%s a cell, from %d to %d", text, low, high)
}

// when is the time between which runs were started.
func when(rows []*results.Row) string {
	var first, last time.Time
	for _, r := range rows {
		if r.Started.IsZero() {
			continue
		}
		if first.IsZero() || r.Started.Before(first) {
			first = r.Started
		}
		if r.Started.After(last) {
			last = r.Started
		}
	}
	if first.IsZero() {
		return ""
	}
	if moment(first) == moment(last) {
		return moment(first)
	}
	return fmt.Sprintf("started from %s to %s", moment(first), moment(last))
}

// group are runs of which the same is said.
type group struct {
	Status string // empty: it is a warning
	Text   string
	Count  int
	Runs   []string // the first of them
	More   int      // others
}

// failuresOf are the runs that are not completed, by status and reason, in the order of the statuses.
func failuresOf(all *cells) (list []group) {
	for _, status := range results.Statuses[1:] {
		list = append(list, groupsOf(all, words(status), func(r *results.Row) []string {
			if r.Status != status {
				return nil
			}
			return []string{cmp.Or(cut(r.Reason, 2000), "no reason is given")}
		})...)
	}
	return list
}

// warningsOf are what makes figures doubtful.
func warningsOf(all *cells) []group {
	return groupsOf(all, "", func(r *results.Row) (texts []string) {
		for _, w := range r.Warnings {
			texts = append(texts, cut(w, 2000))
		}
		return texts
	})
}

// groupsOf gathers runs by what is said of them.
func groupsOf(all *cells, status string, texts func(*results.Row) []string) (list []group) {
	var known labels
	for _, c := range all.cells {
		for _, r := range c.rows {
			for _, text := range texts(r) {
				i := known.of(text)
				if i == len(list) {
					list = append(list, group{Status: status, Text: text})
				}
				list[i].Count++
				if len(list[i].Runs) < maxNamed {
					name := r.Run
					if len(all.suites) > 1 {
						name = all.suiteName(all.suites[c.suite]) + ": " + name
					}
					list[i].Runs = append(list[i].Runs, name)
				} else {
					list[i].More++
				}
			}
		}
	}
	return list
}

// leftOut says what the page does not show, and cuts the lists to what it does.
func leftOut(all *cells, every, shown figures, v *view) (left []string) {
	note := func(format string, args ...any) { left = append(left, fmt.Sprintf(format, args...)) }
	if n := len(all.cells) - maxCells; n > 0 {
		note("Table, pictures and scatter show the first %d of %d cells.", maxCells, len(all.cells))
	}
	if n := len(every.list) - len(shown.list); n > 0 {
		note("The table has %d of %d figures.", len(shown.list), len(every.list))
	}
	if v.Grid != nil && v.Grid.Left > 0 {
		note("%s beyond the first %d are not shown.", counted(v.Grid.Left, "energy map"), maxPictures)
	}
	if v.Grid == nil && len(all.methods)*len(all.data) > 4*maxCells {
		note("There is no grid of methods and data: it would have %d fields.", len(all.methods)*len(all.data))
	}
	if len(all.cells) > maxCurves && (len(v.Data.Losses) == maxCurves || len(v.Data.Looks) == maxCurves) {
		note("Curves are of the first %d cells that have some.", maxCurves)
	}
	for _, l := range []struct {
		list *[]group
		name string
	}{{&v.Failures, "reasons"}, {&v.Warnings, "warnings"}} {
		if n := len(*l.list); n > maxReasons {
			note("There are %d different %s; the first %d are listed.", n, l.name, maxReasons)
			*l.list = (*l.list)[:maxReasons]
		}
	}
	if n := len(all.cells) - 1; n > maxConfigs {
		note("The configs of the first %d cells are compared, of %d.", maxConfigs, len(all.cells))
	}
	if len(left) > 0 {
		note("The CSV file has everything.")
	}
	return left
}

// counted is a number with its noun, with an s where it is not one.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", formatted(float64(n), 0), noun)
}

// distinct are the different values that rows have, in their order, without the empty one; of many the first.
func distinct(rows []*results.Row, value func(*results.Row) string) []string {
	const most = 8
	var known labels
	for _, r := range rows {
		if v := value(r); v != "" {
			known.of(v)
		}
	}
	if n := len(known.list); n > most {
		return append(known.list[:most], fmt.Sprintf("and %d more", n-most))
	}
	return known.list
}

func moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }
