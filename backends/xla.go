//go:build !noxla

package backends

import (
	"errors"
	"fmt"

	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

const withXLA = true

// Left to itself go-xla downloads plugins whenever a backend is opened.
func init() { xla.EnableAutoInstall(false) }

// openXLA loads the plugin at the absolute path and opens it. What panics in go-xla comes back as an error.
func openXLA(path string, opts Options) (b *Backend, err error) {
	defer func() {
		if r := recover(); r != nil {
			b, err = nil, fmt.Errorf("cannot be opened, damaged or made for another version of PJRT: %v", r)
		}
	}()
	if cuda := isCUDA(path); cuda != pjrt.IsCUDAName(path) {
		return nil, errors.New("go-xla takes it for a CUDA plugin because of a folder's name: move or link the plugin elsewhere")
	}
	config, client := path, pjrt.NamedValuesMap{}
	if isCUDA(path) {
		config += fmt.Sprintf(",tf32=%t", opts.TF32)
	} else {
		config += ",shared_buffers"
		client["cpu_device_count"] = int64(max(opts.Devices, 1))
		if err := tune(path, opts); err != nil {
			return nil, err
		}
	}
	backend, err := xla.NewWithOptions(config, client)
	if err != nil {
		return nil, fmt.Errorf("cannot be opened: %w", err)
	}
	plugin, err := pjrt.GetPlugin(path)
	if err != nil {
		return nil, err
	}
	major, minor := plugin.Version()
	return &Backend{
		Backend: backend,
		Plugin:  path,
		API:     fmt.Sprintf("%d.%d", major, minor),
		Devices: backend.NumDevices(),
	}, nil
}
