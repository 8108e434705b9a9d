package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Disk is a folder that joule writes to, and the file system that it is on.
type Disk struct {
	What       string `json:"what"` // "runs" or "plugins"
	Path       string `json:"path"` // absolute; it need not be there yet
	FileSystem string `json:"file_system,omitempty"`
	Free       int64  `json:"free"`  // bytes that this user can write
	Total      int64  `json:"total"` // bytes
	Error      string `json:"error,omitempty"`
}

// findDisk describes the folder at an absolute path; root is where the list of mounts is looked for.
func findDisk(root, what, path string) Disk {
	d := Disk{What: what, Path: path}
	there := path
	for {
		info, err := os.Stat(there)
		if err == nil && !info.IsDir() {
			d.Error = there + " is not a folder"
			return d
		}
		if err == nil {
			break
		}
		if !errors.Is(err, os.ErrNotExist) || there == filepath.Dir(there) {
			d.Error = err.Error()
			return d
		}
		there = filepath.Dir(there)
	}
	if resolved, err := filepath.EvalSymlinks(there); err == nil {
		there = resolved
	}
	d.FileSystem = fileSystem(root, there)
	var s syscall.Statfs_t
	if err := syscall.Statfs(there, &s); err != nil {
		d.Error = err.Error()
		return d
	}
	d.Free, d.Total = int64(s.Bavail)*int64(s.Bsize), int64(s.Blocks)*int64(s.Bsize)
	probe, err := os.CreateTemp(there, ".joule-doctor-")
	if err != nil {
		d.Error = "cannot be written: " + err.Error()
		return d
	}
	_, err = probe.Write(make([]byte, 4096))
	if err = errors.Join(err, probe.Sync(), probe.Close(), os.Remove(probe.Name())); err != nil {
		d.Error = "cannot be written: " + strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return d
}

// fileSystem is the kind of the file system that a path is on; empty where the system does not tell.
func fileSystem(root, path string) (kind string) {
	longest := -1
	for _, line := range fileLines(filepath.Join(root, "proc/self/mountinfo")) {
		// …, the fifth word the mount point, …, " - ", the kind, …
		before, after, found := strings.Cut(line, " - ")
		words, kinds := strings.Fields(before), strings.Fields(after)
		if !found || len(words) < 5 || len(kinds) == 0 {
			continue
		}
		point := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(words[4])
		isOn := point == "/" || path == point || strings.HasPrefix(path, point+"/")
		if isOn && len(point) >= longest { // of two at one place the later one hides the other
			longest, kind = len(point), kinds[0]
		}
	}
	return kind
}
