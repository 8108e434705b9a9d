package datasets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// fetched marks a path below the folder of fetched data.
const fetched = "fetched:"

// EnvDataDir names the folder of fetched data.
const EnvDataDir = "JOULE_DATA_DIR"

// FetchedDir returns the folder of fetched data: $JOULE_DATA_DIR, or joule/data in $XDG_DATA_HOME or ~/.local/share.
func FetchedDir() (string, error) {
	if dir := os.Getenv(EnvDataDir); dir != "" {
		return filepath.Abs(dir)
	}
	if data := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "joule", "data"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no folder for data: %w: set %s", err, EnvDataDir)
	}
	return filepath.Join(home, ".local", "share", "joule", "data"), nil
}

// resolve gives the place of a file or folder of the settings: below the folder of fetched data, or a relative path below dir.
func resolve(path, dir string) (string, error) {
	if name, ok := strings.CutPrefix(path, fetched); ok {
		if !filepath.IsLocal(name) {
			return "", fmt.Errorf("%s: want the name of fetched data, such as %smnist", path, fetched)
		}
		base, err := FetchedDir()
		return filepath.Join(base, name), err
	}
	if filepath.IsAbs(path) {
		return path, nil
	}
	return filepath.Join(dir, path), nil
}

// locate makes relative paths of settings absolute, so that they mean the same wherever they are read again.
func locate(dir string, paths ...*string) error {
	for _, path := range paths {
		if *path == "" || strings.HasPrefix(*path, builtin) || strings.HasPrefix(*path, fetched) || filepath.IsAbs(*path) {
			continue
		}
		full, err := filepath.Abs(filepath.Join(dir, *path))
		if err != nil {
			return fmt.Errorf("%s: %w", *path, err)
		}
		*path = full
	}
	return nil
}

// pathSetting is a setting that holds a path, or nothing.
type pathSetting struct{ key, path string }

// find reports those settings at whose paths there is nothing.
func find(dir string, report func(key, problem string), settings ...pathSetting) {
	for _, s := range settings {
		if s.path == "" {
			continue
		}
		if err := exists(s.path, dir); err != nil {
			report(s.key, err.Error())
		}
	}
}

// exists says why there is nothing at the path of a setting.
func exists(path, dir string) error {
	place, err := resolve(path, dir)
	if err != nil {
		return err
	}
	_, err = os.Stat(place)
	return missing(path, err)
}

// missing says what to do about a path of the settings at which nothing can be read.
func missing(path string, err error) error {
	if name, ok := strings.CutPrefix(path, fetched); ok && errors.Is(err, fs.ErrNotExist) {
		name, _, _ = strings.Cut(filepath.ToSlash(name), "/")
		return fmt.Errorf("%s: it has not been fetched: joule data fetch %s gets it", path, name)
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", e.Path, e.Err)
	}
	return err
}
