package io.ktrain.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.tensor.AutogradError;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The tape as its user sees it: what accumulates, what is recorded, what hooks see, and what is refused. */
@Tag("paths")
class AutogradTest {
  static Tensor leaf(double... values) {
    Tensor t = Tensor.of(values);
    t.setRequiresGrad(true);
    return t;
  }

  static void holds(Tensor t, double... expected) {
    assertNotNull(t);
    assertArrayEquals(expected, t.toDoubleArray(), 1e-12);
  }

  private static <T> T noGrad(Supplier<T> body) {
    return Context.current().withGrad(false, body);
  }

  private static String refused(Runnable body) {
    return assertThrows(AutogradError.class, body::run).getMessage();
  }

  @Test
  void gradientsAccumulateUntilTheyAreDropped() {
    Tensor x = leaf(1, 2);
    x.mul(3).sum().backward();
    Tensor seen = x.getGrad();
    x.mul(x).sum().backward();
    holds(x.getGrad(), 5, 7);
    holds(seen, 5, 7);
    x.setGrad(null);
    assertNull(x.getGrad());
    x.sum().backward();
    holds(x.getGrad(), 1, 1);
    holds(seen, 5, 7);
  }

  @Test
  void aTensorUsedTwiceGetsTheSum() {
    Tensor x = leaf(3);
    Tensor y = x.mul(2);
    y.mul(y).add(y).add(x).sum().backward();
    holds(x.getGrad(), 2 * 2 * 6 + 2 + 1);
  }

  @Test
  void gradientsOfTwoLeavesAreTwoTensors() {
    Tensor a = leaf(1, 2), b = leaf(3, 4);
    a.add(b).sum().backward();
    noGrad(() -> a.getGrad().fill_(9));
    holds(b.getGrad(), 1, 1);
  }

  @Test
  void aGivenGradientIsCopiedNotTaken() {
    Tensor x = leaf(1, 2), g = Tensor.of(new double[] {5, 6});
    x.backward(g);
    x.backward(g);
    holds(x.getGrad(), 10, 12);
    holds(g, 5, 6);
  }

  @Test
  void theGradientHasTheLeafsType() {
    Tensor x = Tensor.ones(io.ktrain.tensor.Shape.of(3), DType.bf16);
    x.setRequiresGrad(true);
    x.to(DType.f32).mul(2).sum().backward();
    assertEquals("bf16[3]", x.getGrad().describe());
  }

  @Test
  void nothingIsRecordedInNoGrad() {
    Tensor x = leaf(1);
    Tensor y = noGrad(() -> x.mul(2));
    assertFalse(y.getRequiresGrad());
    assertTrue(x.mul(2).getRequiresGrad());
    assertFalse(x.gt(0).getRequiresGrad());
    assertTrue(noGrad(() -> Context.current().withGrad(true, () -> x.mul(2))).getRequiresGrad());
  }

  @Test
  void detachStopsTheGradientAndSharesMemory() {
    Tensor x = leaf(2, 3);
    x.mul(x).detach().mul(x).sum().backward();
    holds(x.getGrad(), 4, 9);
    Tensor d = x.detach();
    assertFalse(d.getRequiresGrad());
    assertTrue(d.sharesStorage(x));
  }

  @Test
  void aHookSeesTheWholeGradientOnceAndMayChangeIt() {
    Tensor x = leaf(1, 2);
    var seen = new ArrayList<Double>();
    x.registerHook(g -> {
      seen.add(g.get(0).item());
      return g.mul(10);
    });
    x.mul(2).add(x.mul(3)).sum().backward();
    assertEquals(List.of(5.0), seen);
    holds(x.getGrad(), 50, 50);
  }

  @Test
  void hooksRunInOrderAndOneThatGivesNullChangesNothing() {
    Tensor x = leaf(1);
    Tensor y = x.mul(2);
    y.registerHook(g -> g.mul(10));
    y.registerHook(g -> null);
    y.registerHook(g -> g.add(1));
    y.retainGrad();
    y.mul(y).sum().backward();
    holds(y.getGrad(), 41);
    holds(x.getGrad(), 82);
  }

  @Test
  void retainGradKeepsAnInnerGradient() {
    Tensor x = leaf(1, 2);
    Tensor y = x.mul(2);
    y.mul(3).sum().backward();
    assertNull(y.getGrad());
    Tensor z = x.mul(2);
    z.retainGrad();
    z.mul(3).sum().backward();
    holds(z.getGrad(), 3, 3);
  }

  @Test
  void gradientsLeaveGradAlone() {
    Tensor x = leaf(3), unused = leaf(1);
    Tensor y = x.mul(x);
    List<Tensor> g = y.mul(2).gradients(List.of(x, y, unused), null, false);
    holds(g.get(0), 12);
    holds(g.get(1), 2);
    assertNull(g.get(2));
    assertNull(x.getGrad());
    assertFalse(g.get(0).getRequiresGrad());
  }

  @Test
  void gradientsOfGradients() {
    Tensor x = leaf(2);
    Tensor first = x.pow(4).gradients(List.of(x), null, true).getFirst();
    Tensor second = first.gradients(List.of(x), null, true).getFirst();
    Tensor third = second.gradients(List.of(x), null, false).getFirst();
    holds(first, 32);
    holds(second, 48);
    holds(third, 48);
  }

  @Test
  void createGraphOnBackwardMakesGradDifferentiable() {
    Tensor x = leaf(3);
    x.pow(3).backward(null, false, true);
    Tensor g = x.getGrad();
    x.setGrad(null);
    g.mul(g).sum().backward();
    holds(x.getGrad(), 2 * 27 * 18);
  }

  @Test
  void aGraphServesOneBackwardUnlessRetained() {
    Tensor x = leaf(2);
    Tensor y = x.mul(x).sum();
    y.backward(null, true, false);
    y.backward();
    holds(x.getGrad(), 8);
    assertEquals("backward: the graph of sum was already used by a backward pass, which freed it."
        + " Fix: backward(retainGraph = true) the first time, or compute the result again.", refused(y::backward));
  }

  @Test
  void wrongRootsAndGradientsAreRefused() {
    Tensor x = leaf(1, 2);
    assertTrue(refused(() -> Tensor.ones(1).backward()).contains("does not require grad"));
    assertTrue(refused(() -> x.mul(2).backward()).contains("needs a single value, got f64[2]"));
    assertTrue(refused(() -> x.mul(2).backward(Tensor.ones(3)))
        .contains("the gradient is f32[3] but the tensor is f64[2]"));
    assertTrue(refused(() -> Tensor.arange(3).setRequiresGrad(true))
        .contains("only floating tensors can require grad, got i64[3]"));
    assertTrue(refused(() -> x.mul(2).setRequiresGrad(false)).contains("only a leaf"));
    assertTrue(refused(() -> Tensor.ones(1).registerHook(g -> g)).contains("does not require grad"));
    assertTrue(refused(() -> Tensor.ones(1).retainGrad()).contains("does not require grad"));
  }

  @Test
  void aDeepGraphIsWalkedWithoutRecursion() {
    Tensor x = leaf(1);
    Tensor y = x;
    for (int i = 0; i < 20_000; i++) y = y.add(0);
    y.sum().backward();
    holds(x.getGrad(), 1);
  }

  @Test
  void paddingRowsOfAnEmbeddingHaveNoGradient() {
    Tensor w = Tensor.ones(3, 2);
    w.setRequiresGrad(true);
    Tensor.embedding(w, Tensor.of(new long[] {0, 1, 1}), 0).sum().backward();
    holds(w.getGrad(), 0, 0, 2, 2, 0, 0);
  }

  @Test
  void anErrorInAHookLeavesTheThreadAsItWas() {
    Tensor x = leaf(1);
    Tensor y = x.mul(2);
    y.registerHook(g -> {
      throw new IllegalStateException("mine");
    });
    assertThrows(IllegalStateException.class, () -> y.sum().backward());
    assertNull(Context.current().scope());
    assertTrue(Context.current().isGradEnabled());
    x.mul(5).sum().backward();
    holds(x.getGrad(), 5);
  }

  @Test
  void aGradientKeptByAHookStaysReadable() {
    Tensor x = leaf(1, 2);
    var kept = new Tensor[2];
    Tensor y = x.mul(2);
    y.registerHook(g -> {
      kept[0] = g;
      return null;
    });
    x.registerHook(g -> {
      kept[1] = g;
      return null;
    });
    y.mul(3).sum().backward();
    x.setGrad(null);
    for (int i = 0; i < 50; i++) Tensor.zeros(io.ktrain.tensor.Shape.of(2), DType.f64);
    holds(kept[0], 3, 3);
    holds(kept[1], 6, 6);
  }

  @Test
  void sameTensorAsGradientOfTwoInputsIsNotShared() {
    var both = io.ktrain.tensor.CustomFunction.of("both", in -> in.get(0).add(in.get(1)), (g, in, out) -> {
      Tensor h = g.mul(3);
      return List.of(h, h);
    });
    Tensor a = leaf(1), b = leaf(1);
    a.mul(1).mul(1).add(both.apply(a, b)).sum().backward();
    holds(a.getGrad(), 4);
    holds(b.getGrad(), 3);
    assertFalse(a.getGrad().sharesStorage(b.getGrad()));
  }

  @Test
  void gradIsTheSameHandle() {
    Tensor x = leaf(1);
    x.sum().backward();
    assertSame(x.getGrad(), x.getGrad());
  }

  @Test
  void whatAHookGivesLivesUntilItsLastReader() {
    Tensor x = leaf(1, 2), y = x.mul(2), z = y.add(y.mul(3)); // add passes the hook's gradient on as it is
    z.registerHook(g -> g.mul(5));
    z.sum().backward();
    holds(x.getGrad(), 40, 40);
  }

  @Test
  void gradientsGivesWhatAHookMadeOfIt() {
    Tensor x = leaf(1, 2), y = x.mul(2);
    y.registerHook(g -> g.mul(3));
    holds(y.square().sum().gradients(List.of(y), null, false).getFirst(), 12, 24);
  }

  @Test
  void gradientsOfARecordedBackwardAreNotShared() {
    Tensor a = leaf(1), b = leaf(2), seed = Tensor.of(new double[] {1});
    a.add(b).backward(seed, true, true);
    a.add(b).sum().backward();
    holds(b.getGrad(), 2);
    Tensor c = leaf(1);
    c.add(b).backward(seed, true, true);
    c.setGrad(null);
    holds(seed, 1);
  }

  @Test
  void gradientsOfARecordedBackwardSurviveTheirScope() {
    Tensor x = leaf(3);
    Context context = Context.current();
    var scope = context.open("a step");
    x.square().backward(null, false, true);
    context.close(scope);
    holds(x.getGrad(), 6);
  }

  @Test
  void aGradientThatWasSetStaysItsGivers() {
    Tensor x = leaf(1), given = Tensor.of(new double[] {7});
    x.setGrad(given);
    x.setGrad(null);
    holds(given, 7);
  }

  @Test
  void gradientsOfShapesAddUpToo() {
    Tensor x = Tensor.shapeOnly(Shape.of(2, 3), DType.f32, Device.CPU);
    x.setRequiresGrad(true);
    Tensor h = x.mul(2);
    h.add(h.mul(h)).sum().backward();
    assertEquals("f32[2,3]", x.getGrad().describe());
  }

  @Test
  void attentionOfATensorToItselfHasOneGradientInTheGraphOrOutside() {
    Tensor w = leaf(0, 0.1, 0.2, 0.3, 0.4, 0.5);
    for (boolean isLeaf : new boolean[] {true, false}) {
      Tensor x = isLeaf ? w.detach().reshape(1, 3, 2).copy() : w.reshape(1, 3, 2).mul(1);
      x.setRequiresGrad(true);
      Supplier<Tensor> loss = () -> x.scaledDotProductAttention(x, x).square().sum();
      double[] plain = loss.get().gradients(List.of(x), null, false).getFirst().toDoubleArray();
      assertArrayEquals(plain, loss.get().gradients(List.of(x), null, true).getFirst().toDoubleArray(), 1e-12);
    }
  }

  @Test
  void gradientsThatWereAskedForDoNotWalkWhatLeadsElsewhere() {
    Tensor w = leaf(2), other = leaf(3);
    var walked = new ArrayList<String>();
    Tensor before = w.mul(w), x = before.mul(2);
    before.registerHook(g -> {
      walked.add("before");
      return g;
    });
    other.registerHook(g -> {
      walked.add("other");
      return g;
    });
    assertEquals(3 * 16, x.square().mul(other).gradients(List.of(x), null, false).getFirst().item());
    assertTrue(walked.isEmpty());
  }
}
