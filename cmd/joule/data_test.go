package main

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// squares makes the four files of MNIST's format in a folder: dark images of 6×6 pixels with a bright square of 3×3 in one of
// two corners, which is their class, 40 for training and 10 for testing.
func squares(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for prefix, n := range map[string]int{"train": 40, "t10k": 10} {
		images, labels := idxHeader(n, 6, 6), idxHeader(n)
		for i := range n {
			pixels := make([]byte, 36)
			for k := range 9 {
				pixels[(k/3+i%2*3)*6+k%3] = byte(200 + i)
			}
			images, labels = append(images, pixels...), append(labels, byte(i%2+3))
		}
		put(t, dir, prefix+"-images-idx3-ubyte", string(images))
		put(t, dir, prefix+"-labels-idx1-ubyte", string(labels))
	}
	return dir
}

func idxHeader(sizes ...int) []byte {
	header := []byte{0, 0, 8, byte(len(sizes))}
	for _, n := range sizes {
		header = append(header, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return header
}

// withModules gives a command the module cache of the machine, and no proxy.
func withModules(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(cmd.Env, "GOMODCACHE="+strings.TrimSpace(string(cache)), "GOPROXY=off")
	return cmd
}

// MNIST, which is in the module cache because a test imports it, is fetched, listed and shown.
func TestDataFetch(t *testing.T) {
	dir, data := t.TempDir(), t.TempDir()
	run := func(args ...string) outcome {
		cmd := withModules(t, command(dir, args...))
		cmd.Env = append(cmd.Env, "JOULE_DATA_DIR="+data)
		return finish(t, cmd)
	}
	if o := run("data", "list"); !strings.Contains(o.stdout, "mnist  not fetched") {
		t.Errorf("the list is\n%s", o.stdout)
	}
	o := run("data", "show", "fetched:mnist")
	if want := "joule: fetched:mnist: it has not been fetched: joule data fetch mnist gets it\n"; o.stderr != want || o.code != exitFailed {
		t.Errorf("exit code %d, %s; want %s", o.code, o.stderr, want)
	}
	o = run("data", "fetch", "mnist")
	if o.code != 0 || o.stdout != filepath.Join(data, "mnist")+"\n" || !strings.Contains(o.stderr, `fetched:mnist`) {
		t.Fatalf("exit code %d, %s%s", o.code, o.stdout, o.stderr)
	}
	if o = run("data", "list"); !strings.Contains(o.stdout, filepath.Join(data, "mnist")) {
		t.Errorf("the list is\n%s", o.stdout)
	}
	o = run("data", "show", "fetched:mnist")
	for _, want := range []string{"training  60000 points", "test      10000 points", "image     28×28 pixels, 784 numbers", "values    0 to 255", "5      5421      892"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("there is no %q in\n%s", want, o.stdout)
		}
	}
	if o = run("data", "fetch", "mnist", "--from", filepath.Join(data, "mnist"), "--to", "here/mnist"); o.stdout != "here/mnist\n" || len(names(t, filepath.Join(dir, "here", "mnist"))) != 4 {
		t.Errorf("%s%s", o.stdout, o.stderr)
	}
	if err := os.Truncate(filepath.Join(data, "mnist", "train-images-idx3-ubyte.gz"), 1000); err != nil {
		t.Fatal(err)
	}
	o = run("data", "fetch", "mnist", "--from", filepath.Join(data, "mnist"), "--to", "there")
	if o.code != exitFailed || !strings.Contains(o.stderr, "is truncated or damaged") {
		t.Errorf("exit code %d, %s", o.code, o.stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "there")); err == nil {
		t.Error("something was written")
	}
}

func TestDataRefuses(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "x.txt", "hello")
	put(t, dir, "x.png", "hello")
	for args, want := range map[string]string{
		"data fetch mnits":  `there is no data set "mnits" to fetch; did you mean "mnist"?`,
		"data fetch cats":   `there is no data set "cats" to fetch; want one of mnist`,
		"data show no.yaml": "no.yaml: there is no such file, nor a config of that name; joule configs list shows those of the program",
	} {
		refuse(t, dir, exitUsage, want, strings.Fields(args)...)
	}
	for args, want := range map[string]string{
		"data show x.txt": `x.txt: its name ends in ".txt", and it begins as no file of data; want the path of a .csv, .npy, .npz or IDX file, or of a folder of images`,
		"data show x.png": "x.png: is one image, want a folder of them",
	} {
		refuse(t, dir, exitFailed, want, strings.Fields(args)...)
	}
}

// Each kind of file is shown as what it is.
func TestDataShow(t *testing.T) {
	dir := squares(t)
	put(t, dir, "x.yaml", "name: x\ndata: {kind: idx, path: ., limit: 6, dequantise: true, scale: symmetric}\nmodel: {kind: mlp}\nmethod: {kind: dsm}\n")
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, image.NewGray(image.Rect(0, 0, 4, 3))); err != nil {
		t.Fatal(err)
	}
	pictures := t.TempDir()
	for _, name := range []string{"a.png", "b.png", "c.png", "d.png", "e.png"} {
		put(t, pictures, name, encoded.String())
	}
	for arg, wants := range map[string][]string{
		".":                        {"kind      idx", "training  40 points", "test      10 points", "3      20        5"},
		"x.yaml":                   {"training  6 points", "scaled    -0.99"},
		"train-images-idx3-ubyte":  {"kind      idx", "training  32 points", "test      8 points"},
		pictures:                   {"kind      images", "training  4 points", "image     3×4 pixels, 12 numbers"},
		"builtin:old_faithful.csv": {"kind       csv", "dimension  2", "eruptions  1.6    5.1"},
	} {
		out := succeed(t, dir, "data", "show", arg)
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("%s: there is no %q in\n%s", arg, want, out)
			}
		}
	}
}
