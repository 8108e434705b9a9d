package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"joule/backends"
)

func newDoctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Report on this installation and run its self-test on every backend",
		Long: `doctor prints versions, machine and backends, and runs the reference cases of joule verify on every backend that opens.
It exits with 1 if a backend gives wrong values.`,
		Example: "  joule doctor",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			s := backends.ThisSystem()
			var modules []string
			for _, name := range slices.Sorted(maps.Keys(s.Modules)) {
				modules = append(modules, name+" "+s.Modules[name])
			}
			fmt.Fprintf(out, "joule      %s (%s, %s/%s, %s)\n", version, s.Go, s.OS, s.Arch, strings.Join(modules, ", "))
			fmt.Fprintf(out, "processor  %s, %d cores, %s\n", s.CPU, s.Cores, strings.Join(s.Vectors, " "))
			fmt.Fprintf(out, "memory     %.1f GiB\n", float64(s.Memory)/(1<<30))
			driver := "no driver found"
			if s.NVIDIA != "" {
				driver = s.NVIDIA
			}
			fmt.Fprintf(out, "nvidia     %s\n\n", driver)

			usable, all := usableBackends(cmd.Context())
			if err := printBackends(out, all); err != nil {
				return err
			}
			if len(usable) == 1 && s.XLA {
				fmt.Fprintln(out, "\nOnly the Go backend works here: \"joule backend install cpu\" gets XLA, which is many times faster.")
			}
			fmt.Fprintln(out)
			failed := false
			for _, spec := range usable {
				// A process of its own for each: two copies of XLA in one are not sure to get along.
				text, err := verifyInChild(spec)
				verdict := "self-test passed"
				if err != nil {
					failed, verdict = true, "self-test FAILED: "+text
				}
				fmt.Fprintf(out, "%-10s %s\n", spec, verdict)
			}
			if failed {
				return errors.New("a backend gives wrong values")
			}
			return nil
		},
	}
}

func verifyInChild(spec string) (output string, err error) {
	self, err := os.Executable()
	if err != nil {
		return err.Error(), err
	}
	text, err := exec.Command(self, "verify", "--quiet", "--backend", spec).CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1], err
}
