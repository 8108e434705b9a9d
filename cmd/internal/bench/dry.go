package bench

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"joule/backends"
	"joule/cmd/internal/cli"
	"joule/cmd/internal/worker"
	"joule/configs"
	"joule/models"
	"joule/results/analysis"
	"joule/suites"
	"joule/trainers"
)

// forecast is what a run of a cell is likely to take.
type forecast struct {
	cell        *suites.Cell
	config      *configs.Config
	steps       int     // 0: not known beforehand
	evaluations float64 // of gradients, 0 where steps are
	work        float64 // multiplications of the network in all of them
	seconds     float64
	bytes       float64 // of parameters, their moments and averages, and of the points
}

// trialSeconds is the budget that the trial of a dry run is sized by.
const trialSeconds = 20

// list prints the runs of a suite and what they are likely to take: from the time of one that is tried, by how often each
// evaluates gradients of how large a network.
func (o options) list(cmd *cobra.Command, suite *suites.Suite, cells []*suites.Cell) error {
	sizes := map[string]size{}
	var all []*forecast
	for _, cell := range cells {
		f := &forecast{cell: cell}
		if cell.Refused == "" {
			if err := f.count(suite, sizes); err != nil {
				return fmt.Errorf("%s: %w", cell.Name, err)
			}
		}
		all = append(all, f)
	}
	tried, err := o.time(all)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "cell\tseeds\tsteps\tgradient evaluations\tseconds a run\t")
	runs, total, most := 0, 0.0, 0.0
	for _, f := range all {
		if f.cell.Refused != "" {
			fmt.Fprintf(table, "%s\t%d\trefused\t\t\t%s\n", f.cell.Name, suite.Seeds, f.cell.Refused)
			continue
		}
		steps := "as the time allows"
		if f.steps > 0 {
			steps = fmt.Sprint(f.steps)
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%.2g\t%.2g\t\n", f.cell.Name, suite.Seeds, steps, f.evaluations, f.seconds)
		runs += suite.Seeds
		total += f.seconds * float64(suite.Seeds)
		most = max(most, f.bytes)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if tried == nil {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s; all are refused\n", analysis.Counted(runs, "run"))
		return err
	}
	jobs := o.workers(runs)
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: about %s of training with %s, and as long again, or more, for compiling and measuring where runs are short; "+
		"about %.0f MiB a worker, and %.0f MiB more for each run of the largest cell that is trained with others (from a trial of %s)\n",
		analysis.Counted(runs, "run"), (time.Duration(total / float64(jobs) * float64(time.Second))).Round(time.Second), analysis.Counted(jobs, "worker"), float64(backends.PeakMemory())/(1<<20), most/(1<<20), tried.cell.Name)
	return err
}

// size is that of data.
type size struct {
	dim    int
	points int
}

// count finds out how much there is to do in a run.
func (f *forecast) count(suite *suites.Suite, sizes map[string]size) (err error) {
	if f.config, err = f.cell.Config(suite.FirstSeed); err != nil {
		return err
	}
	data, err := f.config.Checksum(func(key string) bool { return len(key) < 4 || key[:4] != "data" })
	if err != nil {
		return err
	}
	own, known := sizes[data]
	if !known {
		set, err := f.config.LoadData()
		if err != nil {
			return err
		}
		own = size{set.Train.Dim, set.Train.N + set.Test.N}
		sizes[data] = own
	}
	cost, err := trainers.CostPerStep(f.config.Model, f.config.Method, own.dim, f.config.Train)
	if err != nil {
		return err
	}
	switch b := f.cell.Budget; {
	case b.Seconds > 0:
		f.seconds = b.Seconds
	case b.GradientEvaluations > 0:
		f.steps = int(min(b.GradientEvaluations/cost.Total(), math.MaxInt32))
	default:
		f.steps = f.config.Train.Steps
	}
	products, err := models.Multiplications(f.config.Model, own.dim)
	if err != nil {
		return err
	}
	parameters, err := f.config.Model.Parameters(own.dim)
	if err != nil {
		return err
	}
	const copies, width = 5, 4 // values, gradients, two moments, averages; bytes
	for _, p := range parameters {
		f.bytes += copies * width * float64(p.Size())
	}
	f.bytes += width * float64(own.points*own.dim)
	f.evaluations = cost.Total() * float64(f.steps)
	f.work = f.evaluations * float64(products)
	return nil
}

// time tells how long runs are likely to take, from a trial of the one in the middle, which it returns; nil where there is none.
func (o options) time(all []*forecast) (*forecast, error) {
	some := slices.DeleteFunc(slices.Clone(all), func(f *forecast) bool { return f.cell.Refused != "" })
	if len(some) == 0 {
		return nil, nil
	}
	slices.SortStableFunc(some, func(a, b *forecast) int { return cmp.Compare(a.work, b.work) })
	tried := some[len(some)/2]
	if tried.steps == 0 { // all have their time
		return tried, nil
	}
	w := worker.NewWorker(nil, cli.WatchSignals(o.grace))
	defer w.Close()
	config := *tried.config
	if o.backend != "" {
		config.Backend = o.backend
	}
	rate, err := w.StepsPerSecond(&config, trialSeconds)
	if err != nil {
		return nil, err
	}
	perSecond := rate * tried.work / float64(tried.steps)
	for _, f := range some {
		if f.steps > 0 {
			f.seconds = f.work / perSecond
		}
	}
	return tried, nil
}
