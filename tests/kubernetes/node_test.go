package kubernetes

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

// node does for the pods that are scheduled to it what a kubelet does, with processes of this machine for containers.
type node struct {
	name      string
	client    *kubernetes.Clientset
	stop      func()
	processes map[types.UID]*process
}

// process is what the container of a pod is here.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
	isTold  bool // to end
}

// kill ends what is left of a process.
func (p *process) kill() {
	_ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL) // or it is gone
	<-p.ended
}

// ended has the exit codes of the containers of jobs, in the order of their ends.
var ended = struct {
	mutex sync.Mutex
	codes map[string][]int // by namespace/job
	wrong []error          // with nodes
}{codes: map[string][]int{}}

// codes are the exit codes of a job's containers so far.
func (c *cluster) codes(job string) []int {
	ended.mutex.Lock()
	defer ended.mutex.Unlock()
	return slices.Clone(ended.codes[c.namespace+"/"+job])
}

// startNode adds a node to a cluster. One with a role is for the pods that ask for it.
func startNode(c *control, name, role string) (*node, error) {
	ctx, cancel := context.WithCancel(context.Background())
	n := &node{name: name, client: c.client, processes: map[types.UID]*process{}}
	object := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"role": role}}}
	if role != "" {
		object.Spec.Taints = []corev1.Taint{{Key: "role", Value: role, Effect: corev1.TaintEffectNoSchedule}}
	}
	_, err := c.client.CoreV1().Nodes().Create(ctx, object, metav1.CreateOptions{})
	if err == nil {
		const room = `{"cpu": "100", "memory": "100Gi", "pods": "100"}`
		err = n.patch(ctx, `{"status": {"capacity": `+room+`, "allocatable": `+room+`}}`)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	var all sync.WaitGroup
	all.Go(func() {
		for beat := (time.Time{}); ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
			if time.Since(beat) > 2*time.Second {
				n.note(ctx, n.beat(ctx))
				beat = time.Now()
			}
			n.note(ctx, n.sync(ctx))
		}
	})
	n.stop = sync.OnceFunc(func() {
		cancel()
		all.Wait()
		for _, p := range n.processes {
			p.kill()
		}
	})
	return n, nil
}

// newNode adds a node to a cluster for a test.
func (c *cluster) newNode(name, role string) *node {
	c.t.Helper()
	n, err := startNode(c.control, name, role)
	c.must(err)
	c.t.Cleanup(func() {
		n.stop()
		if err := c.client.CoreV1().Nodes().Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil {
			c.t.Error(err)
		}
	})
	return n
}

// note keeps what went wrong, which fails the tests.
func (n *node) note(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil || apierrors.IsNotFound(err) {
		return
	}
	ended.mutex.Lock()
	defer ended.mutex.Unlock()
	ended.wrong = append(ended.wrong, fmt.Errorf("node %s: %w", n.name, err))
}

// checkNodes fails a test if a node had trouble.
func checkNodes(t *testing.T) {
	ended.mutex.Lock()
	defer ended.mutex.Unlock()
	for _, err := range ended.wrong {
		t.Error(err)
	}
}

// beat tells the cluster that the node is there.
func (n *node) beat(ctx context.Context) error {
	now := time.Now().UTC().Format(time.RFC3339)
	return n.patch(ctx, fmt.Sprintf(`{"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": %q, "lastTransitionTime": %[1]q}]}}`, now))
}

// patch changes the status of the node, which controllers change, too.
func (n *node) patch(ctx context.Context, patch string) error {
	_, err := n.client.CoreV1().Nodes().Patch(ctx, n.name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
	return err
}

// sync starts pods, tells those that are to be deleted to end, and says how they ended.
func (n *node) sync(ctx context.Context) error {
	list, err := n.client.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("spec.nodeName", n.name).String()})
	if err != nil {
		return err
	}
	for _, pod := range list.Items {
		p := n.processes[pod.UID]
		isOver := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		switch {
		case isOver && pod.DeletionTimestamp != nil:
			err = n.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0)), Preconditions: metav1.NewUIDPreconditions(string(pod.UID))})
		case isOver:
		case p == nil && pod.DeletionTimestamp != nil:
			err = n.change(ctx, &pod, func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed })
		case p == nil:
			err = n.start(ctx, &pod)
		default:
			select {
			case <-p.ended:
				err = n.end(ctx, &pod, p)
			default:
				if pod.DeletionTimestamp != nil && !p.isTold {
					p.isTold = true
					_ = p.command.Process.Signal(syscall.SIGTERM) // or it has just ended
				} else if pod.DeletionTimestamp != nil && time.Now().After(pod.DeletionTimestamp.Time) { // which is when its time to save is over
					p.kill()
				}
			}
		}
		n.note(ctx, err)
	}
	return nil
}

// change changes the status of a pod.
func (n *node) change(ctx context.Context, pod *corev1.Pod, change func(*corev1.Pod)) error {
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		now, err := n.client.CoreV1().Pods(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		change(now)
		_, err = n.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, now, metav1.UpdateOptions{})
		return err
	})
}

// start runs the command of a pod in its environment.
func (n *node) start(ctx context.Context, pod *corev1.Pod) error {
	container := pod.Spec.Containers[0]
	isMounted := false
	for _, mount := range container.VolumeMounts {
		inside, err := filepath.Rel(mount.MountPath, container.WorkingDir)
		isMounted = isMounted || err == nil && filepath.IsLocal(inside) && mount.MountPath != "/tmp"
	}
	if !isMounted {
		return fmt.Errorf("pod %s works in %s, where no volume is mounted", pod.Name, container.WorkingDir)
	}
	variables := map[string]string{}
	environment := []string{"PATH=" + os.Getenv("PATH"), "HOSTNAME=" + pod.Spec.Hostname}
	for _, v := range container.Env {
		value := expansion.Expand(v.Value, expansion.MappingFuncFor(variables))
		if v.ValueFrom != nil {
			var err error
			if value, err = field(pod, v.ValueFrom.FieldRef.FieldPath); err != nil {
				return err
			}
		}
		variables[v.Name] = value
		environment = append(environment, v.Name+"="+value)
	}
	var words []string
	for _, word := range append(container.Command, container.Args...) {
		words = append(words, expansion.Expand(word, expansion.MappingFuncFor(variables)))
	}
	p := &process{command: exec.Command(words[0], words[1:]...), ended: make(chan struct{})}
	p.command.Dir, p.command.Env = container.WorkingDir, environment
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.command.Start(); err != nil {
		return err
	}
	n.processes[pod.UID] = p
	go func() {
		_ = p.command.Wait() // the state says how
		close(p.ended)
	}()
	return n.change(ctx, pod, func(pod *corev1.Pod) {
		pod.Status.Phase, pod.Status.StartTime = corev1.PodRunning, new(metav1.Now())
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue})
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: container.Name, Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}}}}
	})
}

// end says how a pod has ended.
func (n *node) end(ctx context.Context, pod *corev1.Pod, p *process) error {
	p.kill() // what the container has left
	code := p.command.ProcessState.ExitCode()
	if code < 0 {
		code = 128 + int(p.command.ProcessState.Sys().(syscall.WaitStatus).Signal())
	}
	ended.mutex.Lock()
	name := pod.Namespace + "/" + pod.Labels["batch.kubernetes.io/job-name"]
	ended.codes[name] = append(ended.codes[name], code)
	ended.mutex.Unlock()
	return n.change(ctx, pod, func(pod *corev1.Pod) {
		reason := "Completed"
		pod.Status.Phase = corev1.PodSucceeded
		if code != 0 {
			pod.Status.Phase, reason = corev1.PodFailed, "Error"
		}
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: pod.Spec.Containers[0].Name, State: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: int32(code), Reason: reason, FinishedAt: metav1.NewTime(time.Now())},
		}}}
	})
}

var keyed = regexp.MustCompile(`^metadata\.(annotations|labels)\['(.*)'\]$`)

// field is what a variable takes from its pod.
func field(pod *corev1.Pod, path string) (string, error) {
	if m := keyed.FindStringSubmatch(path); m != nil {
		return map[string]map[string]string{"annotations": pod.Annotations, "labels": pod.Labels}[m[1]][m[2]], nil
	}
	if path == "spec.nodeName" {
		return pod.Spec.NodeName, nil
	}
	return "", fmt.Errorf("the test does not know the field %q", path)
}
