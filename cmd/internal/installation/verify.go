package installation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/gomlx/compute"
	"github.com/spf13/cobra"

	"joule/backends"
	"joule/cmd/internal/cli"
	"joule/conformance"
)

// NewVerify is the command verify.
func NewVerify() *cobra.Command {
	var backend string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify [CASE.json | FOLDER]...",
		Short: "Check losses, gradients, chains and optimizer against reference values",
		Long: `verify computes reference cases with the graphs that training uses, and compares every value with the float64 value
that the case expects. Of a folder it takes the files whose names end in .json. Without arguments it runs the cases that come
with joule. It exits with 1 if any field is off, and
with 2 if a file is no case.

The error of a field is its largest absolute difference divided by its largest absolute expected value; at most 1e-9 in
float64 and 2e-4 in float32 pass.`,
		Example: `  joule verify
  joule verify my-case.json --backend go --json`,
		RunE: func(cmd *cobra.Command, files []string) error {
			cases, err := casesOf(files)
			if err != nil {
				return cli.Coded(cli.ExitUsage, err)
			}
			if backend == "" {
				backend = "auto"
			}
			b, err := cli.OpenBackend(backend, backends.Options{})
			if err != nil {
				return err
			}
			defer b.Close()
			results, err := runCases(b.Backend, cases)
			if _, isOfCase := errors.AsType[conformance.Problem](err); isOfCase {
				return cli.Coded(cli.ExitUsage, err)
			} else if err != nil {
				return err
			}
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(results)
			} else {
				err = printResults(cmd.OutOrStdout(), results)
			}
			if err != nil {
				return err
			}
			if failed := countFailed(results); failed > 0 {
				return fmt.Errorf("%d of %d fields are off", failed, len(results))
			}
			return nil
		},
	}
	cli.BackendFlag(cmd, &backend, "auto")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON list instead of a table")
	return cmd
}

// inFolders puts the .json files of folders in their place.
func inFolders(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			files = append(files, path)
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, err
		}
		before := len(files)
		for _, entry := range entries {
			if !entry.IsDir() && filepath.Ext(entry.Name()) == ".json" {
				files = append(files, filepath.Join(path, entry.Name()))
			}
		}
		if len(files) == before {
			return nil, fmt.Errorf("%s: there is no file in this folder whose name ends in .json", path)
		}
	}
	return files, nil
}

// casesOf reads the files, or takes the embedded cases when there are none.
func casesOf(files []string) ([]*conformance.Case, error) {
	if len(files) == 0 {
		return conformance.Embedded()
	}
	files, err := inFolders(files)
	if err != nil {
		return nil, err
	}
	var cases []*conformance.Case
	for _, file := range files {
		c, err := conformance.Read(file)
		if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// runCases runs every case in every precision.
func runCases(backend compute.Backend, cases []*conformance.Case) ([]conformance.Result, error) {
	var all []conformance.Result
	for _, c := range cases {
		for _, precision := range conformance.Precisions {
			results, err := c.Run(backend, precision)
			if err != nil {
				return nil, err
			}
			all = append(all, results...)
		}
	}
	return all, nil
}

func countFailed(results []conformance.Result) (failed int) {
	for _, r := range results {
		if !r.Pass {
			failed++
		}
	}
	return failed
}

func printResults(w io.Writer, results []conformance.Result) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CASE\tFIELD\tPRECISION\tERROR\tTOLERANCE\tRESULT")
	for _, r := range results {
		verdict := "PASS"
		if !r.Pass {
			verdict = "FAIL"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%.1e\t%.0e\t%s\n", r.Case, r.Field, r.Precision, r.Error, r.Tolerance, verdict)
	}
	return table.Flush()
}
