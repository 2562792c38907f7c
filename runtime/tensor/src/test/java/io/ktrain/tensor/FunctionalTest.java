package io.ktrain.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** {@link Functional}, and the modes and gradients of {@link Autograd}. */
@Tag("paths")
class FunctionalTest {
  private static final Tensor X = Tensor.of(new double[] {1, 2, 3}), Y = Tensor.of(new double[] {0.5, -1});

  /** [x0^2 x1, x1 x2 y0] and a value of both inputs. */
  private static final Function<List<Tensor>, Tensor> F = in -> Tensor.stack(List.of(
      in.get(0).select(0, 0).square().mul(in.get(0).select(0, 1)),
      in.get(0).select(0, 1).mul(in.get(0).select(0, 2)).mul(in.get(1).select(0, 0))), 0);
  private static final Function<List<Tensor>, Tensor> VALUE = in -> F.apply(in).square().sum();

  private static Tensor leaf(double... values) {
    Tensor t = Tensor.of(values);
    t.setRequiresGrad(true);
    return t;
  }

  private static void equal(Tensor got, double... expected) {
    assertArrayEquals(expected, got.toDoubleArray(), 1e-12);
  }

  @Test
  void jacobian() {
    List<Tensor> j = Functional.jacobian(F, List.of(X, Y), false);
    assertEquals("f64[2,3]", j.get(0).describe());
    equal(j.get(0), 4, 1, 0, 0, 1.5, 1);
    equal(j.get(1), 0, 0, 6, 0);
    equal(Functional.jacobian(Tensor::square, X), 2, 0, 0, 0, 4, 0, 0, 0, 6);
    assertEquals("f64[0,3]", Functional.jacobian(x -> x.narrow(0, 0, 0), X).describe());
    assertEquals("f64[3,3]", Autograd.noGrad(() -> Functional.jacobian(Tensor::square, X)).describe());
  }

  @Test
  void hessian() {
    Tensor h = Functional.hessian(x -> x.pow(3).sum().add(x.prod()), X);
    equal(h, 6, 3, 2, 3, 12, 1, 2, 1, 18);
    assertFalse(h.getRequiresGrad());
    List<List<Tensor>> blocks = Functional.hessian(VALUE, List.of(X, Y), false);
    assertArrayEquals(blocks.get(0).get(1).t().contiguous().toDoubleArray(), blocks.get(1).get(0).toDoubleArray(), 1e-12);
    equal(Functional.hessian(Tensor::sum, X), new double[9]);
    assertTrue(assertThrows(AutogradError.class, () -> Functional.hessian(Tensor::square, X)).getMessage().contains("must give a single value, got f64[3]"));
  }

  @Test
  void products() {
    List<Tensor> in = List.of(X, Y);
    Tensor v = Tensor.of(new double[] {2, -1});
    List<Tensor> j = Functional.jacobian(F, in, false);
    var vjp = Functional.vjp(F, in, v, false);
    equal(vjp.value(), F.apply(in).toDoubleArray());
    for (int i = 0; i < 2; i++) equal(vjp.products().get(i), v.unsqueeze(0).mm(j.get(i)).toDoubleArray());

    List<Tensor> along = List.of(Tensor.of(new double[] {1, -2, 0.5}), Tensor.of(new double[] {3, 1}));
    Tensor expected = j.get(0).matmul(along.get(0)).add(j.get(1).matmul(along.get(1)));
    equal(Functional.jvp(F, in, along, false).products().getFirst(), expected.toDoubleArray());

    List<List<Tensor>> h = Functional.hessian(VALUE, in, false);
    for (var p : List.of(Functional.hvp(VALUE, in, along, false), Functional.vhp(VALUE, in, along, false)))
      for (int i = 0; i < 2; i++)
        equal(p.products().get(i), h.get(i).get(0).matmul(along.get(0)).add(h.get(i).get(1).matmul(along.get(1))).toDoubleArray());
    assertTrue(assertThrows(ShapeError.class, () -> Functional.jvp(F, in, List.of(X, X), false)).getMessage()
        .startsWith("jvp: v is [f64[3], f64[3]] for inputs [f64[3], f64[2]]"));
  }

  @Test
  void resultsCanBeDifferentiatedAgain() {
    Tensor x = leaf(1, 2, 3);
    Functional.jacobian(in -> in.getFirst().pow(3), List.of(x), true).getFirst().sum().backward();
    equal(x.getGrad(), 6, 12, 18);
  }

  @Test
  void gradientsByHand() {
    Tensor x = leaf(1, 2), y = leaf(3, 4), unused = leaf(1);
    Tensor z = x.mul(y);
    List<Tensor> g = Autograd.grad(List.of(z, x.sum()), List.of(x, y), Arrays.asList(Tensor.of(new double[] {1, 10}), null), false, false);
    equal(g.get(0), 4, 41);
    equal(g.get(1), 1, 20);
    assertNull(x.getGrad());
    assertNull(Autograd.grad(List.of(x.sum()), List.of(unused), null, false, true).getFirst());
    assertEquals("grad: no output depends on input 0, f64[1]. Fix: allowUnused = true gives null for it.",
        assertThrows(AutogradError.class, () -> Autograd.grad(x.sum(), List.of(unused))).getMessage());
    assertTrue(assertThrows(AutogradError.class, () -> Autograd.grad(x.sum(), List.of(X))).getMessage().startsWith("grad: input 0, f64[3], does not require grad"));
  }

  @Test
  void modes() {
    Tensor x = leaf(1, 2);
    assertFalse(Autograd.noGrad(x::exp).getRequiresGrad());
    assertTrue(Autograd.noGrad(() -> Autograd.enableGrad(x::exp)).getRequiresGrad());
    assertFalse(Autograd.inferenceMode(() -> Autograd.enableGrad(x::exp)).getRequiresGrad());
    assertFalse(Autograd.setGradEnabled(false, Autograd::isGradEnabled));
    assertTrue(Autograd.isGradEnabled());
  }

  @Test
  void aHookIsTakenAway() {
    Tensor x = leaf(1, 2);
    Tensor y = x.mul(1);
    Runnable ten = y.registerHook(g -> g.mul(10));
    Runnable both = y.registerHook(g -> g.mul(2));
    y.sum().backward(null, true, false);
    equal(x.getGrad(), 20, 20);
    ten.run();
    ten.run();
    x.setGrad(null);
    y.sum().backward(null, true, false);
    equal(x.getGrad(), 2, 2);
    both.run();
    x.setGrad(null);
    y.sum().backward();
    equal(x.getGrad(), 1, 1);
  }
}
