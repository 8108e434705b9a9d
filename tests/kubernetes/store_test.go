package kubernetes

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/testing"
)

// store keeps objects as an API server does: with names, versions, conflicts, and deletion in two steps where somebody has still to do
// something before.
type store struct {
	testing.ObjectTracker
	mutex   sync.Mutex
	version int
}

// stamp gives an object its next version.
func (s *store) stamp(obj runtime.Object) (metav1.Object, error) {
	m, err := meta.Accessor(obj)
	if err == nil {
		s.version++
		m.SetResourceVersion(strconv.Itoa(s.version))
	}
	return m, err
}

func (s *store) Create(gvr schema.GroupVersionResource, obj runtime.Object, ns string, opts ...metav1.CreateOptions) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	m, err := s.stamp(obj)
	if err != nil {
		return err
	}
	if m.GetName() == "" {
		m.SetName(fmt.Sprintf("%sx%04d", m.GetGenerateName(), s.version))
	}
	if m.GetUID() == "" {
		m.SetUID(uuid.NewUUID())
	}
	m.SetCreationTimestamp(metav1.NewTime(time.Now()))
	return s.ObjectTracker.Create(gvr, obj, ns, opts...)
}

func (s *store) Update(gvr schema.GroupVersionResource, obj runtime.Object, ns string, opts ...metav1.UpdateOptions) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	m, err := meta.Accessor(obj)
	if err != nil {
		return err
	}
	old, err := s.Get(gvr, ns, m.GetName())
	if err != nil {
		return err
	}
	before, err := meta.Accessor(old)
	if err != nil {
		return err
	}
	if v := m.GetResourceVersion(); v != "" && v != before.GetResourceVersion() {
		return apierrors.NewConflict(gvr.GroupResource(), m.GetName(), fmt.Errorf("version %s is not %s", v, before.GetResourceVersion()))
	}
	m.SetDeletionTimestamp(before.GetDeletionTimestamp())
	return s.put(gvr, obj, ns)
}

func (s *store) Patch(gvr schema.GroupVersionResource, obj runtime.Object, ns string, _ ...metav1.PatchOptions) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.put(gvr, obj, ns)
}

// put keeps an object, or lets go of one that is to be deleted and that nobody holds.
func (s *store) put(gvr schema.GroupVersionResource, obj runtime.Object, ns string) error {
	m, err := s.stamp(obj)
	if err != nil {
		return err
	}
	if err := s.ObjectTracker.Update(gvr, obj, ns); err != nil || m.GetDeletionTimestamp() == nil || len(m.GetFinalizers()) > 0 {
		return err
	}
	if pod, isPod := obj.(*corev1.Pod); isPod && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
		return nil // the kubelet has to end it
	}
	return s.ObjectTracker.Delete(gvr, ns, m.GetName())
}

// Delete begins to delete an object. Jobs are held until their pods are gone.
func (s *store) Delete(gvr schema.GroupVersionResource, ns, name string, _ ...metav1.DeleteOptions) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	old, err := s.Get(gvr, ns, name)
	if err != nil {
		return err
	}
	obj := old.DeepCopyObject()
	m, err := meta.Accessor(obj)
	if err != nil {
		return err
	}
	if m.GetDeletionTimestamp() == nil {
		m.SetDeletionTimestamp(new(metav1.Now()))
	}
	if gvr.Resource == "jobs" && !slices.Contains(m.GetFinalizers(), metav1.FinalizerDeleteDependents) {
		m.SetFinalizers(append(m.GetFinalizers(), metav1.FinalizerDeleteDependents))
	}
	return s.put(gvr, obj, ns)
}
