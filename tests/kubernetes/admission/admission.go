// Package admission does with the manifest of a job what Kubernetes' API server does before it keeps it, with Kubernetes' own code:
// strict decoding, defaults, the labels by which a job finds its pods, conversion, and validation.
package admission

import (
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/batch"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	"k8s.io/kubernetes/pkg/apis/batch/validation"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
)

// strict refuses fields that the types of Kubernetes do not have.
var strict = serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict)

// Admit makes of a manifest what the API server would keep, or says what it would refuse.
func Admit(text []byte) (*batchv1.Job, error) {
	obj, _, err := strict.UniversalDeserializer().Decode(text, nil, nil)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	job, ok := obj.(*batchv1.Job)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("%T is no job", obj))
	}
	legacyscheme.Scheme.Default(job)
	job.UID = uuid.NewUUID()
	own := labels.Set{
		"job-name": job.Name, batchv1.JobNameLabel: job.Name,
		"controller-uid": string(job.UID), batchv1.ControllerUidLabel: string(job.UID),
	}
	job.Spec.Template.Labels = labels.Merge(job.Spec.Template.Labels, own)
	job.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{batchv1.ControllerUidLabel: string(job.UID)}}
	if job.Namespace == "" {
		job.Namespace = metav1.NamespaceDefault
	}
	internal := &batch.Job{}
	if err := legacyscheme.Scheme.Convert(job, internal, nil); err != nil {
		return nil, err
	}
	if problems := validation.ValidateJobCreate(internal, validation.JobValidationOptions{RequirePrefixedLabels: true}); len(problems) > 0 {
		return nil, apierrors.NewInvalid(batch.Kind("Job"), job.Name, problems)
	}
	return job, nil
}
