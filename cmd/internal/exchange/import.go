package exchange

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/spf13/cobra"

	"joule/backends"
	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
	"joule/configs"
	"joule/export"
	"joule/internal/safetensors"
	"joule/models"
	"joule/rundir"
)

// importedBackend is what environment.json has for the backend of a run that was not trained here.
const importedBackend = "none"

// NewImport is the command import.
func NewImport() *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Make a run of parameters from a safetensors or npz file",
		Long: `import makes a run directory of the parameters in a .safetensors or .npz file, for energy, sample, eval and the other
commands, and prints its path. Nothing is trained.

--config names the config whose model they are of, and whose data say how points become the coordinates of the model. A file that
joule export has written has all of that itself, and needs none.

Tensors are matched by name, and each has to have its shape; docs/run-directory.md lists both. --layout torch takes the weights of
PyTorch: matrices as [out, in], kernels as [out, in, height, width], and the layers of an nn.Sequential, "0.weight", "0.bias",
"2.weight" and so on, as those of an mlp. --map says what a tensor is called otherwise.`,
		Example: `  joule import model.safetensors --out runs/copy
  joule import weights.safetensors --layout torch --config my.yaml --out runs/torch
  joule import weights.npz --config my.yaml --map layers.0.weight=first --map layers.0.bias=offset`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := o.run(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), run.Dir())
			return err
		},
	}
	cmd.Flags().StringVar(&o.config, "config", "", "config of the model, a file or a name (default: that in FILE, from joule export)")
	cmd.Flags().StringArrayVar(&o.sets, "set", nil, "change a key of the config, such as model.hidden=[64]; repeatable")
	cmd.Flags().StringVar(&o.out, "out", "", "run directory to make; must not exist, or be empty (default: runs/NAME-TIME)")
	cmd.Flags().StringVar(&o.layout, "layout", string(export.JouleLayout), "how tensors lie: joule or torch")
	cmd.Flags().StringArrayVar(&o.renamed, "map", nil, "PARAMETER=TENSOR: what the tensor of a parameter is called; repeatable")
	return cmd
}

// importOptions are the flags of joule import.
type importOptions struct {
	config, out, layout string
	sets, renamed       []string
}

// run is the command. Everything is checked before the directory is made.
func (o importOptions) run(path string) (*rundir.Run, error) {
	layout := export.Layout(o.layout)
	if layout != export.JouleLayout && layout != export.TorchLayout {
		return nil, cli.Coded(cli.ExitUsage, fmt.Errorf("--layout %s: want joule or torch", o.layout))
	}
	renamed := map[string]string{}
	for _, entry := range o.renamed {
		parameter, tensor, ok := strings.Cut(entry, "=")
		if !ok || parameter == "" || tensor == "" || renamed[parameter] != "" {
			return nil, cli.Coded(cli.ExitUsage, fmt.Errorf("--map %s: want PARAMETER=TENSOR, once for each parameter", entry))
		}
		renamed[parameter] = tensor
	}
	file, err := export.Read(path)
	if err != nil {
		return nil, err
	}
	config, dataset, err := o.describe(file)
	if err != nil {
		return nil, err
	}
	parameters, err := config.Model.Parameters(len(dataset.Columns))
	if err != nil {
		return nil, cli.Coded(cli.ExitUsage, err)
	}
	values, err := file.Fit(parameters, layout, renamed)
	if err != nil {
		return nil, err
	}
	step, err := strconv.ParseInt(cmp.Or(file.About["step"], "0"), 10, 64)
	if err != nil || step < 0 {
		return nil, fmt.Errorf("%s: step: %.40q is no number of steps", path, file.About["step"])
	}
	return o.write(config, dataset, values, step)
}

// describe is the config of the run to be, and what is to be known of its data: by --config, or by the file itself.
func (o importOptions) describe(file *export.File) (*configs.Config, rundir.Dataset, error) {
	if o.config == "" {
		return o.describeBy(file)
	}
	config, err := configs.Load(o.config, o.sets)
	if err != nil {
		return nil, rundir.Dataset{}, cli.Coded(cli.ExitUsage, err)
	}
	set, err := config.LoadData()
	if err != nil {
		return nil, rundir.Dataset{}, err
	}
	if err := trained.Locate(config); err != nil {
		return nil, rundir.Dataset{}, err
	}
	dataset := trained.DescribeData(set)
	if own := (*rundir.Standardizer)(file.Transform); own != nil && !reflect.DeepEqual(own, dataset.Standardizer) {
		return nil, dataset, fmt.Errorf("%s: the parameters are for points that were standardised otherwise than the data of %s are: %s, and %s; "+
			"data.standardize and the data have to be those that they were trained on", file.Path, o.config, standardizerText(own), standardizerText(dataset.Standardizer))
	}
	return config, dataset, nil
}

// standardizerText shows how points are standardised.
func standardizerText(s *rundir.Standardizer) string {
	if s == nil {
		return "not at all"
	}
	text := fmt.Sprintf("mean %s, std %s", trained.Few(s.Mean), trained.Few(s.Std))
	if s.Logit > 0 {
		text += fmt.Sprintf(", logit %v", s.Logit)
	}
	return text
}

// describeBy takes both from the texts that joule export has written into the file.
func (o importOptions) describeBy(file *export.File) (*configs.Config, rundir.Dataset, error) {
	var dataset rundir.Dataset
	if file.About["config"] == "" || file.About["dataset"] == "" {
		return nil, dataset, cli.Coded(cli.ExitUsage, fmt.Errorf("%s: does not say which model it is of, as the files of joule export do: --config names its config", file.Path))
	}
	if len(o.sets) > 0 {
		return nil, dataset, cli.Coded(cli.ExitUsage, fmt.Errorf("--set %s: changes the config of --config, which is missing", o.sets[0]))
	}
	config, err := configs.Parse([]byte(file.About["config"]), file.Path+": config", "")
	if err != nil {
		return nil, dataset, err
	}
	if err = json.Unmarshal([]byte(file.About["dataset"]), &dataset); err == nil {
		err = dataset.Validate()
	}
	if err != nil {
		return nil, dataset, fmt.Errorf("%s: dataset: %w", file.Path, err)
	}
	if !reflect.DeepEqual((*rundir.Standardizer)(file.Transform), dataset.Standardizer) {
		return nil, dataset, fmt.Errorf("%s: its tensors %s and %s are not what its dataset says", file.Path, export.MeanName, export.StdName)
	}
	return config, dataset, nil
}

// write makes the run directory.
func (o importOptions) write(config *configs.Config, dataset rundir.Dataset, values []models.Value, step int64) (*rundir.Run, error) {
	text, err := config.Encode()
	if err != nil {
		return nil, err
	}
	tensors := make([]safetensors.Tensor, len(values))
	for i, v := range values {
		if config.Train.DType() == dtypes.Float64 {
			tensors[i] = safetensors.New(v.Name, v.Shape, v.Numbers)
			continue
		}
		narrow := make([]float32, len(v.Numbers))
		for k, x := range v.Numbers {
			narrow[k] = float32(x)
		}
		tensors[i] = safetensors.New(v.Name, v.Shape, narrow)
	}
	now := time.Now()
	run, err := rundir.Create(o.out, config.Name, now)
	if err != nil {
		return nil, err
	}
	s := backends.ThisSystem()
	environment := rundir.Environment{
		Joule: cli.Version, Go: s.Go, Modules: s.Modules, OS: s.OS, Arch: s.Arch, CPU: s.CPU, CPUs: s.Cores,
		Backend: rundir.Backend{Spec: importedBackend, Description: "imported by joule import", Devices: []string{}}, Seed: config.Seed, Started: now,
	}
	environment.Finish(now)
	return run, errors.Join(
		run.WriteConfig(text), run.WriteEnvironment(environment), run.WriteDataset(dataset),
		run.WriteParameters(rundir.Parameters{Step: step, Tensors: tensors}),
		run.WriteResult(rundir.Result{Status: rundir.Completed, Step: step}))
}
