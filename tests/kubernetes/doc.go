// Package kubernetes tests joule launch with kubectl and a control plane of Kubernetes itself: its API server with etcd, its controllers of
// jobs, nodes, volumes and garbage, and its scheduler, which are built from their modules. The test plays the kubelet, which runs the
// command of each pod as a process of this machine, and which has no volumes but the folders that are there.
//
// It is a module of its own, since it depends on most of Kubernetes.
package kubernetes
