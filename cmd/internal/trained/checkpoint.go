package trained

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"joule/checkpoints"
	"joule/cmd/internal/cli"
)

// BestCheckpoint is the value of --checkpoint that stands for the best one.
const BestCheckpoint = "best"

// CheckpointFlag adds --checkpoint, empty unless given.
func CheckpointFlag(cmd *cobra.Command, checkpoint *string) {
	cmd.Flags().StringVar(checkpoint, "checkpoint", "", "take the parameters of a checkpoint: its step, or best (default: the last ones)")
}

// findCheckpoint finds the checkpoint that a value of --checkpoint names, of a run whose best one is kept by a metric.
func findCheckpoint(folder checkpoints.Folder, metric, name string) (checkpoints.Entry, error) {
	if name == BestCheckpoint && metric == "" {
		return checkpoints.Entry{}, cli.Coded(cli.ExitUsage, errors.New("--checkpoint best: the run keeps none; train.keep_best names the metric to keep it by"))
	}
	if name == BestCheckpoint {
		return folder.Best(metric)
	}
	entries, err := folder.List()
	if err != nil {
		return checkpoints.Entry{}, err
	}
	var steps []string
	if metric != "" {
		steps = append(steps, BestCheckpoint)
	}
	found := -1
	for i, e := range entries {
		text := strconv.Itoa(e.Step)
		steps = append(steps, text)
		if text == name {
			found = i // the last one of that step
		}
	}
	if found < 0 {
		return checkpoints.Entry{}, cli.Coded(cli.ExitUsage, fmt.Errorf("--checkpoint %s: there is none; want one of %s", name, strings.Join(steps, ", ")))
	}
	return entries[found], nil
}
