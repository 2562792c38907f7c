package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.ktrain.random.Generator;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Threads that compute at the same time share kernels, pools, scratch memory and compiled code, and nothing else. */
@Tag("paths")
class ConcurrencyTest {
  @Test
  void everyThreadGetsWhatOneAloneGets() throws Exception {
    double[] alone = work(0);
    try (var threads = Executors.newFixedThreadPool(4)) {
      var all = new ArrayList<Callable<double[]>>();
      for (int t = 0; t < 12; t++) all.add(() -> work(0));
      for (var f : threads.invokeAll(all)) assertArrayEquals(alone, f.get());
    }
  }

  /** Forward and backward through most kinds of kernels, in a few steps. */
  private static double[] work(long seed) {
    return Context.current().fork(new Generator(seed)).run(() -> {
      Tensor w = Tensor.randn(8, 3, 3, 3), v = Tensor.randn(10, 8 * 36);
      w.setRequiresGrad(true);
      v.setRequiresGrad(true);
      double[] losses = new double[6];
      for (int i = 0; i < losses.length; i++) {
        Tensor x = Tensor.randn(5, 3, 14, 14);
        Tensor h = x.conv2d(w, null, ConvOptions.DEFAULT).relu().maxPool2d(2).flatten(1).dropout(0.2, true);
        Tensor loss = h.layerNorm(1, null, null, 1e-5).linear(v, null).crossEntropy(Tensor.randint(0, 10, 5));
        loss.backward();
        losses[i] = loss.item() + w.getGrad().sum().item() + v.getGrad().square().sum().item();
      }
      return losses;
    });
  }
}
