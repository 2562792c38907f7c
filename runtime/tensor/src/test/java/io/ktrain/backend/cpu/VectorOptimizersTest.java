package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.backend.cpu.AdamStep;
import io.ktrain.backend.cpu.VectorOptimizers.SgdStep;
import org.junit.jupiter.api.Test;

/** Five steps against the same formulas in double: parameters to 2e-6. */
final class VectorOptimizersTest {
  private static final int[] SIZES = {0, 1, 7, 16, 17, 33, 1000};
  private static final int STEPS = 5;
  private static final double LR = 0.01;

  private static double[] doubles(NativeFloats f) {
    double[] d = new double[f.length];
    for (int i = 0; i < d.length; i++) d[i] = f.get(i);
    return d;
  }

  private static void assertClose(double[] expected, NativeFloats actual, String what) {
    for (int i = 0; i < expected.length; i++)
      NativeFloats.assertClose(expected[i], actual.get(i), 1e-6, 2e-6, what + " of " + expected.length + " at " + i);
    actual.assertGuardsIntact();
  }

  private static NativeFloats gradient(int n, int step) {
    return NativeFloats.random(n, 10 + step);
  }

  private static void sgd(int n, double momentum, double dampening, boolean nesterov, double decay) {
    NativeFloats p = NativeFloats.random(n, 1), buffer = new NativeFloats(n);
    double[] ep = doubles(p), eb = new double[n];
    for (int step = 0; step < STEPS; step++) {
      var g = gradient(n, step);
      var s = SgdStep.of(LR, momentum, dampening, nesterov, decay, step == 0);
      if (momentum == 0) VectorOptimizers.sgd(p.address, g.address, n, s);
      else VectorOptimizers.sgdMomentum(p.address, g.address, buffer.address, n, s);
      for (int i = 0; i < n; i++) {
        double d = g.get(i) + decay * ep[i];
        if (momentum != 0) {
          eb[i] = step == 0 ? d : momentum * eb[i] + (1 - dampening) * d;
          d = nesterov ? d + momentum * eb[i] : eb[i];
        }
        ep[i] -= LR * d;
      }
      g.assertGuardsIntact();
    }
    assertClose(ep, p, "sgd, momentum " + momentum + ", nesterov " + nesterov);
    assertClose(eb, buffer, "momentum buffer");
  }

  @Test
  void sgd() {
    for (int n : SIZES) {
      sgd(n, 0, 0, false, 0);
      sgd(n, 0, 0, false, 0.1);
      sgd(n, 0.9, 0, false, 0);
      sgd(n, 0.9, 0.3, false, 0.1);
      sgd(n, 0.9, 0, true, 0.1);
    }
  }

  private static void adam(int n, boolean amsgrad, double decay, boolean decoupled) {
    double beta1 = 0.9, beta2 = 0.99, eps = 1e-8;
    NativeFloats p = NativeFloats.random(n, 1), m = new NativeFloats(n), v = new NativeFloats(n);
    var greatest = new NativeFloats(n);
    double[] ep = doubles(p), em = new double[n], ev = new double[n], eg = new double[n];
    for (int step = 1; step <= STEPS; step++) {
      var g = gradient(n, step);
      if (step == 4) for (int i = 0; i < n; i++) g.set(i, 0f);
      var s = AdamStep.of(LR, beta1, beta2, eps, decay, decoupled, step);
      if (amsgrad) VectorOptimizers.amsgrad(p.address, g.address, m.address, v.address, greatest.address, n, s);
      else VectorOptimizers.adam(p.address, g.address, m.address, v.address, n, s);
      double bias1 = 1 - Math.pow(beta1, step), bias2 = 1 - Math.pow(beta2, step);
      for (int i = 0; i < n; i++) {
        double d = g.get(i) + (decoupled ? 0 : decay * ep[i]);
        if (decoupled) ep[i] *= 1 - LR * decay;
        em[i] = beta1 * em[i] + (1 - beta1) * d;
        ev[i] = beta2 * ev[i] + (1 - beta2) * d * d;
        eg[i] = Math.max(eg[i], ev[i]);
        ep[i] -= LR / bias1 * em[i] / (Math.sqrt(amsgrad ? eg[i] : ev[i]) / Math.sqrt(bias2) + eps);
      }
    }
    String what = (amsgrad ? "amsgrad" : "adam") + ", decay " + decay + (decoupled ? " decoupled" : "");
    assertClose(ep, p, what);
    assertClose(em, m, what + ", first moment");
    assertClose(ev, v, what + ", second moment");
    if (amsgrad) assertClose(eg, greatest, what + ", greatest");
  }

  @Test
  void adam() {
    for (int n : SIZES) {
      adam(n, false, 0, false);
      adam(n, false, 0.1, false);
      adam(n, false, 0.1, true);
      adam(n, true, 0.1, false);
      adam(n, true, 0.1, true);
    }
  }

  @Test
  void stateNeverBecomesDenormal() {
    int n = 33;
    NativeFloats p = NativeFloats.random(n, 1), g = new NativeFloats(n);
    NativeFloats m = new NativeFloats(n), v = new NativeFloats(n), buffer = new NativeFloats(n);
    for (NativeFloats state : new NativeFloats[] {m, v, buffer})
      for (int i = 0; i < n; i++) state.set(i, 1.2e-38f);
    VectorOptimizers.adam(p.address, g.address, m.address, v.address, n,
        AdamStep.of(LR, 0.9, 0.9, 1e-8, 0, false, 100));
    VectorOptimizers.sgdMomentum(p.address, g.address, buffer.address, n, SgdStep.of(LR, 0.9, 0, false, 0, false));
    for (int i = 0; i < n; i++) {
      assertEquals(0f, m.get(i));
      assertEquals(0f, v.get(i));
      assertEquals(0f, buffer.get(i));
    }
  }

  @Test
  void aNanGradientShows() {
    for (int n : new int[] {1, 16, 17}) {
      NativeFloats p = NativeFloats.random(n, 1), g = new NativeFloats(n), m = new NativeFloats(n);
      var v = new NativeFloats(n);
      g.set(n - 1, Float.NaN);
      VectorOptimizers.adam(p.address, g.address, m.address, v.address, n,
          AdamStep.of(LR, 0.9, 0.99, 1e-8, 0, false, 1));
      assertTrue(Float.isNaN(p.get(n - 1)) && Float.isNaN(m.get(n - 1)) && Float.isNaN(v.get(n - 1)));
      if (n > 1) assertTrue(Float.isFinite(p.get(0)));
    }
  }

  @Test
  void rangesGiveTheSameBits() {
    int n = 100, cut = 37;
    var g = gradient(n, 1);
    var s = AdamStep.of(LR, 0.9, 0.99, 1e-8, 0.1, true, 1);
    NativeFloats p = NativeFloats.random(n, 1), m = new NativeFloats(n), v = new NativeFloats(n);
    NativeFloats q = NativeFloats.random(n, 1), m2 = new NativeFloats(n), v2 = new NativeFloats(n);
    VectorOptimizers.adam(p.address, g.address, m.address, v.address, n, s);
    VectorOptimizers.adam(q.address, g.address, m2.address, v2.address, cut, s);
    long o = 4L * cut;
    VectorOptimizers.adam(q.address + o, g.address + o, m2.address + o, v2.address + o, n - cut, s);
    for (int i = 0; i < n; i++) assertEquals(p.get(i), q.get(i));
  }
}
