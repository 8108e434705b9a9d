package launch

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// mostNamed is how many jobs one call of kubectl names.
const mostNamed = 50

// list asks for objects that carry the names of some jobs.
func list[T any](ctx context.Context, k *Kubernetes, namespace string, names []string, what ...string) (all []T, err error) {
	for some := range slices.Chunk(names, mostNamed) {
		args := append([]string{"get"}, what...)
		args = append(args, "--selector", fmt.Sprintf("%s in (%s)", instanceLabel, strings.Join(some, ",")), "--output", "json")
		out, err := k.kubectl(ctx, append(args, in(namespace)...)...)
		if err != nil {
			return nil, err
		}
		var found struct{ Items []T }
		if err := json.Unmarshal(out, &found); err != nil {
			return nil, fmt.Errorf("kubectl get %s prints %.100q; want a list in JSON: %w", what[0], out, err)
		}
		all = append(all, found.Items...)
	}
	return all, nil
}

// States asks for the jobs, which know the indices that have ended, and for the pods that have not ended well.
func (k *Kubernetes) States(ctx context.Context, _ *Dir, jobs []*Job) (map[int]State, error) {
	states := map[int]State{}
	for _, j := range jobs {
		if j.ID == "" {
			if err := k.find(ctx, j); err != nil {
				return nil, err
			}
		}
	}
	known, pods := map[string]*batchv1.Job{}, map[string][]*corev1.Pod{}
	for namespace, names := range byNamespace(jobs) {
		found, err := list[batchv1.Job](ctx, k, namespace, names, "jobs")
		if err != nil {
			return nil, err
		}
		for i := range found {
			known[namespace+"/"+found[i].Name] = &found[i]
		}
		left, err := list[corev1.Pod](ctx, k, namespace, names, "pods", "--field-selector", "status.phase!="+string(corev1.PodSucceeded))
		if err != nil {
			return nil, err
		}
		for i := range left {
			id := namespace + "/" + left[i].Labels[instanceLabel]
			pods[id] = append(pods[id], &left[i])
		}
	}
	for _, j := range jobs {
		if j.ID == "" { // it was never handed in
			continue
		}
		for i, state := range statesOf(known[j.ID], pods[j.ID], len(j.Tasks)) {
			state.Job = fmt.Sprintf("%s-%d", strings.TrimPrefix(j.ID, k.profile.Kubernetes.Namespace+"/"), i)
			before, isKnown := states[j.Tasks[i]]
			if !isKnown || state.Phase.IsExpected() || !before.Phase.IsExpected() {
				states[j.Tasks[i]] = state
			}
		}
	}
	return states, nil
}

// statesOf are those of the indices of a job, which is nil where it is gone.
func statesOf(job *batchv1.Job, pods []*corev1.Pod, count int) []State {
	states := make([]State, count)
	rest := State{Phase: Over}
	if job != nil {
		rest = restOf(job)
	}
	for i := range states {
		states[i] = rest
	}
	isCompleted := make([]bool, count)
	if job != nil {
		completed, _ := ParseNumbers(job.Status.CompletedIndexes) // as Kubernetes writes them
		for _, i := range completed {
			if i < count {
				states[i], isCompleted[i] = State{Phase: Over}, true
			}
		}
		if job.Status.FailedIndexes != nil {
			failed, _ := ParseNumbers(*job.Status.FailedIndexes)
			for _, i := range failed {
				if i < count {
					states[i] = State{Phase: Over, Why: "failed"}
				}
			}
		}
	}
	slices.SortStableFunc(pods, func(a, b *corev1.Pod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	for _, pod := range pods {
		index := pod.Annotations[batchv1.JobCompletionIndexAnnotation]
		i, err := strconv.Atoi(index)
		if err != nil || i < 0 || i >= count {
			continue
		}
		isGoing := pod.DeletionTimestamp != nil || rest.Phase == Over
		switch state := &states[i]; pod.Status.Phase {
		case corev1.PodRunning:
			*state = State{Phase: Running, Where: pod.Spec.NodeName}
			if isGoing {
				state.Why = "told to end"
			}
		case corev1.PodFailed: // and if there is more to come, why there was a pod before
			if state.Phase != Running && !isCompleted[i] {
				state.Why, state.Where = whyFailed(pod), pod.Spec.NodeName
			}
		default:
			if state.Phase == Pending && !isGoing {
				state.Why, state.Where = whyPending(pod), pod.Spec.NodeName
			}
		}
	}
	return states
}

// restOf is the state of indices of which neither a job nor a pod tells anything.
func restOf(job *batchv1.Job) State {
	for _, c := range job.Status.Conditions {
		if c.Status != corev1.ConditionTrue {
			continue
		}
		switch c.Type {
		case batchv1.JobComplete:
			return State{Phase: Over}
		case batchv1.JobFailed, batchv1.JobFailureTarget:
			return State{Phase: Over, Why: together(c.Reason, c.Message)}
		case batchv1.JobSuspended:
			return State{Phase: Pending, Why: together("suspended", c.Message)}
		}
	}
	if job.DeletionTimestamp != nil {
		return State{Phase: Over, Why: "the job is being deleted"}
	}
	return State{Phase: Pending}
}

// whyFailed says how a pod has failed.
func whyFailed(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue {
			return together(c.Reason, c.Message)
		}
	}
	if pod.Status.Reason != "" {
		return together(pod.Status.Reason, pod.Status.Message)
	}
	for _, s := range pod.Status.ContainerStatuses {
		if t := s.State.Terminated; t != nil && s.Name == containerName {
			lines := strings.Split(strings.TrimSpace(t.Message), "\n")
			return together(fmt.Sprintf("exit code %d, %s", t.ExitCode, t.Reason), lines[len(lines)-1])
		}
	}
	return "failed"
}

// whyPending says what a pod waits for.
func whyPending(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return together(c.Reason, c.Message)
		}
	}
	for _, s := range pod.Status.ContainerStatuses {
		if w := s.State.Waiting; w != nil && w.Reason != "ContainerCreating" {
			return together(w.Reason, w.Message)
		}
	}
	return ""
}

// together joins a word and what is said to it, where there is anything.
func together(word, more string) string {
	more = strings.Join(strings.Fields(more), " ")
	switch {
	case more == "":
		return word
	case word == "":
		return more
	}
	return word + ": " + more
}
