package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// slurmConfig is that of a cluster of three nodes on this machine. Jobs in high preempt those in low, and neither those in apart.
const slurmConfig = `ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=PORT0
SlurmUser=USER
SlurmdUser=USER
SlurmctldPidFile=DIR/slurmctld.pid
SlurmdPidFile=DIR/%n.pid
SlurmdSpoolDir=DIR/spool-%n
StateSaveLocation=DIR/state
SlurmctldLogFile=DIR/slurmctld.log
SlurmdLogFile=DIR/%n.log
AuthType=auth/munge
AuthInfo=socket=DIR/munge.sock,cred_expire=5
CryptoType=crypto/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout=5
SlurmdParameters=config_overrides
KillWait=20
MaxArraySize=11
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=n1 NodeHostname=localhost NodeAddr=127.0.0.1 Port=PORT1 CPUs=4 State=UNKNOWN
NodeName=n2 NodeHostname=localhost NodeAddr=127.0.0.1 Port=PORT2 CPUs=4 State=UNKNOWN
NodeName=n3 NodeHostname=localhost NodeAddr=127.0.0.1 Port=PORT3 CPUs=4 State=UNKNOWN
PartitionName=low Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=high Nodes=n[1-2] MaxTime=INFINITE State=UP PriorityTier=10
PartitionName=apart Nodes=n3 MaxTime=INFINITE State=UP PriorityTier=10
`

// cluster is a Slurm of this machine alone.
type cluster struct {
	dir    string
	nodes  map[string]*exec.Cmd // slurmd of each
	daemon chan func()          // what is done in the thread that the daemons die with
}

// startSlurm starts a cluster, to which Slurm's commands of the test go from now on.
func startSlurm(t *testing.T) *cluster {
	t.Helper()
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	for _, name := range []string{"munged", "slurmctld", "slurmd", "sbatch"} {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("JOULE_REQUIRE_SLURM") != "" {
				t.Fatalf("there is no %s, and JOULE_REQUIRE_SLURM is set", name)
			}
			t.Skipf("there is no %s", name)
		}
	}
	dir, err := os.MkdirTemp("", "slurm") // a short name: sockets have no room for long ones
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{dir: dir, nodes: map[string]*exec.Cmd{}, daemon: make(chan func())}
	t.Cleanup(func() { c.stop(t) })
	go func() {
		runtime.LockOSThread()
		for do := range c.daemon {
			do()
		}
	}()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	replacements := []string{"DIR", dir, "USER", me.Username}
	for i := range 4 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		replacements = append(replacements, fmt.Sprintf("PORT%d", i), fmt.Sprint(listener.Addr().(*net.TCPAddr).Port))
		if i == 3 {
			listener.Close()
		}
	}
	text := strings.NewReplacer(replacements...).Replace(slurmConfig)
	t.Setenv("SLURM_CONF", put(t, dir, "slurm.conf", text))
	put(t, dir, "munge.key", strings.Repeat("a key of a test ", 64))
	for _, name := range []string{"state", "spool-n1", "spool-n2", "spool-n3"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "munge.key"), 0o400); err != nil {
		t.Fatal(err)
	}
	c.start(t, "munged", "--foreground", "--force", "--key-file="+dir+"/munge.key", "--socket="+dir+"/munge.sock", "--pid-file="+dir+"/munged.pid",
		"--log-file="+dir+"/munged.log", "--seed-file="+dir+"/munged.seed")
	waitFor(t, func() bool { _, err := os.Stat(filepath.Join(dir, "munge.sock")); return err == nil })
	return c
}

// daemons starts Slurm's own daemons.
func (c *cluster) daemons(t *testing.T) {
	t.Helper()
	c.start(t, "slurmctld", "-D", "-c")
	for _, node := range []string{"n1", "n2", "n3"} {
		c.nodes[node] = c.start(t, "slurmd", "-D", "-N", node)
	}
	c.ready(t)
}

func (c *cluster) ready(t *testing.T) {
	t.Helper()
	defer func() {
		if t.Failed() {
			for _, name := range []string{"slurmctld.log", "n1.log", "munged.log"} {
				text, _ := os.ReadFile(filepath.Join(c.dir, name)) // what there is
				t.Logf("%s:\n%s", name, text)
			}
		}
	}()
	waitFor(t, func() bool {
		out, err := exec.Command("sinfo", "--noheader", "--Node", "--format=%T").Output()
		return err == nil && strings.Count(string(out), "idle") >= 5 // two nodes are in two partitions
	})
}

// start starts a daemon, which ends with the test.
func (c *cluster) start(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	c.daemon <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// stop ends all that belongs to the cluster, the processes of its jobs too, which have its SLURM_CONF.
func (c *cluster) stop(t *testing.T) {
	mark := []byte("SLURM_CONF=" + filepath.Join(c.dir, "slurm.conf") + "\x00")
	for range 100 {
		left := 0
		processes, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is well-formed
		for _, path := range processes {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if text, readErr := os.ReadFile(path); err != nil || readErr != nil || pid == os.Getpid() || !strings.Contains(string(text)+"\x00", string(mark)) {
				continue
			}
			left++
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if left == 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	close(c.daemon)
	for range 20 { // the last of them may still have been writing
		if os.RemoveAll(c.dir) == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%s is left", c.dir)
}

// kill ends a node at once, with all that runs on it: its daemon and the given process of a job with all that it comes from and leads
// to, up to the daemon's helper.
func (c *cluster) kill(t *testing.T, node string, pid int) {
	t.Helper()
	_ = c.nodes[node].Process.Kill()
	top := pid
	for !strings.Contains(processName(top), "slurmstepd") {
		if top = parentOf(top); top <= 1 {
			t.Fatalf("process %d is of no job", pid)
		}
	}
	for _, p := range append(descendants(top), top) {
		_ = syscall.Kill(p, syscall.SIGKILL)
	}
}

func processName(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // one that has gone has none
	_, rest, _ := strings.Cut(string(text), "(")
	return rest[:max(strings.LastIndex(rest, ")"), 0)]
}

func parentOf(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(text), ") ")
	var state string
	var parent int
	_, _ = fmt.Sscan(rest, &state, &parent)
	return parent
}

// descendants are the processes that a process has started, and those that they have.
func descendants(pid int) (all []int) {
	processes, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well-formed
	for _, path := range processes {
		if child, err := strconv.Atoi(filepath.Base(path)); err == nil && parentOf(child) == pid {
			all = append(all, child)
			all = append(all, descendants(child)...)
		}
	}
	return all
}
