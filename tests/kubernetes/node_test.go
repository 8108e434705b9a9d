package kubernetes

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

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

// node does what a node does with its pods: it starts them, tells those that are to be deleted to end, and says how they ended.
func (c *cluster) node(ctx context.Context) {
	for _, pod := range c.pods(ctx) {
		p := c.processes[pod.Name]
		isOver := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		switch {
		case isOver:
		case p == nil && pod.DeletionTimestamp != nil:
			c.change(ctx, pod.Name, func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed })
		case p == nil:
			c.start(ctx, &pod)
		default:
			select {
			case <-p.ended:
				c.end(ctx, &pod, p)
			default:
				if pod.DeletionTimestamp != nil && !p.isTold {
					p.isTold = true
					_ = p.command.Process.Signal(syscall.SIGTERM) // or it has just ended
				}
			}
		}
	}
}

// start runs the command of a pod in its environment.
func (c *cluster) start(ctx context.Context, pod *corev1.Pod) {
	container := pod.Spec.Containers[0]
	isMounted := false
	for _, mount := range container.VolumeMounts {
		inside, err := filepath.Rel(mount.MountPath, container.WorkingDir)
		isMounted = isMounted || err == nil && filepath.IsLocal(inside) && mount.MountPath != "/tmp"
	}
	if !isMounted {
		c.t.Errorf("pod %s works in %s, where no volume is mounted", pod.Name, container.WorkingDir)
	}
	variables := map[string]string{}
	environment := []string{"PATH=" + os.Getenv("PATH"), "HOSTNAME=" + pod.Spec.Hostname}
	for _, v := range container.Env {
		value := expansion.Expand(v.Value, expansion.MappingFuncFor(variables))
		if v.ValueFrom != nil {
			value = field(pod, v.ValueFrom.FieldRef.FieldPath)
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
		c.t.Error(err)
		return
	}
	c.processes[pod.Name] = p
	go func() {
		_ = p.command.Wait() // the state says how
		close(p.ended)
	}()
	c.change(ctx, pod.Name, func(pod *corev1.Pod) {
		pod.Spec.NodeName = "n1"
		pod.Status.Phase, pod.Status.StartTime = corev1.PodRunning, new(metav1.Now())
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue})
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: container.Name, Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}}}}
	})
}

// end says how a pod has ended.
func (c *cluster) end(ctx context.Context, pod *corev1.Pod, p *process) {
	p.kill() // what the container has left
	code := p.command.ProcessState.ExitCode()
	if code < 0 {
		code = 128 + int(p.command.ProcessState.Sys().(syscall.WaitStatus).Signal())
	}
	c.mutex.Lock()
	name := pod.Labels["batch.kubernetes.io/job-name"]
	c.ended[name] = append(c.ended[name], code)
	c.mutex.Unlock()
	c.change(ctx, pod.Name, func(pod *corev1.Pod) {
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
func field(pod *corev1.Pod, path string) string {
	if m := keyed.FindStringSubmatch(path); m != nil {
		return map[string]map[string]string{"annotations": pod.Annotations, "labels": pod.Labels}[m[1]][m[2]]
	}
	if path == "spec.nodeName" {
		return "n1"
	}
	panic(errors.New("the test does not know the field " + strings.TrimSpace(path)))
}
