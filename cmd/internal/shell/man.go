package shell

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"joule/cmd/internal/cli"
	"joule/internal/atomicfile"
)

// NewMan is the command man.
func NewMan() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "man --dir DIR",
		Short: "Write the man pages",
		Long: `man writes the help of every command as a man page of section 1, joule.1, joule-train.1 and so on, into a folder, and prints their
paths. MANPATH then names the folder above it, if that is called man1.`,
		Example: `  joule man --dir ~/.local/share/man/man1`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return cli.Coded(cli.ExitUsage, errors.New("--dir names the folder that the pages are written to; it has to be given"))
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return atomicfile.Error("make", dir, err)
			}
			var failed error
			visit(cmd.Root(), func(c *cobra.Command) {
				if c.Hidden || failed != nil {
					return
				}
				path := filepath.Join(dir, manName(c)+".1")
				failed = atomicfile.Write(path, func(w io.Writer) error {
					_, err := io.WriteString(w, manPage(c))
					return err
				})
				if failed == nil {
					_, failed = fmt.Fprintln(cmd.OutOrStdout(), path)
				}
			})
			return failed
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "folder to write to; it is made if it does not exist")
	return cmd
}

// manName is the name of the page of a command.
func manName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// manPage is the page of a command, in the macros of man(7).
func manPage(c *cobra.Command) string {
	c.InitDefaultHelpFlag()
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %q 1 %q %q \"Joule\"\n", strings.ToUpper(manName(c)), built(), "joule "+cli.Version)
	b.WriteString(".SH NAME\n" + roff(manName(c)+" - "+c.Short) + "\n.SH SYNOPSIS\n")
	for i, use := range strings.Split(c.UseLine(), " | ") {
		if i > 0 {
			b.WriteString(".br\n")
		}
		use = strings.TrimPrefix(strings.TrimPrefix(use, c.CommandPath()), c.Name())
		b.WriteString("\\fB" + roff(c.CommandPath()) + "\\fR" + roff(use) + "\n")
	}
	if c.Long != "" {
		b.WriteString(".SH DESCRIPTION\n")
		for i, paragraph := range strings.Split(c.Long, "\n\n") {
			if i > 0 {
				b.WriteString(".PP\n")
			}
			if strings.HasPrefix(strings.TrimLeft(paragraph, "\n"), "\t") { // a command
				paragraph = strings.ReplaceAll(strings.Trim(paragraph, "\n"), "\t", "    ")
				b.WriteString(".nf\n" + roff(paragraph) + "\n.fi\n")
				continue
			}
			b.WriteString(roff(strings.Trim(paragraph, "\n")) + "\n")
		}
	}
	writeFlags(&b, "OPTIONS", c.NonInheritedFlags())
	writeFlags(&b, "OPTIONS OF ALL COMMANDS", c.InheritedFlags())
	if subs := visible(c); len(subs) > 0 {
		b.WriteString(".SH COMMANDS\n")
		for _, sub := range subs {
			b.WriteString(".TP\n\\fB" + roff(manName(sub)) + "\\fR(1)\n" + roff(sub.Short) + "\n")
		}
	}
	if c.Example != "" {
		b.WriteString(".SH EXAMPLES\n.nf\n" + roff(c.Example) + "\n.fi\n")
	}
	if c.HasParent() {
		b.WriteString(".SH SEE ALSO\n\\fB" + roff(manName(c.Parent())) + "\\fR(1)\n")
	}
	return b.String()
}

// visible are the commands below one that its help shows.
func visible(c *cobra.Command) (list []*cobra.Command) {
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			list = append(list, sub)
		}
	}
	return list
}

// writeFlags writes a section with the flags that are shown.
func writeFlags(b *strings.Builder, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	b.WriteString(".SH " + title + "\n")
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name, usage := pflag.UnquoteUsage(f)
		b.WriteString(".TP\n")
		if f.Shorthand != "" {
			b.WriteString("\\fB" + roff("-"+f.Shorthand) + "\\fR, ")
		}
		b.WriteString("\\fB" + roff("--"+f.Name) + "\\fR")
		if name != "" {
			b.WriteString("=\\fI" + roff(name) + "\\fR")
		}
		b.WriteString("\n" + roff(usage))
		switch f.DefValue {
		case "", "0", "0s", "false", "[]":
		default:
			b.WriteString(roff(" (default " + f.DefValue + ")"))
		}
		b.WriteByte('\n')
	})
}

// roff escapes text: backslashes, signs that would come out as others, and a full stop or an apostrophe that begins a line.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// built is the day of the commit that the program was built from; empty where it does not know.
func built() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			day, _, _ := strings.Cut(s.Value, "T")
			return day
		}
	}
	return ""
}
