package io.ktrain.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("paths")
class CustomFunctionTest {
  private static Tensor leaf(double... values) {
    Tensor t = Tensor.of(values);
    t.setRequiresGrad(true);
    return t;
  }

  @Test
  void itsBackwardTakesThePlaceOfTheRealOne() {
    Tensor x = leaf(1, 2);
    CustomFunction.of("square", in -> in.get(0).mul(in.get(0)), (g, in, out) -> List.of(g.mul(7))).apply(x).sum()
        .backward();
    assertArrayEquals(new double[] {7, 7}, x.getGrad().toDoubleArray());
  }

  @Test
  void backwardSeesInputsAndResultAndMayLeaveInputsOut() {
    var f = CustomFunction.of("power", in -> in.get(0).pow(in.get(1)),
        (g, in, y) -> Arrays.asList(g.mul(in.get(1)).mul(y).div(in.get(0)), null));
    Tensor x = leaf(2, 3), n = leaf(3, 2);
    f.apply(x, n).sum().backward();
    assertArrayEquals(new double[] {12, 6}, x.getGrad().toDoubleArray(), 1e-12);
    assertNull(n.getGrad());
  }

  @Test
  void itCanBeDifferentiatedTwice() {
    var cube = CustomFunction.of("cube", in -> in.get(0).pow(3), (g, in, out) ->
        List.of(g.mul(in.get(0).square()).mul(3)));
    Tensor x = leaf(2);
    Tensor first = cube.apply(x).gradients(List.of(x), null, true).getFirst();
    assertEquals(12, first.item());
    assertEquals(12, first.gradients(List.of(x), null, false).getFirst().item());
  }

  @Test
  void givingBackAnInputOrAViewLeavesTheInputAlone() {
    var negated = CustomFunction.of("reversed", in -> in.get(0), (g, in, out) -> List.of(g.neg()));
    Tensor x = leaf(1, 2);
    Tensor y = negated.apply(x);
    assertNull(x.node());
    y.sum().backward();
    assertArrayEquals(new double[] {-1, -1}, x.getGrad().toDoubleArray());
    assertTrue(y.toString().endsWith("grad_fn=<ReversedBackward>)"), y.toString());
  }

  @Test
  void withoutGradNothingIsRecorded() {
    var f = CustomFunction.of("f", in -> in.get(0).mul(2), (g, in, out) -> List.of(g));
    assertFalse(f.apply(Tensor.ones(2)).getRequiresGrad());
    Tensor x = leaf(1);
    assertFalse(Context.current().withGrad(false, () -> f.apply(x)).getRequiresGrad());
  }

  @Test
  void wrongGradientsAreNamed() {
    Tensor x = leaf(1, 2);
    var few = CustomFunction.of("few", in -> in.get(0).mul(2), (g, in, out) -> List.of());
    assertEquals("few: its backward gave 0 gradients for 1 inputs. Fix: one an input, null for none.",
        assertThrows(AutogradError.class, () -> few.apply(x).sum().backward()).getMessage());
    var wide = CustomFunction.of("wide", in -> in.get(0).mul(2), (g, in, out) -> List.of(Tensor.ones(3)));
    assertEquals("wide: its backward gave f32[3] for input 0, which is f64[2]. Fix: the same shape.",
        assertThrows(AutogradError.class, () -> wide.apply(x).sum().backward()).getMessage());
  }

  @Test
  void worksWithoutValues() {
    var f = CustomFunction.of("f", in -> in.get(0).mul(2), (g, in, out) -> List.of(g));
    Check.run(new Check(), () -> {
      Tensor x = leaf(1, 2);
      f.apply(x).sum().backward();
      assertEquals("f64[2]", x.getGrad().describe());
    });
  }

  /** Quotient and remainder by whole numbers: two results, one without a gradient. */
  private static final CustomFunction SPLIT = CustomFunction.of("split", (context, in) -> {
    Tensor whole = in.get(0).div(in.get(1)).floor(), rest = in.get(0).sub(whole.mul(in.get(1)));
    context.saveForBackward(whole, rest);
    context.markNonDifferentiable(whole);
    return List.of(whole, rest);
  }, (context, g) -> Arrays.asList(context.needsInputGrad(0) ? g.get(1) : null, g.get(1).mul(context.savedTensors().get(0)).neg()));

  @Test
  void severalResultsAndSavedTensors() {
    Tensor x = leaf(7, 8), y = leaf(2, 3);
    List<Tensor> out = SPLIT.applyAll(x, y);
    assertFalse(out.get(0).getRequiresGrad());
    out.get(1).sum().backward();
    assertArrayEquals(new double[] {1, 1}, x.getGrad().toDoubleArray());
    assertArrayEquals(new double[] {-3, -2}, y.getGrad().toDoubleArray());
  }

  @Test
  void aSavedTensorThatWasOverwrittenIsAnError() {
    List<Tensor> out = SPLIT.applyAll(leaf(7), leaf(2));
    out.get(0).add_(1);
    String message = assertThrows(AutogradError.class, () -> out.get(1).sum().backward()).getMessage();
    assertTrue(message.startsWith("backward: split saved f64[1], which has since been modified by an in-place operation (version 1"), message);
  }

  @Test
  void anOutputThatNobodyUsedHasAGradientOfZeros() {
    var two = CustomFunction.of("two", (context, in) -> List.of(in.get(0).mul(2), in.get(0).mul(3)),
        (context, g) -> List.of(g.get(0).mul(2).add(g.get(1).mul(3))));
    Tensor x = leaf(1, 2);
    two.applyAll(x).get(1).sum().backward();
    assertArrayEquals(new double[] {3, 3}, x.getGrad().toDoubleArray());
  }

  @Test
  void onceDifferentiableSaysSo() {
    var f = CustomFunction.of("square", in -> in.get(0).square(), (g, in, out) -> List.of(g.mul(2).mul(in.get(0)))).onceDifferentiable();
    Tensor x = leaf(3);
    f.apply(x).sum().backward();
    assertEquals(6, x.getGrad().item());
    Tensor first = f.apply(x).gradients(List.of(x), null, true).getFirst();
    assertEquals(6, first.item());
    assertThrows(AutogradError.class, () -> first.gradients(List.of(x), null, false));
    assertTrue(assertThrows(AutogradError.class, () -> first.sum().backward()).getMessage().contains("marked onceDifferentiable"));
  }

  @Test
  void aSavedResultCanBeDifferentiatedAgain() {
    var exp = CustomFunction.of("exp", (context, in) -> {
      Tensor y = in.get(0).exp();
      context.saveForBackward(y);
      return List.of(y);
    }, (context, g) -> List.of(g.get(0).mul(context.savedTensors().getFirst())));
    Tensor x = leaf(1);
    Tensor first = exp.apply(x).gradients(List.of(x), null, true).getFirst();
    assertEquals(Math.E, first.gradients(List.of(x), null, false).getFirst().item(), 1e-12);
  }
}
