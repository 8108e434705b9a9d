package points

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"joule/cmd/internal/cli"
	"joule/internal/atomicfile"
	"joule/metrics"
)

// checkDiagnosticsOutput reports a path for diagnostics that cannot be written, or is where the points go.
func checkDiagnosticsOutput(path, output string) error {
	switch {
	case path == "":
		return nil
	case path == "-" && cli.IsStdout(output):
		return cli.Coded(cli.ExitUsage, errors.New("--diagnostics -: the points go to standard output already; want a file, for these or for those (--output)"))
	case path == "-":
		return nil
	case !cli.IsStdout(output) && cli.IsSameFile(path, output):
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--diagnostics %s: that is where the points go", path))
	}
	return cli.CheckFolder("diagnostics", path)
}

// writeDiagnostics writes diagnostics as JSON to a file, or to stdout for "-", and as a table to stderr.
func writeDiagnostics(path string, stdout, stderr io.Writer, d *metrics.Diagnostics) error {
	write := func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(d)
	}
	if err := printDiagnostics(stderr, d); err != nil {
		return err
	}
	if path == "-" {
		return write(stdout)
	}
	return atomicfile.Write(path, write)
}

// printDiagnostics prints a line for each coordinate and for the energy.
func printDiagnostics(w io.Writer, d *metrics.Diagnostics) error {
	fmt.Fprintf(w, "chains %d, points of each %d", d.Chains, d.Draws)
	if !math.IsNaN(float64(d.Acceptance)) {
		fmt.Fprintf(w, ", acceptance %.3g", d.Acceptance)
	}
	if d.StepScale != 1 {
		fmt.Fprintf(w, ", step size times %.3g", d.StepScale)
	}
	if !math.IsNaN(float64(d.EnergyGap)) {
		fmt.Fprintf(w, ", energy gap %.3g", d.EnergyGap)
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tmean\tstd\tR̂\tbulk ESS\ttail ESS\t")
	line := func(name string, m metrics.Mixing) {
		fmt.Fprintf(table, "%s\t%.4g\t%.4g\t%s\t%s\t%s\t\n", name, m.Mean, m.Std, told(m.RHat, "%.4f"), told(m.BulkESS, "%.0f"), told(m.TailESS, "%.0f"))
	}
	for _, c := range d.Coordinates {
		line(c.Name, c.Mixing)
	}
	line("energy", d.Energy)
	if err := table.Flush(); err != nil || d.Draws >= metrics.LeastDraws {
		return err
	}
	_, err := fmt.Fprintf(w, "R̂ and effective numbers (ESS) need %d points a chain: fewer chains (sampling.chains) have more each\n", metrics.LeastDraws)
	return err
}

// told is a figure, or a dash for one that is missing.
func told(f metrics.Figure, format string) string {
	if math.IsNaN(float64(f)) {
		return "–"
	}
	return fmt.Sprintf(format, f)
}
