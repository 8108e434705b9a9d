package kubernetes

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	openapi "github.com/google/gnostic-models/openapiv2"
	"google.golang.org/protobuf/proto"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/kubernetes/pkg/api/legacyscheme"

	"joule/tests/kubernetes/admission"
)

// specification is Kubernetes' own, which kubectl checks manifests by.
var specification = sync.OnceValues(func() ([]byte, error) {
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes").Output()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(string(folder[:len(folder)-1]), "api", "openapi-spec", "swagger.json"))
	if err != nil {
		return nil, err
	}
	document, err := openapi.ParseDocument(text)
	if err != nil {
		return nil, err
	}
	return proto.Marshal(document)
})

// serve has kubectl of the test go to a cluster.
func (c *cluster) serve() {
	t := c.t
	t.Helper()
	if _, err := exec.LookPath("kubectl"); err != nil {
		if os.Getenv("JOULE_REQUIRE_KUBECTL") != "" {
			t.Fatal("there is no kubectl, and JOULE_REQUIRE_KUBECTL is set")
		}
		t.Skip("there is no kubectl")
	}
	specified, err := specification()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(c.api(specified))
	t.Cleanup(server.Close)
	home := t.TempDir()
	t.Setenv("HOME", home) // where kubectl keeps what servers can do
	put(t, home, "kubeconfig", fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "%s"}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
users: [{name: test, user: {}}]
`, server.URL))
	t.Setenv("KUBECONFIG", filepath.Join(home, "kubeconfig"))
}

// api is as much of Kubernetes' API as kubectl needs for what joule asks.
func (c *cluster) api(specified []byte) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, serve func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, err := serve(r)
			w.Header().Set("Content-Type", "application/json")
			if err != nil {
				status, ok := errors.AsType[*apierrors.StatusError](err)
				if !ok {
					status = apierrors.NewInternalError(err)
				}
				status.ErrStatus.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
				w.WriteHeader(int(status.ErrStatus.Code))
				answer = status.ErrStatus
			}
			_ = json.NewEncoder(w).Encode(answer) // the one who asked may be gone
		})
	}
	fixed := func(pattern, text string) {
		handle(pattern, func(*http.Request) (any, error) { return json.RawMessage(text), nil })
	}
	fixed("GET /api", `{"kind": "APIVersions", "versions": ["v1"]}`)
	fixed("GET /apis", `{"kind": "APIGroupList", "apiVersion": "v1", "groups": [
		{"name": "batch", "versions": [{"groupVersion": "batch/v1", "version": "v1"}], "preferredVersion": {"groupVersion": "batch/v1", "version": "v1"}},
		{"name": "authorization.k8s.io", "versions": [{"groupVersion": "authorization.k8s.io/v1", "version": "v1"}], "preferredVersion": {"groupVersion": "authorization.k8s.io/v1", "version": "v1"}}]}`)
	fixed("GET /api/v1", `{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "v1", "resources": [
		{"name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "verbs": ["get", "list"]}]}`)
	fixed("GET /apis/batch/v1", `{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "batch/v1", "resources": [
		{"name": "jobs", "singularName": "job", "namespaced": true, "kind": "Job", "verbs": ["create", "delete", "get", "list"]}]}`)
	fixed("GET /apis/authorization.k8s.io/v1", `{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "authorization.k8s.io/v1", "resources": [
		{"name": "selfsubjectaccessreviews", "singularName": "", "namespaced": false, "kind": "SelfSubjectAccessReview", "verbs": ["create"]}]}`)
	fixed("GET /version", `{"major": "1", "minor": "37", "gitVersion": "v1.37.2"}`)
	mux.HandleFunc("GET /openapi/v2", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
		_, _ = w.Write(specified)
	})
	handle("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", func(r *http.Request) (any, error) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		var review authorizationv1.SelfSubjectAccessReview
		_, _, err = scheme.Codecs.UniversalDeserializer().Decode(text, nil, &review) // kubectl sends it as protocol buffers
		if a := review.Spec.ResourceAttributes; err == nil && a != nil {
			review.Status.Allowed = a.Namespace == namespace && a.Verb == "create" && a.Group == "batch" && a.Resource == "jobs"
		}
		return review, err
	})
	const jobs, pods = "/apis/batch/v1/namespaces/" + namespace + "/jobs", "/api/v1/namespaces/" + namespace + "/pods"
	handle("POST "+jobs, func(r *http.Request) (any, error) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		job, err := admission.Admit(text)
		if err != nil {
			return nil, err
		}
		return typed(c.client.BatchV1().Jobs(namespace).Create(r.Context(), job, metav1.CreateOptions{}))
	})
	handle("GET "+jobs, func(r *http.Request) (any, error) {
		return typed(c.client.BatchV1().Jobs(namespace).List(r.Context(), metav1.ListOptions{LabelSelector: r.FormValue("labelSelector")}))
	})
	handle("GET "+jobs+"/{name}", func(r *http.Request) (any, error) {
		return typed(c.client.BatchV1().Jobs(namespace).Get(r.Context(), r.PathValue("name"), metav1.GetOptions{}))
	})
	handle("DELETE "+jobs+"/{name}", func(r *http.Request) (any, error) {
		var options metav1.DeleteOptions
		if err := json.NewDecoder(r.Body).Decode(&options); err != nil {
			return nil, err
		}
		if options.PropagationPolicy == nil || *options.PropagationPolicy != metav1.DeletePropagationForeground {
			return nil, apierrors.NewBadRequest("this cluster deletes in the foreground only")
		}
		err := c.client.BatchV1().Jobs(namespace).Delete(r.Context(), r.PathValue("name"), options)
		return metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusSuccess}, err
	})
	handle("GET "+pods, func(r *http.Request) (any, error) {
		list, err := c.client.CoreV1().Pods(namespace).List(r.Context(), metav1.ListOptions{LabelSelector: r.FormValue("labelSelector")})
		if err != nil {
			return nil, err
		}
		selector, err := fields.ParseSelector(r.FormValue("fieldSelector"))
		if err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		kept := list.Items[:0]
		for _, pod := range list.Items {
			if selector.Matches(fields.Set{"status.phase": string(pod.Status.Phase)}) {
				kept = append(kept, pod)
			}
		}
		list.Items = kept
		return typed(list, nil)
	})
	return mux
}

// typed adds to an object what it is.
func typed[T runtime.Object](obj T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	kinds, _, err := legacyscheme.Scheme.ObjectKinds(obj)
	if err != nil {
		return nil, err
	}
	obj.GetObjectKind().SetGroupVersionKind(kinds[0])
	return obj, nil
}
