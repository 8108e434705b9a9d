package configs

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/configs"
	"joule/rundir"
)

func newDiff() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Print the settings in which two configs differ",
		Long: `diff prints the keys that differ between two configs, with what they extend and the defaults filled in: a line each, with the
key, its value in A, and its value in B; a key that a config does not have is a dash there. A and B are files, names of configs
that come with joule, or run directories. Whether data are there is not asked.

As with the command diff, the exit code is 0 where nothing differs, 1 where something does, and 2 where a config is wrong.

With --json it prints a list of objects with the key and the values "a" and "b", of which one may be missing.`,
		Example: `  joule configs diff old-faithful/dsm runs/dsm
  joule configs diff runs/dsm runs/blurred --json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var sides [2]*configs.Config
			for i, arg := range args {
				config, err := configOf(arg)
				if err != nil {
					return cli.Coded(cli.ExitUsage, err)
				}
				sides[i] = config
			}
			differences, err := configs.Diff(sides[0], sides[1])
			if err != nil {
				return err
			}
			if err := writeDifferences(cmd.OutOrStdout(), args, differences, asJSON); err != nil {
				return err
			}
			switch len(differences) {
			case 0:
				return nil
			case 1:
				return fmt.Errorf("%s and %s differ in 1 key", args[0], args[1])
			}
			return fmt.Errorf("%s and %s differ in %d keys", args[0], args[1], len(differences))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON list instead of a table")
	return cmd
}

// configOf reads a config: an embedded one by its name, a file, or that of a run directory.
func configOf(arg string) (*configs.Config, error) {
	if info, err := os.Stat(arg); configs.IsEmbedded(arg) || err != nil || !info.IsDir() {
		return configs.Resolve(arg, nil)
	}
	if _, err := rundir.Open(arg); err != nil {
		return nil, err
	}
	return configs.LoadRun(filepath.Join(arg, "config.yaml"), "", nil)
}

// writeDifferences prints a table with a line for each difference, or JSON. Where there is none the table is empty.
func writeDifferences(w io.Writer, names []string, differences []configs.Difference, asJSON bool) error {
	if asJSON {
		list := []map[string]any{}
		for _, d := range differences {
			entry := map[string]any{"key": d.Key}
			if d.OldData != nil {
				entry["a"] = d.OldData
			}
			if d.NewData != nil {
				entry["b"] = d.NewData
			}
			list = append(list, entry)
		}
		return json.NewEncoder(w).Encode(list)
	}
	if len(differences) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "KEY\t%s\t%s\n", names[0], names[1])
	for _, d := range differences {
		values := []string{d.Old, d.New}
		for i, data := range []any{d.OldData, d.NewData} {
			if data == nil {
				values[i] = "—"
			}
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", d.Key, values[0], values[1])
	}
	return table.Flush()
}
