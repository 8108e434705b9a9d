package configs

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/data"
	"joule/cmd/internal/starter"
	"joule/configs"
	"joule/internal/atomicfile"
	"joule/internal/strictyaml"
	"joule/trainers"
)

func newInit() *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a config for data of one's own",
		Long: `init looks at data, recommends a method, and writes a short config that starts from the one that comes with joule and is nearest.
What the flags do not say it asks for in a terminal, on standard error, with what is usual as the answer to an empty line; elsewhere it
takes what is usual. The config is checked, with its data, before it is written, and no file is ever replaced. The path is printed on
standard output.

Data are a file of points (.csv, .npy or .parquet), a file or folder of images, one of those in joule, such as
builtin:old_faithful.csv, or a density that is known, such as rings. Of tables only the columns of numbers are taken; columns of
categories and of classes, and missing values, have keys of their own, which are in docs/configs.md.`,
		Example: `  joule configs init
  joule configs init my.yaml --data builtin:old_faithful.csv --method dsm --length short`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.file = args[0]
			}
			o.given = cmd.Flags().Changed
			input, isFile := cmd.InOrStdin().(*os.File)
			ask := &interview{in: bufio.NewReader(cmd.InOrStdin()), out: cmd.ErrOrStderr(), asks: isFile && term.IsTerminal(int(input.Fd()))}
			path, err := o.run(ask)
			if err != nil {
				return cli.Coded(cli.ExitUsage, err)
			}
			if !cli.IsQuiet(cmd) {
				name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
				fmt.Fprintf(cmd.ErrOrStderr(), "next: joule train %s --out %s\n", path, filepath.Join("runs", name))
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), path)
			return err
		},
	}
	cmd.Flags().StringVar(&o.data, "data", "", "file, folder, or kind of density")
	cmd.Flags().BoolVar(&o.standardize, "standardize", true, "bring the data to mean 0 and variance 1 for the model")
	cmd.Flags().StringVar(&o.method, "method", "", "how the energy is trained (default: what did best on such data, in docs/benchmark.md)")
	cmd.Flags().StringVar(&o.length, "length", "usual", "of the run: short, usual or long, a tenth, once or four times what its config has")
	return cmd
}

// initOptions are the flags of joule configs init.
type initOptions struct {
	file, data, method, length string
	standardize                bool
	given                      func(flag string) bool
}

// run asks for what is not given, and writes the config.
func (o *initOptions) run(ask *interview) (path string, err error) {
	s := &starter.Starter{}
	if o.data == "" && !ask.asks {
		return "", errors.New("--data FILE, or a density such as rings, is needed where nobody can be asked")
	}
	if o.data, err = ask.answer(o.data, "data (a file, a folder, or one of "+strings.Join(starter.Densities(), ", ")+")", "", s.Look); err != nil {
		return "", fmt.Errorf("--data: %w", err)
	}
	if ask.asks {
		if err := data.Describe(ask.out, s.Kind, s.Set); err != nil {
			return "", err
		}
	}
	s.Standardize = o.standardize
	if s.Set.Image == nil && !o.given("standardize") && ask.asks {
		yes, err := ask.answer("", "standardize, that is bring them to mean 0 and variance 1 (yes or no)", "yes", oneOf("yes", "no"))
		if err != nil {
			return "", err
		}
		s.Standardize = yes == "yes"
	}
	stem := strings.TrimSuffix(filepath.Base(strings.TrimPrefix(o.data, "builtin:")), filepath.Ext(o.data))
	s.Name, s.Length, s.Path = stem, "usual", "tried.yaml" // what the methods are tried with
	if err := o.askMethod(ask, s); err != nil {
		return "", err
	}
	length := ""
	if o.given("length") || !ask.asks {
		length = o.length
	}
	if s.Length, err = ask.answer(length, "length of the run (short, usual or long: a tenth, once or four times the usual steps)", "usual", oneOf(slices.Sorted(maps.Keys(starter.Lengths))...)); err != nil {
		return "", fmt.Errorf("--length: %w", err)
	}
	file := strings.NewReplacer(":", "-", " ", "-").Replace(stem) + "-" + o.method + ".yaml"
	if o.file == "" && !ask.asks {
		o.file = file
	}
	if s.Path, err = ask.answer(o.file, "file to write", file, isFree); err != nil {
		return "", err
	}
	s.Name = strings.TrimSuffix(filepath.Base(s.Path), filepath.Ext(s.Path))
	text, err := s.Text(o.method)
	if err == nil {
		err = s.Check(text)
	}
	if err != nil {
		return "", err
	}
	return s.Path, writeNew(s.Path, text)
}

// askMethod asks for one of the methods that can learn the data, which are listed with what they are.
func (o *initOptions) askMethod(ask *interview, s *starter.Starter) error {
	all := s.Methods()
	best := s.Recommended()
	if o.method == "" && ask.asks {
		fmt.Fprintln(ask.out, "methods that can learn these data:")
		for _, method := range all {
			mark := ""
			if method == best {
				mark = " (recommended: it did best on such data in docs/benchmark.md)"
			}
			what, _, _ := strings.Cut(cli.Plain(configs.What("method", method, "")), ". ") // its first sentence
			fmt.Fprintf(ask.out, "  %-20s%s%s\n", method, strings.TrimSuffix(what, "."), mark)
		}
	}
	if o.method == "" && !ask.asks {
		o.method = best
	}
	method, err := ask.answer(o.method, "method", best, func(method string) error {
		if _, known := trainers.Kinds[method]; known && !slices.Contains(all, method) {
			text, err := s.Text(method)
			if err == nil {
				_, err = configs.Text(text, s.Path)
			}
			if problems, ok := errors.AsType[strictyaml.Errors](err); ok { // their places are in a file that is not there
				err = errors.New(problems[0].Problem)
			}
			return fmt.Errorf("%s cannot learn these data: %w", method, err)
		}
		return oneOf(all...)(method)
	})
	if err != nil {
		return fmt.Errorf("--method: %w", err)
	}
	o.method = method
	return nil
}

// oneOf refuses all words but some.
func oneOf(known ...string) func(string) error {
	return func(word string) error {
		if slices.Contains(known, word) {
			return nil
		}
		return fmt.Errorf("%q is unknown; %s", word, strictyaml.Suggest(word, known, "known: "+strings.Join(known, ", ")))
	}
}

// isFree refuses the path of what exists, or in a folder that does not.
func isFree(path string) error {
	if !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(path)) {
		return fmt.Errorf("%s: the name of a config ends in .yaml", strconv.Quote(path))
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: exists, and is not replaced", path)
	}
	if !cli.IsFolder(filepath.Dir(path)) {
		return fmt.Errorf("%s: there is no folder %s", path, filepath.Dir(path))
	}
	return nil
}

// writeNew writes a file that does not exist yet.
func writeNew(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: exists, and is not replaced", path)
	}
	if err != nil {
		return atomicfile.Error("write", path, err)
	}
	_, err = file.Write(text)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return errors.Join(atomicfile.Error("write", path, err), os.Remove(path))
	}
	return nil
}

// interview asks for answers, where there is someone to ask.
type interview struct {
	in   *bufio.Reader
	out  io.Writer
	asks bool
}

// answer is what is given, or else what is answered to a question; an empty line is the usual answer. An answer that is refused is
// asked for again; one that was given is an error.
func (i *interview) answer(given, question, usual string, check func(string) error) (string, error) {
	if given != "" || !i.asks {
		return given, check(given)
	}
	for {
		hint := ""
		if usual != "" {
			hint = " [" + usual + "]"
		}
		fmt.Fprintf(i.out, "%s%s: ", question, hint)
		line, err := i.in.ReadString('\n')
		if err != nil {
			return "", errors.New("the questions were not answered; nothing is written")
		}
		answer := strings.TrimSpace(line)
		if answer == "" {
			answer = usual
		}
		if answer == "" {
			continue
		}
		err = check(answer)
		if err == nil {
			return answer, nil
		}
		fmt.Fprintf(i.out, "%v\n", err)
	}
}
