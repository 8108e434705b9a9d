package main

import (
	"fmt"
	"io"
	"strings"
)

// crowd is the speed of a row with several replicas in one program.
type crowd struct {
	Row      row
	Replicas int
	Speeds   speeds // training steps a second that all of them make together
}

// crowds are the rows and the numbers of replicas that are measured: one is the row alone.
var (
	crowdRows     = []row{{"S", "dsm"}, {"S", "mle60"}}
	crowdReplicas = []int{1, 4, 16, 64}
)

// crowds measures what replicas cost on Joule's XLA side, in rounds that take turns as those of the rows do.
func (p plan) crowds(all []*side, log io.Writer) []crowd {
	var list []crowd
	for _, s := range all {
		if s.Column != jouleXLA || s.child == nil || s.sizes != "S" {
			continue
		}
		for _, r := range crowdRows {
			var entries []*entry
			for _, n := range crowdReplicas {
				e := &entry{Column: s.Column, side: s, request: several(r, n)}
				if err := p.prepare(e); err != nil {
					e.Error = err.Error()
					fmt.Fprintf(log, "  %s: %v\n", e.request, err)
				}
				entries = append(entries, e)
			}
			p.takeTurns(entries)
			for i, n := range crowdReplicas {
				c := crowd{Row: r, Replicas: n}
				for _, speed := range entries[i].Speeds {
					c.Speeds = append(c.Speeds, speed*float64(n))
				}
				list = append(list, c)
			}
		}
	}
	return list
}

// several is the request for a row with n replicas.
func several(r row, n int) row {
	if n == 1 {
		return r
	}
	return row{r.Size, fmt.Sprintf("%s*%d", r.Method, n)}
}

func (r report) crowdTable(b *strings.Builder) {
	heading(b, "row", "replicas", "steps/s of all together", "cost of a replica, in runs alone")
	for _, c := range r.Crowds {
		alone := 0.0
		for _, other := range r.Crowds {
			if other.Row == c.Row && other.Replicas == 1 {
				alone = other.Speeds.median()
			}
		}
		cost := "–"
		if together := c.Speeds.median(); alone > 0 && together > 0 {
			cost = fmt.Sprintf("%.2f", alone/together)
		}
		line(b, c.Row.String(), fmt.Sprint(c.Replicas), number(c.Speeds.median()), cost)
	}
}
