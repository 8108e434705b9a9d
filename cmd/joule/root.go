package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"joule/internal/strictyaml"
)

func newRoot() *cobra.Command {
	var verbose, quiet bool
	root := &cobra.Command{
		Use:   "joule",
		Short: "Train energy-based models on CPU and GPU",
		Long: `joule trains energy-based models, p(x) = exp(−E(x))/Z, and scores, samples and draws them.

A run starts from a YAML config, a file or one that comes with joule, and leaves a run directory that the other
commands read.

Exit codes: 0 success · 1 failure, a wrong value in verify, or a difference · 2 wrong arguments or config · 3 backend not available ·
4 training diverged · 5 what was trained could not be saved · 75 saved, and to be started again · 130 interrupted.`,
		Example: `  joule configs list
  joule train two-gaussians/dsm --out runs/dsm
  joule eval runs/dsm`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if verbose && quiet {
				return coded(exitUsage, errors.New("--verbose and --quiet exclude each other"))
			}
			level := slog.LevelInfo
			if verbose {
				level = slog.LevelDebug
			}
			if quiet {
				level = slog.LevelWarn
			}
			slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})))
			return nil
		},
	}
	root.PersistentFlags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	root.PersistentFlags().BoolVarP(&quiet, "quiet", "q", false, "log warnings only, and show no progress")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok && e.GetFlag().Name == backendFlagName {
			return coded(exitUsage, e.Unwrap()) // it says everything itself
		}
		return coded(exitUsage, fmt.Errorf("%w; see %q", err, cmd.CommandPath()+" --help"))
	})
	root.AddCommand(debugged(newTrain()), debugged(newEval()), debugged(newSample()), newEnergy(), newClassify(), newAnomaly(), newDenoise(), newInpaint(), newInterpolate(), newExport(), newImport(),
		newPlot(), newReport(), newServe(), newBench(), newTop(), newTensorboard(), newMLflow(), newLaunch(), newVerify(), newDoctor(), newBackend(), newConfigs(), newData(), newMan(), newVersion())
	root.SetHelpCommand(newHelp())
	addCompletion(root)
	usageErrors(root)
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
			return unknownCommand(cmd, args[0])
		}
	}
	for _, sub := range c.Commands() {
		usageErrors(sub)
	}
}

// unknownCommand is the error of a command that has no such subcommand.
func unknownCommand(parent *cobra.Command, name string) error {
	var names []string
	for _, sub := range parent.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	hint := strictyaml.Suggest(name, names, "want one of "+strings.Join(names, ", "))
	return coded(exitUsage, fmt.Errorf("unknown command %q for %q; %s", name, parent.CommandPath(), hint))
}

// newHelp replaces cobra's help command, which takes an unknown command for a success.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]...",
		Short:   "Show the help of a command",
		Example: "  joule help configs show",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(found, rest[0])
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

// isQuiet reports whether --quiet was given.
func isQuiet(cmd *cobra.Command) bool {
	quiet, _ := cmd.Flags().GetBool("quiet") // it is a flag of every command
	return quiet
}
