package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// CheckOutput reports an output path that cannot be written, before the work for it is done: its ending is none of
// those given, or its folder does not exist.
func CheckOutput(path string, endings ...string) error {
	if ending := strings.ToLower(filepath.Ext(path)); !slices.Contains(endings, ending) {
		return Coded(ExitUsage, fmt.Errorf("--output %s: the name ends in %q; want %s", path, ending, strings.Join(endings, " or ")))
	}
	return CheckFolder("output", path)
}

// CheckFolder reports that the folder of a path given by a flag does not exist, or that the path is a folder itself.
func CheckFolder(flag, path string) error {
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return Coded(ExitUsage, fmt.Errorf("--%s %s: there is no folder %s", flag, path, filepath.Dir(path)))
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return Coded(ExitUsage, fmt.Errorf("--%s %s: is a folder; want a file", flag, path))
	}
	return nil
}

// IsSameFile reports whether two paths, whose folders exist, lead to one file, which need not exist.
func IsSameFile(a, b string) bool {
	same := func(a, b string) bool {
		one, errOne := os.Stat(a)
		two, errTwo := os.Stat(b)
		return errOne == nil && errTwo == nil && os.SameFile(one, two)
	}
	return same(a, b) || filepath.Base(a) == filepath.Base(b) && same(filepath.Dir(a), filepath.Dir(b))
}

// IsStdout reports whether an output path stands for standard output.
func IsStdout(path string) bool { return path == "" || path == "-" }

// IsFolder says whether a path is that of a folder.
func IsFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
