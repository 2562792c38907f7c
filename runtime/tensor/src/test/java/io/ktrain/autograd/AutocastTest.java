package io.ktrain.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.memory.Scope;
import io.ktrain.nn.BatchNorm1d;
import io.ktrain.nn.BatchNorm2d;
import io.ktrain.nn.BatchNorm3d;
import io.ktrain.nn.Conv1d;
import io.ktrain.nn.Conv2d;
import io.ktrain.nn.Conv3d;
import io.ktrain.nn.ConvTranspose1d;
import io.ktrain.nn.ConvTranspose2d;
import io.ktrain.nn.ConvTranspose3d;
import io.ktrain.nn.Linear;
import io.ktrain.nn.Module;
import io.ktrain.nn.Parameter;
import io.ktrain.nn.Sequential;
import io.ktrain.optim.AdamW;
import io.ktrain.random.Generator;
import io.ktrain.tensor.Autograd;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("paths")
class AutocastTest {
  private static final DType F32 = DType.f32, BF16 = DType.bf16;

  private static Tensor cast(Supplier<Tensor> body) {
    return Autograd.autocast(BF16, body);
  }

  private static Tensor leaf(Tensor t) {
    t.setRequiresGrad(true);
    return t;
  }

  /** The results' types under torch.autocast("cuda", bfloat16). */
  @Test
  void resultsHaveTheTypesOfPyTorchs() {
    Tensor x = Tensor.randn(2, 4, 4), m = x.select(0, 0), image = Tensor.randn(2, 3, 6, 6), kernel = Tensor.randn(5, 3, 3, 3);
    List<Supplier<Tensor>> lower = List.of(() -> m.mm(m), () -> x.bmm(x), () -> x.matmul(m), () -> x.linear(m, null),
        () -> image.conv2d(kernel, null, io.ktrain.tensor.ConvOptions.DEFAULT), () -> m.addmm(m, m), () -> x.baddbmm(x, x), () -> x.matmul(m).relu(), () -> m.mm(m).add(m.mm(m)), () -> m.mm(m).mean());
    for (int i = 0; i < lower.size(); i++) assertEquals(BF16, cast(lower.get(i)).getDtype(), "lower " + i);
    List<Supplier<Tensor>> full = List.of(() -> m.mm(m).softmax(1), () -> m.mm(m).logSoftmax(1), () -> m.mm(m).exp(), () -> m.mm(m).log(), () -> m.mm(m).sum(),
        () -> m.mm(m).cumsum(0), () -> m.mm(m).pow(3), () -> m.mm(m).add(m), () -> m.mm(m).mseLoss(m), () -> m.mm(m).crossEntropy(Tensor.arange(4)),
        () -> Tensor.cat(List.of(m, m.mm(m)), 0), () -> m.mm(m).rsqrt(), () -> m.mm(m).softplus(1, 20));
    for (int i = 0; i < full.size(); i++) assertEquals(F32, cast(full.get(i)).getDtype(), "f32 " + i);
    assertEquals(DType.f64, cast(() -> m.to(DType.f64).mm(m.to(DType.f64))).getDtype());
    assertEquals(F32, cast(() -> Autograd.noAutocast(() -> m.mm(m))).getDtype());
    assertEquals(F32, m.mm(m).getDtype());
  }

  /** The second of two layers sees lower inputs beside weights of f32. */
  @Test
  void layersAfterOneAnotherTakeMixedTypes() {
    for (DType lower : new DType[] {BF16, DType.f16})
      for (int dims = 1; dims <= 3; dims++) {
        int[] size = {2, 3, 8, 8, 8};
        List<Module> nets = switch (dims) {
          case 1 -> List.of(new Sequential(new Conv1d(3, 4, 3), new BatchNorm1d(4), new Conv1d(4, 2, 3)), new Sequential(new ConvTranspose1d(3, 4, 3), new ConvTranspose1d(4, 2, 3)));
          case 2 -> List.of(new Sequential(new Conv2d(3, 4, 3), new BatchNorm2d(4), new Conv2d(4, 2, 3)), new Sequential(new ConvTranspose2d(3, 4, 3), new ConvTranspose2d(4, 2, 3)));
          default -> List.of(new Sequential(new Conv3d(3, 4, 3), new BatchNorm3d(4), new Conv3d(4, 2, 3)), new Sequential(new ConvTranspose3d(3, 4, 3), new ConvTranspose3d(4, 2, 3)));
        };
        for (Module net : nets) {
          Tensor x = Tensor.randn(Arrays.copyOf(size, dims + 2));
          Tensor y = Autograd.autocast(lower, () -> net.invoke(x));
          assertEquals(lower, y.getDtype(), net.toString());
          y.to(F32).square().sum().backward();
          for (Parameter p : net.parameters()) assertEquals(p.describe(), p.getGrad().describe());
        }
      }
  }

  @Test
  void attentionAndRecurrentLayersTakeMixedTypes() {
    Tensor x = leaf(Tensor.randn(2, 5, 8));
    Tensor y = cast(() -> {
      Tensor projected = x.linear(Tensor.randn(8, 8), null);
      assertEquals(BF16, projected.scaledDotProductAttention(projected, x).getDtype());
      return new io.ktrain.nn.LSTM(8, 4).invoke(projected);
    });
    assertEquals(F32, y.getDtype());
    y.sum().backward();
    assertEquals("f32[2,5,8]", x.getGrad().describe());
  }

  @Test
  void batchNormGivesTheTypeItGot() {
    var norm = new io.ktrain.nn.BatchNorm2d(3);
    Tensor x = Tensor.randn(4, 3, 5, 5);
    Tensor y = cast(() -> norm.invoke(x.to(BF16)));
    assertEquals(BF16, y.getDtype());
    assertArrayEquals(norm.invoke(x.to(BF16).to(F32)).toFloatArray(), y.toFloatArray(), 2e-2f);
  }

  @Test
  void gradientsOfF32WeightsAreF32AndClose() {
    Tensor x = Tensor.randn(32, 48), w = leaf(Tensor.randn(40, 48)), b = leaf(Tensor.randn(40));
    x.linear(w, b).square().mean().backward();
    float[] expected = w.getGrad().toFloatArray();
    w.setGrad(null);
    b.setGrad(null);
    cast(() -> x.linear(w, b).square().mean()).backward();
    assertEquals("f32[40,48]", w.getGrad().describe());
    assertEquals("f32[40]", b.getGrad().describe());
    double error = 0, norm = 0;
    float[] got = w.getGrad().toFloatArray();
    for (int i = 0; i < got.length; i++) {
      error += (got[i] - expected[i]) * (got[i] - expected[i]);
      norm += expected[i] * expected[i];
    }
    assertTrue(Math.sqrt(error / norm) < 0.01, "relative error " + Math.sqrt(error / norm));
  }

  @Test
  void convolutionsComeClose() {
    var conv = new Conv2d(3, 8, 3);
    Tensor x = leaf(Tensor.randn(4, 3, 10, 10));
    Tensor expected = conv.invoke(x);
    expected.square().mean().backward();
    float[] gradient = x.getGrad().toFloatArray();
    x.setGrad(null);
    Tensor y = cast(() -> conv.invoke(x));
    assertArrayEquals(expected.toFloatArray(), y.toFloatArray(), 3e-2f);
    y.to(F32).square().mean().backward();
    assertArrayEquals(gradient, x.getGrad().toFloatArray(), 2e-4f);
  }

  @Test
  void aWeightIsCastOnceABlock() {
    Tensor w = leaf(Tensor.randn(4, 4)), x = Tensor.randn(2, 4);
    var casts = new java.util.ArrayList<Tensor>();
    cast(() -> {
      for (int i = 0; i < 2; i++) casts.add(Context.current().autocast().cached(w));
      Autograd.noGrad(() -> casts.add(Context.current().autocast().cached(w)));
      Autograd.noGrad(() -> w.mul_(2));
      casts.add(Context.current().autocast().cached(w));
      x.mm(w).sum().backward();
      x.mm(w).sum().backward();
      return x;
    });
    assertSame(casts.get(0), casts.get(1));
    assertNotSame(casts.get(1), casts.get(2), "without a graph");
    assertArrayEquals(w.to(BF16).toFloatArray(), casts.get(3).toFloatArray());
    assertEquals("f32[4,4]", w.getGrad().describe());
  }

  @Test
  void aCastThatAStepFreedIsMadeAgain() {
    Tensor w = leaf(Tensor.randn(4, 4)), x = Tensor.randn(2, 4);
    Context context = Context.current();
    cast(() -> {
      for (int i = 0; i < 2; i++) {
        Scope scope = context.open("step");
        x.mm(w).sum().backward();
        context.close(scope);
      }
      return x;
    });
    assertEquals(2 * x.to(BF16).sum(0).toFloatArray()[0], w.getGrad().toFloatArray()[0], 5e-2);
  }

  @Test
  void otherTypesAreRefused() {
    assertEquals("autocast: takes bf16 or f16, got f32. Fix: autocast(bf16) { ... }.", assertThrows(DTypeError.class, () -> Autograd.autocast(F32, () -> 1)).getMessage());
  }

  private static final class Net extends Module {
    final Linear first = register("first", new Linear(2, 32)), second = register("second", new Linear(32, 2));

    @Override
    public Tensor forward(Tensor x) {
      return second.invoke(first.invoke(x).relu());
    }
  }

  /** Of two rings, in and out: the accuracy after some steps. */
  private static double trained(DType dtype) {
    return Context.current().fork(new Generator(1)).run(() -> {
      Tensor x = Tensor.randn(256, 2), y = x.square().sum(1).gt(1.4).to(DType.i64);
      var net = new Net();
      var optimizer = new AdamW(net.parameters(), 0.02);
      Supplier<Tensor> loss = () -> net.invoke(x).crossEntropy(y);
      for (int i = 0; i < 80; i++) {
        optimizer.zeroGrad();
        (dtype == F32 ? loss.get() : Autograd.autocast(dtype, loss)).backward();
        optimizer.step();
      }
      for (Parameter p : net.parameters()) assertEquals(F32, p.getDtype());
      return net.invoke(x).argmax(1).eq(y).to(F32).mean().item();
    });
  }

  @Test
  void aNetLearnsAsWellAsInF32() {
    double full = trained(F32);
    assertTrue(full > 0.95, "f32 " + full);
    assertEquals(full, trained(BF16), 0.02);
  }

  @Test
  void aWeightThatBecameAnotherIsCastAgain() {
    Tensor w = leaf(Tensor.ones(2, 2)), x = Tensor.ones(2, 2);
    assertEquals(20, cast(() -> {
      Tensor before = x.mm(w);
      w.become(Tensor.ones(2, 2).mul(4));
      return before.add(x.mm(w)).max();
    }).item() * 2);
  }
}
