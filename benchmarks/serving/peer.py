"""The energy of a run, an MLP, served by FastAPI and PyTorch, for comparison with joule serve.

    python peer.py PARAMETERS.safetensors alone|batched

With "alone" each request is a call of the network of its own. With "batched" the requests that have come by the time the network is
free share one: a queue and a task, as is usual where nothing larger is wanted. Its only line on stdout is the address.
"""

import asyncio
import json
import socket
import struct
import sys

import fastapi
import numpy as np
import pydantic
import torch
import uvicorn

MAX_BATCH = 1024


def read_parameters(path):
    """The tensors of a file of safetensors, all float32."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    data = content[8 + length :]
    return {
        name: torch.from_numpy(np.frombuffer(data[slice(*t["data_offsets"])], dtype="<f4").reshape(t["shape"]).copy())
        for name, t in header.items()
    }


def network(parameters):
    layers = []
    for i in range(len(parameters) // 2):
        weight, bias = parameters[f"layers.{i}.weight"], parameters[f"layers.{i}.bias"]
        linear = torch.nn.Linear(*weight.shape)
        with torch.no_grad():
            linear.weight.copy_(weight.T)
            linear.bias.copy_(bias)
        layers += [linear, torch.nn.SiLU()]
    return torch.nn.Sequential(*layers[:-1])


class Points(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    points: list[tuple[float, float]]


class Energies(pydantic.BaseModel):
    energies: list[float]


def main(path, mode):
    torch.set_num_threads(1)  # of so small a network; more are slower
    energy = network(read_parameters(path))
    app = fastapi.FastAPI()
    waiting: asyncio.Queue = asyncio.Queue()

    @torch.inference_mode()
    def evaluate(points):
        return energy(torch.tensor(points, dtype=torch.float32)).squeeze(-1).tolist()

    async def alone(points):
        return evaluate(points)

    async def batched(points):
        done = asyncio.get_running_loop().create_future()
        waiting.put_nowait((points, done))
        return await done

    async def batches():
        while True:
            parts = [await waiting.get()]
            await asyncio.sleep(0)  # lets requests in that have been read already
            points = list(parts[0][0])
            while not waiting.empty() and len(points) < MAX_BATCH:
                parts.append(waiting.get_nowait())
                points += parts[-1][0]
            values = evaluate(points)
            for own, done in parts:
                done.set_result(values[: len(own)])
                values = values[len(own) :]

    answer = {"alone": alone, "batched": batched}[mode]

    @app.post("/v1/energy")
    async def energies(request: Points) -> Energies:
        return Energies(energies=await answer(request.points))

    async def serve():
        task = asyncio.create_task(batches())  # kept: the loop holds no reference
        # The server binds the port itself: connections of a socket that it is given are without TCP_NODELAY, and wait 40 ms.
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        print(f"http://127.0.0.1:{port}", flush=True)
        await uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)).serve()
        task.cancel()

    asyncio.run(serve())


if __name__ == "__main__":
    main(*sys.argv[1:])
