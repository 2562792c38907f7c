package io.ktrain.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.backend.Backends;
import io.ktrain.memory.Pool;
import io.ktrain.memory.Scope;
import io.ktrain.random.Generator;
import io.ktrain.tensor.Autograd;
import io.ktrain.tensor.AutogradError;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("paths")
class CheckpointTest {
  private final Tensor w = leaf(Tensor.randn(16, 16)), v = leaf(Tensor.randn(16, 16)), x = leaf(Tensor.randn(8, 16));

  private static Tensor leaf(Tensor t) {
    t.setRequiresGrad(true);
    return t;
  }

  private static float[] bits(Tensor t) {
    return t.toFloatArray();
  }

  /** The loss and the gradients of x, w and v, each time with the same random numbers. */
  private List<float[]> gradients(UnaryOperator<Tensor> model) {
    for (Tensor t : List.of(x, w, v)) t.setGrad(null);
    return Context.current().fork(new Generator(3)).run(() -> {
      Tensor loss = model.apply(x).square().mean();
      loss.backward();
      var all = new ArrayList<>(List.of(bits(loss)));
      for (Tensor t : List.of(x, w, v)) all.add(bits(t.getGrad()));
      all.add(bits(Tensor.rand(4))); // the numbers that come after are the same, too
      return all;
    });
  }

  private static void same(List<float[]> expected, List<float[]> got) {
    for (int i = 0; i < expected.size(); i++) assertArrayEquals(expected.get(i), got.get(i), "number " + i);
  }

  private Tensor block(Tensor h) {
    return h.mm(w).dropout(0.3, true).tanh().mm(v).softmax(1).add(h);
  }

  @Test
  void gradientsAreBitForBitTheSame() {
    var expected = gradients(h -> block(block(h)).dropout(0.5, true));
    same(expected, gradients(h -> Autograd.checkpoint(this::block, Autograd.checkpoint(this::block, h)).dropout(0.5, true)));
    same(expected, gradients(h -> Autograd.checkpoint(g -> block(block(g)), h).dropout(0.5, true)));
  }

  @Test
  void itNests() {
    var expected = gradients(h -> block(block(block(h))));
    same(expected, gradients(h -> Autograd.checkpoint(a -> block(Autograd.checkpoint(b -> block(Autograd.checkpoint(this::block, b)), a)), h)));
  }

  @Test
  void autocastIsAsItWas() {
    Autograd.autocast(DType.bf16, () -> {
      Tensor y = Autograd.checkpoint(this::block, x);
      assertEquals(DType.f32, y.getDtype());
      return y;
    });
    UnaryOperator<UnaryOperator<Tensor>> cast = f -> h -> Autograd.autocast(DType.bf16, () -> f.apply(h)).to(DType.f32);
    same(gradients(cast.apply(this::block)), gradients(cast.apply(h -> Autograd.checkpoint(this::block, h))));
  }

  @Test
  void severalInputsAndResults() {
    var out = Autograd.checkpoint(in -> List.of(in.get(0).mul(in.get(1)), in.get(0).argmax(1), in.get(0).detach()), x, x.tanh());
    assertTrue(out.get(0).getRequiresGrad());
    assertFalse(out.get(1).getRequiresGrad() || out.get(2).getRequiresGrad());
    out.get(0).sum().backward();
    Tensor once = x.getGrad().copy();
    x.setGrad(null);
    x.mul(x.tanh()).sum().backward();
    assertArrayEquals(bits(x.getGrad()), bits(once));
  }

  @Test
  void whatNeedsNoGradientHasNone() {
    assertFalse(Autograd.checkpoint(Tensor::tanh, Tensor.ones(2)).getRequiresGrad());
    assertFalse(Autograd.noGrad(() -> Autograd.checkpoint(Tensor::tanh, x)).getRequiresGrad());
  }

  @Test
  void gradientsCanBeAskedForAndDifferentiatedAgain() {
    Tensor a = leaf(Tensor.of(new double[] {0.3, -0.7}));
    UnaryOperator<Tensor> f = t -> t.pow(3).mul(a.exp());
    Tensor first = Autograd.grad(List.of(Autograd.checkpoint(f, a).sum()), List.of(a), null, true, false).getFirst();
    Tensor expected = Autograd.grad(List.of(f.apply(a).sum()), List.of(a), null, true, false).getFirst();
    assertArrayEquals(expected.toDoubleArray(), first.toDoubleArray());
    assertArrayEquals(expected.gradients(List.of(a), Tensor.onesLike(a), false).getFirst().toDoubleArray(),
        first.gradients(List.of(a), Tensor.onesLike(a), false).getFirst().toDoubleArray());
  }

  @Test
  void hooksInsideRunOnceAndTheGraphIsUsedUp() {
    var seen = new ArrayList<String>();
    Tensor y = Autograd.checkpoint(h -> {
      Tensor t = h.mul(2);
      t.registerHook(g -> {
        seen.add(g.describe());
        return g.mul(3);
      });
      return t.sum();
    }, x);
    y.backward();
    assertEquals(List.of("f32[8,16]"), seen);
    assertEquals(6, x.getGrad().toFloatArray()[0]);
    assertTrue(assertThrows(AutogradError.class, y::backward).getMessage().contains("checkpoint was already used"));
  }

  @Test
  void anInputThatWasOverwrittenIsAnError() {
    Tensor h = x.mul(1);
    Tensor y = Autograd.checkpoint(Tensor::exp, h).sum();
    h.mul_(2);
    assertTrue(assertThrows(AutogradError.class, y::backward).getMessage().contains("modified by an in-place operation"));
  }

  @Test
  void aBlockThatChangesIsAnError() {
    int[] calls = {0};
    Tensor y = Autograd.checkpoint(h -> calls[0]++ == 0 ? h.sum(0) : h.sum(1), x).sum();
    assertTrue(assertThrows(KtrainException.class, y::backward).getMessage().startsWith("checkpoint: gave f32[16] in forward and f32[8]"));
  }

  /** How many bytes more are alive between the layers, in forward and backward, than before. */
  private static long memory(UnaryOperator<Tensor> layer) {
    Device device = Device.of("cpu:7"); // its memory is nobody else's
    var pool = Backends.of(device).pool(device);
    Context context = Context.current().fork(new Generator(0));
    context.setDevice(device);
    return context.run(() -> memory(layer, pool, context));
  }

  private static long memory(UnaryOperator<Tensor> layer, Pool pool, Context context) {
    Scope scope = context.open("step");
    try {
      long[] most = new long[1];
      Tensor h = leaf(Tensor.zeros(64, 1024));
      long before = pool.live();
      for (int i = 0; i < 8; i++) {
        h = layer.apply(h);
        h.registerHook(g -> {
          most[0] = Math.max(most[0], pool.live() - before);
          return null;
        });
      }
      h.sum().backward();
      return most[0];
    } finally {
      context.close(scope);
    }
  }

  @Test
  void whatIsComputedOnTheWayIsNotKept() {
    UnaryOperator<Tensor> layer = h -> h.mul(2).tanh().mul(3).sigmoid();
    long kept = memory(layer), checkpointed = memory(h -> Autograd.checkpoint(layer, h));
    assertTrue(kept > 7_000_000, kept + " bytes"); // 8 layers of 4 results of 256 KiB
    assertTrue(checkpointed < kept / 2, checkpointed + " bytes of " + kept);
  }
}
