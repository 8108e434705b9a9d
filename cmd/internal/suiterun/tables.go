package suiterun

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"joule/cmd/internal/cli"
	"joule/internal/atomicfile"
	"joule/results"
)

// Tables makes the tables of what is in the journal.
type Tables struct {
	Dir     string
	Journal *results.Journal
	Keys    []string
	Last    time.Time
}

// Now writes them where that was last done some time ago.
func (w *Tables) Now() {
	const often = time.Minute
	if time.Since(w.Last) < often {
		return
	}
	if err := w.Write(); err != nil {
		slog.Warn("the tables could not be written; the journal has it all", "error", cli.OneLine(err))
	}
	w.Last = time.Now()
}

// Write writes them.
func (w *Tables) Write() error {
	rows := w.Journal.Rows(w.Keys)
	return errors.Join(results.WriteCSV(filepath.Join(w.Dir, results.CSVFile), rows), results.WriteParquet(filepath.Join(w.Dir, results.ParquetFile), rows))
}

// WriteText writes a file, unless it has that text already.
func WriteText(path, text string) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == text {
		return nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}
