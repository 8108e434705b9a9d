package pictures

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/measured"
	"joule/internal/atomicfile"
	"joule/report"
	"joule/report/suitepage"
	"joule/results"
)

// NewReport is the command report.
func NewReport() *cobra.Command {
	var output, backend string
	cmd := &cobra.Command{
		Use:   "report DIR...",
		Short: "Compare runs, or show the results of suites, on one HTML page",
		Long: `report measures runs and puts their scores, figures and configs on one HTML page, which needs nothing else: it can be
opened from disk, sent and printed. Runs on the same data in two dimensions are drawn side by side.

Of the directory of a suite, which is told by its journal.jsonl, the results that are there are shown, with the mean and the 95 %
interval of each figure over the seeds, in tables and charts that can be sorted and filtered. Several suites make one page.

The path of the page is printed on standard output. Nothing is written to the directories.`,
		Example: `  joule report runs/dsm runs/nce -o report.html
  joule report runs/* -o - > report.html
  joule report suites/planar -o planar.html`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, dirs []string) error {
			if !cli.IsStdout(output) {
				if err := cli.CheckOutput(output, ".html"); err != nil {
					return err
				}
			}
			write, err := reportOf(cmd, dirs, backend, output)
			if err != nil {
				return err
			}
			if cli.IsStdout(output) {
				return write(cmd.OutOrStdout())
			}
			if err := atomicfile.Write(output, write); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), output)
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "report.html", "file to write, or - for standard output")
	cli.BackendFlag(cmd, &backend, "that of the first run's config")
	return cmd
}

// reportOf is what writes the page of runs, or of suites: a directory is one or the other.
func reportOf(cmd *cobra.Command, dirs []string, backend, output string) (func(io.Writer) error, error) {
	suites := 0
	for _, dir := range dirs {
		if suitepage.IsSuite(dir) {
			suites++
		}
	}
	if suites == 0 {
		runs, closeBackend, err := measured.OpenAll(dirs, backend)
		if err != nil {
			return nil, err
		}
		defer closeBackend()
		page, err := pageOf(runs)
		return func(w io.Writer) error { return report.Write(w, page) }, err
	}
	if suites < len(dirs) {
		other := dirs[slices.IndexFunc(dirs, func(dir string) bool { return !suitepage.IsSuite(dir) })]
		return nil, cli.Coded(cli.ExitUsage, fmt.Errorf("%s: has no %s, so it is no suite, and others are: a page is of runs or of suites, not of both", other, results.JournalFile))
	}
	if cmd.Flags().Changed(cli.BackendFlagName) {
		return nil, cli.Coded(cli.ExitUsage, fmt.Errorf("--%s: the runs of a suite are measured already; it is for run directories", cli.BackendFlagName))
	}
	page := suitepage.Page{Made: time.Now(), Joule: cli.Version}
	if !cli.IsStdout(output) {
		page.Path = output
	}
	var err error
	page.Suites, err = suitepage.Load(dirs...)
	return func(w io.Writer) error { return suitepage.Write(w, page) }, err
}

// pageOf gathers what the page shows.
func pageOf(runs []*measured.Run) (page report.Page, err error) {
	folder, err := os.MkdirTemp("", "joule-report-")
	if err != nil {
		return page, err
	}
	defer os.RemoveAll(folder)

	page = report.Page{Made: time.Now(), Joule: cli.Version, Backend: runs[0].Backend.Spec}
	groups := measured.GroupsOf(runs)
	members := make(map[int][]*measured.Run)
	for i, r := range runs {
		entry, err := entryOf(r, groups[i], folder)
		if err != nil {
			return page, err
		}
		page.Runs = append(page.Runs, entry)
		members[groups[i]] = append(members[groups[i]], r)
	}
	for first := range runs { // a group has the number of its first run
		group := members[first]
		if len(group) < 2 || len(group[0].Dataset.Columns) != 2 {
			continue
		}
		figure, err := measured.SideBySide(group)
		if err != nil {
			return page, err
		}
		path := filepath.Join(folder, "grid.png")
		if err := figure.Save(path); err != nil {
			return page, err
		}
		shown, err := figureOf(path,
			fmt.Sprintf("The training points of %s, and the energies that each model gives to the plane: %s.", group[0].DataName(), strings.Join(measured.LabelsOf(group), ", ")),
			"Each model's energy above its own minimum, in nats, on one colour scale: bright is likely.")
		if err != nil {
			return page, err
		}
		page.Comparisons = append(page.Comparisons, shown)
	}
	return page, nil
}

// entryOf is what the page shows of one run; folder is for its figures.
func entryOf(r *measured.Run, group int, folder string) (report.Run, error) {
	entry := report.Run{
		Dir: r.Dir.Dir(), Name: r.Config.Name, Method: r.Method(), Data: r.DataName(), Group: group,
		Fitted: !r.KnowsTruth(), Dataset: r.Dataset, Step: r.Step, Evaluation: r.Evaluation,
	}
	var err error
	if entry.Environment, err = r.Dir.Environment(); err != nil {
		return entry, err
	}
	if result, err := r.Dir.Result(); err == nil {
		entry.Result = &result
	} else if !errors.Is(err, fs.ErrNotExist) {
		return entry, err
	}
	config, err := r.Dir.Config()
	if err != nil {
		return entry, err
	}
	entry.Config = string(config)
	figures, err := r.Draw(func(name string) (string, error) { return filepath.Join(folder, name+".png"), nil })
	if r.Problem != nil {
		entry.Problems = append(entry.Problems, r.Problem.Error())
	}
	if err != nil {
		entry.Problems = append(entry.Problems, strings.Split(err.Error(), "\n")...)
	}
	for _, f := range figures {
		words := captions[f.Name]
		if f.Name == "samples" && r.KnowsTruth() {
			words.caption = "The true density, and samples of the model over its own."
		}
		if f.Name == "samples" && r.Dataset.Image != nil {
			words.alt, words.caption = "Images drawn from %s.", "Images drawn from the model."
		}
		shown, err := figureOf(f.Path, fmt.Sprintf(words.alt, entry.Name), words.caption)
		if err != nil {
			return entry, err
		}
		entry.Figures = append(entry.Figures, shown)
	}
	return entry, nil
}

// captions are the words to the figures of a run, by name.
var captions = map[string]struct{ alt, caption string }{
	"training": {"Training curves of %s against the step.", "What was logged in training; dark is the running mean."},
	"energy":   {"The training points, and beside them the energy of %s as a map.", "The data, and the energy above its minimum in nats: bright is likely."},
	"samples":  {"Samples drawn from %s over its density.", "Samples of the model over its density."},
	"data":     {"Images that %s was trained on.", "Images of the training part; where there are classes, one a row."},
	"energies": {"Histograms of the energies that %s gives to data, samples and noise.", "Energies of data, samples and noise: a good model gives data and samples the same."},
}

func figureOf(path, alt, caption string) (report.Figure, error) {
	png, err := os.ReadFile(path)
	return report.Figure{Alt: alt, Caption: caption, PNG: png}, err
}
