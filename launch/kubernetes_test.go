package launch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"
)

// profileOf is the profile that a text makes.
func profileOf(t *testing.T, text string) *Profile {
	t.Helper()
	path := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := LoadProfile(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// kubernetesOf is a scheduler with a profile.
func kubernetesOf(t *testing.T, text string) *Kubernetes {
	t.Helper()
	return newKubernetes(profileOf(t, text), "/here/joule").(*Kubernetes)
}

const smallest = `kubernetes: {image: "registry.example/joule:cpu", user: 1000, group: 100, volumes: [{claim: scratch, path: /scratch}]}
`

const fullest = `time: 4:00:00
memory: 16G
cpus: 8
gpus: 2
at_once: 20
warning: 300
setup:
- export CACHE=$(mktemp -d) # $$ and $(NAME) are the shell's
environment: {JOULE_DATA_DIR: /data/joule, PRICE: $(NODE) 5$}
kubernetes:
  context: big
  namespace: energy
  image: registry.example/joule:cuda
  program: /usr/local/bin/joule
  user: 1000
  group: 100
  volumes:
  - {claim: scratch, path: /scratch, sub_path: home/ada}
  - {claim: data, path: /data, read_only: true}
  gpu: amd.com/gpu
  retries: 1
  max_failed: 3
  keep: 3600
  labels: {team: physics}
  annotations: {example.com/cost: "7"}
  pod:
    nodeSelector: {disk: fast}
    tolerations: [{key: gpu, operator: Exists, effect: NoSchedule}]
    serviceAccountName: trainer
    imagePullSecrets: [{name: registry}]
    priorityClassName: low
    volumes: [{name: shm, emptyDir: {medium: Memory, sizeLimit: 1Gi}}]
    securityContext: {supplementalGroups: [4000]}
  container:
    imagePullPolicy: Always
    volumeMounts: [{name: shm, mountPath: /dev/shm}]
    env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: token, key: token}}}]
    resources: {limits: {ephemeral-storage: 2Gi}}
`

// The manifests are those of testdata, which JOULE_UPDATE_GOLDEN=1 writes anew, and Kubernetes' own types take them as they were meant.
func TestKubernetesManifest(t *testing.T) {
	d := &Dir{Path: "/scratch/suites/toy 2d", Launch: Launch{What: OfSuite, Name: "toy 2d"}}
	for name, text := range map[string]string{"smallest": smallest, "fullest": fullest} {
		k := kubernetesOf(t, text)
		j := &Job{Name: "joule-toy-2d-261129-083000-000000-1", Tasks: Numbers{0, 1, 2, 3, 17}}
		job, err := k.manifest(d, j, 20)
		if err != nil {
			t.Fatal(err)
		}
		got, err := encode(job)
		if err != nil {
			t.Fatal(err)
		}
		var back batchv1.Job
		if err := yaml.UnmarshalStrict([]byte(got), &back); err != nil || !equality.Semantic.DeepEqual(&back, job) {
			t.Errorf("%s: is read back as %+v, %v", name, back, err)
		}
		path := filepath.Join("testdata", "kubernetes-"+name+".yaml")
		if os.Getenv("JOULE_UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is not what the manifest is now (JOULE_UPDATE_GOLDEN=1 writes it):\n%s", path, got)
		}
	}
}

// Tasks become as many jobs as Kubernetes needs, whose names and those of their pods' hosts are names of the DNS.
func TestKubernetesJobs(t *testing.T) {
	for _, c := range []struct {
		name   string
		atOnce int
		tasks  []int
		want   []string
	}{
		{"toy2d", 0, []int{0, 2, 5}, []string{"0,2,5 3 at once"}},
		{"Toy_2D.and more than there is room for", 2, []int{0, 1, 2, 3, 7}, []string{"0-2 1 at once", "3,7 1 at once"}},
		{"…", 3, []int{4, 5, 6, 7, 8}, []string{"4-6 2 at once", "7-8 1 at once"}},
		{"-", 1, []int{0, 1, 2, 3, 4, 5, 6}, []string{"0-2 1 at once", "3-5 1 at once", "6 1 at once"}},
	} {
		k := kubernetesOf(t, smallest)
		k.most, k.profile.AtOnce = 3, c.atOnce
		d := &Dir{Path: "/scratch/x", Launch: Launch{Name: c.name}}
		jobs, err := k.Divide(t.Context(), d, c.tasks)
		if err != nil {
			t.Fatal(err)
		}
		var got, names []string
		for _, j := range jobs {
			var job batchv1.Job
			if err := yaml.UnmarshalStrict([]byte(j.Text), &job); err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%s %d at once", j.Tasks, *job.Spec.Parallelism))
			names = append(names, j.Name)
			if job.Name != j.Name || int(*job.Spec.Completions) != len(j.Tasks) {
				t.Errorf("job %s of %d tasks is %s with %d", j.Name, len(j.Tasks), job.Name, *job.Spec.Completions)
			}
			for _, problem := range validation.IsDNS1123Label(fmt.Sprintf("%s-%d", j.Name, mostIndices-1)) {
				t.Errorf("%s: %s", j.Name, problem)
			}
			for key, value := range job.Labels {
				for _, problem := range validation.IsValidLabelValue(value) {
					t.Errorf("label %s: %s: %s", key, value, problem)
				}
			}
		}
		if !slices.Equal(got, c.want) || len(slices.Compact(names)) != len(jobs) {
			t.Errorf("%s: %v become %v of the names %v", c.name, c.tasks, got, names)
		}
	}
	k := kubernetesOf(t, smallest)
	all := make([]int, mostIndices+1)
	for i := range all {
		all[i] = 2 * i
	}
	jobs, err := k.Divide(t.Context(), &Dir{Path: "/scratch/x", Launch: Launch{Name: "x"}}, all)
	if err != nil || len(jobs) != 2 || len(jobs[0].Tasks) != 100_000 || len(jobs[0].Text) > 10_000 {
		t.Errorf("%d tasks become %d jobs, %v", len(all), len(jobs), err)
	}
}

// A launch directory that pods would not see is refused before anything is handed in.
func TestKubernetesVolumes(t *testing.T) {
	real := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ volumes, dir, want string }{
		{"[]", "/home/x", "/home/x: pods would not see it: kubernetes.volumes of the profile has no volume"},
		{"[{claim: a, path: /a}, {claim: b, path: /b}]", "/home/x", "/home/x: pods would not see it: it is on none of the volumes of the profile (kubernetes.volumes), which are here at /a, /b;"},
		{"[{claim: a, path: /a}]", "/ab", "/ab: pods would not see it"},
		{"[{claim: a, path: /a, read_only: true}]", "/a/b", "/a/b: is on the volume of the claim a (kubernetes.volumes), which is read_only"},
		{"[{claim: a, path: /a/}]", "/a", ""},
		{"[{claim: a, path: " + link + "}]", filepath.Join(real, "x"), ""},
	} {
		k := kubernetesOf(t, fmt.Sprintf("kubernetes: {image: i, user: 1, volumes: %s}\n", c.volumes))
		jobs, err := k.Divide(t.Context(), &Dir{Path: c.dir, Launch: Launch{Name: "x"}}, []int{0})
		if c.want == "" && err == nil {
			if strings.Contains(c.volumes, link) && strings.Count(jobs[0].Text, "mountPath: "+real+"\n")+strings.Count(jobs[0].Text, "mountPath: "+link+"\n") != 2 {
				t.Errorf("pods do not see the volume at both of its paths:\n%s", jobs[0].Text)
			}
			continue
		}
		if err == nil || c.want == "" || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s in %s: %v", c.dir, c.volumes, err)
		}
	}
}

func TestKubernetesProfile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.yaml")
	for text, want := range map[string]string{
		"{imag: x}":                                         `1:14: kubernetes.imag: unknown key; did you mean "image"?`,
		"{image: x y}":                                      `1:21: kubernetes.image: "x y" has a space`,
		"{user: -1}":                                        `1:20: kubernetes.user: -1 is negative`,
		"{program: ''}":                                     `1:23: kubernetes.program: has 0 characters`,
		"{volumes: [{path: /a}]}":                           `1:24: kubernetes.volumes[0].claim: is missing`,
		"{volumes: [{claim: a, path: a}]}":                  `1:41: kubernetes.volumes[0].path: "a" is no place for a volume`,
		"{volumes: [{claim: a, path: /}]}":                  `1:41: kubernetes.volumes[0].path: "/" is no place for a volume`,
		"{volumes: [{claim: a, path: '/a:b'}]}":             `1:41: kubernetes.volumes[0].path: "/a:b" is no place for a volume`,
		"{volumes: [{claim: a, path: /a, sub_path: ../b}]}": `1:55: kubernetes.volumes[0].sub_path: "../b" is no folder of a volume`,
		"{labels: [a]}":                                     `1:22: kubernetes.labels: found a list; a map of names and values`,
		"{labels: {a: [b]}}":                                `1:26: kubernetes.labels.a: found a list; text is needed`,
		"{labels: {app.kubernetes.io/name: b}}":             `kubernetes.labels.app.kubernetes.io/name: is set by joule`,
		"{pod: 3}":                                          `1:19: kubernetes.pod: found 3; a map is needed, of fields in https://`,
		"{pod: {nodeSelctor: {a: b}}}":                      `1:19: kubernetes.pod: unknown field "nodeSelctor"; the fields are in https://`,
		"{pod: {tolerations: [{key: a, op: b}]}}":           `1:19: kubernetes.pod: unknown field "tolerations[0].op"; the fields`,
		"{pod: {hostNetwork: maybe}}":                       `1:19: kubernetes.pod: is not as Kubernetes has it: `,
		"{pod: {restartPolicy: Always}}":                    `1:19: kubernetes.pod: restartPolicy is set by joule; the job starts tasks again`,
		"{pod: {activeDeadlineSeconds: 3}}":                 `1:19: kubernetes.pod: activeDeadlineSeconds is set by joule; it is the key time`,
		"{container: {image: x}}":                           `1:25: kubernetes.container: image is set by joule; it is the key image`,
		"{container: {resorces: {}}}":                       `1:25: kubernetes.container: unknown field "resorces"`,
	} {
		if err := os.WriteFile(path, []byte("kubernetes: "+text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := LoadProfile(path)
		if err == nil || !strings.HasPrefix(err.Error(), path+":") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", text, err, want)
		}
	}
	var all []string
	for f := range reflect.TypeFor[KubernetesSettings]().Fields() {
		all = append(all, f.Tag.Get("yaml"))
	}
	for _, key := range all { // or the manifest is not that of every key
		if !strings.Contains(fullest, "\n  "+key+":") {
			t.Errorf("no manifest is made with the key %s", key)
		}
	}
}

// systemPath is where the commands of scripts are.
var systemPath = os.Getenv("PATH")

// kubectl puts a script in its place, in which DIR is a folder of its own.
func kubectl(t *testing.T, script string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	standIn(t, map[string]string{"kubectl": "PATH=" + systemPath + "\nexec 3>>" + dir + "/calls\necho \"$@\" >&3\n" + strings.ReplaceAll(script, "DIR", dir)})
	return dir
}

// What kubectl says is kept, in a line.
func TestKubernetesRefused(t *testing.T) {
	k, d := kubernetesOf(t, fullest), &Dir{Path: "/scratch/x"}
	standIn(t, map[string]string{})
	if err := k.Check(t.Context(), d); err == nil || !strings.HasPrefix(err.Error(), "there is no kubectl here: ") {
		t.Error(err)
	}
	for script, want := range map[string]string{
		"echo no; exit 1":                                        "kubectl auth can-i create jobs.batch: no: you may not make jobs in the namespace energy; ",
		"echo 'no - RBAC: role missing'; exit 1":                 "kubectl auth can-i create jobs.batch: no - RBAC: role missing: you may not",
		`echo 'error: context "big" does not exist' >&2; exit 1`: `kubectl: context "big" does not exist`,
		"echo 'E1129 08:36:00.123456   123 memcache.go:265] \"Unhandled Error\"' >&2; echo 'The connection to the server localhost:8080 was refused - did you specify the right host or port?' >&2; exit 1": "kubectl: The connection to the server localhost:8080 was refused - did you specify the right host or port?",
		"exit 3": "kubectl: exit status 3",
	} {
		dir := kubectl(t, script)
		if err := k.Check(t.Context(), d); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", script, err)
		}
		if calls, err := os.ReadFile(filepath.Join(dir, "calls")); err != nil || string(calls) != "--context big auth can-i create jobs.batch --namespace energy\n" {
			t.Errorf("called with %s, %v", calls, err)
		}
	}
	kubectl(t, "echo yes")
	if err := k.Check(t.Context(), d); err != nil {
		t.Error(err)
	}
	k.profile.Kubernetes.Image = ""
	if err := k.Check(t.Context(), d); err == nil || !strings.HasPrefix(err.Error(), "kubernetes.image of the profile is missing; ") {
		t.Error(err)
	}
}

// A job is handed in once, also where the answer is lost, and its list says which task an index is.
func TestKubernetesSubmit(t *testing.T) {
	d := made(t)
	k := kubernetesOf(t, strings.ReplaceAll(smallest, "/scratch", d.Path))
	handIn := func(script string) (*Job, error) {
		t.Helper()
		kubectl(t, script)
		jobs, err := k.Divide(t.Context(), d, []int{3, 5, 6})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Note(jobs[0]); err != nil {
			t.Fatal(err)
		}
		err = k.Submit(t.Context(), d, jobs[0])
		list, readErr := os.ReadFile(filepath.Join(d.JobFolder(jobs[0]), "tasks.txt"))
		if string(list) != "3\n5\n6\n" {
			t.Errorf("the list is %q, %v", list, readErr)
		}
		return jobs[0], err
	}
	const name = `name=$(sed -n 's/^  name: //p' "$3"); `
	j, err := handIn(`[ "$1 $4 $5" = "create --output json" ] && ` + name + `echo "{\"metadata\": {\"name\": \"$name\", \"namespace\": \"default\"}}"`)
	if err != nil || j.ID != "default/"+j.Name {
		t.Errorf("%+v, %v", j, err)
	}
	refused := `Error from server (Forbidden): error when creating "job.yaml": pods "x" is forbidden: exceeded quota: gpus`
	if j, err = handIn(`if [ $1 = get ]; then echo '{"items": []}'; else echo '` + refused + `' >&2; exit 1; fi`); err == nil || err.Error() != "kubectl: "+refused || j.ID != "" {
		t.Errorf("%+v, %v", j, err)
	}
	lost := `if [ $1 = create ]; then ` + name + `echo $name >DIR/name; echo 'unexpected EOF' >&2; exit 1; fi; name=$(cat DIR/name); echo "{\"items\": [{\"metadata\": {\"name\": \"$name\", \"namespace\": \"default\"}}]}"`
	if j, err = handIn(lost); err != nil || j.ID != "default/"+j.Name {
		t.Errorf("%+v, %v", j, err)
	}
	var unsure *UnsureError
	if _, err = handIn("echo 'no route to host' >&2; exit 1"); !errors.As(err, &unsure) || !strings.Contains(err.Error(), "it is not known whether the job was handed in: kubectl: no route to host") {
		t.Error(err)
	}
	if _, err = handIn("echo created"); err == nil || !strings.HasPrefix(err.Error(), `kubectl create prints "created\n"; want`) {
		t.Error(err)
	}
	before := j
	dir := kubectl(t, "exit 0")
	if err := k.Cancel(t.Context(), d, []*Job{before, {Name: "never"}}); err != nil {
		t.Error(err)
	}
	if calls, _ := os.ReadFile(filepath.Join(dir, "calls")); string(calls) != "delete jobs --ignore-not-found --wait=false --cascade=foreground --namespace default "+before.Name+"\n" {
		t.Errorf("cancelled by %s", calls)
	}
}

// The states of tasks are those of the job's indices and of its pods.
func TestKubernetesStates(t *testing.T) {
	pod := func(index int, phase, more string) string {
		return fmt.Sprintf(`{"metadata": {"labels": {"app.kubernetes.io/instance": "a"}, "annotations": {"batch.kubernetes.io/job-completion-index": "%d"}%s, "phase": %q`, index, more, phase)
	}
	for name, c := range map[string]struct {
		job  string // its status, after which may follow other fields
		pods []string
		want map[int]State
	}{
		"fresh": {`{}`, nil, map[int]State{3: {Phase: Pending}, 6: {Phase: Pending}}},
		"at work": {
			`{"active": 3, "completedIndexes": "1", "failedIndexes": "2"}`,
			[]string{
				pod(0, "Running", `}, "spec": {"nodeName": "n1"}, "status": {"x": 0`) + `}}`,
				pod(1, "Failed", `}, "status": {"reason": "Evicted"`) + `}}`,
				pod(2, "Failed", `}, "spec": {"nodeName": "n2"}, "status": {"containerStatuses": [{"name": "joule", "state": {"terminated": {"exitCode": 2, "reason": "Error", "message": "first\njoule: wrong\n"}}}]`) + `}}`,
				pod(3, "Pending", `}, "status": {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available:\n  3 Insufficient nvidia.com/gpu."}]`) + `}}`,
				pod(9, "Running", `}, "status": {"x": 0`) + `}}`,
			},
			map[int]State{3: {Phase: Running, Where: "n1"}, 5: {Phase: Over}, 6: {Phase: Over, Where: "n2", Why: "exit code 2, Error: joule: wrong"}, 7: {Phase: Pending, Why: "Unschedulable: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu."}},
		},
		"started again": {
			`{"active": 2}`,
			[]string{
				pod(0, "Running", `, "creationTimestamp": "2026-11-29T09:00:00Z"}, "spec": {"nodeName": "n2"}, "status": {"x": 0`) + `}}`,
				pod(0, "Failed", `, "creationTimestamp": "2026-11-29T08:00:00Z"}, "spec": {"nodeName": "n1"}, "status": {"conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}]`) + `}}`,
				pod(1, "Failed", `, "creationTimestamp": "2026-11-29T08:00:00Z"}, "spec": {"nodeName": "n1"}, "status": {"conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager", "message": "gone"}]`) + `}}`,
				pod(2, "Pending", `}, "status": {"containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}}]`) + `}}`,
				pod(3, "Pending", `}, "status": {"containerStatuses": [{"state": {"waiting": {"reason": "ContainerCreating"}}}]`) + `}}`,
			},
			map[int]State{3: {Phase: Running, Where: "n2"}, 5: {Phase: Pending, Where: "n1", Why: "DeletionByTaintManager: gone"}, 6: {Phase: Pending, Why: "ImagePullBackOff: Back-off pulling image"}, 7: {Phase: Pending}},
		},
		"complete": {`{"completedIndexes": "0-3", "conditions": [{"type": "Complete", "status": "True"}]}`, nil, map[int]State{3: {Phase: Over}, 7: {Phase: Over}}},
		"given up": {
			`{"completedIndexes": "0", "failedIndexes": "1", "conditions": [{"type": "FailureTarget", "status": "True", "reason": "MaxFailedIndexesExceeded", "message": "Job has exceeded"}]}`,
			[]string{pod(2, "Running", `}, "spec": {"nodeName": "n1"}, "status": {"x": 0`) + `}}`},
			map[int]State{3: {Phase: Over}, 5: {Phase: Over, Why: "failed"}, 6: {Phase: Running, Where: "n1", Why: "told to end"}, 7: {Phase: Over, Why: "MaxFailedIndexesExceeded: Job has exceeded"}},
		},
		"suspended": {`{"conditions": [{"type": "Suspended", "status": "True", "message": "Job suspended"}]}`, nil, map[int]State{3: {Phase: Pending, Why: "suspended: Job suspended"}}},
		"cancelled": {
			`{"active": 2}, "metadata": {"name": "a", "deletionTimestamp": "2026-11-29T09:00:00Z"}`,
			[]string{
				pod(0, "Running", `, "deletionTimestamp": "2026-11-29T09:00:00Z"}, "spec": {"nodeName": "n1"}, "status": {"x": 0`) + `}}`,
				pod(1, "Pending", `, "deletionTimestamp": "2026-11-29T09:00:00Z"}, "status": {"x": 0`) + `}}`,
			},
			map[int]State{3: {Phase: Running, Where: "n1", Why: "told to end"}, 5: {Phase: Over, Why: "the job is being deleted"}, 7: {Phase: Over, Why: "the job is being deleted"}},
		},
		"gone": {"", []string{pod(1, "Running", `}, "status": {"x": 0`) + `}}`}, map[int]State{3: {Phase: Over}, 5: {Phase: Running, Why: "told to end"}}},
	} {
		k := kubernetesOf(t, fullest)
		dir := kubectl(t, `cat DIR/$4`) // --context big get jobs
		jobs := ""
		if c.job != "" {
			jobs = `{"metadata": {"name": "a"}, "status": ` + c.job + `}`
		}
		for file, items := range map[string]string{"jobs": jobs, "pods": strings.Join(c.pods, ", ")} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(`{"kind": "List", "items": [`+items+`]}`), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		states, err := k.States(t.Context(), nil, []*Job{{Name: "a", ID: "energy/a", Tasks: Numbers{3, 5, 6, 7}}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for task, want := range c.want {
			want.Job = fmt.Sprintf("a-%d", slices.Index([]int{3, 5, 6, 7}, task))
			if states[task] != want {
				t.Errorf("%s: task %d is %+v, and should be %+v", name, task, states[task], want)
			}
		}
	}
	// A job since then, which was not noted as handed in, is found by its name.
	k := kubernetesOf(t, fullest)
	kubectl(t, `case "$4 $6" in
jobs*" in (b)") echo '{"items": [{"metadata": {"name": "b", "namespace": "energy"}}]}';;
jobs*) echo '{"items": [{"metadata": {"name": "b", "namespace": "energy"}, "status": {"active": 1}}]}';;
*) echo '{"items": []}';;
esac`)
	all := []*Job{{Name: "a", ID: "energy/a", Tasks: Numbers{0, 1}}, {Name: "b", Tasks: Numbers{1}}}
	states, err := k.States(t.Context(), nil, all)
	if err != nil || all[1].ID != "energy/b" || states[0].Phase != Over || states[1] != (State{Phase: Pending, Job: "b-0"}) {
		t.Errorf("%+v, %v", states, err)
	}
	for script, want := range map[string]string{
		"echo nonsense": `kubectl get jobs prints "nonsense\n"; want a list in JSON`,
		"echo 'Error from server (Forbidden): jobs.batch is forbidden' >&2; exit 1": "kubectl: Error from server (Forbidden): jobs.batch is forbidden",
	} {
		kubectl(t, script)
		if _, err := k.States(t.Context(), nil, all); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", script, err)
		}
	}
}
