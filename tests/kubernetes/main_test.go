package kubernetes

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var (
	// binary is the path of joule.
	binary string
	// shared is the control plane that all tests use.
	shared *control
)

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	if _, err := exec.LookPath("kubectl"); err != nil {
		fmt.Fprintln(os.Stderr, "there is no kubectl")
		if os.Getenv("JOULE_REQUIRE_KUBECTL") != "" {
			return 1
		}
		return 0
	}
	dir, err := os.MkdirTemp("", "joule-kubernetes-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "joule")
	build := exec.Command("go", "build", "-o", binary, "./cmd/joule")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "cannot build joule: %v\n%s", err, out)
		return 1
	}
	programs, err := buildPrograms()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot build Kubernetes:", err)
		return 1
	}
	shared, err = startControl(programs, dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot start Kubernetes:", err)
		return 1
	}
	defer shared.stop()
	first, err := startNode(shared, "n1", "")
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot add a node:", err)
		return 1
	}
	defer first.stop()
	os.Setenv("HOME", dir) // where kubectl keeps what servers can do
	os.Setenv("KUBECONFIG", shared.kubeconfig(user))
	return m.Run()
}
