package cli

import "github.com/spf13/cobra"

// Changed is the first of some flags that was given; empty: none.
func Changed(cmd *cobra.Command, names ...string) string {
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			return name
		}
	}
	return ""
}

// IsQuiet reports whether --quiet was given.
func IsQuiet(cmd *cobra.Command) bool {
	quiet, _ := cmd.Flags().GetBool("quiet") // it is a flag of every command
	return quiet
}
