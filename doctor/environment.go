package doctor

import "os"

// Variable is an environment variable that is set.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// variables are those that change what joule does or how fast it is. No others are reported: they may be secret.
var variables = []string{
	"JOULE_PLUGIN_DIR", "JOULE_XLA_CPU_PLUGIN", "JOULE_DATA_DIR", "PJRT_PLUGIN_LIBRARY_PATH", "XDG_DATA_HOME",
	"XLA_FLAGS", "XLA_DEBUG_OPTIONS", "NPROC", "OMP_NUM_THREADS",
	"CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "LD_PRELOAD",
	"GOMAXPROCS", "GOMEMLIMIT", "GOGC", "GODEBUG", "TMPDIR",
	"SLURM_JOB_ID", "KUBERNETES_SERVICE_HOST",
}

func findVariables() (found []Variable) {
	for _, name := range variables {
		if value, isSet := os.LookupEnv(name); isSet {
			found = append(found, Variable{name, value})
		}
	}
	return found
}
