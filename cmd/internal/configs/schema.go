package configs

import (
	"errors"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/configs"
	"joule/internal/strictyaml"
	"joule/launch"
	"joule/suites"
)

func newSchema() *cobra.Command {
	var suite, profile bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of configs, suites or launch profiles",
		Long: `schema prints a JSON Schema (draft 2020-12) of configs, for editors, which then complete keys and kinds, show what they mean and
mark what is wrong while one types. It is made of the same tables as the program reads configs by. docs/configs.md says how
editors are told of it, and what a schema cannot know: joule configs validate has the last word.`,
		Example: "  joule configs schema > joule.schema.json\n  joule configs schema --suite > joule-suite.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var schema *strictyaml.Schema
			switch {
			case suite && profile:
				return cli.Coded(cli.ExitUsage, errors.New("--suite and --profile exclude each other"))
			case suite:
				schema = suites.Schema()
			case profile:
				schema = launch.Schema()
			default:
				schema = configs.Schema()
			}
			text, err := schema.Text()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	cmd.Flags().BoolVar(&suite, "suite", false, "that of suites, which joule bench takes")
	cmd.Flags().BoolVar(&profile, "profile", false, "that of launch profiles, which joule launch takes")
	return cmd
}
