# Two images:
#   docker build -t joule .                      XLA on the CPU
#   docker build -t joule:cuda --target cuda .   XLA on an NVIDIA GPU; run it with --gpus all
# Mount the folder for runs and data:
#   docker run --rm -v "$PWD:/work" --user "$(id -u):$(id -g)" joule train two-gaussians/dsm --out runs/dsm

FROM golang:1.27.3-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN go build -trimpath -o /usr/local/bin/joule ./cmd/joule

# The plugins are fetched in stages of their own, so that no image has pip or caches in it. The paths have to be the
# same there and in the images: NVIDIA's files link to one another by absolute paths.
FROM debian:bookworm-slim AS cpu-plugin
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3-pip libstdc++6 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/joule /usr/local/bin/joule
ENV JOULE_PLUGIN_DIR=/opt/joule/plugins
RUN joule backend install cpu

FROM debian:bookworm-slim AS cuda-plugin
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/joule /usr/local/bin/joule
ENV JOULE_PLUGIN_DIR=/opt/joule/plugins
RUN joule backend install cuda

# The driver comes from the host; CUDA's own libraries lie beside the plugin.
FROM nvidia/cuda:13.0.1-base-ubuntu24.04 AS cuda
RUN apt-get update \
 && apt-get install -y --no-install-recommends libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 joule
COPY --from=build /usr/local/bin/joule /usr/local/bin/joule
COPY --from=cuda-plugin /opt/joule/plugins /opt/joule/plugins
COPY --from=cpu-plugin /opt/joule/plugins/pjrt_c_api_cpu_plugin.so /opt/joule/plugins/
ENV JOULE_PLUGIN_DIR=/opt/joule/plugins
USER joule
WORKDIR /work
ENTRYPOINT ["joule"]
CMD ["--help"]

FROM debian:bookworm-slim AS cpu
RUN apt-get update \
 && apt-get install -y --no-install-recommends libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 joule
COPY --from=build /usr/local/bin/joule /usr/local/bin/joule
COPY --from=cpu-plugin /opt/joule/plugins /opt/joule/plugins
ENV JOULE_PLUGIN_DIR=/opt/joule/plugins
USER joule
WORKDIR /work
ENTRYPOINT ["joule"]
CMD ["--help"]
