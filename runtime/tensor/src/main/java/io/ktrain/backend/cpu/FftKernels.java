package io.ktrain.backend.cpu;

import io.ktrain.op.Call;
import io.ktrain.op.Fft;
import io.ktrain.tensor.Tensor;

/** Fourier transforms in f64, one line of numbers after another; lines are cut into tiles by their size alone. */
final class FftKernels {
  /** Numbers of one tile. */
  private static final int TILE = 4096;

  private FftKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(Fft.DFT, FftKernels::dft);
  }

  private static void dft(Call<Fft.Dft> call) {
    Tensor x = call.in(0), y = call.out(0);
    if (y.numel() == 0) return;
    int n = x.size(call.attributes().dim()), inner = 1;
    for (int d = call.attributes().dim() + 1; d < x.getNdim() - 1; d++) inner *= x.size(d);
    int lines = Math.toIntExact(x.numel() / 2 / n), between = inner;
    double[] from = x.toDoubleArray(), to = new double[from.length];
    var plan = new FourierPlan(n, call.attributes().inverse());
    int each = Math.max(1, TILE / n);
    ThreadPool.run((lines + each - 1) / each, tile -> {
      double[] in = new double[2 * n], out = new double[2 * n];
      for (int line = tile * each; line < Math.min(lines, (tile + 1) * each); line++) {
        int start = line / between * n * between + line % between;
        for (int k = 0; k < n; k++) {
          in[2 * k] = from[2 * (start + k * between)];
          in[2 * k + 1] = from[2 * (start + k * between) + 1];
        }
        plan.run(in, out);
        for (int k = 0; k < n; k++) {
          to[2 * (start + k * between)] = out[2 * k];
          to[2 * (start + k * between) + 1] = out[2 * k + 1];
        }
      }
    });
    Elements.store(to, y.storage().host(), y.getDtype(), 0, 1, to.length);
  }
}
