package shell

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/starter"
	"joule/cmd/internal/trained"
	"joule/configs"
	"joule/fetch"
	"joule/rundir"
	"joule/suites"
	"joule/trainers"
)

// candidate is what a word can be, and what that is.
type candidate struct{ word, what string }

func embeddedConfigs() (list []candidate) {
	for _, e := range configs.List() {
		list = append(list, candidate{e.Name, e.Description})
	}
	return list
}

func embeddedSuites() (list []candidate) {
	for _, e := range suites.List() {
		list = append(list, candidate{e.Name, e.Description})
	}
	return list
}

func methods() (list []candidate) {
	for _, name := range slices.Sorted(maps.Keys(trainers.Kinds)) {
		list = append(list, candidate{name, configs.What("method", name, "")})
	}
	return list
}

func knownDensities() (list []candidate) {
	for _, kind := range starter.Densities() {
		list = append(list, candidate{kind, configs.What("data", kind, "")})
	}
	return list
}

func collections() (list []candidate) {
	for _, c := range fetch.Collections {
		list = append(list, candidate{c.Name, c.Description})
	}
	return list
}

// listed are the candidates that begin as the word does, cut off after the next of the signs that end a part: names and keys are
// completed a part at a time. Where a part is offered, no space is to follow.
func listed(all []candidate, word, signs string) (list []string, directive cobra.ShellCompDirective) {
	directive = cobra.ShellCompDirectiveNoFileComp
	for _, c := range all {
		rest, begins := strings.CutPrefix(c.word, word)
		if !begins {
			continue
		}
		line := c.word
		if i := strings.IndexAny(rest, signs); i >= 0 && i < len(rest)-1 {
			line = word + rest[:i+1]
		} else if c.what != "" {
			line += "\t" + cli.Plain(c.what)
		}
		if name, _, _ := strings.Cut(line, "\t"); strings.ContainsAny(name[len(name)-1:], signs) {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		if !slices.Contains(list, line) {
			list = append(list, line)
		}
	}
	return list, directive
}

// namesOf completes names, a part of a path at a time.
func namesOf(names func() []candidate) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		return listed(names(), word, "/")
	}
}

// fixed completes words that never change.
func fixed(all ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp)
}

// either completes what any of several completes.
func either(completers ...cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, word string) (list []string, directive cobra.ShellCompDirective) {
		for _, complete := range completers {
			more, its := complete(cmd, args, word)
			list, directive = append(list, more...), directive|its
		}
		list = slices.DeleteFunc(list, func(line string) bool { // a folder to look into that is meant itself
			name, isFolder := strings.CutSuffix(line, "/")
			return isFolder && slices.Contains(list, name)
		})
		return list, directive
	}
}

// upTo completes so many arguments, each as any of several completers does; 0: any number. What is given already is not offered.
func upTo(most int, completers ...cobra.CompletionFunc) cobra.CompletionFunc {
	complete := either(completers...)
	return func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if most > 0 && len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		list, directive := complete(cmd, args, word)
		return slices.DeleteFunc(list, func(line string) bool {
			name, _, _ := strings.Cut(line, "\t")
			return slices.Contains(args, name)
		}), directive
	}
}

// entries lists what is in the folder of a word, without hidden files unless the word asks for them, as paths that begin as the word
// does.
func entries(word string) (list []candidate) {
	dir, start := filepath.Split(word)
	found, _ := os.ReadDir(filepath.Join(".", dir)) // what cannot be read has no candidates
	if filepath.IsAbs(dir) {
		found, _ = os.ReadDir(dir)
	}
	for _, e := range found {
		if strings.HasPrefix(e.Name(), start) && (start != "" || !strings.HasPrefix(e.Name(), ".")) {
			list = append(list, candidate{word: dir + e.Name()})
		}
	}
	return list
}

// files completes files with one of some endings, and folders. Without endings it is folders alone.
func files(endings ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		var found []candidate
		for _, e := range entries(word) {
			switch {
			case cli.IsFolder(e.word):
				found = append(found, candidate{word: e.word + "/"})
			case slices.ContainsFunc(endings, func(ending string) bool { return strings.HasSuffix(strings.ToLower(e.word), ending) }):
				found = append(found, e)
			}
		}
		return listed(found, word, "/")
	}
}

// runs completes run directories, folders that have one of some files or folders, and the folders that they may be in.
func runs(files ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		var found []candidate
		for _, e := range entries(word) {
			has := func(file string) bool {
				_, err := os.Stat(filepath.Join(e.word, file))
				return err == nil
			}
			_, err := rundir.Open(e.word)
			switch {
			case err == nil, slices.ContainsFunc(files, has):
				found = append(found, e)
			case cli.IsFolder(e.word):
				found = append(found, candidate{word: e.word + "/"})
			}
		}
		return listed(found, word, "/")
	}
}

// completeCheckpoint completes the checkpoints of the run that is given.
func completeCheckpoint(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	list := []string{trained.BestCheckpoint}
	if len(args) > 0 {
		if run, err := rundir.Open(args[0]); err == nil {
			all, _ := run.Checkpoints().List()
			for _, e := range all {
				list = append(list, strconv.Itoa(e.Step))
			}
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}
