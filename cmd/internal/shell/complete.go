// Package shell is what shells and man are told of the commands: completion, and man pages.
package shell

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/exchange"
	"joule/cmd/internal/starter"
	"joule/cmd/internal/train"
	"joule/export"
	"joule/launch"
	"joule/results/analysis"
)

// AddCompletion tells the shell what arguments and flags can be. What it lists is found by looking at names and small files, and
// errors are no candidates: a shell has no place for them.
func AddCompletion(root *cobra.Command) {
	yaml, results := files(".yaml", ".yml"), runs("suite.yaml")
	configNames, suiteNames, launches := namesOf(embeddedConfigs), namesOf(embeddedSuites), runs(launch.Folder)
	aConfig, aSuite, aRun := upTo(1, configNames, yaml), upTo(1, suiteNames, yaml), upTo(1, runs())
	arguments := map[string]cobra.CompletionFunc{
		"train": aConfig, "configs validate": aConfig, "configs init": upTo(1, files()), "configs show": upTo(1, configNames), "configs diff": upTo(2, configNames, yaml, runs()),
		"data show":  upTo(1, configNames, files(".yaml", ".yml", ".csv", ".npy", ".npz", ".parquet", ".gz", "-ubyte")),
		"data fetch": upTo(1, namesOf(collections)),
		"eval":       aRun, "sample": aRun, "energy": aRun, "classify": aRun, "anomaly": aRun, "denoise": aRun, "inpaint": aRun, "interpolate": aRun,
		"plot": upTo(0, runs()), "report": upTo(0, results), "top": upTo(0, results), "tensorboard": upTo(0, results), "mlflow": upTo(0, results),
		"bench": aSuite, "bench validate": aSuite, "bench show": upTo(1, suiteNames),
		"bench table": upTo(0, results), "bench rank": upTo(0, results), "bench compare": upTo(0, results),
		"launch": upTo(1, suiteNames, configNames, yaml), "launch status": upTo(1, launches), "launch logs": upTo(1, launches),
		"launch cancel": upTo(1, launches), "launch collect": upTo(1, launches),
		"verify": upTo(0, files(".json")), "export": aRun, "import": upTo(1, files(".safetensors", ".npz")), "serve": aRun,
	}
	points, folders := files(".csv", ".npy", ".parquet", ".png", ".jpg", ".jpeg"), files()
	flags := map[string]cobra.CompletionFunc{
		cli.BackendFlagName: fixed("auto", "go", "xla:cpu", "xla:cuda"),
		"set":               completeSet,
		"checkpoint":        completeCheckpoint,
		"resume":            either(fixed(train.ResumeAuto), runs()),
		"on":                fixed(slices.Sorted(maps.Keys(launch.Kinds))...),
		"fail-on":           fixed(analysis.Conditions...),
		"in":                points, "outliers": points, "mask": points, "in-file": points, "profile": yaml,
		"out": folders, "to": folders, "from": folders, "dir": folders,
		"data":   either(namesOf(knownDensities), files(".csv", ".npy", ".npz", ".parquet", ".gz", "-ubyte")),
		"method": namesOf(methods),
		"length": fixed(slices.Sorted(maps.Keys(starter.Lengths))...),
	}
	own := map[string]cobra.CompletionFunc{ // flags of one command that mean something else there
		"export --to": fixed(exchange.Formats...), "mlflow --to": fixed(), "import --config": either(configNames, yaml), "import --layout": fixed(string(export.JouleLayout), string(export.TorchLayout)),
	}
	for path, complete := range arguments {
		cmd, _, err := root.Find(strings.Fields(path))
		if err != nil || cmd.CommandPath() != "joule "+path {
			panic("joule: no command " + path + " to complete")
		}
		cmd.ValidArgsFunction = complete
	}
	visit(root, func(cmd *cobra.Command) {
		path := strings.TrimPrefix(cmd.CommandPath(), "joule ")
		for name, complete := range own {
			if flag, isHere := strings.CutPrefix(name, path+" --"); isHere {
				_ = cmd.RegisterFlagCompletionFunc(flag, complete) // as below
			}
		}
		for name, complete := range flags {
			if f := cmd.LocalFlags().Lookup(name); f != nil && f.Value.Type() != "bool" && f.Value.Type() != "int" {
				_ = cmd.RegisterFlagCompletionFunc(name, complete) // fails for flags that there are not, or that have one
			}
		}
	})
	root.InitDefaultCompletionCmd()
	mendBash(root)
}

// visit calls do with a command and those below it.
func visit(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		visit(sub, do)
	}
}

// mendBash makes bash complete what comes after an equals sign, as in --set method.kind=dsm: bash takes that sign for the end of a
// word, and cobra's function does not know it.
func mendBash(root *cobra.Command) {
	bash, _, err := root.Find([]string{"completion", "bash"})
	if err != nil {
		panic(err)
	}
	bash.RunE = func(cmd *cobra.Command, _ []string) error {
		var script bytes.Buffer
		err := root.GenBashCompletionV2(&script, !isSet(cmd, "no-descriptions"))
		if err != nil {
			return err
		}
		const function = "-F __start_joule joule"
		if strings.Count(script.String(), function) != 2 {
			return errors.New("the script of bash is another than expected")
		}
		_, err = io.WriteString(cmd.OutOrStdout(), strings.ReplaceAll(script.String(), function, "-F __joule_complete joule")+afterEquals)
		return err
	}
}

// isSet says whether a switch is given.
func isSet(cmd *cobra.Command, name string) bool {
	set, _ := cmd.Flags().GetBool(name)
	return set
}

// afterEquals is the function that bash calls in the place of cobra's.
const afterEquals = `
# What is before the last "=" of a word stays as it is.
__joule_complete()
{
    __start_joule
    local before="${COMP_LINE:0:COMP_POINT}"
    local word="${before##*[[:space:]]}"
    if [[ $word == *=* && $COMP_WORDBREAKS == *=* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*=}"}"}")
    fi
}
`
