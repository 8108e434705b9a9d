// Package regularfile reads files that may be anything: a pipe that nobody writes to, a device without end, a file that
// grows as fast as it is read. It reads regular files only, and of them what they held when they were opened.
package regularfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"syscall"
)

// Open opens the file at path and tells its size. What is no regular file is an error that names the path.
func Open(path string) (*os.File, int64, error) {
	return open(path, os.Stat, os.OpenFile, path)
}

// OpenIn is [Open] for a file of a directory, out of which no symbolic link leads. Errors name it by the path shown.
func OpenIn(root *os.Root, name, shown string) (*os.File, int64, error) {
	return open(name, root.Stat, root.OpenFile, shown)
}

// open looks before it opens, since opening some devices has effects, and again after, since the file may be another by
// then. Without waiting, a pipe opens at once.
func open(name string, stat func(string) (os.FileInfo, error), openFile func(string, int, os.FileMode) (*os.File, error), shown string) (*os.File, int64, error) {
	info, err := stat(name)
	if err == nil && !info.Mode().IsRegular() {
		return nil, 0, irregular(info, shown)
	}
	file, err := openFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, 0, &fs.PathError{Op: "open", Path: shown, Err: e.Err}
	} else if err != nil {
		return nil, 0, err
	}
	if info, err = file.Stat(); err == nil && !info.Mode().IsRegular() {
		err = irregular(info, shown)
	}
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

func irregular(info os.FileInfo, shown string) error {
	if info.IsDir() {
		return fmt.Errorf("%s: is a directory", shown)
	}
	return fmt.Errorf("%s: is not a regular file", shown)
}

// Read returns the content of the file at path.
func Read(path string) ([]byte, error) { return ReadAtMost(path, math.MaxInt64) }

// ReadAtMost returns the content of the file at path, or as much as limit bytes of it.
func ReadAtMost(path string, limit int64) ([]byte, error) {
	return read(limit)(Open(path))
}

// ReadIn is [ReadAtMost] for a file of a directory: see [OpenIn].
func ReadIn(root *os.Root, name, shown string, limit int64) ([]byte, error) {
	return read(limit)(OpenIn(root, name, shown))
}

func read(limit int64) func(file *os.File, size int64, err error) ([]byte, error) {
	return func(file *os.File, size int64, err error) ([]byte, error) {
		if err != nil {
			return nil, err
		}
		defer file.Close()
		content := make([]byte, min(size, limit))
		n, err := io.ReadFull(file, content)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // it has shrunk
			err = nil
		}
		return content[:n], err
	}
}
