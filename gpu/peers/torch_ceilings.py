"""The measurements of io.ktrain.bench.Ceilings in PyTorch.

usage: torch_ceilings.py [--device cuda] NAME...      prints PEER lines; SMALL=1 shrinks shapes
"""
import argparse
import os
import statistics
import time

import torch
import torch.nn.functional as F

SMALL = os.environ.get("SMALL") == "1"
ELEMENTS = 1 << 12 if SMALL else 1 << 26
SIDE = 64 if SMALL else 8192
ROWS, COLUMNS = (8, 64) if SMALL else (8192, 4096)
BLOCKS, BLOCK_SECONDS = (1, 0.001) if SMALL else (7, 0.2)

parser = argparse.ArgumentParser()
parser.add_argument("--device", default="cuda")
parser.add_argument("names", nargs="+")
A = parser.parse_args()
CUDA = A.device == "cuda"


def wait():
    if CUDA:
        torch.cuda.synchronize()


def seconds(body):
    """Median seconds of a call, in blocks of as many as fill one; each block ends when the device is done."""
    def block(calls):
        t0 = time.perf_counter()
        for _ in range(calls):
            body()
        wait()
        return (time.perf_counter() - t0) / calls

    def fitting(once):
        return int(min(max(BLOCK_SECONDS / once, 1), 20000))

    for _ in range(5):
        once = block(1)
    calls = fitting(once)
    block(calls)
    calls = fitting(block(calls))
    return statistics.median(block(calls) for _ in range(BLOCKS))


def randn(name, *sizes):
    return torch.randn(*sizes, device=A.device).to(torch.bfloat16 if name.endswith("bf16") else torch.float32)


def bandwidth(moved, body):
    return moved / seconds(body) / 1e9, "GB/s"


def measure(name):
    kind = name.split(".")[0]
    size = 2 if name.endswith("bf16") else 4
    if kind == "copy":
        x, y = randn(name, ELEMENTS), randn(name, ELEMENTS)
        return bandwidth(2 * size * ELEMENTS, lambda: y.copy_(x))
    if kind == "add":
        x, y = randn(name, ELEMENTS), randn(name, ELEMENTS)
        return bandwidth(3 * size * ELEMENTS, lambda: x + y)
    if kind == "gelu":
        x = randn(name, ELEMENTS)
        return bandwidth(2 * size * ELEMENTS, lambda: F.gelu(x))
    if kind == "sum":
        x = randn(name, ELEMENTS)
        return bandwidth(size * ELEMENTS, lambda: x.sum())
    if kind == "softmax":
        x = randn(name, ROWS, COLUMNS)
        return bandwidth(2 * size * ROWS * COLUMNS, lambda: torch.softmax(x, 1))
    if kind == "layerNorm":
        x, w, b = randn(name, ROWS, COLUMNS), randn(name, COLUMNS), randn(name, COLUMNS)
        return bandwidth(2 * size * ROWS * COLUMNS, lambda: F.layer_norm(x, (COLUMNS,), w, b))
    if kind == "adamw":
        p = torch.nn.Parameter(randn(name, ELEMENTS))
        p.grad = randn(name, ELEMENTS)
        o = torch.optim.AdamW([p], lr=1e-3, **({"fused": True} if CUDA else {}))
        return bandwidth(28 * ELEMENTS, o.step)
    if kind == "gemm":
        torch.backends.cuda.matmul.allow_tf32 = name.endswith("tf32")
        x, y = randn(name, SIDE, SIDE), randn(name, SIDE, SIDE)
        return 2 * SIDE ** 3 / seconds(lambda: x @ y) / 1e12, "TFLOP/s"
    if name == "launch.inPlace":
        x = randn(name, 32)
        return 1e6 * seconds(lambda: x.add_(1)), "us"
    if name == "launch.new":
        x, y = randn(name, 32), randn(name, 32)
        return 1e6 * seconds(lambda: x + y), "us"
    if name == "read.scalar":
        x = randn(name, 1)
        return 1e6 * seconds(lambda: x.item()), "us"
    if name in ("launches200.eager", "launches200.graph"):
        x = randn(name, 32)

        def eager():
            for _ in range(200):
                x.add_(1)

        if name.endswith("eager"):
            return 1e6 * seconds(eager), "us"
        eager()
        wait()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            eager()
        return 1e6 * seconds(graph.replay), "us"
    if name == "upload.pinned":
        x = torch.randn(ELEMENTS)
        x = x.pin_memory() if CUDA else x
        return 4 * ELEMENTS / seconds(lambda: x.to(A.device, non_blocking=True)) / 1e9, "GB/s"
    raise ValueError("unknown name")


print("# torch %s" % torch.__version__)
with torch.no_grad():
    for each in A.names:
        try:
            value, unit = measure(each)
            print("PEER\t%s\t%.4g\t%s\ttorch" % (each, value, unit), flush=True)
        except Exception as e:  # the next measurement may well work
            print("SKIPPED\t%s\ttorch: %s" % (each, str(e).splitlines()[0]), flush=True)
