package mlflow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"joule/internal/regularfile"
)

// File is an artifact of a run.
type File struct {
	// Name is its path among the artifacts.
	Name string
	// Dir is the directory that it is in, and Path the way to it from there, which may not lead outside; empty: it is Content.
	Dir, Path string
	Content   []byte
	// IsKept says that one of the name that is there stays.
	IsKept bool
}

// open opens the file.
func (f *File) open() (file io.ReadCloser, size int64, err error) {
	if f.Path == "" {
		return io.NopCloser(bytes.NewReader(f.Content)), int64(len(f.Content)), nil
	}
	root, err := os.OpenRoot(f.Dir)
	if err != nil {
		return nil, 0, err
	}
	defer root.Close()
	opened, size, err := regularfile.OpenIn(root, f.Path, filepath.Join(f.Dir, f.Path))
	if err != nil {
		return nil, 0, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(opened, size), opened}, size, nil
}

// kind is the media type.
func (f *File) kind() string {
	if kind := mime.TypeByExtension(path.Ext(f.Name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// Sum is the checksum that a file is known by, in 16 digits.
func (f *File) Sum() (string, error) {
	file, _, err := f.open()
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)[:8]), nil
}

// filesTag has the checksums of the artifacts that are there, as a JSON object.
const filesTag = "joule.artifacts"

// tellFiles puts the files there that are not, or have changed.
func (e *Experiment) tellFiles(ctx context.Context, k *known, r Run, t *Told) error {
	if len(r.Files) == 0 {
		return nil
	}
	folder, err := e.server.folder(k.artifacts)
	if err != nil {
		t.Warnings = append(t.Warnings, err.Error())
		return nil
	}
	there := map[string]string{}
	_ = json.Unmarshal([]byte(k.tags[filesTag]), &there) // of another program: then all are put there
	isNew := false
	for _, f := range r.Files {
		if there[f.Name] != "" && f.IsKept {
			continue
		}
		sum, err := f.Sum()
		if err != nil {
			t.Warnings = append(t.Warnings, err.Error())
			continue
		}
		if there[f.Name] == sum {
			continue
		}
		if err := e.server.call(ctx, request{method: http.MethodPut, path: folder + "/" + f.Name, file: &f}); err != nil {
			if _, isServers := errors.AsType[*Error](err); isServers || ctx.Err() != nil {
				return err
			}
			t.Warnings = append(t.Warnings, err.Error()) // it is gone meanwhile
			continue
		}
		there[f.Name], isNew = sum, true
		t.Files++
	}
	if !isNew {
		return nil
	}
	text, err := json.Marshal(there)
	if err != nil || len(text) > tagLimit { // they are put there again the next time
		return err
	}
	if err := e.server.call(ctx, request{method: http.MethodPost, path: "runs/log-batch", in: logged{Run: k.id, Tags: []pair{{filesTag, string(text)}}}}); err != nil {
		return err
	}
	k.tags[filesTag] = string(text)
	return nil
}

// folder is the path of a run's artifacts at the server that keeps them, by their address.
func (s *Server) folder(artifacts string) (string, error) {
	u, err := url.Parse(artifacts)
	if err != nil || u.Scheme != "mlflow-artifacts" || u.Host != "" && u.Host != s.base.Host {
		return "", fmt.Errorf("files are left out: the server does not take them itself but keeps them at %.100q; joule needs one that runs with --serve-artifacts", artifacts)
	}
	return "/api/2.0/mlflow-artifacts/artifacts/" + strings.Trim(u.Path, "/"), nil
}
