package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// smi puts a program into the PATH that writes what nvidia-smi would, or fails, and unsets what says otherwise.
func smi(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv(visibleVariable, "") // so that it is restored
	os.Unsetenv(visibleVariable)
}

func TestVisibleGPUs(t *testing.T) {
	smi(t, `[ "$1" = -L ] && cat <<END
GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-5c89e7b6-1111)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-5c89e7b6-2222)
  MIG 3g.40gb     Device  0: (UUID: MIG-aaaa)
  MIG 3g.40gb     Device  1: (UUID: MIG-bbbb)
GPU 2: NVIDIA H100 80GB HBM3 (UUID: GPU-5c89e7b6-3333)
END
`)
	if got := VisibleGPUs(); !slices.Equal(got, []string{"0", "MIG-aaaa", "MIG-bbbb", "2"}) {
		t.Errorf("of nvidia-smi: %q", got)
	}
	for text, want := range map[string][]string{"": nil, "-1": nil, "4, 6": {"4", "6"}, "GPU-5c,2,x,3": {"GPU-5c", "2"}, "1,1": {"1"}, "MIG-1": {"MIG-1"}, "NoDevFiles": nil} {
		t.Setenv(visibleVariable, text)
		if got := VisibleGPUs(); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestChooseGPUs(t *testing.T) {
	visible := []string{"4", "5", "GPU-6"}
	for asked, want := range map[string]string{"all": "4 5 GPU-6", "1": "4", "3": "4 5 GPU-6", "0,2": "4 GPU-6", "2,": "GPU-6", "2, 0": "GPU-6 4"} {
		if got, err := ChooseGPUs(visible, asked); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v", asked, got, err)
		}
	}
	for asked, want := range map[string]string{
		"0":   "--devices 0: want all, how many, or the places of some in a list, such as 0,2; there are 3",
		"4":   "--devices 4: want all, how many, or the places of some in a list, such as 0,2; there are 3",
		"0,3": "--devices 0,3: there is no device 3: the places of the 3 that are to be seen are 0 to 2",
		"0,0": "--devices 0,0: device 0 is there twice; --jobs gives a device several workers",
		"x":   `--devices x: "x" is no number; want all, how many, or the places of some in a list, such as 0,2`,
		"":    `--devices : "" is no number; want all, how many, or the places of some in a list, such as 0,2`,
	} {
		if got, err := ChooseGPUs(visible, asked); err == nil || err.Error() != want {
			t.Errorf("%s: %v, %v", asked, got, err)
		}
	}
	if _, err := ChooseGPUs(nil, "all"); err == nil || !strings.HasPrefix(err.Error(), "--devices all: no NVIDIA GPU is to be seen here") {
		t.Errorf("error %v", err)
	}
}

// Workers take turns on the GPUs, whatever they would have seen otherwise, and say so themselves.
func TestPlace(t *testing.T) {
	t.Setenv(visibleVariable, "4,5,6")
	t.Setenv(orderVariable, "") // so that it is restored
	os.Unsetenv(orderVariable)
	for worker, want := range []string{"4", "6", "4", "6"} {
		command := exec.Command("sh", "-c", "echo $CUDA_VISIBLE_DEVICES $CUDA_DEVICE_ORDER $OTHER")
		command.Env = append(os.Environ(), "OTHER=kept")
		Place(command, worker, []string{"4", "6"})
		if out, err := command.Output(); err != nil || string(out) != want+" PCI_BUS_ID kept\n" {
			t.Errorf("worker %d: %q, %v", worker, out, err)
		}
	}
	command := exec.Command("sh", "-c", "echo $CUDA_VISIBLE_DEVICES")
	Place(command, 1, nil)
	if out, err := command.Output(); err != nil || string(out) != "4,5,6\n" || PlacedOn() != "" {
		t.Errorf("without GPUs: %q, %v", out, err)
	}
	t.Setenv(visibleVariable, "5")
	t.Setenv(orderVariable, "FASTEST_FIRST")
	command = exec.Command("sh", "-c", "echo $CUDA_DEVICE_ORDER")
	Place(command, 0, []string{"5"})
	if out, err := command.Output(); err != nil || string(out) != "FASTEST_FIRST\n" || PlacedOn() != "5" {
		t.Errorf("with an order: %q, %v, on %q", out, err, PlacedOn())
	}
}

// The workers of a suite are on the GPUs that they were given, by what they say themselves.
func TestWorkersArePlaced(t *testing.T) {
	b := newBenchmark(t, "replicas: 1\n", "where")
	b.jobs, b.gpus = 2, []string{"4", "GPU-6"}
	rows, _, err := b.run(t.Context(), nil)
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for run, row := range rows {
		if row.Device != "4" && row.Device != "GPU-6" {
			t.Errorf("%s was on %q", run, row.Device)
		}
	}
}

// Suites for the CPU, and runs on several devices, are not placed; those for GPUs are, without being asked.
func TestCheckPlaceable(t *testing.T) {
	for _, test := range []struct {
		more, backend, want string
		are                 bool
	}{
		{"", "xla:cuda", "", true},
		{"", "xla:/p/pjrt_c_api_cuda_plugin.so", "", true},
		{"", "auto", "", false},
		{"", "go", "--devices places workers on NVIDIA GPUs, and a is to be trained on go; leave it out, or give --backend xla:cuda", false},
		{"", "xla:cpu", "--devices places workers on NVIDIA GPUs, and a is to be trained on xla:cpu; leave it out, or give --backend xla:cuda", false},
		{"set: {train.devices: 2}\n", "xla:cuda", "--devices gives each worker one device, and a asks for 2; leave out --devices or train.devices", false},
		{"set: {train.devices: all}\n", "xla:cuda", "--devices gives each worker one device, and a asks for all; leave out --devices or train.devices", false},
	} {
		s, cells := suiteOf(t, test.more, "a")
		o := Options{Backend: test.backend}
		err := CheckPlaceable(s, cells, o)
		if err == nil && test.want != "" || err != nil && err.Error() != test.want {
			t.Errorf("%+v: %v", test, err)
		}
		if are, err := AreCUDA(s, cells, o); err != nil || are != test.are {
			t.Errorf("%+v: %v, %v", test, are, err)
		}
	}
}
