// Package exchange is joule export and joule import.
package exchange

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
	"joule/export"
	"joule/internal/atomicfile"
	"joule/internal/safetensors"
)

// endings are the formats of joule export, and how the names of their files end.
var endings = map[string]string{"onnx": ".onnx", "stablehlo": ".mlir", "safetensors": ".safetensors", "npz": ".npz"}

// Formats lists them, in the order of the help.
var Formats = []string{"onnx", "stablehlo", "safetensors", "npz"}

// defaultBatch is the number of points of a program for one number of them.
const defaultBatch = 256

// NewExport is the command export.
func NewExport() *cobra.Command {
	var to []string
	var output, checkpoint string
	var batch int
	var sigma float64
	cmd := &cobra.Command{
		Use:   "export RUN --to FORMAT",
		Short: "Take a trained model along, as ONNX, StableHLO, safetensors or npz",
		Long: `export writes the model of a run in formats of other programs, into the run's folder export/, and prints the paths.

onnx         the functions energy and score of points x, for any number of them, as ONNX Runtime runs them; a classifier
             has logits, too
stablehlo    the same functions for --batch points, as a program that XLA compiles
safetensors  the parameters, and how the data are standardised
npz          the same, as numpy.load reads it

Points are float32 in the units of the data; energies and scores are those of joule energy, of a model with noise levels at its
smallest or at --sigma. An .onnx file for any number of points cannot be had of a model that does not compute each point alike:
--batch makes one for so many.`,
		Example: `  joule export runs/dsm --to onnx
  joule export runs/dsm --to stablehlo --batch 64
  joule export runs/dsm --to safetensors,npz
  joule export runs/dsm --to onnx -o energy.onnx`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkExport(to, output, batch); err != nil {
				return cli.Coded(cli.ExitUsage, err)
			}
			t, err := trained.Read(args[0], checkpoint, nil)
			if err != nil {
				return err
			}
			if err := t.At(sigma); err != nil {
				return err
			}
			for _, format := range to {
				path := output
				if path == "" {
					if path, err = t.Dir.ExportPath("model" + endings[format]); err != nil {
						return err
					}
				}
				if err := writeModel(t, path, format, batch); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&to, "to", nil, "formats, with commas between: "+strings.Join(Formats, ", "))
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: model.onnx and so on in the run's folder export)")
	cmd.Flags().IntVar(&batch, "batch", 0, fmt.Sprintf("number of points of a call (default: any for onnx, %d for stablehlo)", defaultBatch))
	trained.CheckpointFlag(cmd, &checkpoint)
	trained.SigmaFlag(cmd, &sigma)
	return cmd
}

// checkExport reports flags that cannot be.
func checkExport(to []string, output string, batch int) error {
	if len(to) == 0 {
		return fmt.Errorf("--to is missing: want one or more of %s", strings.Join(Formats, ", "))
	}
	for i, format := range to {
		if _, ok := endings[format]; !ok {
			return fmt.Errorf("--to %s: want one or more of %s", format, strings.Join(Formats, ", "))
		}
		if slices.Contains(to[:i], format) {
			return fmt.Errorf("--to %s: is named twice", format)
		}
	}
	if batch < 0 {
		return fmt.Errorf("--batch %d: want a number of points, 1 or more", batch)
	}
	if batch > 0 && !slices.Contains(to, "onnx") && !slices.Contains(to, "stablehlo") {
		return fmt.Errorf("--batch %d: is for onnx and stablehlo, which compute", batch)
	}
	if output == "" {
		return nil
	}
	if len(to) > 1 {
		return fmt.Errorf("--output %s: is one file, and --to names %d formats", output, len(to))
	}
	return cli.CheckOutput(output, endings[to[0]])
}

// writeModel writes the model in a format.
func writeModel(t *trained.Run, path, format string, batch int) error {
	p, err := t.Parameters()
	if err != nil {
		return err
	}
	about, err := about(t, p.Step)
	if err != nil {
		return err
	}
	switch format {
	case "safetensors":
		return safetensors.Write(path, export.Tensors(p.Tensors, t.Transform()), about)
	case "npz":
		return export.WriteNPZ(path, export.Tensors(p.Tensors, t.Transform()), about)
	}
	values, err := p.Values()
	if err != nil {
		return fmt.Errorf("%s: %w", t.Dir.Dir(), err)
	}
	model := export.Model{Energy: t.Energy(), Dim: len(t.Dataset.Columns), Values: values, Transform: t.Transform(), Version: cli.Version, About: about}
	write := model.ONNX
	if format == "stablehlo" {
		write = model.StableHLO
		if batch == 0 {
			batch = defaultBatch
		}
	}
	text, err := write(batch)
	if _, ok := errors.AsType[*export.BatchError](err); ok {
		err = fmt.Errorf("%w; --batch makes a program for one number of points", err)
	}
	if err != nil {
		return fmt.Errorf("%s: cannot be exported to %s: %w", t.Dir.Dir(), format, err)
	}
	slog.Debug("exported", "format", format, "bytes", len(text), "run", t.Dir.Dir())
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// about is what a file says of the run that it is from.
func about(t *trained.Run, step int64) (map[string]string, error) {
	config, err := t.Config.Encode()
	if err != nil {
		return nil, err
	}
	dataset, err := json.Marshal(t.Dataset)
	if err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(t.Dir.Dir())
	if err != nil {
		return nil, err
	}
	about := map[string]string{
		"joule": cli.Version, "run": filepath.Base(absolute), "step": strconv.FormatInt(step, 10), "config": string(config), "dataset": string(dataset),
	}
	if t.Sigma != 0 {
		about["sigma"] = strconv.FormatFloat(t.Sigma, 'g', -1, 64)
	}
	return about, nil
}
