// Package installation is joule doctor, backend and verify: what there is on this machine, and whether it computes what it should.
package installation

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"joule/backends"
	"joule/cmd/internal/cli"
	"joule/doctor"
)

// NewDoctor is the command doctor.
func NewDoctor() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Report on this installation and run its self-test on every backend",
		Long: `doctor prints versions, processor, memory, limits, disks, GPUs with their driver, the environment variables that matter, and
the backends, and runs the reference cases of joule verify on every backend that opens. Under what is wrong, or could be better,
it says what to do. It changes nothing.

It exits with 1 if a backend gives wrong values or runs cannot be written here, with 3 if a plugin that is installed or named
does not open, or nvidia-smi fails, and else with 0.`,
		Example: `  joule doctor
  joule doctor --json > doctor.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := doctor.Examination{Version: cli.Version, Root: "/", Runs: "runs", List: backends.List, Verify: verifyInChild}.Run(cmd.Context())
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if asJSON {
				encoder := json.NewEncoder(out)
				encoder.SetIndent("", "  ")
				err = encoder.Encode(report)
			} else {
				err = report.Print(out, printBackends)
			}
			if err != nil {
				return err
			}
			return judgeHealth(report.Findings)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// judgeHealth is the error of the gravest finding; nil where all works.
func judgeHealth(findings []doctor.Finding) error {
	for _, f := range findings {
		if f.Kind == doctor.Wrong {
			return errors.New(f.What)
		}
	}
	for _, f := range findings {
		if f.Kind == doctor.Unavailable {
			return cli.Coded(cli.ExitBackend, errors.New(f.What))
		}
	}
	return nil
}

// verifyInChild runs the self-test in a process of its own: two copies of XLA in one are not sure to get along.
func verifyInChild(ctx context.Context, spec string) (message string, err error) {
	self, err := os.Executable()
	if err != nil {
		return err.Error(), err
	}
	text, err := exec.CommandContext(ctx, self, "verify", "--quiet", "--backend", spec).CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if message = lines[len(lines)-1]; message == "" && err != nil {
		message = err.Error()
	}
	return message, err
}
