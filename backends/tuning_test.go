//go:build !noxla

package backends

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/cpu"
)

// unset removes a variable from the environment for a test.
func unset(t *testing.T, name string) {
	t.Helper()
	t.Setenv(name, "") // so that it is put back
	if err := os.Unsetenv(name); err != nil {
		t.Fatal(err)
	}
}

// Threads and flags are set for an installed plugin, the flags not for another one, and nothing that the user has set.
func TestTune(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(EnvPluginDir, dir)
	installed, other := filepath.Join(dir, "plugin.so"), filepath.Join(t.TempDir(), "plugin.so")

	unset(t, envThreads)
	unset(t, envFlags)
	if err := tune(other, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{envThreads, envFlags} {
		if value, set := os.LookupEnv(name); set {
			t.Errorf("%s is %q for a plugin of the user's and no threads asked for", name, value)
		}
	}
	if err := tune(installed, Options{Threads: 1}); err != nil {
		t.Fatal(err)
	}
	if got := os.Getenv(envThreads); got != "1" {
		t.Errorf("%s = %q, want 1", envThreads, got)
	}
	if flags := os.Getenv(envFlags); !strings.Contains(flags, "region_analysis") || strings.Contains(flags, "512") != cpu.X86.HasAVX512F {
		t.Errorf("%s is %q on a processor with AVX-512: %v", envFlags, flags, cpu.X86.HasAVX512F)
	}

	t.Setenv(envThreads, "3")
	t.Setenv(envFlags, "--xla_backend_optimization_level=1")
	if err := tune(installed, Options{Threads: 1}); err != nil {
		t.Fatal(err)
	}
	if os.Getenv(envThreads) != "3" || os.Getenv(envFlags) != "--xla_backend_optimization_level=1" {
		t.Errorf("the user's settings were changed to %q and %q", os.Getenv(envThreads), os.Getenv(envFlags))
	}
}
