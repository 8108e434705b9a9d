//go:build !noxla

package backends

import (
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/cpu"
)

// XLA's CPU plugin takes some settings only from the environment of the process.
const (
	// envThreads is the size of its thread pool, read when a client is made.
	envThreads = "NPROC"
)

// tune sets what makes the XLA CPU plugin at path fast on this processor. What the user has set stays.
//
// Small networks are faster on one thread: their products are over before a second one is awake. By default XLA uses
// half of the width of AVX-512 vectors, and the element-wise part of a chain is a tenth slower for it. Its analysis by
// regions saves copies of what a training step carries to the next, some hundredths of its time. The flags are given only
// to a plugin that Joule has installed, whose version it knows.
func tune(path string, opts Options) error {
	if opts.Threads > 0 {
		if err := setDefault(envThreads, strconv.Itoa(opts.Threads)); err != nil {
			return err
		}
	}
	dir, err := PluginDir()
	if err != nil || filepath.Dir(path) != dir {
		return nil // a machine without a home folder has no installed plugin either
	}
	if dumpFlags != "" && os.Getenv(envFlags) == dumpFlags { // the user has set none
		return os.Setenv(envFlags, tuningFlags()+" "+dumpFlags)
	}
	return setDefault(envFlags, tuningFlags())
}

// tuningFlags are the compiler flags that make programs fast on this processor.
func tuningFlags() string {
	flags := "--xla_cpu_copy_insertion_use_region_analysis=true"
	if cpu.X86.HasAVX512F {
		flags += " --xla_cpu_prefer_vector_width=512"
	}
	return flags
}

func setDefault(name, value string) error {
	if _, set := os.LookupEnv(name); set {
		return nil
	}
	return os.Setenv(name, value)
}
