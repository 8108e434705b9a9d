package doctor

import (
	"context"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// GPU is an NVIDIA GPU that the driver shows.
type GPU struct {
	Index   int    `json:"index"` // as nvidia-smi counts; in the order of the bus where there is no nvidia-smi
	Name    string `json:"name"`
	UUID    string `json:"uuid,omitempty"`
	Memory  int64  `json:"memory,omitempty"` // bytes, 0 where only nvidia-smi would know it
	Free    int64  `json:"free,omitempty"`   // bytes of it that nothing uses
	Driver  string `json:"driver,omitempty"` // its version
	Visible bool   `json:"visible"`          // to CUDA, as CUDA_VISIBLE_DEVICES has it
}

// smiTimeout bounds nvidia-smi, which waits for a driver that hangs.
const smiTimeout = 20 * time.Second

// findGPUs asks nvidia-smi, if it is in the PATH, and else the files of the driver under root. complaint is what is wrong with
// nvidia-smi, empty if nothing is.
func findGPUs(ctx context.Context, root string) (gpus []GPU, complaint string) {
	smi, err := exec.LookPath("nvidia-smi")
	if err != nil {
		return gpusOfDriver(root), ""
	}
	ctx, cancel := context.WithTimeout(ctx, smiTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, smi, "--query-gpu=index,name,uuid,memory.total,memory.free,driver_version", "--format=csv,noheader,nounits")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		return gpusOfDriver(root), "nvidia-smi gives no answer within " + smiTimeout.String()
	case err != nil:
		return gpusOfDriver(root), "nvidia-smi fails: " + firstOf(string(out), err)
	}
	if gpus, err = parseSMI(string(out)); err != nil {
		return gpusOfDriver(root), "nvidia-smi prints what cannot be read: " + err.Error()
	}
	return gpus, ""
}

// firstOf is the first line of a program's output, which is where nvidia-smi says what is wrong, or else its error.
func firstOf(out string, err error) string {
	if line, _, _ := strings.Cut(strings.TrimSpace(out), "\n"); line != "" {
		return line
	}
	return err.Error()
}

// parseSMI reads lines of index, name, UUID, MiB of memory, MiB of free memory, and driver. What a GPU does not tell is "[N/A]" there.
func parseSMI(text string) (gpus []GPU, err error) {
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord, reader.TrimLeadingSpace = 6, true
	lines, err := reader.ReadAll()
	if err != nil {
		return nil, err
	}
	for _, f := range lines {
		index, err := strconv.Atoi(f[0])
		if err != nil {
			return nil, err
		}
		gpus = append(gpus, GPU{Index: index, Name: f[1], UUID: f[2], Memory: mebibytes(f[3]), Free: mebibytes(f[4]), Driver: f[5]})
	}
	return gpus, nil
}

// mebibytes are bytes, 0 of what is no number.
func mebibytes(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 1<<40 {
		return 0
	}
	return n << 20
}

// gpusOfDriver reads the folders that the driver keeps in /proc, one for each GPU.
func gpusOfDriver(root string) (gpus []GPU) {
	files, _ := filepath.Glob(filepath.Join(root, "proc/driver/nvidia/gpus/*/information")) // the pattern is well formed
	slices.Sort(files)
	for i, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		gpu := GPU{Index: i, Name: "unknown", Driver: driverVersion(root)}
		for line := range strings.Lines(string(text)) {
			key, value, _ := strings.Cut(line, ":")
			switch value = strings.TrimSpace(value); strings.TrimSpace(key) {
			case "Model":
				gpu.Name = value
			case "GPU UUID":
				gpu.UUID = value
			}
		}
		gpus = append(gpus, gpu)
	}
	return gpus
}

// driverVersion is the number in the driver's description of itself, such as 580.95.05; empty without one.
func driverVersion(root string) string {
	text, err := os.ReadFile(filepath.Join(root, "proc/driver/nvidia/version"))
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(text), "\n")
	for word := range strings.FieldsSeq(line) {
		if strings.Count(word, ".") > 0 && strings.Trim(word, "0123456789.") == "" {
			return word
		}
	}
	return ""
}

// markVisible says which GPUs CUDA_VISIBLE_DEVICES leaves to CUDA, which reads it up to the first entry that names none.
func markVisible(gpus []GPU, value string, isSet bool) (unknown string) {
	if !isSet {
		for i := range gpus {
			gpus[i].Visible = true
		}
		return ""
	}
	for entry := range strings.SplitSeq(value, ",") {
		entry = strings.TrimSpace(entry)
		k := slices.IndexFunc(gpus, func(g GPU) bool {
			return entry == strconv.Itoa(g.Index) || strings.HasPrefix(entry, "GPU-") && strings.HasPrefix(g.UUID, entry)
		})
		if k < 0 {
			return entry
		}
		gpus[k].Visible = true
	}
	return ""
}
