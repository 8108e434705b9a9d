package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/keyutil"
)

const (
	module = "k8s.io/kubernetes"
	etcd   = "go.etcd.io/etcd/server/v3"
	// administrator and user are tokens: the user is one who has the role that docs/scaling.md names, in the namespaces of tests.
	administrator, user = "administrator", "ada"
)

// control is the control plane of a cluster: etcd, Kubernetes' API server, its controllers, and its scheduler, each a process.
type control struct {
	dir    string
	config *rest.Config // of an administrator
	client *kubernetes.Clientset
	stops  []func()
	ended  chan string // names of programs that have ended
}

// controllers are those that have a part in what becomes of jobs.
var controllers = []string{
	"job-controller", "garbage-collector-controller", "pod-garbage-collector-controller", "ttl-after-finished-controller",
	"serviceaccount-controller", "persistentvolume-binder-controller", "node-lifecycle-controller", "taint-eviction-controller",
}

// buildPrograms builds the programs of a control plane, each where it is not there already, and returns their folder.
func buildPrograms() (folder string, err error) {
	folder, err = filepath.Abs("../../bin/kubernetes")
	if err != nil {
		return "", err
	}
	version, err := goCommand("list", "-m", "-f", "{{.Version}}", module)
	if err != nil {
		return "", err
	}
	major, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	const variables = "k8s.io/component-base/version."
	flags := "-s -w -X " + variables + "gitVersion=" + version + " -X " + variables + "gitMajor=" + major + " -X " + variables + "gitMinor=" + minor
	for _, program := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler"} {
		if _, err := goCommand("build", "-ldflags", flags, "-o", filepath.Join(folder, program), module+"/cmd/"+program); err != nil {
			return "", err
		}
	}
	_, err = goCommand("build", "-ldflags", "-s -w", "-o", filepath.Join(folder, "etcd"), etcd)
	return folder, err
}

func goCommand(args ...string) (string, error) {
	out, err := exec.Command("go", args...).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("go %s: %w\n%s", args[0], err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

// startControl starts a control plane that keeps what it has to in a folder, and waits until it is ready.
func startControl(programs, dir string) (c *control, err error) {
	c = &control{dir: dir, ended: make(chan string, 4)}
	defer func() {
		if err != nil {
			c.stop()
		}
	}()
	socket := "unix://" + filepath.Join(dir, "etcd.sock")
	if err := c.start(filepath.Join(programs, "etcd"), "--data-dir", filepath.Join(dir, "etcd"), "--unsafe-no-fsync", "--log-level", "warn",
		"--listen-client-urls", socket, "--advertise-client-urls", "http://127.0.0.1:0", "--listen-peer-urls", "http://127.0.0.1:0"); err != nil {
		return c, err
	}
	port, err := freePort()
	if err != nil {
		return c, err
	}
	key := filepath.Join(dir, "accounts.pem")
	text, err := keyutil.MakeEllipticPrivateKeyPEM()
	if err == nil {
		err = keyutil.WriteKey(key, text)
	}
	if err != nil {
		return c, err
	}
	tokens := filepath.Join(dir, "tokens.csv")
	if err := os.WriteFile(tokens, fmt.Appendf(nil, "%s,root,0,system:masters\n%s,%[2]s,1\n", administrator, user), 0o600); err != nil {
		return c, err
	}
	certificates := filepath.Join(dir, "certificates")
	if err := c.start(filepath.Join(programs, "kube-apiserver"), "--etcd-servers", socket, "--bind-address", "127.0.0.1", "--secure-port", fmt.Sprint(port),
		"--cert-dir", certificates, "--token-auth-file", tokens, "--authorization-mode", "RBAC", "--endpoint-reconciler-type", "none",
		"--service-cluster-ip-range", "10.0.0.0/24", "--service-account-issuer", "https://joule.test", "--service-account-key-file", key, "--service-account-signing-key-file", key); err != nil {
		return c, err
	}
	c.config = &rest.Config{Host: fmt.Sprintf("https://127.0.0.1:%d", port), BearerToken: administrator, QPS: -1}
	c.config.CAFile = filepath.Join(certificates, "apiserver.crt")
	if err := c.ready(); err != nil {
		return c, err
	}
	for _, who := range []string{administrator, user} {
		if err := os.WriteFile(c.kubeconfig(who), fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "%s", certificate-authority: "%s"}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
users: [{name: test, user: {token: %s}}]
current-context: test
`, c.config.Host, c.config.CAFile, who), 0o600); err != nil {
			return c, err
		}
	}
	common := []string{"--kubeconfig", c.kubeconfig(administrator), "--leader-elect=false", "--secure-port", "0"}
	if err := c.start(filepath.Join(programs, "kube-controller-manager"), append(common, "--controllers", strings.Join(controllers, ","), "--node-monitor-grace-period", "20s")...); err != nil {
		return c, err
	}
	return c, c.start(filepath.Join(programs, "kube-scheduler"), common...)
}

func (c *control) kubeconfig(who string) string { return filepath.Join(c.dir, who+".conf") }

// start starts a program, which ends with the test, and whose log is a file.
func (c *control) start(program string, args ...string) error {
	log, err := os.Create(filepath.Join(c.dir, filepath.Base(program)+".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(program, args...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return err
	}
	isOver := make(chan struct{})
	go func() {
		_ = command.Wait() // the log says why
		c.ended <- filepath.Base(program)
		close(isOver)
	}()
	c.stops = append(c.stops, func() {
		_ = command.Process.Kill() // or it has ended
		<-isOver
	})
	return nil
}

// stop ends all programs, the last first.
func (c *control) stop() {
	for i := len(c.stops) - 1; i >= 0; i-- {
		c.stops[i]()
	}
}

// logs are the ends of the programs' logs.
func (c *control) logs() string {
	var text strings.Builder
	paths, _ := filepath.Glob(filepath.Join(c.dir, "*.log")) // the pattern is right
	for _, path := range paths {
		log, _ := os.ReadFile(path) // empty is what it shows then
		fmt.Fprintf(&text, "%s:\n%s\n", filepath.Base(path), log[max(0, len(log)-3000):])
	}
	return text.String()
}

// ready waits until the API server says that it is, up to two minutes.
func (c *control) ready() (err error) {
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		select {
		case program := <-c.ended:
			return fmt.Errorf("%s has ended\n%s", program, c.logs())
		default:
		}
		if c.client, err = kubernetes.NewForConfig(c.config); err != nil { // the certificate is not there yet
			continue
		}
		if err = c.client.RESTClient().Get().AbsPath("/readyz").Do(context.Background()).Error(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("the API server is not ready: %w\n%s", err, c.logs())
}

// freePort is a port that was free just now.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
