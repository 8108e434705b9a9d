package kubernetes

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/util/retry"
	"k8s.io/kubernetes/pkg/controller/job"
)

const namespace = "energy"

// cluster has Kubernetes' controller of jobs, and a node that the test plays.
type cluster struct {
	t      *testing.T
	client *fake.Clientset

	mutex     sync.Mutex
	processes map[string]*process // by the names of pods
	ended     map[string][]int    // exit codes of the pods of jobs
}

// startCluster starts a cluster, to which kubectl of the test goes from now on.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	// What is kept here has no means to wait for what was written.
	if err := utilfeature.DefaultMutableFeatureGate.Set("StaleControllerConsistencyJob=false"); err != nil {
		t.Fatal(err)
	}
	job.SyncJobBatchPeriod, job.DefaultJobPodFailureBackOff = 50*time.Millisecond, 100*time.Millisecond
	c := &cluster{t: t, client: fake.NewSimpleClientset(), processes: map[string]*process{}, ended: map[string][]int{}}
	kept := &store{ObjectTracker: c.client.Tracker()}
	for _, resource := range []string{"jobs", "pods"} {
		c.client.PrependReactor("*", resource, clienttesting.ObjectReaction(kept))
	}
	c.serve()
	ctx, stop := context.WithCancel(context.Background())
	factory := informers.NewSharedInformerFactory(c.client, 0)
	controller, err := job.NewController(ctx, c.client, factory.Core().V1().Pods(), factory.Batch().V1().Jobs(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	factory.Start(ctx.Done())
	var all sync.WaitGroup
	all.Go(func() { controller.Run(ctx, 2) })
	all.Go(func() {
		for ctx.Err() == nil {
			c.node(ctx)
			c.collectGarbage(ctx)
			time.Sleep(20 * time.Millisecond)
		}
	})
	t.Cleanup(func() {
		stop()
		all.Wait()
		factory.Shutdown()
		for _, p := range c.processes {
			p.kill()
		}
	})
	return c
}

func (c *cluster) pods(ctx context.Context) []corev1.Pod {
	list, err := c.client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		c.t.Error(err)
		return nil
	}
	return list.Items
}

// job is the only one that is not deleted yet.
func (c *cluster) job() *batchv1.Job {
	c.t.Helper()
	list, err := c.client.BatchV1().Jobs(namespace).List(c.t.Context(), metav1.ListOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(list.Items) != 1 {
		c.t.Fatalf("there are %d jobs", len(list.Items))
	}
	return &list.Items[0]
}

// has waits for a job to have a condition, up to two minutes.
func (c *cluster) has(condition batchv1.JobConditionType) *batchv1.Job {
	c.t.Helper()
	var found *batchv1.Job
	c.await(func() bool {
		found = c.job()
		return slices.ContainsFunc(found.Status.Conditions, func(have batchv1.JobCondition) bool {
			return have.Type == condition && have.Status == corev1.ConditionTrue
		})
	})
	return found
}

// await waits until something is so, up to two minutes.
func (c *cluster) await(isSo func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !isSo(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatal("it does not come to pass")
		}
	}
}

// codes are those that the pods of a job have exited with so far.
func (c *cluster) codes(name string) []int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return slices.Clone(c.ended[name])
}

// change changes a pod.
func (c *cluster) change(ctx context.Context, name string, change func(*corev1.Pod)) {
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		pod, err := c.client.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		change(pod)
		_, err = c.client.CoreV1().Pods(namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
		return err
	})
	if err != nil && ctx.Err() == nil && !apierrors.IsNotFound(err) { // a pod may be gone meanwhile
		c.t.Error(err)
	}
}

// remove deletes the pods that run, as those do who drain a node, with the condition that they set, or as one does by hand.
func (c *cluster) remove(isEviction bool) {
	c.t.Helper()
	for _, pod := range c.pods(c.t.Context()) {
		if pod.Status.Phase != corev1.PodRunning {
			continue
		}
		if isEviction {
			c.change(c.t.Context(), pod.Name, func(p *corev1.Pod) {
				p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "EvictionByEvictionAPI"})
			})
		}
		if err := c.client.CoreV1().Pods(namespace).Delete(c.t.Context(), pod.Name, metav1.DeleteOptions{}); err != nil {
			c.t.Error(err)
		}
	}
}

// collectGarbage deletes the pods of jobs that are being deleted, and then these.
func (c *cluster) collectGarbage(ctx context.Context) {
	jobs, err := c.client.BatchV1().Jobs(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		c.t.Error(err)
		return
	}
	pods := c.pods(ctx)
	for i := range jobs.Items {
		j := &jobs.Items[i]
		if j.DeletionTimestamp == nil {
			continue
		}
		left := 0
		for _, pod := range pods {
			if !metav1.IsControlledBy(&pod, j) {
				continue
			}
			left++
			if pod.DeletionTimestamp == nil {
				_ = c.client.CoreV1().Pods(namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{}) // or in the next round
			}
		}
		if left == 0 {
			j.Finalizers = slices.DeleteFunc(j.Finalizers, func(f string) bool { return f == metav1.FinalizerDeleteDependents })
			_, _ = c.client.BatchV1().Jobs(namespace).Update(ctx, j, metav1.UpdateOptions{}) // or in the next round
		}
	}
}
