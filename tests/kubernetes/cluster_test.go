package kubernetes

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// cluster is a namespace of the cluster that all tests share.
type cluster struct {
	*control
	t         *testing.T
	namespace string
}

// patience is how long something in the cluster may take: Kubernetes waits by itself for up to a minute here.
const patience = 5 * time.Minute

// startCluster makes a namespace in which pods may do no more than the Pod Security Standard restricted lets them, with a volume for them,
// in which the user may do what docs/scaling.md names.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	t.Parallel()
	name := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
	c := &cluster{control: shared, t: t, namespace: name}
	ctx := t.Context()
	_, err := c.client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}, metav1.CreateOptions{})
	c.must(err)
	size := corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	_, err = c.client.CoreV1().PersistentVolumes().Create(ctx, &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PersistentVolumeSpec{
		Capacity: size, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany},
		PersistentVolumeSource: corev1.PersistentVolumeSource{NFS: &corev1.NFSVolumeSource{Server: "files.test", Path: "/" + name}},
	}}, metav1.CreateOptions{})
	c.must(err)
	_, err = c.client.CoreV1().PersistentVolumeClaims(name).Create(ctx, &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "scratch"}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}, VolumeName: name, StorageClassName: new(""),
		Resources: corev1.VolumeResourceRequirements{Requests: size},
	}}, metav1.CreateOptions{})
	c.must(err)
	_, err = c.client.RbacV1().Roles(name).Create(ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: user}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"create", "get", "list", "delete"}},
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}},
	}}, metav1.CreateOptions{})
	c.must(err)
	_, err = c.client.RbacV1().RoleBindings(name).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}},
	}, metav1.CreateOptions{})
	c.must(err)
	c.await("account for pods", func() bool {
		_, err := c.client.CoreV1().ServiceAccounts(name).Get(ctx, "default", metav1.GetOptions{})
		return err == nil
	})
	t.Cleanup(func() { // what is left would take the time of other tests
		ctx := context.Background()
		err := c.client.BatchV1().Jobs(name).DeleteCollection(ctx, metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationForeground)}, metav1.ListOptions{})
		if err != nil {
			t.Error(err)
		}
		checkNodes(t)
	})
	return c
}

func (c *cluster) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// await waits until something is so.
func (c *cluster) await(what string, isSo func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(patience); !isSo(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatalf("there is no %s after %s: jobs %s, pods %s\n%s", what, patience, c.told(c.jobs()), c.told(c.pods()), c.logs())
		}
	}
}

// told is a list of objects in short.
func (c *cluster) told(objects any) string {
	switch list := objects.(type) {
	case []batchv1.Job:
		text := ""
		for _, j := range list {
			text += fmt.Sprintf("%s: %+v; ", j.Name, j.Status)
		}
		return text
	case []corev1.Pod:
		text := ""
		for _, p := range list {
			text += fmt.Sprintf("%s: on %q, deleted %v, %+v; ", p.Name, p.Spec.NodeName, p.DeletionTimestamp, p.Status)
		}
		return text
	}
	return fmt.Sprint(objects)
}

func (c *cluster) jobs() []batchv1.Job {
	c.t.Helper()
	list, err := c.client.BatchV1().Jobs(c.namespace).List(c.t.Context(), metav1.ListOptions{})
	c.must(err)
	return list.Items
}

func (c *cluster) pods() []corev1.Pod {
	c.t.Helper()
	list, err := c.client.CoreV1().Pods(c.namespace).List(c.t.Context(), metav1.ListOptions{})
	c.must(err)
	return list.Items
}

// job is the only one.
func (c *cluster) job() *batchv1.Job {
	c.t.Helper()
	jobs := c.jobs()
	if len(jobs) != 1 {
		c.t.Fatalf("there are %d jobs", len(jobs))
	}
	return &jobs[0]
}

// has waits for the job to end with a condition.
func (c *cluster) has(condition batchv1.JobConditionType) *batchv1.Job {
	c.t.Helper()
	var found *batchv1.Job
	var end batchv1.JobConditionType
	c.await("job that has ended", func() bool {
		found = c.job()
		for _, have := range found.Status.Conditions {
			if have.Status == corev1.ConditionTrue && (have.Type == batchv1.JobComplete || have.Type == batchv1.JobFailed) {
				end = have.Type
			}
		}
		return end != ""
	})
	if end != condition {
		c.t.Fatalf("the job is not %s: %s", condition, c.told(c.jobs()))
	}
	return found
}

// running waits for a pod that runs, is not deleted, and is not one of some others.
func (c *cluster) running(others ...string) (found corev1.Pod) {
	c.t.Helper()
	c.await("pod that runs", func() bool {
		for _, found = range c.pods() {
			if found.Status.Phase == corev1.PodRunning && found.DeletionTimestamp == nil && !slices.Contains(others, found.Name) {
				return true
			}
		}
		return false
	})
	return found
}

// evict asks for a pod to be gone, as those do who drain a node.
func (c *cluster) evict(pod string) {
	c.t.Helper()
	c.must(c.client.PolicyV1().Evictions(c.namespace).Evict(c.t.Context(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pod, Namespace: c.namespace}}))
}

// remove deletes a pod, as one does by hand.
func (c *cluster) remove(pod string) {
	c.t.Helper()
	c.must(c.client.CoreV1().Pods(c.namespace).Delete(c.t.Context(), pod, metav1.DeleteOptions{}))
}
