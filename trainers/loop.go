package trainers

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
)

// Loop is the settings of the training loop.
type Loop struct {
	// Steps is the length of the run. It is counted in 32 bits.
	Steps int `yaml:"steps" check:"> 0, <= 2000000000"`
	// BatchSize is the number of data points of a step, drawn with replacement.
	BatchSize int `yaml:"batch_size" check:"> 0, <= 1000000"`
	// LogEvery is the number of steps whose averages are logged together.
	LogEvery int `yaml:"log_every" check:"> 0, <= 2000000000"`
	// CheckpointEvery is the number of steps between checkpoints; 0 makes one at the end only.
	CheckpointEvery int `yaml:"checkpoint_every" check:">= 0, <= 2000000000"`
	// KeepLast is the number of checkpoints that are kept, the newest ones.
	KeepLast int `yaml:"keep_last" check:"> 0, <= 1000000"`
	// KeepEvery keeps, besides, each checkpoint whose step is a multiple of it; 0 keeps none for that.
	KeepEvery int `yaml:"keep_every" check:">= 0, <= 2000000000"`
	// KeepBest names a metric that is logged, and keeps the checkpoint at which its average was lowest; empty: none.
	KeepBest string `yaml:"keep_best"`
	// EMA is the decay of the running average of the parameters, which is what is then saved and evaluated; 0 keeps
	// none and saves the last parameters.
	EMA float64 `yaml:"ema" check:">= 0, < 1"`
	// Precision is the type of the numbers. With bfloat16 it is the products of the network that are computed in that type,
	// while everything else, the parameters too, stays in float32.
	Precision string `yaml:"precision" check:"in float32|bfloat16|float64"`
	// Devices is the number of devices that replicas are spread over, where they can be evenly, and that share each batch otherwise.
	// AllDevices are all that the backend shows; 0 leaves the number to the program: all cores of a processor where that pays,
	// otherwise one.
	Devices int `yaml:"devices" check:">= 0, <= 1024, word all -1"`
	// Replicas is the number of runs that are trained at once, with seeds from that of the config on.
	Replicas int `yaml:"replicas" check:"> 0, <= 4096"`
	// EarlyStopping says what the run is judged by on the validation points.
	EarlyStopping EarlyStopping `yaml:"early_stopping"`
	// Health says what counts as a sick step, and what is done about it.
	Health Health `yaml:"health"`
}

// AllDevices is the value of Loop.Devices that stands for all devices of the backend.
const AllDevices = -1

// The precisions.
const (
	float32bits = "float32"
	float64bits = "float64"
	bfloat16    = "bfloat16"
)

// DType is the type of parameters, points and everything else but the products of bfloat16.
func (l Loop) DType() dtypes.DType {
	if l.Precision == float64bits {
		return dtypes.Float64
	}
	return dtypes.Float32
}

// AsksForSeveral says whether more than one device is asked for, as far as can be told without a backend.
func (l Loop) AsksForSeveral() bool { return l.Devices > 1 || l.Devices == AllDevices }

// devicesOf is the number of devices that so many replicas are trained on, of those that a backend has, and how many of them share
// each batch: one, where the replicas can be spread over the devices evenly. An error says that there are too few devices, or that
// the batch cannot be shared evenly.
func (l Loop) devicesOf(has, replicas int) (devices, sharing int, err error) {
	given := "train.devices"
	devices = max(l.Devices, 1)
	if l.Devices == AllDevices {
		devices, given = has, "train.devices: all"
	}
	switch {
	case devices > has:
		return 0, 0, fmt.Errorf("train.devices is %d, and the backend has %d; all takes those that there are, 0 leaves the number open", devices, has)
	case replicas%devices == 0:
		return devices, 1, nil
	case l.BatchSize%devices != 0 && replicas > 1:
		return 0, 0, fmt.Errorf("%d replicas cannot be spread over %d devices evenly (%s), nor can train.batch_size %d be shared by them", replicas, devices, given, l.BatchSize)
	case l.BatchSize%devices != 0:
		return 0, 0, fmt.Errorf("train.batch_size %d cannot be shared evenly by %d devices (%s)", l.BatchSize, devices, given)
	}
	return devices, devices, nil
}

// NewLoop returns the default settings.
func NewLoop() Loop {
	return Loop{Steps: 10000, BatchSize: 128, LogEvery: 100, CheckpointEvery: 1000, KeepLast: 2, Precision: float32bits, Devices: 0, Replicas: 1, EarlyStopping: NewEarlyStopping(), Health: NewHealth()}
}
