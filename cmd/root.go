package cmd

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"joule/cmd/internal/bench"
	"joule/cmd/internal/cli"
	"joule/cmd/internal/configs"
	"joule/cmd/internal/data"
	"joule/cmd/internal/eval"
	"joule/cmd/internal/exchange"
	"joule/cmd/internal/installation"
	"joule/cmd/internal/launch"
	"joule/cmd/internal/pictures"
	"joule/cmd/internal/points"
	"joule/cmd/internal/serve"
	"joule/cmd/internal/shell"
	"joule/cmd/internal/train"
	"joule/cmd/internal/watching"
	"joule/internal/strictyaml"
)

// New is the command joule, with all its subcommands.
func New() *cobra.Command {
	cli.Version = ownVersion()
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
				return cli.Coded(cli.ExitUsage, errors.New("--verbose and --quiet exclude each other"))
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
		if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok && e.GetFlag().Name == cli.BackendFlagName {
			return cli.Coded(cli.ExitUsage, e.Unwrap()) // it says everything itself
		}
		return cli.Coded(cli.ExitUsage, fmt.Errorf("%w; see %q", err, cmd.CommandPath()+" --help"))
	})
	root.AddCommand(cli.Debugged(train.New()), cli.Debugged(eval.New()), cli.Debugged(points.NewSample()), points.NewEnergy(), points.NewClassify(), points.NewAnomaly(), points.NewDenoise(), points.NewInpaint(), points.NewInterpolate(), exchange.NewExport(), exchange.NewImport(),
		pictures.NewPlot(), pictures.NewReport(), serve.New(), bench.New(), watching.NewTop(), watching.NewTensorboard(), watching.NewMLflow(), launch.New(), installation.NewVerify(), installation.NewDoctor(), installation.NewBackend(), configs.New(), data.New(), shell.NewMan(), newVersion())
	root.SetHelpCommand(newHelp())
	shell.AddCompletion(root)
	usageErrors(root)
	return root
}

// usageErrors gives wrong arguments the exit code of wrong usage, in a command and those below it.
func usageErrors(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return cli.Coded(cli.ExitUsage, fmt.Errorf("%w; usage: %s", err, cmd.UseLine()))
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
	return cli.Coded(cli.ExitUsage, fmt.Errorf("unknown command %q for %q; %s", name, parent.CommandPath(), hint))
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
