package data

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
	"joule/configs"
	"joule/datasets"
	"joule/internal/strictyaml"
)

func newShow() *cobra.Command {
	var sets []string
	cmd := &cobra.Command{
		Use:   "show CONFIG|FILE|FOLDER",
		Short: "Load data and say what is in it",
		Long: `show loads the data of a config, or a file or a folder as the defaults of its kind have it, and prints how many points
there are, their size, their classes and their range, in the units of the data. The parts are those that training and
testing get.`,
		Example: `  joule data show old-faithful/dsm
  joule data show builtin:old_faithful.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			source, kind, env, err := sourceOf(args[0], sets)
			if err != nil {
				return err
			}
			set, err := source.Load(env)
			if err != nil {
				return err
			}
			return Describe(cmd.OutOrStdout(), kind, set)
		},
	}
	cmd.Flags().StringArrayVar(&sets, "set", nil, "change a key of the config first, such as data.limit=100; repeatable")
	return cmd
}

// sourceOf is the data of a config, or of a file or folder.
func sourceOf(arg string, sets []string) (datasets.Source, string, datasets.Env, error) {
	isConfig := strings.HasSuffix(arg, ".yaml") || strings.HasSuffix(arg, ".yml") || len(sets) > 0
	for _, e := range configs.List() {
		isConfig = isConfig || e.Name == arg
	}
	if !isConfig {
		source, kind, err := datasets.SourceOf(arg)
		return source, kind, datasets.Env{}, err
	}
	config, err := configs.Load(arg, sets)
	if err != nil {
		return nil, "", datasets.Env{}, cli.Coded(cli.ExitUsage, err)
	}
	return config.Data, strictyaml.KindOf(datasets.Kinds, config.Data), datasets.Env{Dir: config.Dir, Seed: config.Seed}, nil
}

// Describe prints what is in a set.
func Describe(w io.Writer, kind string, set *datasets.Set) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "kind\t%s\n", kind)
	if set.Stream != nil {
		fmt.Fprintf(table, "stream\t%d training points, in windows of %d; below is a sample of them\n", set.Stream.N, set.Stream.Size)
	}
	for _, p := range partsOf(set) {
		fmt.Fprintf(table, "%s\t%d points\n", p.name, p.points.N)
	}
	if set.Image != nil {
		fmt.Fprintf(table, "image\t%s pixels, %d numbers\n", set.Image, set.Train.Dim)
	} else {
		fmt.Fprintf(table, "dimension\t%d\n", set.Train.Dim)
	}
	d := trained.DescribeData(set)
	fmt.Fprintf(table, "values\t%.6g to %.6g\n", slices.Min(d.Min), slices.Max(d.Max))
	if set.Transform != nil {
		fmt.Fprintf(table, "scaled\t%.6g to %.6g for the model\n", slices.Min(set.Train.Values), slices.Max(set.Train.Values))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if set.Labels != nil {
		if err := describeClasses(w, set); err != nil {
			return err
		}
	}
	if set.Image != nil {
		return nil
	}
	return describeColumns(w, set)
}

// aPart is a part of a set with its name.
type aPart struct {
	name   string
	points datasets.Points
	labels []int
}

// partsOf are the parts of a set that have points.
func partsOf(set *datasets.Set) (parts []aPart) {
	labels := set.Labels
	if labels == nil {
		labels = &datasets.Labels{}
	}
	for _, p := range []aPart{
		{"training", set.Train, labels.Train}, {"validation", set.Validation, labels.Validation}, {"test", set.Test, labels.Test},
	} {
		if p.points.N > 0 {
			parts = append(parts, p)
		}
	}
	return parts
}

// describeClasses prints how many points of each class there are in each part.
func describeClasses(w io.Writer, set *datasets.Set) error {
	parts := partsOf(set)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\nCLASS")
	for _, p := range parts {
		fmt.Fprint(table, "\t"+strings.ToUpper(p.name))
	}
	fmt.Fprintln(table)
	counts := make([][]int, len(parts))
	for i, p := range parts {
		counts[i] = make([]int, len(set.Labels.Classes))
		for _, class := range p.labels {
			counts[i][class]++
		}
	}
	for class, name := range set.Labels.Classes {
		fmt.Fprint(table, name)
		for i := range parts {
			fmt.Fprintf(table, "\t%d", counts[i][class])
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}

// describeColumns prints the range, the mean and the deviation of each column over the training part.
func describeColumns(w io.Writer, set *datasets.Set) error {
	x := set.Transform.Undo(set.Train)
	low, high := x.Range()
	mean, std := x.Moments()
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nCOLUMN\tLEAST\tMOST\tMEAN\tDEVIATION")
	for k, name := range set.Columns {
		fmt.Fprintf(table, "%s\t%.6g\t%.6g\t%.6g\t%.6g\n", name, low[k], high[k], mean[k], std[k])
	}
	return table.Flush()
}
