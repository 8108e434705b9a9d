package admission

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What joule hands in is as Kubernetes has it, with every key of a profile.
func TestManifestsAreValid(t *testing.T) {
	paths, err := filepath.Glob("../../../launch/testdata/kubernetes-*.yaml")
	if err != nil || len(paths) < 2 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		job, err := Admit([]byte(read(t, path)))
		if err != nil {
			t.Errorf("%s: %v", path, err)
		} else if got := *job.Spec.PodReplacementPolicy; got != batchv1.Failed || job.Spec.Template.Spec.DNSPolicy == "" {
			t.Errorf("%s has not got its defaults: %+v", path, job.Spec)
		}
	}
	for text, want := range map[string]string{ // or nothing would be refused
		strings.Replace(read(t, paths[0]), "completionMode:", "completionMod:", 1):                   `unknown field "spec.completionMod"`,
		strings.Replace(read(t, paths[0]), "restartPolicy: Never", "restartPolicy: Always", 1):       `spec.template.spec.restartPolicy`,
		strings.Replace(read(t, paths[0]), "  backoffLimitPerIndex: 1\n", "", 1):                     `backoffLimitPerIndex`,
		strings.Replace(read(t, paths[0]), "containerName: joule", "containerName: other", 1):        `spec.podFailurePolicy.rules[1].onExitCodes.containerName`,
		strings.Replace(read(t, paths[0]), "000000-1\n", "000000-1"+strings.Repeat("x", 40)+"\n", 1): "must be no more than 63",
	} {
		if _, err := Admit([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("it is not refused for %s: %v", want, err)
		}
	}
}
