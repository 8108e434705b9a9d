package mlflow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// The server's limits: characters of names and values, and what one request to log may have.
const (
	nameLimit    = 250
	paramLimit   = 6000
	tagLimit     = 5000 // newer servers take 8000
	paramsATime  = 100
	metricsATime = 1000
	bytesATime   = 900_000 // the server's limit is 1 MB with all that is around them
)

// nameOf is a name as the server takes it: ASCII letters, digits and "_-. :/", as a clean path below nothing. One that is too long ends
// with a checksum.
func nameOf(name string) string {
	valid := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-. :/", r) {
			return r
		}
		return '_'
	}, name)
	valid = strings.TrimPrefix(path.Clean("/"+valid), "/")
	if valid == "" {
		valid = "_"
	}
	if len(valid) > nameLimit {
		sum := sha256.Sum256([]byte(name))
		valid = valid[:nameLimit-9] + "_" + hex.EncodeToString(sum[:4])
	}
	return valid
}

// cut is a value of at most so many characters.
func cut(value string, limit int) (short string, isCut bool) {
	if len(value) <= limit {
		return value, false
	}
	runes := []rune(value)
	if len(runes) <= limit {
		return value, false
	}
	return string(runes[:limit-1]) + "…", true
}

// pair is a parameter or a tag.
type pair struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// pairsOf are the values of m whose names are not among those that are there, as the server takes them, sorted; warnings say which are
// cut.
func pairsOf[V any](what string, m map[string]string, there map[string]V, limit int) (pairs []pair, warnings []string) {
	taken := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		key := nameOf(name)
		if _, is := there[key]; is || taken[key] {
			continue
		}
		taken[key] = true
		value, isCut := cut(m[name], limit)
		if isCut {
			warnings = append(warnings, fmt.Sprintf("the %s %s has %d characters, of which MLflow gets %d", what, key, len([]rune(m[name])), limit))
		}
		pairs = append(pairs, pair{key, value})
	}
	return pairs, warnings
}

// batches cuts a list into what one request may have.
func batches[T any](list []T, atATime int) (parts [][]T, err error) {
	var part []T
	size := 0
	for _, item := range list {
		text, err := json.Marshal(item)
		if err != nil {
			return nil, err
		}
		if len(part) > 0 && (len(part) == atATime || size+len(text)+1 > bytesATime) {
			parts, part, size = append(parts, part), nil, 0
		}
		part, size = append(part, item), size+len(text)+1
	}
	if len(part) > 0 {
		parts = append(parts, part)
	}
	return parts, nil
}
