package launch

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// containerName is that of the one container of a pod.
const containerName = "joule"

// ownPrefix begins the names of labels that joule sets, and instanceLabel is the one that is the name of the job.
const (
	ownPrefix     = "app.kubernetes.io/"
	instanceLabel = ownPrefix + "instance"
)

// hopeless are the exit codes of a task that would end alike another time: what was given to joule is wrong, or training diverges.
var hopeless = []int32{2, 4}

// mostListed is how long the list of tasks in an annotation can be, which is for people.
const mostListed = 1000

// manifest is the job as Kubernetes has it.
func (k *Kubernetes) manifest(d *Dir, j *Job, atOnce int) (*batchv1.Job, error) {
	s := &k.profile.Kubernetes
	labels := texts(s.Labels)
	maps.Copy(labels, map[string]string{
		ownPrefix + "name": "joule", ownPrefix + "component": "task", ownPrefix + "managed-by": "joule",
		ownPrefix + "part-of": labelOf(d.Name), instanceLabel: j.Name,
	})
	annotations := texts(s.Annotations)
	tasks := j.Tasks.String()
	if len(tasks) > mostListed {
		tasks = tasks[:mostListed] + "…"
	}
	described := maps.Clone(annotations)
	described["joule/directory"], described["joule/tasks"] = d.Path, tasks
	pod, err := k.pod(d, j)
	if err != nil {
		return nil, err
	}
	count := int32(len(j.Tasks))
	job := &batchv1.Job{
		TypeMeta:   metav1.TypeMeta{APIVersion: batchv1.SchemeGroupVersion.String(), Kind: "Job"},
		ObjectMeta: metav1.ObjectMeta{Name: j.Name, Namespace: s.Namespace, Labels: labels, Annotations: described},
		Spec: batchv1.JobSpec{
			CompletionMode:       new(batchv1.IndexedCompletion),
			Completions:          &count,
			Parallelism:          new(min(int32(atOnce), count)),
			BackoffLimitPerIndex: new(int32(s.Retries)),
			// A pod is replaced when it is gone, since tasks go on where the one before has saved.
			PodReplacementPolicy: new(batchv1.Failed),
			PodFailurePolicy: &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{
				{Action: batchv1.PodFailurePolicyActionIgnore, OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}}},
				onExit(batchv1.PodFailurePolicyActionIgnore, ExitRequeue),
				onExit(batchv1.PodFailurePolicyActionFailIndex, hopeless...),
			}},
			TTLSecondsAfterFinished: new(int32(s.Keep)),
			Template:                corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: annotations}, Spec: *pod},
		},
	}
	if s.MaxFailed > 0 {
		job.Spec.MaxFailedIndexes = new(min(int32(s.MaxFailed), count))
	}
	return job, nil
}

func onExit(action batchv1.PodFailurePolicyAction, codes ...int32) batchv1.PodFailurePolicyRule {
	return batchv1.PodFailurePolicyRule{Action: action, OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{
		ContainerName: new(containerName), Operator: batchv1.PodFailurePolicyOnExitCodesOpIn, Values: codes,
	}}
}

// pod is that of a task.
func (k *Kubernetes) pod(d *Dir, j *Job) (*corev1.PodSpec, error) {
	s := &k.profile.Kubernetes
	pod, err := s.pod()
	if err != nil {
		return nil, err
	}
	container, err := s.container()
	if err != nil {
		return nil, err
	}
	user, group, err := s.identity()
	if err != nil {
		return nil, err
	}
	pod.RestartPolicy = corev1.RestartPolicyNever
	pod.TerminationGracePeriodSeconds = new(int64(k.profile.Warning))
	if limit := k.profile.Limit(); limit > 0 {
		pod.ActiveDeadlineSeconds = new(int64(limit.Seconds()))
	}
	// Tasks ask nothing of Kubernetes, and have no need for what other services there are.
	pod.AutomountServiceAccountToken = cmp.Or(pod.AutomountServiceAccountToken, new(false))
	pod.EnableServiceLinks = cmp.Or(pod.EnableServiceLinks, new(false))
	context := cmp.Or(pod.SecurityContext, &corev1.PodSecurityContext{})
	context.RunAsNonRoot = cmp.Or(context.RunAsNonRoot, new(true))
	context.RunAsUser = cmp.Or(context.RunAsUser, &user)
	context.RunAsGroup = cmp.Or(context.RunAsGroup, &group)
	context.SeccompProfile = cmp.Or(context.SeccompProfile, &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault})
	pod.SecurityContext = context

	container.Name, container.Image = containerName, s.Image
	container.Command, container.Args = []string{"/bin/bash", "-c"}, []string{k.script(d, j)}
	container.WorkingDir = d.Path
	container.TerminationMessagePolicy = cmp.Or(container.TerminationMessagePolicy, corev1.TerminationMessageFallbackToLogsOnError)
	own := cmp.Or(container.SecurityContext, &corev1.SecurityContext{})
	own.AllowPrivilegeEscalation = cmp.Or(own.AllowPrivilegeEscalation, new(false))
	own.ReadOnlyRootFilesystem = cmp.Or(own.ReadOnlyRootFilesystem, new(true))
	own.Capabilities = cmp.Or(own.Capabilities, &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}})
	container.SecurityContext = own
	k.resources(&container)

	variables := []corev1.EnvVar{
		{Name: "HOME", Value: "/tmp"},
		{Name: "JOULE_JOB", Value: j.Name},
		{Name: "NODE", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "spec.nodeName"}}},
	}
	if k.profile.CPUs > 0 {
		variables = append(variables, corev1.EnvVar{Name: "GOMAXPROCS", Value: fmt.Sprint(k.profile.CPUs)})
	}
	for _, v := range k.profile.Variables() {
		variables = append(variables, corev1.EnvVar{Name: v[0], Value: literal(v[1])})
	}
	container.Env = append(variables, container.Env...)

	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}})
	container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{Name: "tmp", MountPath: "/tmp"})
	for i, v := range s.Volumes {
		name := fmt.Sprintf("volume-%d", i)
		pod.Volumes = append(pod.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: v.Claim, ReadOnly: v.ReadOnly},
		}})
		for _, path := range v.paths() {
			container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: path, SubPath: v.SubPath, ReadOnly: v.ReadOnly})
		}
	}
	pod.Containers = []corev1.Container{container}
	return &pod, nil
}

// paths are where a volume is: as the profile has it, and without links, as launch directories are named.
func (v *KubernetesVolume) paths() []string {
	paths := []string{filepath.Clean(v.Path)}
	if real, err := filepath.EvalSymlinks(v.Path); err == nil && real != paths[0] {
		paths = append(paths, real)
	}
	return paths
}

// resources are those that the profile asks for, beside those that it gives of the container.
func (k *Kubernetes) resources(container *corev1.Container) {
	requests, limits := corev1.ResourceList{}, corev1.ResourceList{}
	maps.Copy(requests, container.Resources.Requests)
	maps.Copy(limits, container.Resources.Limits)
	p := k.profile
	if p.CPUs > 0 {
		requests[corev1.ResourceCPU] = *resource.NewQuantity(int64(p.CPUs), resource.DecimalSI)
	}
	if p.Memory != "" { // a number and K, M, G or T, which are powers of 1024 here as they are for Slurm
		amount := resource.MustParse(p.Memory + "i")
		requests[corev1.ResourceMemory], limits[corev1.ResourceMemory] = amount, amount
	}
	if p.GPUs > 0 {
		limits[corev1.ResourceName(p.Kubernetes.GPU)] = *resource.NewQuantity(int64(p.GPUs), resource.DecimalSI)
	}
	container.Resources.Requests, container.Resources.Limits = requests, limits
}

// script is what the container runs. The task is told by the line of the index in the list of the job.
func (k *Kubernetes) script(d *Dir, j *Job) string {
	timer := ""
	if limit := k.profile.Limit(); limit > 0 {
		timer = fmt.Sprintf("{ sleep %d && kill -USR1 $$; } >/dev/null 2>&1 & # time is over: saved, and started again\n", int(limit.Seconds())-k.profile.Warning)
	}
	setup := ""
	for _, line := range k.profile.Setup {
		setup += line + "\n"
	}
	command := d.Command(k.profile.Kubernetes.Program, 0)
	for i, word := range command {
		command[i] = Quote(word)
	}
	command[len(command)-1] = `"$task"`
	log := strings.Replace(strings.ReplaceAll(d.LogFile(0), "%", "%%"), fmt.Sprintf("%0*d", Digits, 0)+"/"+logFile, fmt.Sprintf("%%0%dd/%s", Digits, logFile), 1)
	return literal(strings.NewReplacer(
		"TIMER", timer, "SETUP", setup, "COMMAND", strings.Join(command, " "), "GRACE", fmt.Sprintf("%ds", max(k.profile.Warning-15, 5)),
		"REQUEUE", fmt.Sprint(ExitRequeue), "LIST", Quote(filepath.Join(d.JobFolder(j), listFile)), "LOG", Quote(log),
	).Replace(podScript))
}

// literal keeps Kubernetes from replacing $(NAME) and $$ in a text, as it does in arguments and in values of variables.
func literal(text string) string {
	return strings.NewReplacer("$$", "$$$$", "$(", "$$(").Replace(text)
}

// podScript does for a pod what Slurm's does for a job: SIGTERM comes with preemption, eviction and deletion, and then the shell has
// joule save, waits for it and hands its exit code on. Tabs would keep YAML from having its lines as they are.
const podScript = `joule=
signalled=
trap 'signalled=1; kill -USR1 $joule 2>/dev/null' TERM USR1
task=$(sed -n "$((JOB_COMPLETION_INDEX + 1))p" LIST)
[ "$task" ] || { echo "task $JOB_COMPLETION_INDEX is not in the list of the job, or the volume is not there" >&2; exit 1; }
exec > >(trap '' TERM USR1; exec tee -a "$(printf LOG "$task")") 2>&1
log=$!
echo "task $task: index $JOB_COMPLETION_INDEX of $JOULE_JOB, pod $HOSTNAME on $NODE"
TIMERSETUPcode=REQUEUE
if [ ! "$signalled" ]; then
  COMMAND --grace GRACE &
  joule=$!
  [ ! "$signalled" ] || kill -USR1 "$joule" # one that came before there was a joule to hand it to
  while kill -0 "$joule" 2>/dev/null; do wait "$joule"; done
  wait "$joule"
  code=$?
fi
trap '' TERM USR1
exec >&- 2>&-
wait "$log" # for the last lines
[ "$code" != 138 ] || code=REQUEUE # SIGUSR1 came before joule could heed it
exit "$code"
`

// labelOf makes a value of a label of any text.
func labelOf(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < 128 && (r == '-' || r == '.' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') {
			return r
		}
		return '-'
	}, text)
	return strings.Trim(text[:min(len(text), 63)], "-._")
}

// encode writes a manifest as YAML, without the fields that only the cluster fills.
func encode(job *batchv1.Job) (string, error) {
	text, err := yaml.Marshal(job)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(string(text), "status: {}\n"), nil
}
