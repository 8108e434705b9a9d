package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"text/tabwriter"

	"joule/datasets"
	"joule/internal/atomicfile"
	"joule/metrics"
)

// compare adds to diagnostics what needs the data of the run, and logs what is doubtful of it, or why it is not to be had.
func (t *trained) compare(d *metrics.Diagnostics) {
	set, err := t.data()
	if err != nil {
		slog.Warn(cannotCompare, "cause", err)
		return
	}
	t.compareWith(set, d)
}

const cannotCompare = "the energies of the points cannot be compared with those of the data"

// compareWith is compare where the data is at hand.
func (t *trained) compareWith(set *datasets.Set, d *metrics.Diagnostics) {
	if err := d.Compare(t.model, t.ownPoints(set)); err != nil {
		slog.Warn(cannotCompare, "cause", err)
	} else if warning := d.GapWarning(); warning != "" {
		slog.Warn(warning, "run", t.dir.Dir())
	}
}

// checkDiagnosticsOutput reports a path for diagnostics that cannot be written, or is where the points go.
func checkDiagnosticsOutput(path, output string) error {
	switch {
	case path == "":
		return nil
	case path == "-" && isStdout(output):
		return coded(exitUsage, errors.New("--diagnostics -: the points go to standard output already; want a file, for these or for those (--output)"))
	case path == "-":
		return nil
	case !isStdout(output) && isSameFile(path, output):
		return coded(exitUsage, fmt.Errorf("--diagnostics %s: that is where the points go", path))
	}
	return checkFolder("diagnostics", path)
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
