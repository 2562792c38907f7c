"""Training steps of the workloads of io.ktrain.bench.Training in PyTorch.

usage: torch_steps.py [--device cuda]      then a line a measurement on standard input: WORKLOAD f32|tf32|bf16
Prints PEER lines, the last of each measurement being DONE. SMALL=1 shrinks shapes. Each step: gradients to none,
forward, cross entropy, backward, optimizer (the fused one on a GPU).
"""
import argparse
import os
import statistics
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

SMALL = os.environ.get("SMALL") == "1"
BLOCKS, BLOCK_SECONDS, WARM_SECONDS = (2, 0.05, 0.1) if SMALL else (10, 0.2, 1.5)


def mlp(*sizes):
    layers = []
    for i in range(len(sizes) - 1):
        layers.append(nn.Linear(sizes[i], sizes[i + 1]))
        if i < len(sizes) - 2:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        out = 4 * width
        self.residual = nn.Sequential(
            nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, out, 1, bias=False), nn.BatchNorm2d(out))
        self.shortcut = nn.Identity() if inputs == out else nn.Sequential(
            nn.Conv2d(inputs, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        return F.relu(self.residual(x) + self.shortcut(x))


def resnet50(width, depths, classes):
    layers = [nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    inputs = width
    for stage, depth in enumerate(depths):
        for b in range(depth):
            layers.append(Bottleneck(inputs, width << stage, 2 if stage > 0 and b == 0 else 1))
            inputs = (width << stage) * 4
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


def make(workload, dtype, device):
    """-> model, x, y, optimizer"""
    def images(n, *shape):
        return torch.randn(n, *shape, device=device).to(dtype)

    def labels(n, classes):
        return torch.randint(0, classes, (n,), device=device)

    fused = {"fused": True} if device == "cuda" else {}
    sgd = lambda m: torch.optim.SGD(m.parameters(), lr=0.01, momentum=0.9, **fused)
    adam = lambda m, lr: torch.optim.Adam(m.parameters(), lr=lr, **fused)
    if workload == "W1":
        m, x, y, o = mlp(784, 512, 256, 10), images(64, 784), labels(64, 10), sgd
    elif workload == "W2":
        m = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
                          nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10))
        n = 2 if SMALL else 64
        x, y, o = images(n, 1, 28, 28), labels(n, 10), lambda m: adam(m, 1e-3)
    elif workload == "W6":
        m, x, y, o = mlp(4, 16, 3), images(16, 4), labels(16, 3), lambda m: adam(m, 1e-2)
    elif workload == "linear4096":
        n = 64 if SMALL else 4096
        m, x, y, o = mlp(n, n, n, n, n), images(n, n), labels(n, n), sgd
    elif workload == "resnet50":
        n, side = (2, 64) if SMALL else (64, 224)
        m = resnet50(4, [1, 1, 1, 1], 1000) if SMALL else resnet50(64, [3, 4, 6, 3], 1000)
        x, y, o = images(n, 3, side, side), labels(n, 1000), sgd
    else:
        raise ValueError("unknown workload " + workload)
    m = m.to(device).to(dtype).train()
    return m, x, y, o(m)


def seconds(step, wait):
    """Median seconds a step, in blocks that end when the device is done."""
    step(); wait()
    end, one = time.perf_counter() + WARM_SECONDS, 1.0
    while time.perf_counter() < end:
        t0 = time.perf_counter(); step(); wait()
        one = time.perf_counter() - t0
    each, per = max(1, int(BLOCK_SECONDS / one)), []
    for _ in range(BLOCKS):
        t0 = time.perf_counter()
        for _ in range(each):
            step()
        wait()
        per.append((time.perf_counter() - t0) / each)
    return statistics.median(per)


def measure(workload, precision, device):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    for how in ("eager", "compile"):
        model, x, y, optimizer = make(workload, torch.bfloat16 if precision == "bf16" else torch.float32, device)
        forward = model
        if how == "compile":
            if not hasattr(torch, "compile"):
                print("SKIPPED\t%s.%s\ttorch %s has no torch.compile" % (workload, precision, torch.__version__))
                continue
            torch._dynamo.reset()
            # graphs of whole steps for the workloads that are all launches
            forward = torch.compile(model, mode="reduce-overhead" if workload.startswith("W") else "default")

        def step():
            if how == "compile":
                torch.compiler.cudagraph_mark_step_begin()
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(forward(x), y).backward()
            optimizer.step()

        ms = 1e3 * seconds(step, wait)
        print("PEER\t%s.%s\t%.5g\tms\ttorch %s" % (workload, precision, ms, how), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda")
    device = parser.parse_args().device
    print("# torch %s" % torch.__version__, flush=True)
    for line in sys.stdin:
        workload, precision = line.split()
        try:
            measure(workload, precision, device)
        except Exception as e:  # the next measurement may well work
            print("SKIPPED\t%s.%s\ttorch: %s" % (workload, precision, str(e).splitlines()[0]), flush=True)
        if device == "cuda":
            torch.cuda.empty_cache()
        print("DONE", flush=True)


main()
