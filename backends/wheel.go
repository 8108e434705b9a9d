package backends

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
)

// maxPlugin is the size that an unpacked plugin may have; those known are of 0.2 to 0.3 GB.
const maxPlugin = 1 << 30

// extractPlugin writes the one shared library of a Python wheel to the new file dst.
func extractPlugin(wheel, dst string) error {
	archive, err := zip.OpenReader(wheel)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return fmt.Errorf("%s: %w", filepath.Base(wheel), err)
	}
	defer archive.Close()
	plugin, err := findLibrary(&archive.Reader)
	if err == nil {
		err = unpack(plugin, dst, maxPlugin)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(wheel), err)
	}
	return nil
}

// findLibrary returns the only entry that is a shared library. An archive with names that point out of it is refused
// whole, although only the library is unpacked: it is not what it says it is.
func findLibrary(archive *zip.Reader) (*zip.File, error) {
	var found *zip.File
	for _, entry := range archive.File {
		if !filepath.IsLocal(filepath.FromSlash(entry.Name)) {
			return nil, fmt.Errorf("entry %q points out of the archive", entry.Name)
		}
		if path.Ext(entry.Name) != ".so" {
			continue
		}
		if !entry.Mode().IsRegular() {
			return nil, fmt.Errorf("entry %q is not a regular file", entry.Name)
		}
		if found != nil {
			return nil, fmt.Errorf("two shared libraries, %q and %q, where one was expected", found.Name, entry.Name)
		}
		found = entry
	}
	if found == nil {
		return nil, errors.New("no shared library (.so) in the wheel")
	}
	return found, nil
}

// unpack writes an entry of at most limit bytes to the new file dst, and removes the file if it cannot.
func unpack(entry *zip.File, dst string, limit int64) (err error) {
	if entry.UncompressedSize64 > uint64(limit) {
		return fmt.Errorf("entry %q has %d bytes: at most %d are accepted", entry.Name, entry.UncompressedSize64, limit)
	}
	in, err := entry.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in) // archive/zip stops at the size the entry declares
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(fmt.Errorf("entry %q: %w", entry.Name, err), os.Remove(dst))
	}
	return nil
}
