package kubernetes

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What joule hands in is as Kubernetes has it, with every key of a profile, and its pods are as the Pod Security Standard restricted asks.
func TestManifestsAreValid(t *testing.T) {
	c := startCluster(t)
	_, err := c.client.SchedulingV1().PriorityClasses().Create(t.Context(), &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "low"}}, metav1.CreateOptions{})
	c.must(err)
	_, err = c.client.CoreV1().ServiceAccounts(c.namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "trainer"}}, metav1.CreateOptions{})
	c.must(err)
	admit := func(text string) (*batchv1.Job, error) {
		text = strings.Replace(text, "\n  namespace: energy\n", fmt.Sprintf("\n  namespace: %s\n", c.namespace), 1)
		job := &batchv1.Job{}
		return job, c.client.BatchV1().RESTClient().Post().Namespace(c.namespace).Resource("jobs").Param("dryRun", metav1.DryRunAll).Param("fieldValidation", metav1.FieldValidationStrict).
			SetHeader("Content-Type", "application/yaml").Body([]byte(text)).Do(t.Context()).Into(job)
	}
	create := func(job *batchv1.Job) error {
		template := job.Spec.Template
		template.GenerateName = job.Name + "-"
		_, err := c.client.CoreV1().Pods(c.namespace).Create(t.Context(), &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	paths, err := filepath.Glob("../../launch/testdata/kubernetes-*.yaml")
	if err != nil || len(paths) < 2 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		job, err := admit(read(t, path))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if got := *job.Spec.PodReplacementPolicy; got != batchv1.Failed || job.Spec.Template.Spec.DNSPolicy == "" {
			t.Errorf("%s has not got its defaults: %+v", path, job.Spec)
		}
		if err := create(job); err != nil {
			t.Errorf("a pod of %s: %v", path, err)
		}
		job.Spec.Template.Spec.SecurityContext.SeccompProfile = nil // or nothing would be refused
		if err := create(job); err == nil || !strings.Contains(err.Error(), `violates PodSecurity "restricted:latest": seccompProfile`) {
			t.Errorf("a pod of %s without a profile: %v", path, err)
		}
	}
	for text, want := range map[string]string{ // or nothing would be refused
		strings.Replace(read(t, paths[0]), "completionMode:", "completionMod:", 1):                   `unknown field "spec.completionMod"`,
		strings.Replace(read(t, paths[0]), "restartPolicy: Never", "restartPolicy: Always", 1):       `spec.template.spec.restartPolicy`,
		strings.Replace(read(t, paths[0]), "  backoffLimitPerIndex: 1\n", "", 1):                     `backoffLimitPerIndex`,
		strings.Replace(read(t, paths[0]), "containerName: joule", "containerName: other", 1):        `spec.podFailurePolicy.rules[1].onExitCodes.containerName`,
		strings.Replace(read(t, paths[0]), "000000-1\n", "000000-1"+strings.Repeat("x", 40)+"\n", 1): "must be no more than 63",
	} {
		if _, err := admit(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("it is not refused for %s: %v", want, err)
		}
	}
}
