package rundir

import (
	"maps"
	"os"
	"reflect"
	"testing"

	"joule/internal/safetensors"
	"joule/models"
)

func TestParametersRoundTrip(t *testing.T) {
	run := newRun(t)
	for _, want := range []Parameters{
		{0, nil, []safetensors.Tensor{safetensors.New("layers.0.weight", []int{2, 1}, []float32{1, 2})}},
		{20000, map[string]string{"model": "mlp"}, []safetensors.Tensor{
			safetensors.New("layers.0.weight", []int{2, 1}, []float64{1, 2}),
			safetensors.New("log_z", nil, []float64{0.5}),
		}},
	} {
		if err := run.WriteParameters(want); err != nil {
			t.Fatal(err)
		}
		got, err := run.Parameters()
		if err != nil {
			t.Fatal(err)
		}
		if got.Step != want.Step || !maps.Equal(got.Metadata, want.Metadata) || len(got.Tensors) != len(want.Tensors) {
			t.Fatalf("%+v, want %+v", got, want)
		}
		for i := range want.Tensors {
			if !got.Tensors[i].Equal(want.Tensors[i]) {
				t.Errorf("%+v, want %+v", got.Tensors[i], want.Tensors[i])
			}
		}
	}
}

func TestValuesOfParameters(t *testing.T) {
	p := Parameters{Tensors: []safetensors.Tensor{
		safetensors.New("weight", []int{2, 1}, []float32{1, 2}),
		safetensors.New("method.log_z", nil, []float64{0.1}),
	}}
	got, err := p.Values()
	want := []models.Value{{Name: "weight", Shape: []int{2, 1}, Numbers: []float64{1, 2}}, {Name: "method.log_z", Shape: []int{}, Numbers: []float64{0.1}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	if _, err := (Parameters{Tensors: []safetensors.Tensor{safetensors.New("n", nil, []int64{1})}}).Values(); err == nil {
		t.Error("whole numbers are no parameters")
	}
}

func TestBadParametersAreRefused(t *testing.T) {
	run := newRun(t)
	good := []safetensors.Tensor{safetensors.New("mean", []int{1}, []float64{0})}
	for _, test := range []struct {
		p    Parameters
		want string
	}{
		{Parameters{Step: 1}, "has no tensors"},
		{Parameters{Step: -1, Tensors: good}, "step: -1 is negative"},
		{Parameters{Metadata: map[string]string{"step": "2"}, Tensors: good}, "metadata step: the key is taken"},
		{Parameters{Tensors: []safetensors.Tensor{safetensors.New("n", nil, []int64{1})}}, "tensor n: I64; parameters are F32 or F64"},
	} {
		if err := run.WriteParameters(test.p); message(err) != run.path(parametersFile)+": "+test.want {
			t.Errorf("error %v; want %s", err, test.want)
		}
	}
	if _, err := os.Stat(run.path(parametersFile)); err == nil {
		t.Error("refused parameters were written")
	}
}

func TestForeignParametersFile(t *testing.T) {
	run := newRun(t)
	good := []safetensors.Tensor{safetensors.New("mean", []int{1}, []float64{0})}
	for _, test := range []struct {
		metadata map[string]string
		tensors  []safetensors.Tensor
		want     string
	}{
		{nil, good, `metadata format: "" is not a number`},
		{map[string]string{"format": "2"}, good, "has format 2, and this version of joule reads up to format 1: use a newer joule"},
		{map[string]string{"format": "1"}, good, `metadata step: "" is not a number`},
		{map[string]string{"format": "1", "step": "-5"}, good, `step: -5 is negative`},
		{map[string]string{"format": "1", "step": "5"}, nil, `has no tensors`},
	} {
		if err := safetensors.Write(run.path(parametersFile), test.tensors, test.metadata); err != nil {
			t.Fatal(err)
		}
		if _, err := run.Parameters(); message(err) != run.path(parametersFile)+": "+test.want {
			t.Errorf("error %v; want %s", err, test.want)
		}
	}
	put(t, run, parametersFile, "torn")
	_, err := run.Parameters()
	if want := run.path(parametersFile) + ": has 4 bytes; a safetensors file starts with 8 that give the length of its header"; message(err) != want {
		t.Errorf("error %v; want %s", err, want)
	}
}
