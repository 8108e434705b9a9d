package launch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
)

// Kubernetes hands tasks to Kubernetes as indexed jobs, with kubectl. A pod that is stopped before its task is done is replaced:
// where it is evicted or preempted, where its machine is lost, and where it has saved at the end of its time.
type Kubernetes struct {
	profile *Profile
	// most is how many tasks a job has.
	most int
}

// newKubernetes is the scheduler that kubectl reaches. The program of the pods is that of their image.
func newKubernetes(p *Profile, _ string) Scheduler { return &Kubernetes{p, mostIndices} }

const (
	// mostIndices is how many indices a job with limits of its own for each can have without further conditions.
	mostIndices = 100_000
	// usualAtOnce is how many pods of a launch there are at a time where the profile does not say: those that wait burden a cluster, too.
	usualAtOnce = 500
	// listFile has the number of a task in each line, in the folder of a job: that of index 0 in the first.
	listFile = "tasks.txt"
	// manifestFile is the job as it is handed in.
	manifestFile = "job.yaml"
)

// kubectl runs kubectl and returns what it prints.
func (k *Kubernetes) kubectl(ctx context.Context, args ...string) ([]byte, error) {
	if k.profile.Kubernetes.Context != "" {
		args = append([]string{"--context", k.profile.Kubernetes.Context}, args...)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "kubectl", args...).Output()
	if err == nil {
		return out, nil
	}
	if errors.Is(err, exec.ErrNotFound) {
		return nil, errors.New("there is no kubectl here: tasks are given to Kubernetes, and asked for, on a machine that has it and the configuration of a cluster; --on local runs them on this one")
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("kubectl: no answer within %s", patience)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if says := kubectlSays(string(exit.Stderr)); says != "" {
			return out, fmt.Errorf("kubectl: %s", says)
		}
	}
	return out, fmt.Errorf("kubectl: %w", err)
}

// logLine begins a line of kubectl's own log, which says the same as the message after it, and says it several times.
var logLine = regexp.MustCompile(`^[EWI][0-9]{4} [0-9:.]+ `)

// kubectlSays is what kubectl has written to standard error, in one line.
func kubectlSays(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "error: ")
		if line != "" && !logLine.MatchString(line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

// in are the arguments that name a namespace.
func in(namespace string) []string {
	if namespace == "" {
		return nil
	}
	return []string{"--namespace", namespace}
}

// Check looks for what the profile has to say, for kubectl, and whether jobs may be made.
func (k *Kubernetes) Check(ctx context.Context, d *Dir) error {
	if k.profile.Kubernetes.Image == "" {
		return &ProfileError{errors.New("kubernetes.image of the profile is missing; the image that has joule is needed, as in registry.example/joule:cuda")}
	}
	if _, _, err := k.profile.Kubernetes.identity(); err != nil {
		return err
	}
	if err := k.locate(d); err != nil {
		return err
	}
	out, err := k.kubectl(ctx, append([]string{"auth", "can-i", "create", "jobs.batch"}, in(k.profile.Kubernetes.Namespace)...)...)
	if answer, _, _ := strings.Cut(strings.TrimSpace(string(out)), " "); answer == "no" { // and a code that says so, too
		where := k.profile.Kubernetes.Namespace
		if where == "" {
			where = "of the context"
		}
		return fmt.Errorf("kubectl auth can-i create jobs.batch: %s: you may not make jobs in the namespace %s; kubernetes.namespace and kubernetes.context of the profile name others", strings.TrimSpace(string(out)), where)
	}
	return err
}

// identity is whom tasks run as. The error is a [ProfileError].
func (s *KubernetesSettings) identity() (user, group int64, err error) {
	user, group = s.User, s.Group
	if user == 0 {
		user = int64(os.Getuid())
	}
	if group == 0 {
		group = int64(os.Getgid())
	}
	if user <= 0 {
		return 0, 0, &ProfileError{errors.New("pods do not run as root, and it is root who launches: kubernetes.user of the profile is the number of the user that tasks run as; the launch directory has to be that user's to write in")}
	}
	return user, max(group, 0), nil
}

// Divide makes jobs of tasks, each of as many as a job can have.
func (k *Kubernetes) Divide(_ context.Context, d *Dir, tasks []int) (jobs []*Job, err error) {
	if err := k.locate(d); err != nil {
		return nil, err
	}
	named := d.NewJob("kubernetes", nil).Name
	parts := slices.Collect(slices.Chunk(tasks, k.most))
	for i, part := range parts {
		j := d.NewJob("kubernetes", slices.Clone(part))
		j.Name, j.Script = fmt.Sprintf("%s-%d", jobName(d.Name, named), i+1), manifestFile
		atOnce := k.profile.AtOnce
		if atOnce == 0 {
			atOnce = usualAtOnce
		}
		job, err := k.manifest(d, j, max((atOnce+len(parts)-1-i)/len(parts), 1)) // each has its part
		if err != nil {
			return nil, err
		}
		if j.Text, err = encode(job); err != nil {
			return nil, err
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// longestName is how much of the name of a suite or config is in that of a job. The names of pods' hosts, which have the index at their
// end, are at most 63 letters.
const longestName = 20

// jobName makes a name of labels of the DNS: joule, that of what is launched, and the time, which the usual name of a job ends with.
func jobName(name, usual string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, name)
	name = strings.Trim(name[:min(len(name), longestName)], "-")
	stamp := usual[len(usual)-len("060102-150405.000000"):]
	return strings.ReplaceAll(strings.TrimSuffix("joule-"+name, "-")+"-"+stamp, ".", "-")
}

// locate says whether pods will see the launch directory, at the path that it has here.
func (k *Kubernetes) locate(d *Dir) error {
	var places []string
	for _, v := range k.profile.Kubernetes.Volumes {
		for _, path := range v.paths() {
			if inside, err := filepath.Rel(path, d.Path); err != nil || !filepath.IsLocal(inside) {
				continue
			}
			if v.ReadOnly {
				return fmt.Errorf("%s: is on the volume of the claim %s (kubernetes.volumes), which is read_only; tasks write in it", d.Path, v.Claim)
			}
			return nil
		}
		places = append(places, v.Path)
	}
	if len(places) == 0 {
		return fmt.Errorf("%s: pods would not see it: kubernetes.volumes of the profile has no volume; want the claim of one that is mounted here, too, as in {claim: scratch, path: /scratch}", d.Path)
	}
	return fmt.Errorf("%s: pods would not see it: it is on none of the volumes of the profile (kubernetes.volumes), which are here at %s; name a directory there with --out", d.Path, strings.Join(places, ", "))
}

// Submit gives a job's manifest to the cluster.
func (k *Kubernetes) Submit(ctx context.Context, d *Dir, j *Job) error {
	j.ID = ""
	var list strings.Builder
	for _, task := range j.Tasks {
		list.WriteString(strconv.Itoa(task) + "\n")
	}
	if err := write(filepath.Join(d.JobFolder(j), listFile), list.String()); err != nil {
		return err
	}
	args := []string{"create", "--filename", filepath.Join(d.JobFolder(j), j.Script), "--output", "json"}
	out, err := k.kubectl(ctx, append(args, in(k.profile.Kubernetes.Namespace)...)...)
	if err != nil { // the answer may have been lost
		if findErr := k.find(ctx, j); findErr != nil {
			return &UnsureError{errors.Join(err, findErr)}
		}
		if j.ID != "" {
			return nil
		}
		return err
	}
	var job batchv1.Job
	if err := json.Unmarshal(out, &job); err != nil || job.Name != j.Name {
		return fmt.Errorf("kubectl create prints %.100q; want the job in JSON", out)
	}
	j.ID = job.Namespace + "/" + job.Name
	return nil
}

// find looks for a job that may have been handed in by a program that was killed before it could note that.
func (k *Kubernetes) find(ctx context.Context, j *Job) error {
	jobs, err := list[batchv1.Job](ctx, k, k.profile.Kubernetes.Namespace, []string{j.Name}, "jobs")
	if err == nil && len(jobs) > 0 {
		j.ID = jobs[0].Namespace + "/" + jobs[0].Name
	}
	return err
}

// Cancel deletes jobs. Their pods are told to end, and are given the time to save.
func (k *Kubernetes) Cancel(ctx context.Context, _ *Dir, jobs []*Job) error {
	for namespace, names := range byNamespace(jobs) {
		args := append([]string{"delete", "jobs", "--ignore-not-found", "--wait=false", "--cascade=foreground"}, in(namespace)...)
		for some := range slices.Chunk(names, mostNamed) {
			if _, err := k.kubectl(ctx, append(slices.Clone(args), some...)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// byNamespace are the names of jobs that were handed in.
func byNamespace(jobs []*Job) map[string][]string {
	names := map[string][]string{}
	for _, j := range jobs {
		if namespace, name, ok := strings.Cut(j.ID, "/"); ok {
			names[namespace] = append(names[namespace], name)
		}
	}
	return names
}
