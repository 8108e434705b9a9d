package shell

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/train"
	"joule/configs"
	"joule/internal/strictyaml"
	"joule/suites"
)

// completeSet completes KEY=VALUE: a part of the key at a time, and then the values that it can have, or the one that it has.
func completeSet(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	sets, _ := cmd.Flags().GetStringArray("set") // what stands before; of the type that it has
	keys := settable(cmd, args, slices.DeleteFunc(sets, func(set string) bool { return set == word }))
	if key, _, isValue := strings.Cut(word, "="); isValue {
		return values(key, keys)
	}
	var all []candidate
	for i, p := range keys {
		isSection := i+1 < len(keys) && strings.HasPrefix(keys[i+1].Name, p.Name+".")
		if !isSection {
			all = append(all, candidate{p.Name + "=", p.Schema.Description})
		}
	}
	list, directive := listed(all, word, ".=")
	for i, line := range list { // a part is a section, which has a description of its own
		if name, isPart := strings.CutSuffix(line, "."); isPart {
			if s := keys.Get(name); s != nil && s.Description != "" {
				list[i] += "\t" + cli.Plain(s.Description)
			}
		}
	}
	return list, directive | cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveKeepOrder
}

// settable lists the keys that --set can name in a command: those of the config or the suite that is given, or of the run, as far as
// those can be changed; where none is given, or it is wrong, of any config.
func settable(cmd *cobra.Command, args, sets []string) strictyaml.Properties {
	path := strings.TrimPrefix(cmd.CommandPath(), "joule ")
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	var config *configs.Config
	switch path {
	case "bench", "bench validate":
		return suites.Keys()
	case "launch":
		if !configs.IsEmbedded(name) {
			if _, err := suites.Load(name, nil); err == nil {
				return suites.Keys()
			}
		}
	case "sample", "inpaint":
		config, _ = configs.LoadRun(filepath.Join(name, "config.yaml"), "", sets)
		return slices.DeleteFunc(slices.Clone(configs.Keys(config)), func(p strictyaml.Property) bool {
			section, _, _ := strings.Cut(p.Name, ".")
			return section != "sampler" && (section != "sampling" || path != "sample")
		})
	case "import":
		name, _ = cmd.Flags().GetString("config")
	case "train":
		if run, _ := cmd.Flags().GetString("resume"); run != "" && run != train.ResumeAuto {
			config, _ = configs.LoadRun(filepath.Join(run, "config.yaml"), "", sets)
			return configs.Keys(config)
		}
	}
	if name != "" {
		config, _ = configs.Resolve(name, sets)
	}
	return configs.Keys(config)
}

// values completes the value of a key.
func values(key string, keys strictyaml.Properties) ([]string, cobra.ShellCompDirective) {
	s := keys.Get(key)
	if s == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list []string
	add := func(value, what string) {
		name := key + "=" + value
		line := name
		if what != "" {
			line += "\t" + cli.Plain(what)
		}
		if !slices.ContainsFunc(list, func(other string) bool { return other == name || strings.HasPrefix(other, name+"\t") }) {
			list = append(list, line)
		}
	}
	for _, of := range append([]*strictyaml.Schema{s}, s.AnyOf...) {
		for i, option := range of.Enum {
			if i < len(of.EnumDescriptions) {
				add(option, of.EnumDescriptions[i])
			} else {
				add(option, "")
			}
		}
		if of.Type == "boolean" {
			add("true", "")
			add("false", "")
		}
		if of.Const != nil {
			add(fmt.Sprint(of.Const), "")
		}
		if of.Default != nil && of.Ref == "" {
			if text, err := json.Marshal(of.Default); err == nil {
				add(strings.Trim(string(text), `"`), "as it is")
			}
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
