package io.ktrain.backend.cpu;

import io.ktrain.op.Call;
import io.ktrain.op.Updates;
import io.ktrain.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** Optimizer steps over Java arrays: for a few parameters quicker than starting vectors, and needs no native access. */
final class PlainUpdates {
  private PlainUpdates() {}

  private static float[] load(Tensor t) {
    float[] values = new float[Math.toIntExact(t.numel())];
    Elements.load(t.storage().host(), t.getDtype(), t.layout().offset(), 1, values, values.length);
    return values;
  }

  private static void store(float[] values, Tensor t) {
    MemorySegment to = t.storage().host();
    Elements.store(values, to, t.getDtype(), t.layout().offset(), 1, values.length);
  }

  /** States below the smallest normal number become 0: they would decay into denormals, which are slow. */
  private static float flushed(float v) {
    return Math.abs(v) < Float.MIN_NORMAL ? 0 : v;
  }

  static void sgd(Call<Updates.Sgd> call) {
    Updates.Sgd s = call.attributes();
    boolean momentum = s.momentum() != 0;
    int n = call.inputs() / (momentum ? 3 : 2);
    float decay = (float) s.weightDecay(), keep = s.first() ? 0 : (float) s.momentum(), take = s.first() ? 1 : (float) (1 - s.dampening());
    float lr = (float) s.lr(), ahead = s.nesterov() ? (float) s.momentum() : 1, own = s.nesterov() ? 1 : 0;
    for (int i = 0; i < n; i++) {
      float[] p = load(call.in(i)), g = load(call.in(n + i)), b = momentum ? load(call.in(2 * n + i)) : null;
      for (int k = 0; k < p.length; k++) {
        float d = Math.fma(p[k], decay, g[k]);
        if (momentum) {
          b[k] = flushed(Math.fma(d, take, b[k] * keep));
          d = Math.fma(b[k], ahead, d * own);
        }
        p[k] = Math.fma(d, -lr, p[k]);
      }
      store(p, call.in(i));
      if (momentum) store(b, call.in(2 * n + i));
    }
  }

  static void adam(Call<Updates.Adam> call) {
    Updates.Adam a = call.attributes();
    var s = AdamStep.of(a.lr(), a.beta1(), a.beta2(), a.eps(), a.weightDecay(), a.decoupled(), a.step());
    int n = call.inputs() / (a.amsgrad() ? 5 : 4);
    for (int i = 0; i < n; i++) {
      float[] p = load(call.in(i)), g = load(call.in(n + i)), m = load(call.in(2 * n + i)), v = load(call.in(3 * n + i));
      float[] most = a.amsgrad() ? load(call.in(4 * n + i)) : v;
      for (int k = 0; k < p.length; k++) {
        float d = Math.fma(p[k], s.l2(), g[k]);
        m[k] = flushed(Math.fma(d - m[k], s.oneMinusBeta1(), m[k]));
        v[k] = flushed(Math.fma(d * d, s.oneMinusBeta2(), v[k] * s.beta2()));
        if (a.amsgrad()) most[k] = Math.max(most[k], v[k]);
        float denominator = (float) Math.sqrt(most[k]) / s.rootOfBias2() + s.eps();
        p[k] = p[k] * s.shrink() - s.stepSize() * (m[k] / denominator);
      }
      store(p, call.in(i));
      store(m, call.in(2 * n + i));
      store(v, call.in(3 * n + i));
      if (a.amsgrad()) store(most, call.in(4 * n + i));
    }
  }
}
