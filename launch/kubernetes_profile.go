package launch

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	sigsjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"joule/internal/strictyaml"
)

// KubernetesSettings are what concerns Kubernetes alone.
type KubernetesSettings struct {
	// Context and Namespace are kubectl's; empty: as kubectl is set up.
	Context   string `yaml:"context"`
	Namespace string `yaml:"namespace"`
	// Image is the container image, and Program the path or name of joule in it.
	Image   string `yaml:"image"`
	Program string `yaml:"program" check:"len >= 1"`
	// User and Group are whom tasks run as, by number; 0: who launches.
	User  int64 `yaml:"user" check:">= 0, <= 2147483647"`
	Group int64 `yaml:"group" check:">= 0, <= 2147483647"`
	// Volumes are what pods see of the file systems that are seen here. The launch directory is in one of them.
	Volumes []KubernetesVolume `yaml:"volumes"`
	// GPU is the resource that gpus counts.
	GPU string `yaml:"gpu" check:"len >= 1"`
	// Retries is how often a task is started again that failed, and MaxFailed how many tasks may fail before the others are given up;
	// 0: any number.
	Retries   int `yaml:"retries" check:">= 0, <= 1000"`
	MaxFailed int `yaml:"max_failed" check:">= 0, <= 100000"`
	// Keep is for how many seconds the cluster keeps a job that has ended, and its pods.
	Keep int `yaml:"keep" check:">= 0, <= 315360000"`
	// Labels and Annotations are added to jobs and pods.
	Labels      strictyaml.Tree `yaml:"labels"`
	Annotations strictyaml.Tree `yaml:"annotations"`
	// Pod and Container are any other fields of the pod and of its container, as Kubernetes names them.
	Pod       strictyaml.Tree `yaml:"pod"`
	Container strictyaml.Tree `yaml:"container"`
}

// KubernetesVolume is a claim of a volume, and where the same files are on this machine.
type KubernetesVolume struct {
	Claim string `yaml:"claim" check:"required"`
	// Path is where the volume is, here and in pods.
	Path string `yaml:"path" check:"required"`
	// SubPath is the folder of the volume that is there; empty: all of it.
	SubPath  string `yaml:"sub_path"`
	ReadOnly bool   `yaml:"read_only"`
}

// newKubernetesSettings are those where a profile says nothing.
func newKubernetesSettings() KubernetesSettings {
	return KubernetesSettings{Program: "joule", GPU: string(corev1.ResourceName("nvidia.com/gpu")), Retries: 3, Keep: 7 * 24 * 3600}
}

// Check refuses what no manifest can be made of.
func (k *KubernetesSettings) Check(report func(key, problem string)) {
	if strings.ContainsAny(k.Image, " \t\r\n") {
		report("image", fmt.Sprintf("%.60q has a space or a line end; an image is needed, as in registry.example/joule:cuda", k.Image))
	}
	for key, tree := range map[string]strictyaml.Tree{"labels": k.Labels, "annotations": k.Annotations} {
		entries, isMap := tree.Entries()
		if tree.IsGiven() && !isMap {
			report(key, "found "+tree.Describe()+"; a map of names and values is needed")
		}
		for _, e := range entries {
			if _, ok := e.Value.Scalar(); !ok {
				report(key+"."+e.Key, "found "+e.Value.Describe()+"; text is needed")
			}
			if strings.HasPrefix(e.Key, ownPrefix) {
				report(key+"."+e.Key, "is set by joule; another name is needed")
			}
		}
	}
	pod, err := k.pod()
	if err != nil {
		report("pod", err.Error())
	}
	for field, isGiven := range map[string]bool{
		"containers": len(pod.Containers) > 0, "restartPolicy": pod.RestartPolicy != "",
		"activeDeadlineSeconds": pod.ActiveDeadlineSeconds != nil, "terminationGracePeriodSeconds": pod.TerminationGracePeriodSeconds != nil,
	} {
		if isGiven {
			report("pod", field+" is set by joule; "+ownFields[field])
		}
	}
	container, err := k.container()
	if err != nil {
		report("container", err.Error())
	}
	for field, isGiven := range map[string]bool{
		"name": container.Name != "", "image": container.Image != "", "command": len(container.Command) > 0, "args": len(container.Args) > 0,
		"workingDir": container.WorkingDir != "",
	} {
		if isGiven {
			report("container", field+" is set by joule; "+ownFields[field])
		}
	}
}

// ownFields are those of pods and containers that joule sets, and what says them.
var ownFields = map[string]string{
	"containers":                    "the key container is for the fields of the one there is",
	"restartPolicy":                 "the job starts tasks again (retries)",
	"activeDeadlineSeconds":         "it is the key time",
	"terminationGracePeriodSeconds": "it is the key warning",
	"name":                          "the job tells how tasks end by the name of their container",
	"image":                         "it is the key image",
	"command":                       "it starts a task",
	"args":                          "they start a task",
	"workingDir":                    "it is the launch directory",
}

// Check refuses paths that pods cannot have.
func (v *KubernetesVolume) Check(report func(key, problem string)) {
	if !filepath.IsAbs(v.Path) || filepath.Clean(v.Path) == "/" || strings.ContainsAny(v.Path, ":\r\n\x00") {
		report("path", fmt.Sprintf("%.100q is no place for a volume; want an absolute path other than /, without colons", v.Path))
	}
	if v.SubPath != "" && (!filepath.IsLocal(v.SubPath) || path.Clean(v.SubPath) != v.SubPath) {
		report("sub_path", fmt.Sprintf("%.100q is no folder of a volume; want a relative path without ..", v.SubPath))
	}
}

// pod are the fields that the profile gives of pods.
func (k *KubernetesSettings) pod() (pod corev1.PodSpec, err error) {
	return pod, strictly(k.Pod, &pod, "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodSpec")
}

// container are the fields that the profile gives of their container.
func (k *KubernetesSettings) container() (container corev1.Container, err error) {
	return container, strictly(k.Container, &container, "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Container")
}

// strictly reads a tree into a type of Kubernetes, whose fields a page lists.
func strictly(tree strictyaml.Tree, into any, page string) error {
	if !tree.IsGiven() {
		return nil
	}
	if _, isMap := tree.Entries(); !isMap {
		return fmt.Errorf("found %s; a map is needed, of fields in %s", tree.Describe(), page)
	}
	text, err := yaml.YAMLToJSON([]byte(tree.Text()))
	if err != nil {
		return err
	}
	unknown, err := sigsjson.UnmarshalStrict(text, into)
	if err != nil {
		return fmt.Errorf("is not as Kubernetes has it: %w; the fields are in %s", err, page)
	}
	if len(unknown) > 0 {
		return fmt.Errorf("%w; the fields are in %s", unknown[0], page)
	}
	return nil
}

// texts are the names and values of a map.
func texts(tree strictyaml.Tree) map[string]string {
	all := map[string]string{}
	entries, _ := tree.Entries() // checked
	for _, e := range entries {
		all[e.Key], _ = e.Value.Scalar()
	}
	return all
}
