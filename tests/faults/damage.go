package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"joule/checkpoints"
)

// damaged is a run with two checkpoints that can be damaged and put right again.
type damaged struct {
	t       *tally
	folder  checkpoints.Folder
	entries []checkpoints.Entry
}

// files are those of a checkpoint.
var files = []string{"manifest.json", "state.safetensors"}

// damage flips every bit of a checkpoint, cuts its files off at every length, takes them away and mixes them up.
func damage(l *lab) []row {
	s := shortPlain.with("model.hidden=[4]", "train.batch_size=16", "method.buffer_size=16", "train.ema=0")
	dir := l.folder()
	loading := counting()
	if o := l.run(nil, s.train("go", dir)...); o.code != 0 {
		loading.violate("%s", o)
	}
	folder := checkpoints.In(dir, "checkpoints")
	entries, err := folder.List()
	if err != nil || len(entries) != 2 {
		loading.violate("there are %d checkpoints, want 2; %v", len(entries), err)
		return []row{loading.row("damage", "")}
	}
	d := damaged{loading, folder, entries}
	for _, name := range files {
		path := filepath.Join(folder.Path(entries[1]), name)
		good, err := os.ReadFile(path)
		if err != nil {
			loading.violate("%v", err)
			continue
		}
		d.flip(l, path, good)
		d.cut(l, path, good)
		d.restore(path, good)
		d.replace(path, good)
	}
	d.swap()
	for _, e := range entries {
		if _, err := folder.Load(e); err != nil {
			loading.violate("put right again: %v", err)
		}
	}
	return []row{loading.row("damaged checkpoints, loaded", "–"), l.resumeDamaged()}
}

// refused loads the damaged checkpoint; the error has to name one of the files.
func (d damaged) refused(what string, names ...string) {
	d.t.begin()
	_, err := d.folder.Load(d.entries[1])
	if err == nil {
		d.t.violate("%s: loads", what)
		return
	}
	for _, name := range names {
		if strings.Contains(err.Error(), name) {
			d.t.add(what, 1)
			return
		}
	}
	d.t.violate("%s: the error does not name %v: %v", what, names, err)
}

// restore writes a file.
func (d damaged) restore(path string, text []byte) {
	if err := os.WriteFile(path, text, 0o644); err != nil {
		d.t.violate("%v", err)
	}
}

func (d damaged) flip(l *lab, path string, good []byte) {
	for bit := 0; bit < 8*len(good); bit += l.thin {
		text := append([]byte(nil), good...)
		text[bit/8] ^= 1 << (bit % 8)
		d.restore(path, text)
		d.refused("bits flipped", path)
	}
}

func (d damaged) cut(l *lab, path string, good []byte) {
	for n := 0; n < len(good); n += l.thin {
		d.restore(path, good[:n])
		d.refused("lengths cut to", path)
	}
}

// replace puts something else in the place of a file.
func (d damaged) replace(path string, good []byte) {
	for _, tail := range []string{"\x00", "\n", "}"} {
		d.restore(path, append(good[:len(good):len(good)], tail...))
		d.refused("bytes appended", path)
	}
	d.restore(path, good)
	other := filepath.Join(filepath.Dir(path), "other")
	for _, c := range []struct {
		what string
		make func() error
	}{
		{"files missing", func() error { return nil }},
		{"folders instead", func() error { return os.Mkdir(path, 0o755) }},
		{"links to nowhere", func() error { return os.Symlink("nowhere", path) }},
		{"links to outside", func() error {
			if err := os.WriteFile(filepath.Join(filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(path)))), "outside"), good, 0o644); err != nil {
				return err
			}
			return os.Symlink("../../../outside", path)
		}},
	} {
		if err := os.Rename(path, other); err != nil {
			d.t.violate("%v", err)
			return
		}
		if err := c.make(); err != nil {
			d.t.violate("%s: %v", c.what, err)
		}
		d.refused(c.what, path)
		_ = os.Remove(path) // it may not be there
		if err := os.Rename(other, path); err != nil {
			d.t.violate("%v", err)
		}
	}
}

// swap exchanges the manifests of two checkpoints, their states, and both.
func (d damaged) swap() {
	one, two := d.folder.Path(d.entries[0]), d.folder.Path(d.entries[1])
	for _, names := range [][]string{files[:1], files[1:], files} {
		exchange := func() {
			for _, name := range names {
				a, b, aside := filepath.Join(one, name), filepath.Join(two, name), filepath.Join(one, "aside")
				for _, move := range [][2]string{{a, aside}, {b, a}, {aside, b}} {
					if err := os.Rename(move[0], move[1]); err != nil {
						d.t.violate("%v", err)
					}
				}
			}
		}
		exchange()
		d.refused("files swapped", two)
		exchange()
	}
}

// spoilings are what is done to the newest checkpoint of a run that is to go on.
var spoilings = []struct {
	name string
	do   func(checkpoint string) error
}{
	{"a bit of the state", func(dir string) error { return flipIn(filepath.Join(dir, files[1])) }},
	{"a bit of the manifest", func(dir string) error { return flipIn(filepath.Join(dir, files[0])) }},
	{"the end of the state", func(dir string) error { return os.Truncate(filepath.Join(dir, files[1]), 300) }},
	{"an empty manifest", func(dir string) error { return os.Truncate(filepath.Join(dir, files[0]), 0) }},
	{"no state", func(dir string) error { return os.Remove(filepath.Join(dir, files[1])) }},
	{"no manifest", func(dir string) error { return os.Remove(filepath.Join(dir, files[0])) }},
}

func flipIn(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text[len(text)/2] ^= 4
	return os.WriteFile(path, text, 0o644)
}

// resumeDamaged goes on with runs whose newest checkpoint is damaged: --resume RUN says which one is and which is not, and
// --resume=auto takes the older one.
func (l *lab) resumeDamaged() row {
	t := counting("refused by --resume RUN", "resumed by --resume=auto", "files compared")
	for _, s := range []setup{shortPlain, shortReplicas} {
		from := l.halfDone(s)
		l.parallel(len(spoilings), func(i int) {
			t.begin()
			dir := l.folder()
			defer discard(dir)
			if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
				t.violate("%v", err)
				return
			}
			l.resumeSpoiled(t, s, dir, i)
		})
	}
	return t.row("the newest checkpoint damaged, and resumed", "go")
}

func (l *lab) resumeSpoiled(t *tally, s setup, dir string, i int) {
	folder := checkpoints.In(membersOf(dir)[0], "checkpoints")
	entries, err := folder.List()
	if err != nil || len(entries) < 2 {
		t.violate("the run has %d checkpoints, want 2 or more; %v", len(entries), err)
		return
	}
	newest, older := entries[len(entries)-1], entries[len(entries)-2]
	if err := spoilings[i].do(folder.Path(newest)); err != nil {
		t.violate("%v", err)
		return
	}
	o := l.run(nil, "train", "--resume", dir, "--quiet", "--no-figures")
	good := fmt.Sprintf("the newest good one is of step %d:", older.Step)
	if o.code != 1 || !strings.Contains(o.stderr, folder.Path(newest)) || !strings.Contains(o.stderr, good) || o.hasStack() {
		t.violate("%s: --resume RUN: %s", spoilings[i].name, o)
	} else {
		t.add("refused by --resume RUN", 1)
	}
	if o := l.run(nil, s.train("go", dir)...); o.code != 0 || !strings.Contains(o.stderr, folder.Path(newest)) {
		t.violate("%s: --resume=auto: %s", spoilings[i].name, o)
	}
	t.add("resumed by --resume=auto", 1)
	t.same(spoilings[i].name, l.reference(s, "go").dir, dir)
}
