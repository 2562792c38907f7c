package io.ktrain.backend.cpu;

import io.ktrain.op.Activations;
import io.ktrain.op.Call;
import io.ktrain.op.Creation;
import io.ktrain.op.Activations;
import io.ktrain.op.Sampling;
import io.ktrain.random.Generator.Draw;
import io.ktrain.random.Philox;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Host;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** Constants, sequences and random numbers. Element i of a random tensor depends on the draw and i alone. */
final class CreationKernels {
  /** Elements a tile; a multiple of the four words a Philox block gives. */
  private static final int TILE = 4096;

  private CreationKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(Creation.FULL, call -> CopyKernels.fill(call.out(0), call.attributes().value()));
    cpu.add(Creation.ARANGE, CreationKernels::arange);
    cpu.add(Creation.UNIFORM, CreationKernels::uniform);
    cpu.add(Creation.NORMAL, CreationKernels::normal);
    cpu.add(Activations.DROPOUT, CreationKernels::dropout);
    cpu.add(Sampling.POISSON, CreationKernels::poisson);
  }

  private static void arange(Call<Creation.Sequence> call) {
    Creation.Sequence s = call.attributes();
    MemorySegment m = call.out(0).storage().host();
    boolean whole = !(s.start() instanceof Double || s.start() instanceof Float || s.step() instanceof Double || s.step() instanceof Float);
    for (int i = 0; i < s.count(); i++) {
      if (whole && !s.dtype().isFloating()) Elements.whole(m, s.dtype(), i, s.start().longValue() + i * s.step().longValue());
      else Elements.real(m, s.dtype(), i, s.start().doubleValue() + i * s.step().doubleValue());
    }
  }

  private interface Block {
    void fill(int[] words, double[] four);
  }

  /** Four elements a Philox block. */
  private static void blocks(Tensor out, Draw draw, Block block) {
    int n = Math.toIntExact(out.numel());
    MemorySegment m = out.storage().host();
    DType type = out.getDtype();
    ThreadPool.run((n + TILE - 1) / TILE, tile -> {
      int[] words = new int[4];
      double[] four = new double[4];
      for (int i = tile * TILE; i < Math.min(n, (tile + 1) * TILE); i += 4) {
        Philox.block(draw.key(), draw.stream(), i >>> 2, words);
        block.fill(words, four);
        for (int k = 0; k < Math.min(4, n - i); k++) Elements.real(m, type, i + k, four[k]);
      }
    });
  }

  private static void uniform(Call<Creation.Random> call) {
    double low = call.attributes().a(), span = call.attributes().b() - low;
    boolean whole = !call.attributes().dtype().isFloating();
    blocks(call.out(0), call.attributes().draw(), (words, four) -> {
      for (int k = 0; k < 4; k++) {
        double u = low + span * (whole ? Philox.uniform(words[k], words[k ^ 1]) : Philox.uniform(words[k]));
        four[k] = whole ? Math.floor(u) : u;
      }
    });
  }

  private static void normal(Call<Creation.Random> call) {
    double mean = call.attributes().a(), std = call.attributes().b();
    blocks(call.out(0), call.attributes().draw(), (words, four) -> {
      for (int k = 0; k < 4; k += 2) {
        double radius = Math.sqrt(-2 * StrictMath.log(1 - Philox.uniform(words[k]) * (1 - 0x1p-25)));
        double angle = 2 * Math.PI * Philox.uniform(words[k + 1]);
        four[k] = mean + std * radius * StrictMath.cos(angle);
        four[k + 1] = mean + std * radius * StrictMath.sin(angle);
      }
    });
  }

  /** How many exponential waits fit into one unit of time; each element has a draw of its own. */
  private static void poisson(Call<Sampling.Drawn> call) {
    Tensor rates = call.in(0).contiguous(), y = call.out(0);
    int n = Math.toIntExact(y.numel());
    DType type = y.getDtype();
    MemorySegment from = rates.storage().host(), to = y.storage().host();
    ThreadPool.run((n + TILE - 1) / TILE, tile -> {
      int[] words = new int[4];
      for (int i = tile * TILE; i < Math.min(n, (tile + 1) * TILE); i++) {
        double rate = Host.real(from, type, rates.layout().offset() + i), waited = 0;
        if (!(rate >= 0)) throw new KtrainException("poisson: a rate must not be negative, got " + rate + ".");
        Draw draw = call.attributes().draw().at(i);
        long count = -1;
        for (long k = 0; waited <= rate; k++, count++) {
          if (k % 2 == 0) Philox.block(draw.key(), draw.stream(), k / 2, words);
          int w = (int) (k % 2) * 2;
          waited -= StrictMath.log1p(-Philox.uniform(words[w], words[w + 1]));
        }
        Elements.real(to, type, i, count);
      }
    });
  }

  private static void dropout(Call<Activations.Dropout> call) {
    Tensor x = call.in(0), y = call.out(0);
    Tensor from = x.isContiguous() && x.layout().offset() == 0 ? x : null;
    if (from == null) CopyKernels.copy(x, y);
    Tensor source = from == null ? y : from;
    int n = Math.toIntExact(x.numel());
    double p = call.attributes().p();
    double scale = p == 1 ? 0 : 1 / (1 - p);
    Draw draw = call.attributes().draw();
    boolean wide = x.getDtype() == DType.f64;
    ThreadPool.run((n + TILE - 1) / TILE, tile -> {
      int at = tile * TILE, count = Math.min(TILE, n - at);
      int[] words = new int[4];
      float[] f = wide ? null : new float[count];
      double[] d = wide ? new double[count] : null;
      if (wide) Elements.load(source.storage().host(), x.getDtype(), at, 1, d, count);
      else Elements.load(source.storage().host(), x.getDtype(), at, 1, f, count);
      float s = (float) scale;
      for (int i = 0; i < count; i += 4) {
        Philox.block(draw.key(), draw.stream(), at + i >>> 2, words);
        for (int k = 0; k < Math.min(4, count - i); k++) {
          boolean zero = Philox.uniform(words[k]) < p;
          if (wide) d[i + k] = zero ? 0 : d[i + k] * scale;
          else f[i + k] = zero ? 0 : f[i + k] * s;
        }
      }
      if (wide) Elements.store(d, y.storage().host(), y.getDtype(), at, 1, count);
      else Elements.store(f, y.storage().host(), y.getDtype(), at, 1, count);
    });
  }
}
