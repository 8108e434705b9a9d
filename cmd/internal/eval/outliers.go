package eval

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
	"joule/datasets"
	"joule/metrics"
)

// outlierOptions are the flags of eval that are about outliers.
type outlierOptions struct {
	files              []string // of outliers alone
	in, column, normal string   // points with classes
	score              string
	sigma              float64
}

// flags adds them.
func (o *outlierOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&o.files, "outliers", nil, "outliers, read as energy does, to be told from held-out points; repeatable")
	cmd.Flags().StringVar(&o.in, "in-file", "", "points with classes, .csv or .parquet, of which the outliers are to be told from the normal ones")
	cmd.Flags().StringVar(&o.column, "label-column", "", "column of --in-file that has the classes")
	cmd.Flags().StringVar(&o.normal, "normal", "0", "class in that column that is normal; all others are outliers")
	trained.ScoreFlag(cmd, &o.score)
	trained.SigmaFlag(cmd, &o.sigma)
}

// areAsked says whether outliers are what the command is about.
func (o *outlierOptions) areAsked() bool { return len(o.files) > 0 || o.in != "" }

// check reports flags that do not go together.
func (o *outlierOptions) check(cmd *cobra.Command) error {
	own := cli.Changed(cmd, "label-column", "normal", "score", "sigma")
	switch {
	case !o.areAsked() && own != "":
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--%s: is about outliers, which --outliers or --in-file names", own))
	case !o.areAsked():
		return nil
	case o.in != "" && o.column == "":
		return cli.Coded(cli.ExitUsage, errors.New("--in-file: which column has the classes? --label-column names it"))
	case o.in == "" && o.column != "":
		return cli.Coded(cli.ExitUsage, errors.New("--label-column: is a column of --in-file, which is missing"))
	}
	if other := cli.Changed(cmd, append([]string{"ais", "grid", "samples"}, trained.AISFlags...)...); other != "" {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--%s: says nothing about outliers; leave it out, or --outliers and --in-file", other))
	}
	return trained.CheckScore(o.score)
}

// detected is how well outliers are told.
type detected struct {
	Name string `json:"name"` // the file
	*metrics.Detection
}

// detection is what eval says of outliers.
type detection struct {
	Score string     `json:"score"`
	Runs  int        `json:"runs"` // whose energies are averaged
	Sets  []detected `json:"sets"`
}

// measure says how well the energy of a run, or the mean of several, tells the outliers.
func (o *outlierOptions) measure(dir, checkpoint, backend string) (*detection, error) {
	e, err := trained.ReadEnsemble(dir, checkpoint, o.sigma)
	if err != nil {
		return nil, err
	}
	var sets []outlierSet
	for _, file := range o.files {
		points, err := e[0].Read(file)
		if err != nil {
			return nil, err
		}
		sets = append(sets, outlierSet{name: file, outliers: points})
	}
	if o.in != "" {
		set, err := readClasses(e[0], o.in, o.column, o.normal)
		if err != nil {
			return nil, err
		}
		sets = append(sets, *set)
	}
	b, err := e.Open(backend)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return detect(e, o.score, sets)
}

// outlierSet are outliers in the units of the data, with the points that they are to be told from; nil: held-out ones.
type outlierSet struct {
	name     string
	outliers datasets.Points
	normal   *datasets.Points
}

// readClasses reads points with their classes, and deals them into normal ones and outliers.
func readClasses(t *trained.Run, file, column, normal string) (*outlierSet, error) {
	points, classes, err := t.Encoding().ReadLabelled(file, column)
	if err != nil {
		return nil, err
	}
	if err := t.CheckRange(file, points); err != nil {
		return nil, err
	}
	var inside, outside []int
	for i, class := range classes {
		if class == normal {
			inside = append(inside, i)
		} else {
			outside = append(outside, i)
		}
	}
	if len(inside) == 0 || len(outside) == 0 {
		slices.Sort(classes)
		return nil, cli.Coded(cli.ExitUsage, fmt.Errorf("--normal %.60q: %d rows of %s are of this class in column %s, and %d of others; want some of both; the classes are %.300s",
			normal, len(inside), file, column, len(outside), strings.Join(slices.Compact(classes), ", ")))
	}
	kept := points.Rows(inside)
	return &outlierSet{name: file, outliers: points.Rows(outside), normal: &kept}, nil
}

// detect measures each set.
func detect(e trained.Ensemble, score string, sets []outlierSet) (*detection, error) {
	set, err := e[0].Data()
	if err != nil {
		return nil, err
	}
	a, err := e.Anomaly(score, set)
	if err != nil {
		return nil, err
	}
	scored := func(what string, points datasets.Points) ([]float64, error) {
		scores, err := a.Scores(points)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		return scores, nil
	}
	transform := e[0].Transform()
	d := &detection{Score: score, Runs: len(e)}
	for _, s := range sets {
		var normal datasets.Points
		part := s.name
		if s.normal != nil {
			normal = transform.Apply(*s.normal)
		} else if normal, part, err = e.HeldOut(set); err != nil {
			return nil, err
		}
		inliers, err := scored(part, normal)
		if err != nil {
			return nil, err
		}
		outliers, err := scored(s.name, transform.Apply(s.outliers))
		if err != nil {
			return nil, err
		}
		found, err := metrics.Detect(inliers, outliers)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		d.Sets = append(d.Sets, detected{s.name, found})
	}
	return d, nil
}

// print prints a line for each set.
func (d *detection) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "outliers, by %s\toutliers\tother points\tAUROC\tAUPR\tFPR at 95 %% TPR\n", d.Score)
	for _, s := range d.Sets {
		fmt.Fprintf(table, "%s\t%d\t%d\t%.4f\t%.4f\t%.4f\n", s.Name, s.Outliers, s.Inliers, s.AUROC, s.AUPR, s.FPR95)
	}
	return table.Flush()
}
