// Package kept holds what measurements that take long have in common: their results are kept in a file, and parts of them can be
// asked for by name.
package kept

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"joule/internal/atomicfile"
)

// Read reads the results in a file; none where there is no such file.
func Read[T any](path string) (results []T, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &results)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return results, nil
}

// Write writes all results to a file.
func Write[T any](path string, results []T) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", " ")
		return encoder.Encode(results)
	})
}

// Chosen are those of all names that a flag lists, or all where the list is empty.
func Chosen(flag string, all []string, list string) ([]string, error) {
	if list == "" {
		return all, nil
	}
	names := strings.Split(list, ",")
	for _, name := range names {
		if !slices.Contains(all, name) {
			return nil, fmt.Errorf("%s: %q is none of %s", flag, name, strings.Join(all, ", "))
		}
	}
	return names, nil
}
