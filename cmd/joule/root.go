package main

import (
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func newRoot() *cobra.Command {
	var verbose, quiet bool
	root := &cobra.Command{
		Use:   "joule",
		Short: "Train energy-based models on CPU and GPU",
		Long: `joule trains energy-based models, p(x) = exp(−E(x))/Z, and scores, samples and draws them.

A run starts from a YAML config, a file or one that comes with joule, and leaves a run directory that the other
commands read.

Exit codes: 0 success · 1 failure, or a wrong value in verify · 2 wrong arguments or config · 3 backend not available ·
4 training diverged · 130 interrupted.`,
		Example: `  joule configs list
  joule train two-gaussians/dsm --out runs/dsm
  joule eval runs/dsm`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			level := slog.LevelInfo
			if verbose {
				level = slog.LevelDebug
			}
			if quiet {
				level = slog.LevelWarn
			}
			slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})))
		},
	}
	root.PersistentFlags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	root.PersistentFlags().BoolVarP(&quiet, "quiet", "q", false, "log warnings only, and show no progress")
	root.MarkFlagsMutuallyExclusive("verbose", "quiet")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return coded(exitUsage, fmt.Errorf("%w; see %q", err, cmd.CommandPath()+" --help"))
	})
	root.AddCommand(newTrain(), newEval(), newSample(), newEnergy(), newPlot(), newReport(),
		newVerify(), newDoctor(), newBackend(), newConfigs(), newVersion())
	for _, c := range root.Commands() {
		usageErrors(c)
	}
	return root
}

// usageErrors gives wrong arguments the exit code of wrong usage, in a command and those below it.
func usageErrors(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return coded(exitUsage, fmt.Errorf("%w; usage: %s", err, cmd.UseLine()))
			}
			return nil
		}
	}
	if c.HasSubCommands() && c.Run == nil && c.RunE == nil {
		c.Args = cobra.ArbitraryArgs
		c.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			var names []string
			for _, sub := range cmd.Commands() {
				names = append(names, sub.Name())
			}
			return coded(exitUsage, fmt.Errorf("%s: unknown command %q; want one of %s", cmd.CommandPath(), args[0], strings.Join(names, ", ")))
		}
	}
	for _, sub := range c.Commands() {
		usageErrors(sub)
	}
}

// isQuiet reports whether --quiet was given.
func isQuiet(cmd *cobra.Command) bool {
	quiet, _ := cmd.Flags().GetBool("quiet") // it is a flag of every command
	return quiet
}
