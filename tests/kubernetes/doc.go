// Package kubernetes tests joule launch with kubectl and parts of Kubernetes itself: its strict decoding, defaults and validation of
// jobs, and its controller of jobs, which makes pods of them and judges how these end. The test plays the rest: the API, without a
// server of Kubernetes' own; the kubelet, which runs the command of each pod as a process of this machine; and the collector of garbage.
//
// It is a module of its own, since it depends on most of Kubernetes.
package kubernetes
