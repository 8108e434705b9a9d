package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"joule/metrics"
)

// row is a method with its average rank.
type row struct {
	method string
	peer   bool
	rank   float64
}

// name is how the tables call a method: Joule's by the kind in its config.
func (r row) name() string {
	if r.peer {
		return r.method
	}
	return "**`" + r.method + "`**"
}

// ranked are the methods that have a cell for every task, the best average rank by mean AUROC first. Equal means share their
// ranks.
func ranked(all cells, tasks []string) (list []row) {
	for _, c := range all {
		if slices.ContainsFunc(list, func(r row) bool { return r.method == c.Method }) {
			continue
		}
		if !slices.ContainsFunc(tasks, func(task string) bool { return all.find(task, c.Method) == nil }) {
			list = append(list, row{method: c.Method, peer: c.Peer})
		}
	}
	for _, task := range tasks {
		value := func(r row) float64 {
			if c := all.find(task, r.method); c.Diverged == "" {
				return c.mean(auroc)
			}
			return 0 // behind all others
		}
		for i, r := range list {
			for _, other := range list {
				switch cmp.Compare(value(other), value(r)) {
				case 1:
					list[i].rank += 1 / float64(len(tasks))
				case 0:
					list[i].rank += 0.5 / float64(len(tasks))
				}
			}
			list[i].rank += 0.5 / float64(len(tasks)) // a method equals itself: that is half of its place
		}
	}
	slices.SortFunc(list, func(a, b row) int { return cmp.Compare(a.rank, b.rank) })
	return list
}

// tables are the average ranks, and each figure by task and method.
func tables(all cells, tasks []string) string {
	var b strings.Builder
	list := ranked(all, tasks)
	figures := []struct {
		title string
		of    func(*metrics.Detection) float64
	}{
		{"AUROC, mean over the splits. The rank is that by this figure, averaged over the tasks.", auroc},
		{"AUPR, the average precision with outliers as positives.", aupr},
		{"FPR95, the share of held-out normal points that are flagged where 95 % of the outliers are.", fpr95},
	}
	for i, f := range figures {
		fmt.Fprintf(&b, "\n%s\n\n| method |", f.title)
		if i == 0 {
			b.WriteString(" average rank |")
		}
		for _, task := range tasks {
			fmt.Fprintf(&b, " %s |", task)
		}
		columns := 1 + len(tasks)
		if i == 0 {
			columns++
		}
		b.WriteString("\n|" + strings.Repeat("---|", columns) + "\n")
		for _, r := range list {
			fmt.Fprintf(&b, "| %s |", r.name())
			if i == 0 {
				fmt.Fprintf(&b, " %.2f |", r.rank)
			}
			for _, task := range tasks {
				text := "diverged"
				if c := all.find(task, r.method); c.Diverged == "" {
					text = fmt.Sprintf("%.3f", c.mean(f.of))
				}
				fmt.Fprintf(&b, " %s |", text)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}
