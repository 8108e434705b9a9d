package bench

import (
	"context"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"joule/configs"
	"joule/suites"
	"joule/trainers"
)

// visibleVariable says which GPUs a process sees, by numbers or names.
const visibleVariable = "CUDA_VISIBLE_DEVICES"

// orderVariable says how they are numbered.
const orderVariable = "CUDA_DEVICE_ORDER"

// gpusFolder has a folder for each GPU that NVIDIA's driver runs.
const gpusFolder = "/proc/driver/nvidia/gpus"

// VisibleGPUs are the NVIDIA GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them: those that it lists where it is set,
// or else what nvidia-smi lists, or else as many as the driver has. There may be none.
func VisibleGPUs() []string {
	if text, isSet := os.LookupEnv(visibleVariable); isSet {
		return listed(text)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if text, err := exec.CommandContext(ctx, "nvidia-smi", "-L").Output(); err == nil {
		return parseGPUs(string(text))
	}
	entries, _ := os.ReadDir(gpusFolder) // without a driver there is none
	gpus := make([]string, len(entries))
	for i := range gpus {
		gpus[i] = strconv.Itoa(i)
	}
	return gpus
}

// listed are the GPUs in the text of CUDA_VISIBLE_DEVICES. As for CUDA, it ends before the first that is none.
func listed(text string) (gpus []string) {
	for _, entry := range strings.Split(text, ",") {
		entry = strings.TrimSpace(entry)
		number, err := strconv.Atoi(entry)
		isName := strings.HasPrefix(entry, "GPU-") || strings.HasPrefix(entry, "MIG-")
		if err != nil && !isName || err == nil && number < 0 || slices.Contains(gpus, entry) {
			break
		}
		gpus = append(gpus, entry)
	}
	return gpus
}

// What nvidia-smi -L writes of a GPU, and of a part of one.
var (
	gpuLine = regexp.MustCompile(`^GPU (\d+): `)
	migLine = regexp.MustCompile(`^\s+MIG .*\(UUID: (MIG-[^)]+)\)`)
)

// parseGPUs finds the GPUs in what nvidia-smi -L writes. Of one that is divided (MIG) there are its parts.
func parseGPUs(text string) (gpus []string) {
	whole := false // the last one is a whole GPU
	for line := range strings.Lines(text) {
		if m := gpuLine.FindStringSubmatch(line); m != nil {
			gpus, whole = append(gpus, m[1]), true
		}
		if m := migLine.FindStringSubmatch(line); m != nil {
			if whole {
				gpus, whole = gpus[:len(gpus)-1], false
			}
			gpus = append(gpus, m[1])
		}
	}
	return gpus
}

// ChooseGPUs takes some of the visible GPUs: "all"; the first N, for a number; or those at the places, from 0, that a list separated by
// commas names, such as "0,2", or "3," for one alone.
func ChooseGPUs(visible []string, asked string) ([]string, error) {
	const want = "want all, how many, or the places of some in a list, such as 0,2"
	if len(visible) == 0 {
		return nil, fmt.Errorf("--devices %.60s: no NVIDIA GPU is to be seen here (%s, nvidia-smi -L and %s name none)", asked, visibleVariable, gpusFolder)
	}
	if asked == "all" {
		return visible, nil
	}
	if n, err := strconv.Atoi(asked); err == nil {
		if n < 1 || n > len(visible) {
			return nil, fmt.Errorf("--devices %d: %s; there are %d", n, want, len(visible))
		}
		return visible[:n], nil
	}
	var chosen []string
	for _, text := range strings.Split(strings.TrimSuffix(asked, ","), ",") {
		place, err := strconv.Atoi(strings.TrimSpace(text))
		switch {
		case err != nil:
			return nil, fmt.Errorf("--devices %.60s: %.40q is no number; %s", asked, text, want)
		case place < 0 || place >= len(visible):
			return nil, fmt.Errorf("--devices %.60s: there is no device %d: the places of the %d that are to be seen are 0 to %d", asked, place, len(visible), len(visible)-1)
		case slices.Contains(chosen, visible[place]):
			return nil, fmt.Errorf("--devices %.60s: device %d is there twice; --jobs gives a device several workers", asked, place)
		}
		chosen = append(chosen, visible[place])
	}
	return chosen, nil
}

// Place gives a worker one of some GPUs, in turn, by the environment of its command. Without any it is left as it is.
func Place(command *exec.Cmd, worker int, gpus []string) {
	if len(gpus) == 0 {
		return
	}
	command.Env = append(command.Environ(), visibleVariable+"="+gpus[worker%len(gpus)])
	if _, isSet := os.LookupEnv(orderVariable); !isSet {
		command.Env = append(command.Env, orderVariable+"=PCI_BUS_ID") // the numbers of nvidia-smi
	}
}

// PlacedOn is the GPU that this process was given by [Place], or that alone is to be seen for another reason; empty: there is no one.
func PlacedOn() string {
	if gpus := listed(os.Getenv(visibleVariable)); len(gpus) == 1 {
		return gpus[0]
	}
	return ""
}

// AreCUDA says whether all runs of some cells ask for a backend of NVIDIA GPUs, and for one device each.
func AreCUDA(s *suites.Suite, cells []*suites.Cell, o Options) (bool, error) {
	some := false
	for config, err := range trainable(s, cells, o) {
		if err != nil || !isCUDA(config.Backend) || config.Train.AsksForSeveral() {
			return false, err
		}
		some = true
	}
	return some, nil
}

// CheckPlaceable reports a cell whose runs are not to be placed on GPUs, one each.
func CheckPlaceable(s *suites.Suite, cells []*suites.Cell, o Options) error {
	for config, err := range trainable(s, cells, o) {
		switch {
		case err != nil:
			return err
		case config.Backend != "auto" && !isCUDA(config.Backend):
			return fmt.Errorf("--devices places workers on NVIDIA GPUs, and %s is to be trained on %s; leave it out, or give --backend xla:cuda", config.Name, config.Backend)
		case config.Train.AsksForSeveral():
			asked := "all"
			if n := config.Train.Devices; n != trainers.AllDevices {
				asked = strconv.Itoa(n)
			}
			return fmt.Errorf("--devices gives each worker one device, and %s asks for %s; leave out --devices or train.devices", config.Name, asked)
		}
	}
	return nil
}

// isCUDA says whether a backend is that of NVIDIA GPUs, or a plugin whose file is named after it.
func isCUDA(spec string) bool {
	return spec == "xla:cuda" || strings.HasPrefix(spec, "xla:") && strings.Contains(filepath.Base(spec), "cuda")
}

// trainable are the configs of the first run of each cell that is not refused.
func trainable(s *suites.Suite, cells []*suites.Cell, o Options) iter.Seq2[*configs.Config, error] {
	return func(yield func(*configs.Config, error) bool) {
		for _, cell := range cells {
			if cell.Refused != "" {
				continue
			}
			config, err := configOf(cell, s.FirstSeed, o)
			if err == nil {
				named := *config
				named.Name = cell.Name
				config = &named
			}
			if !yield(config, err) {
				return
			}
		}
	}
}
