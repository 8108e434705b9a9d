package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"joule/internal/cutjson"
)

// entry is what the header says of one tensor.
type entry struct {
	name       string
	dtype      DType
	shape      []int
	begin, end int64 // bytes from the end of the header; neither is negative
}

// parseHeader reads the JSON token by token: decoding into maps would lose the order and hide names that come twice.
func parseHeader(text []byte) ([]entry, map[string]string, error) {
	if !utf8.Valid(text) {
		return nil, nil, errors.New("not valid UTF-8")
	}
	if len(text) == 0 || text[0] != '{' {
		return nil, nil, errors.New("does not start with {")
	}
	h := &headerParser{json.NewDecoder(bytes.NewReader(text))}
	h.UseNumber()
	var entries []entry
	var metadata map[string]string
	names := map[string]bool{}
	err := h.object(func(key string) (err error) {
		if key == metadataKey {
			if metadata != nil {
				return fmt.Errorf("%s comes twice", metadataKey)
			}
			metadata, err = h.metadata()
			return err
		}
		if err := checkName(key, names); err != nil {
			return err
		}
		e, err := h.entry(key)
		if err != nil {
			return fmt.Errorf("tensor %.80q: %w", key, err)
		}
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if rest := bytes.TrimLeft(text[h.InputOffset():], " "); len(rest) > 0 {
		return nil, nil, fmt.Errorf("%.20q follows its end", rest)
	}
	return entries, metadata, nil
}

type headerParser struct{ *json.Decoder }

// object reads an object; member has to read the value of each key.
func (h *headerParser) object(member func(key string) error) error {
	if err := h.delim('{', "an object"); err != nil {
		return err
	}
	for h.More() {
		key, err := h.string("a name")
		if err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
	}
	return h.delim('}', "the end of an object")
}

// array reads an array of whole numbers that are not negative.
func (h *headerParser) array() ([]int, error) {
	if err := h.delim('[', "an array"); err != nil {
		return nil, err
	}
	values := []int{}
	for h.More() {
		if len(values) == maxRank {
			return nil, fmt.Errorf("an array of more than %d numbers", maxRank)
		}
		token, err := h.token()
		if err != nil {
			return nil, err
		}
		number, _ := token.(json.Number)
		value, err := strconv.Atoi(number.String())
		if err != nil || value < 0 {
			return nil, fmt.Errorf("%.40q is not a whole number from 0 to %d", fmt.Sprint(token), int64(math.MaxInt))
		}
		values = append(values, value)
	}
	return values, h.delim(']', "the end of an array")
}

func (h *headerParser) entry(name string) (entry, error) {
	e := entry{name: name}
	var offsets []int
	err := h.object(func(key string) (err error) {
		switch {
		case key == "dtype" && e.dtype == "":
			var dtype string
			dtype, err = h.string("the name of a type")
			e.dtype = DType(dtype)
		case key == "shape" && e.shape == nil:
			e.shape, err = h.array()
		case key == "data_offsets" && offsets == nil:
			offsets, err = h.array()
		case key == "dtype" || key == "shape" || key == "data_offsets":
			return fmt.Errorf("%s comes twice", key)
		default:
			return fmt.Errorf("unknown key %.40q; a tensor has dtype, shape and data_offsets", key)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
	switch {
	case err != nil:
		return e, err
	case e.dtype == "":
		return e, errors.New("has no dtype")
	case e.shape == nil:
		return e, errors.New("has no shape")
	case len(offsets) != 2:
		return e, fmt.Errorf("data_offsets has %d numbers, want 2", len(offsets))
	}
	e.begin, e.end = int64(offsets[0]), int64(offsets[1])
	return e, nil
}

func (h *headerParser) metadata() (map[string]string, error) {
	metadata := map[string]string{}
	err := h.object(func(key string) error {
		if _, twice := metadata[key]; twice {
			return fmt.Errorf("%.80q comes twice", key)
		}
		value, err := h.string("a string")
		metadata[key] = value
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", metadataKey, err)
	}
	return metadata, nil
}

func (h *headerParser) string(what string) (string, error) {
	token, err := h.token()
	if err != nil {
		return "", err
	}
	text, ok := token.(string)
	if !ok {
		return "", fmt.Errorf("%.40q where %s should be", fmt.Sprint(token), what)
	}
	return text, nil
}

func (h *headerParser) delim(want json.Delim, what string) error {
	token, err := h.token()
	if err != nil {
		return err
	}
	if token != want {
		return fmt.Errorf("%.40q where %s should be", fmt.Sprint(token), what)
	}
	return nil
}

func (h *headerParser) token() (json.Token, error) {
	token, err := h.Token()
	if cutjson.Is(err) {
		return nil, errors.New("ends in the middle")
	}
	return token, err
}
