#!/bin/sh
# Makes the pictures of troubleshooting.md, and the figures in its tables: trains into the folder runs/troubleshooting, which it
# first empties, and takes minutes. Usage: docs/troubleshooting.sh [JOULE], from the folder of the repository.
set -e
joule=${1:-bin/joule}
runs=runs/troubleshooting
uneven='data={kind: gaussian_mixture, means: [[-3, -3], [3, 3]], variances: [0.3, 0.3], weights: [0.85, 0.15], size: 20000, test_fraction: 0.2}'
rm -rf "$runs"

# try NAME CONFIG [FLAG]...: trains and prints what came of it; a run may diverge.
try() {
	run=$1 config=$2
	shift 2
	code=0
	"$joule" train "$config" --out "$runs/$run" --set name="$run" --set train.steps=2000 --no-figures --quiet "$@" >&2 || code=$?
	test $code = 0 || test $code = 4 || exit $code
	printf '%-12s exit %d, ' "$run" $code
	"$joule" eval "$runs/$run" --quiet 2>/dev/null | sed -n 's/^KL from the true density */KL /p; s/^probability at the grid.s border */border /p; s/^test NLL */NLL /p' | paste -sd, | sed "s/,/, /g"
}

try step-2 two-gaussians/mle --set method.sampler.step_size=2
try no-l2 two-gaussians/mle --set method.energy_l2=0 --set method.sampler.steps=2 --set optimizer.learning_rate=0.02 --set optimizer.schedule=constant
try mle two-gaussians/mle
"$joule" plot "$runs/step-2" "$runs/no-l2" "$runs/mle" -o docs/images/trouble-mle.png --quiet

try diverged two-gaussians/mle --set method.energy_l2=0 --set model.confinement=0 --set method.sampler.step_size=0.5 \
	--set optimizer.learning_rate=0.01 --set train.log_every=1
"$joule" plot "$runs/diverged" --what training -o docs/images/trouble-diverged.png --quiet

try steps-5 two-gaussians/short_run --set method.sampler.steps=5
try steps-60 two-gaussians/short_run
"$joule" plot "$runs/steps-5" "$runs/steps-60" -o docs/images/trouble-short_run.png --quiet

try sigma-0.003 two-gaussians/dsm --set method.sigma=0.003
try sigma-1.5 two-gaussians/dsm --set method.sigma=1.5
try sigma-0.3 two-gaussians/dsm
"$joule" plot "$runs/sigma-0.003" "$runs/sigma-1.5" "$runs/sigma-0.3" -o docs/images/trouble-dsm.png --quiet

try noise-0.2 two-gaussians/nce --set method.noise.scale=0.2
try noise-30 two-gaussians/nce --set method.noise.scale=30
try noise-1.5 two-gaussians/nce
"$joule" plot "$runs/noise-0.2" "$runs/noise-30" "$runs/noise-1.5" -o docs/images/trouble-nce.png --quiet

try stuck two-gaussians/pcd --set "$uneven" --set method.init_std=0.3 --set method.restart_fraction=0 \
	--set 'method.sampler={kind: langevin, steps: 5, step_size: 0.02}'
try blind two-gaussians/sm --set "$uneven"
try msdsm two-gaussians/msdsm --set "$uneven"
"$joule" plot "$runs/stuck" "$runs/blind" "$runs/msdsm" -o docs/images/trouble-weights.png --quiet

try slow two-gaussians/dsm --set optimizer.learning_rate=1e-5
try raw old-faithful/dsm --set data.standardize=false
try standardized old-faithful/dsm
