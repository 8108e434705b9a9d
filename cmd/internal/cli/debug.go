package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"joule/backends"
	"joule/internal/debugdir"
)

// Debugged gives a command the flag --debug, and writes what it asks for around the command.
func Debugged(cmd *cobra.Command) *cobra.Command {
	var path string
	cmd.Flags().StringVar(&path, "debug", "", "folder to write graphs, compiled programs, profiles and times into; must not exist, or be empty")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !cmd.Flags().Changed("debug") {
			return run(cmd, args)
		}
		if path == "" {
			return Coded(ExitUsage, errors.New("--debug: want a folder to write into"))
		}
		dir, err := debugdir.Open(path)
		if err != nil {
			return Coded(ExitUsage, err)
		}
		watcher := backends.Watcher{Program: dir.Program, Plan: dir.Plan, Message: func(text string) {
			dir.Message(text)
			slog.Debug(text)
		}}
		if err := backends.Watch(watcher, filepath.Join(dir.Path(), debugdir.Dumps)); err != nil {
			return Coded(ExitUsage, errors.Join(err, dir.Close(), os.RemoveAll(dir.Path())))
		}
		cmd.SetContext(context.WithValue(cmd.Context(), debugKey{}, dir))
		err = run(cmd, args)
		if closing := dir.Close(); closing != nil {
			return errors.Join(err, closing)
		}
		slog.Info("what --debug asks for is written; its "+debugdir.Readme+" says what each file is", "folder", dir.Path())
		return err
	}
	return cmd
}

type debugKey struct{}

// DebugDir is the folder that --debug names; nil, which does nothing, without it.
func DebugDir(ctx context.Context) *debugdir.Dir {
	dir, _ := ctx.Value(debugKey{}).(*debugdir.Dir)
	return dir
}
