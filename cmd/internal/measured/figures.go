package measured

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"joule/cmd/internal/cli"
	"joule/datasets"
	"joule/metrics"
	"joule/plots"
	"joule/rundir"
)

// The number of samples in a figure, of cells along each axis of a map, and how far a map reaches beyond the data on
// each side, in ranges of the data; the share of the points at either end that a map may leave out, and from how many times
// the range of the others on it does.
const (
	figureSamples = 2000
	figureCells   = 240
	figureMargin  = 0.25
	figureTails   = 0.001
	figureHeavy   = 2
)

// Drawing is a figure on disk.
type Drawing struct{ Name, Path string }

// InRun places figures in the run's own folder, as png or svg.
func (m *Run) InRun(format string) func(name string) (path string, err error) {
	return func(name string) (string, error) { return m.Dir.FigurePath(name + "." + format) }
}

// figure is one that can be drawn.
type figure struct {
	name  string
	save  func(path string) error
	asked bool // drawn only where it is asked for
}

// figures are those that there are of the run, the main one first.
func (m *Run) figures() (all []figure) {
	switch {
	case len(m.Dataset.Columns) == 2 && m.Dataset.Image == nil:
		field := sync.OnceValues(func() (plots.Field, error) { return m.field(m.frame()) })
		all = append(all, figure{name: "energy", save: func(path string) error {
			f, err := field()
			if err != nil {
				return err
			}
			return m.energyMap(f).Save(path)
		}}, figure{name: "samples", save: func(path string) error {
			f, err := field()
			if err != nil {
				return err
			}
			over, err := m.samplesOverDensity(f)
			if err != nil {
				return err
			}
			return over.Save(path)
		}})
	case m.Dataset.Image != nil:
		all = append(all, figure{name: "samples", save: m.saveSampleImages}, figure{name: "data", save: m.saveDataImages},
			figure{name: "chains", save: m.saveChainImages, asked: true}, figure{name: "energies", save: m.saveHistograms})
	default:
		all = append(all, figure{name: "energies", save: m.saveHistograms})
	}
	if curves, ok := m.curves(); ok {
		all = append(all, figure{name: "training", save: curves.Save})
	}
	return all
}

// Draw draws the figures of the run to where place says, and returns them: those asked for, or the usual ones. The error names
// those that cannot be drawn.
func (m *Run) Draw(place func(name string) (path string, err error), what ...string) (drawings []Drawing, err error) {
	for _, f := range m.figures() {
		if len(what) > 0 && !slices.Contains(what, f.name) || len(what) == 0 && f.asked {
			continue
		}
		path, problem := place(f.name)
		if problem == nil {
			problem = f.save(path)
		}
		if problem == nil {
			drawings = append(drawings, Drawing{f.name, path})
		} else {
			err = errors.Join(err, fmt.Errorf("figure %s: %w", f.name, problem))
		}
	}
	return drawings, err
}

// CheckFigures reports a figure that there is not of the run.
func (m *Run) CheckFigures(what []string) error {
	var names []string
	for _, f := range m.figures() {
		names = append(names, f.name)
	}
	for _, name := range what {
		if !slices.Contains(names, name) {
			return cli.Coded(cli.ExitUsage, fmt.Errorf("--what %s: %s has the figures %s", name, m.Dir.Dir(), strings.Join(names, ", ")))
		}
	}
	return nil
}

// curves are the training curves; false when nothing was logged.
func (m *Run) curves() (plots.TrainingCurves, bool) {
	logged, err := m.Dir.Metrics()
	if err != nil {
		slog.Warn("the training curves are left out", "cause", err)
	}
	if err != nil || len(logged.Records) == 0 {
		return plots.TrainingCurves{}, false
	}
	return plots.TrainingCurves{Title: m.Config.Name, Series: seriesOf(logged.Records)}, true
}

// seriesOf turns records into one series a name, the loss first. Speed is no property of the training.
func seriesOf(records []rundir.Record) []plots.Series {
	names := map[string]bool{}
	for _, r := range records {
		for name := range r.Values {
			names[name] = name != "steps_per_second"
		}
	}
	var series []plots.Series
	for _, name := range slices.SortedFunc(maps.Keys(names), lossFirst) {
		if !names[name] {
			continue
		}
		s := plots.Series{Name: name, Log: name == "gradient_norm" || name == "learning_rate"}
		for _, r := range records {
			if v, ok := r.Values[name]; ok {
				s.Steps, s.Values = append(s.Steps, float64(r.Step)), append(s.Values, v)
			}
		}
		series = append(series, s)
	}
	return series
}

func lossFirst(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "loss" || b != "loss" && a < b:
		return -1
	default:
		return 1
	}
}

// field evaluates the energy over the plane, in the units of the data, around the rectangle from low to high.
func (m *Run) field(low, high []float64) (plots.Field, error) {
	marginX, marginY := figureMargin*(high[0]-low[0]), figureMargin*(high[1]-low[1])
	f := plots.Field{
		XMin: low[0] - marginX, XMax: high[0] + marginX, YMin: low[1] - marginY, YMax: high[1] + marginY,
		NX: figureCells, NY: figureCells,
	}
	var err error
	f.Values, err = m.Model.Energies(m.Transform().Apply(cellsOf(f)).Values)
	return f, err
}

// frame is the rectangle that holds the data, in its own units. Along a coordinate of heavy tails it is that of all but the
// outermost points: the others would make the rest a speck.
func (m *Run) frame() (low, high []float64) {
	low, high = slices.Clone(m.Dataset.Min), slices.Clone(m.Dataset.Max)
	from, to := m.Transform().Undo(m.Set.Train).Middle(figureTails)
	for k := range low {
		if high[k]-low[k] > figureHeavy*(to[k]-from[k]) && to[k] > from[k] {
			low[k], high[k] = from[k], to[k]
		}
	}
	return low, high
}

// cellsOf are the middles of a field's cells, as points.
func cellsOf(f plots.Field) datasets.Points {
	centers := f.Centers()
	points := datasets.NewPoints(len(centers.X), 2)
	for i := range points.N {
		points.Row(i)[0], points.Row(i)[1] = centers.X[i], centers.Y[i]
	}
	return points
}

// planar splits points of the plane into their coordinates.
func planar(points datasets.Points) (p plots.Points) {
	for i := range points.N {
		p.X, p.Y = append(p.X, points.Row(i)[0]), append(p.Y, points.Row(i)[1])
	}
	return p
}

func (m *Run) axes() plots.Axes {
	return plots.Axes{X: m.Dataset.Columns[0], Y: m.Dataset.Columns[1]}
}

func (m *Run) energyMap(field plots.Field) plots.EnergyMap {
	return plots.EnergyMap{
		Title: m.Config.Name, Axes: m.axes(), Data: planar(m.Transform().Undo(m.Set.Train)), Energy: field, Contours: true,
	}
}

func (m *Run) samplesOverDensity(field plots.Field) (figure plots.SamplesOverDensity, err error) {
	if m.Problem != nil {
		return figure, m.Problem
	}
	samples, err := m.samples()
	if err != nil {
		return figure, err
	}
	jacobian := m.Transform().LogDetJacobian()
	figure = plots.SamplesOverDensity{
		Title: m.Config.Name, Axes: m.axes(), Samples: planar(samples), Energy: field, LogZ: *m.Evaluation.LogZ - jacobian,
	}
	if !m.KnowsTruth() {
		return figure, nil
	}
	truth := field
	if truth.Values, err = metrics.LogDensities(m.Backend.Backend, m.Set.Density, m.Transform().Apply(cellsOf(field))); err != nil {
		return figure, err
	}
	for i, v := range truth.Values {
		truth.Values[i] = math.Exp(v + jacobian)
	}
	figure.Truth = &truth
	return figure, nil
}

// histograms compares the energies of data, samples and noise. Noise is Gaussian with the data's mean and spread.
// Samples are left out where the chains diverge.
func (m *Run) histograms() (plots.EnergyHistograms, error) {
	figure := plots.EnergyHistograms{Title: m.Config.Name}
	samples, err := m.samples()
	if err != nil {
		slog.Warn("the figure shows no samples", "cause", err)
	}
	mean, std := m.Set.Train.Moments()
	for _, part := range []struct {
		name   string
		points datasets.Points
	}{
		{"data", m.Set.Train}, {"samples", m.Transform().Apply(samples)}, {"noise", datasets.GaussianNoise(mean, std, figureSamples, m.Config.Seed)},
	} {
		if part.points.N == 0 {
			continue
		}
		energies, err := m.Model.Energies(part.points.Values)
		if err != nil {
			return figure, fmt.Errorf("%s: %w", part.name, err)
		}
		figure.Sets = append(figure.Sets, plots.EnergySet{Name: part.name, Energies: energies})
	}
	return figure, nil
}

func (m *Run) saveHistograms(path string) error {
	figure, err := m.histograms()
	if err != nil {
		return err
	}
	return figure.Save(path)
}

// DrawEnergyAt draws the energy of an earlier checkpoint of a run in two dimensions to a path.
func (m *Run) DrawEnergyAt(step int64, path string) error {
	earlier := *m.Run
	earlier.Checkpoint = strconv.FormatInt(step, 10)
	if err := earlier.Load(m.Backend); err != nil {
		return err
	}
	defer earlier.Model.Close()
	field, err := (&Run{Run: &earlier}).field(m.frame())
	if err != nil {
		return err
	}
	return m.energyMap(field).Save(path)
}

// DrawOne draws one figure to a path: the one asked for, or the main one.
func (m *Run) DrawOne(path string, what ...string) error {
	for _, f := range m.figures() {
		if len(what) == 0 || f.name == what[0] {
			return f.save(path)
		}
	}
	return nil
}

// PictureNames are the figures that trackers get, which draw the curves themselves.
func (m *Run) PictureNames() (names []string) {
	for _, f := range m.figures() {
		if f.name != "training" && !f.asked {
			names = append(names, f.name)
		}
	}
	return names
}
