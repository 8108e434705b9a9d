package main

import (
	"fmt"
	"slices"

	"joule/internal/kept"
	"joule/metrics"
)

// cell is what a method has reached on a task, a measurement for each split.
type cell struct {
	Task   string `json:"task"`
	Method string `json:"method"`
	// Key changes with the settings, or is the versions of a peer.
	Key     string               `json:"key"`
	Peer    bool                 `json:"peer,omitempty"`
	Reached []*metrics.Detection `json:"reached"`
	// Diverged says why there is none.
	Diverged string `json:"diverged,omitempty"`
}

// mean is the mean of a figure over the splits.
func (c cell) mean(of func(*metrics.Detection) float64) float64 {
	sum := 0.0
	for _, d := range c.Reached {
		sum += of(d) / float64(len(c.Reached))
	}
	return sum
}

func (c cell) String() string {
	if c.Diverged != "" {
		return fmt.Sprintf("%s, %s: %s", c.Task, c.Method, c.Diverged)
	}
	return fmt.Sprintf("%s, %s: AUROC %.4f, AUPR %.4f, FPR95 %.4f", c.Task, c.Method, c.mean(auroc), c.mean(aupr), c.mean(fpr95))
}

func auroc(d *metrics.Detection) float64 { return d.AUROC }
func aupr(d *metrics.Detection) float64  { return d.AUPR }
func fpr95(d *metrics.Detection) float64 { return d.FPR95 }

// cells are those that are finished.
type cells []cell

func readCells(path string) (*cells, error) {
	all, err := kept.Read[cell](path)
	return (*cells)(&all), err
}

// find is the cell of a method on a task; nil: there is none.
func (c cells) find(task, method string) *cell {
	i := slices.IndexFunc(c, func(x cell) bool { return x.Task == task && x.Method == method })
	if i < 0 {
		return nil
	}
	return &c[i]
}

// add keeps cells, each in the place of an older one.
func (c *cells) add(path string, all ...cell) error {
	for _, new := range all {
		if old := c.find(new.Task, new.Method); old != nil {
			*old = new
		} else {
			*c = append(*c, new)
		}
	}
	return kept.Write(path, *c)
}
