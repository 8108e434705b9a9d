package launch

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"joule/internal/strictyaml"
)

// Profile says what a task needs, and how a site wants to be asked for it. docs/scaling.md has every key.
type Profile struct {
	// Time is what a task may take before it has to save and to wait for its next turn, in Slurm's notation, as in 4:00:00 or 1-12;
	// empty: as the scheduler has it.
	Time string `yaml:"time"`
	// Memory is that of a task, a number and K, M, G or T.
	Memory string `yaml:"memory"`
	CPUs   int    `yaml:"cpus" check:">= 0, <= 100000"`
	GPUs   int    `yaml:"gpus" check:">= 0, <= 1000"`
	// AtOnce is the most tasks that run at a time; 0 leaves that to the scheduler.
	AtOnce int `yaml:"at_once" check:">= 0, <= 1000000"`
	// RunsATask is how many runs of a suite a task makes; 0: those that are trained at once in one program.
	RunsATask int `yaml:"runs_a_task" check:">= 0, <= 100000"`
	// Warning is how many seconds before the end of its time a task is told to save.
	Warning int `yaml:"warning" check:"> 0, <= 65535"`
	// Setup are lines of the shell that go before each task, such as those that load modules.
	Setup []string `yaml:"setup" check:"each len >= 1"`
	// Environment are variables of a task.
	Environment strictyaml.Tree `yaml:"environment"`
	// Slurm is what concerns Slurm alone.
	Slurm SlurmSettings `yaml:"slurm"`
	// Kubernetes is what concerns Kubernetes alone.
	Kubernetes KubernetesSettings `yaml:"kubernetes"`

	// Text is the profile with all that it extends, as YAML. It is not a key.
	Text string `yaml:"-"`
}

// SlurmSettings are options of sbatch.
type SlurmSettings struct {
	Partition  string `yaml:"partition"`
	Account    string `yaml:"account"`
	QOS        string `yaml:"qos"`
	Gres       string `yaml:"gres"`
	Constraint string `yaml:"constraint"`
	// Options are any others, as they are written for sbatch.
	Options []string `yaml:"options" check:"each len >= 1"`
}

// NewProfile is what keys that a file leaves out are set to.
func NewProfile() *Profile { return &Profile{Warning: 120, Kubernetes: newKubernetesSettings()} }

// LoadProfile reads the profile in a file. Empty is that of one with no keys. An error lists what is wrong, with file, line, column
// and key.
func LoadProfile(path string) (*Profile, error) {
	p := NewProfile()
	if path == "" {
		return p, nil
	}
	document, err := strictyaml.Load(strictyaml.OpenFile, path)
	if err != nil {
		return nil, err
	}
	if err := document.Decode(p, strictyaml.NewRegistry()); err != nil {
		return nil, err
	}
	p.Text = document.Text()
	return p, nil
}

var (
	memoryForm   = regexp.MustCompile(`^[1-9][0-9]{0,9}[KMGT]$`)
	variableForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// Check refuses what has no meaning, and what would end a line of a script.
func (p *Profile) Check(report func(key, problem string)) {
	if p.Time != "" {
		limit, err := parseTime(p.Time)
		switch {
		case err != nil:
			report("time", err.Error())
		case limit < time.Minute:
			report("time", fmt.Sprintf("%s is less than the minute that schedulers count in", limit))
		case time.Duration(p.Warning)*time.Second >= limit:
			report("warning", fmt.Sprintf("%d s before the end is not within the %s that a task has (time)", p.Warning, limit))
		}
	}
	if p.Memory != "" && !memoryForm.MatchString(p.Memory) {
		report("memory", fmt.Sprintf("%.40q is no amount of memory; want a number and K, M, G or T, as in 16G", p.Memory))
	}
	for i, line := range p.Setup {
		if strings.ContainsAny(line, "\r\x00") {
			report(fmt.Sprintf("setup[%d]", i), "has a character that no script can have")
		}
	}
	entries, isMap := p.Environment.Entries()
	if p.Environment.IsGiven() && !isMap {
		report("environment", "found "+p.Environment.Describe()+"; a map of variables and their values is needed")
	}
	for _, e := range entries {
		if !variableForm.MatchString(e.Key) {
			report("environment."+e.Key, "is no name of a variable; want letters, digits and _")
		}
		if value, ok := e.Value.Scalar(); !ok || strings.ContainsAny(value, "\r\n\x00") {
			report("environment."+e.Key, "found "+e.Value.Describe()+"; a line of text is needed")
		}
	}
}

// Check refuses what would not be one word or one line for sbatch.
func (s *SlurmSettings) Check(report func(key, problem string)) {
	for key, value := range map[string]string{"partition": s.Partition, "account": s.Account, "qos": s.QOS, "gres": s.Gres, "constraint": s.Constraint} {
		if strings.ContainsAny(value, " \t\r\n\"'\\\x00") {
			report(key, fmt.Sprintf("%.60q has a space, a quote or a backslash; one word is needed", value))
		}
	}
	for i, option := range s.Options {
		key := fmt.Sprintf("options[%d]", i)
		name, _, _ := strings.Cut(option, "=")
		switch {
		case !strings.HasPrefix(option, "-") || strings.ContainsAny(option, "\r\n\x00"):
			report(key, fmt.Sprintf("%.60q is no option of sbatch; want one as in --mail-type=FAIL", option))
		case ownOptions[name] != "":
			report(key, fmt.Sprintf("%s is set by joule; %s", name, ownOptions[name]))
		}
	}
}

// ownOptions are those of sbatch that joule sets, and what says them.
var ownOptions = map[string]string{
	"--array": "at_once bounds how many tasks run at a time", "-a": "at_once bounds how many tasks run at a time",
	"--output": "logs are in the launch directory", "-o": "logs are in the launch directory",
	"--error": "logs are in the launch directory", "-e": "logs are in the launch directory",
	"--signal": "warning says how long before the end tasks are told", "--job-name": "jobs are found by their names", "-J": "jobs are found by their names",
	"--no-requeue": "tasks that were stopped go on by being requeued", "--open-mode": "logs are appended to", "--wrap": "there is a script",
	"--parsable": "there is nothing to say",
}

// Variables are those of the environment, by name and value.
func (p *Profile) Variables() (list [][2]string) {
	entries, _ := p.Environment.Entries() // checked
	for _, e := range entries {
		value, _ := e.Value.Scalar()
		list = append(list, [2]string{e.Key, value})
	}
	return list
}

// Limit is the time of a task; 0 where none is given.
func (p *Profile) Limit() time.Duration {
	limit, _ := parseTime(p.Time) // checked
	return limit
}

// parseTime reads MINUTES, MINUTES:SECONDS, HOURS:MINUTES:SECONDS, DAYS-HOURS, DAYS-HOURS:MINUTES or DAYS-HOURS:MINUTES:SECONDS.
func parseTime(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%.40q is no time; want hours, minutes and seconds as in 4:00:00, or days and hours as in 1-12", text)
	days, rest, hasDays := strings.Cut(text, "-")
	units := map[int][]time.Duration{1: {time.Minute}, 2: {time.Minute, time.Second}, 3: {time.Hour, time.Minute, time.Second}}
	if hasDays {
		units = map[int][]time.Duration{1: {time.Hour}, 2: {time.Hour, time.Minute}, 3: {time.Hour, time.Minute, time.Second}}
	} else {
		days, rest = "0", text
	}
	parts := strings.Split(rest, ":")
	if units[len(parts)] == nil {
		return 0, wrong
	}
	number, err := strconv.ParseUint(days, 10, 16)
	total := time.Duration(number) * 24 * time.Hour
	for i, part := range parts {
		number, partErr := strconv.ParseUint(part, 10, 24)
		if err != nil || partErr != nil {
			return 0, wrong
		}
		total += time.Duration(number) * units[len(parts)][i]
	}
	if err != nil {
		return 0, wrong
	}
	return total, nil
}

// ProfileError says what a profile lacks for the scheduler that it is used with: it is a fault of the file, and not of the cluster.
type ProfileError struct{ Err error }

func (e *ProfileError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *ProfileError) Unwrap() error { return e.Err }
