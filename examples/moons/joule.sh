joule train moons.yaml --out dsm
joule sample dsm -n 1000 -o dsm.npy
joule train moons.yaml --set 'method={kind: cd, sampler: {steps: 10, step_size: 0.02}}' --set train.steps=600 --out cd
joule sample cd -n 1000 -o cd.npy
