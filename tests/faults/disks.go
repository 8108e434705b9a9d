package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// roomy is a run that keeps all of its many checkpoints.
var roomy = setup{config: "two-gaussians/mle", steps: 3000, sets: append(shortMLE, "train.keep_last=1000", "train.checkpoint_every=150")}

// disks trains on file systems that are full, turn read-only, or go away.
func disks(l *lab) []row {
	rows := []row{l.vanishes()}
	if reason := l.cannotMount(); reason != "" {
		t := counting()
		t.note("not run: this system does not allow mounting (%s)", reason)
		return append(rows, t.row("a full disk", "go"), t.row("a disk that turns read-only", "go"))
	}
	return append(rows, l.fullDisks("a full disk that is then enlarged", roomy), l.fullDisks("the same, of 2 replicas", roomy.with("train.replicas=2")), l.readOnly())
}

// cannotMount says why no file system can be mounted; empty: it can.
func (l *lab) cannotMount() string {
	if syscall.Getuid() != 0 {
		return "it takes root"
	}
	unmount, err := l.mount(l.folder(), 64)
	if err != nil {
		return err.Error()
	}
	unmount()
	return ""
}

// mount mounts a new file system of a size in KiB.
func (l *lab) mount(dir string, size int) (unmount func(), err error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dk", size)); err != nil {
		return nil, err
	}
	return func() {
		_ = syscall.Unmount(dir, syscall.MNT_DETACH) // it goes when the last file in it is closed
		_ = os.Remove(dir)
	}, nil
}

// fullDisks trains on disks of many sizes, from one page to all that the run needs, enlarges them and goes on.
func (l *lab) fullDisks(name string, s setup) row {
	t := counting("disks that were too small", "exit 0", "exit 5", "exit 1", "warnings", "good checkpoints left", "resumptions", "files compared")
	want := l.reference(s, "go")
	if want.failure != "" {
		t.violate("%s", want.failure)
	}
	l.parallel(l.times(64), func(i int) {
		t.begin()
		size, disk := 4*(1+i*l.thin), l.folder()
		unmount, err := l.mount(disk, size)
		if err != nil {
			t.violate("%v", err)
			return
		}
		defer unmount()
		dir, about := filepath.Join(disk, "run"), fmt.Sprintf("disk of %d KiB", size)
		o := l.run(nil, s.train("go", dir)...)
		full := strings.Contains(o.stderr, "no space left on device")
		if full {
			t.add("disks that were too small", 1)
			if o.code == 1 && trained(dir) {
				t.violate("%s: has trained, and %s", about, o)
			}
			checkEnd(t, about, o, dir, o.stderr, "no space left on device")
		} else if o.code != 0 {
			t.violate("%s: %s", about, o)
		}
		if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=16m"); err != nil {
			t.violate("%s: %v", about, err)
			return
		}
		if o := l.run(nil, s.train("go", dir)...); o.code != 0 {
			t.violate("%s: enlarged: %s", about, o)
		}
		t.add("resumptions", 1)
		t.same(about, want.dir, dir)
	})
	return t.row(name, "go")
}

// disturbed is a run that is disturbed after its first checkpoints, with some way to go.
var disturbed = setup{config: "two-gaussians/mle", steps: 16000, sets: append(shortMLE, "train.checkpoint_every=300")}

// disturb starts a run, calls before once it has saved a checkpoint, and after a tenth of a second later, unless that is nil.
// It returns how the run ended.
func (l *lab) disturb(t *tally, dir string, before, after func() error) outcome {
	p := l.start(nil, disturbed.train("go", dir)...)
	if !p.until(func() bool { n, _ := loadAll(dir); return n > 0 }) {
		t.violate("no checkpoint comes: %s", &p.stderr)
	}
	if err := before(); err != nil {
		t.violate("%v", err)
	}
	if after != nil {
		time.Sleep(100 * time.Millisecond)
		if err := after(); err != nil {
			t.violate("%v", err)
		}
	}
	return p.wait()
}

// vanishes renames the directory of a run while it trains, and in half of the cases back.
func (l *lab) vanishes() row {
	t := counting("exit 0", "exit 5", "warnings", "good checkpoints left", "resumptions", "files compared")
	want := l.reference(disturbed, "go")
	l.parallel(l.times(12), func(i int) {
		t.begin()
		dir := l.folder()
		aside := dir + "-aside"
		defer discard(dir)
		away := func() error { return os.Rename(dir, aside) }
		back := func() error { return os.Rename(aside, dir) }
		if i%2 == 0 {
			o := l.disturb(t, dir, away, back)
			checkEnd(t, "away for a while", o, dir, o.stderr, "no such file or directory")
			if o.code != 0 {
				t.violate("away for a while: %s", o)
			}
		} else {
			o := l.disturb(t, dir, away, nil)
			if o.code != 5 || !strings.Contains(o.stderr, "joule: ") {
				t.violate("away to the end: %s", o)
			}
			if exists(dir) {
				t.violate("away to the end: the directory was made anew")
			}
			if err := back(); err != nil {
				t.violate("%v", err)
			}
			checkEnd(t, "away to the end", o, dir, o.stderr, "no such file or directory")
			if o := l.run(nil, disturbed.train("go", dir)...); o.code != 0 {
				t.violate("back again: %s", o)
			}
			t.add("resumptions", 1)
		}
		t.same("directory renamed", want.dir, dir)
	})
	return t.row("the run directory is renamed, and back", "go")
}

// readOnly covers the directory of a run with a read-only view of itself, and in half of the cases takes that away again
// before the run ends.
func (l *lab) readOnly() row {
	t := counting("exit 0", "exit 5", "warnings", "good checkpoints left", "resumptions", "files compared")
	want := l.reference(disturbed, "go")
	l.parallel(l.times(12), func(i int) {
		t.begin()
		disk := l.folder()
		unmount, err := l.mount(disk, 4096)
		if err != nil {
			t.violate("%v", err)
			return
		}
		defer unmount()
		dir := filepath.Join(disk, "run")
		cover := func() error {
			if err := syscall.Mount(dir, dir, "", syscall.MS_BIND, ""); err != nil {
				return err
			}
			return syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, "")
		}
		uncover := func() error { return syscall.Unmount(dir, syscall.MNT_DETACH) }
		after, wantCode := uncover, 0
		if i%2 == 1 {
			after, wantCode = nil, 5
		}
		o := l.disturb(t, dir, cover, after)
		checkEnd(t, "read-only", o, dir, o.stderr, "read-only file system")
		if o.code != wantCode {
			t.violate("read-only: %s; want exit code %d", o, wantCode)
		}
		if wantCode != 0 {
			if err := uncover(); err != nil {
				t.violate("%v", err)
			}
			if o := l.run(nil, disturbed.train("go", dir)...); o.code != 0 {
				t.violate("writable again: %s", o)
			}
			t.add("resumptions", 1)
		}
		t.same("read-only", want.dir, dir)
	})
	return t.row("a disk that turns read-only, and back", "go")
}
