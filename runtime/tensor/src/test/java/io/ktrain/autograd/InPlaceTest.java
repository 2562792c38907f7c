package io.ktrain.autograd;

import static io.ktrain.autograd.AutogradTest.holds;
import static io.ktrain.autograd.AutogradTest.leaf;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.tensor.AutogradError;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Writing in place: what the graph then says, through views of views, and what is refused. */
@Tag("paths")
class InPlaceTest {
  private static Tensor matrix() {
    return leaf(1, 2, 3, 4, 5, 6).reshape(2, 3).mul(1);
  }

  @Test
  void valuesAreWrittenThroughViews() {
    Tensor x = Tensor.zeros(2, 3);
    x.get(1).add_(2);
    x.t().get(0).mul_(Tensor.of(new float[] {7, 7})).add_(1);
    x.narrow(1, 1, 2).copy_(Tensor.of(new float[] {8, 9}));
    assertArrayEquals(new float[] {1, 8, 9, 15, 8, 9}, x.toFloatArray());
  }

  @Test
  void anOverlappingCopyReadsTheOldValues() {
    Tensor x = Tensor.arange(5).to(DType.f32);
    x.narrow(0, 1, 4).copy_(x.narrow(0, 0, 4));
    assertArrayEquals(new float[] {0, 0, 1, 2, 3}, x.toFloatArray());
  }

  @Test
  void aLeafInTheGraphIsNotWritten() {
    Tensor x = leaf(1, 2);
    String expected = "add_: f64[2] is a leaf that requires grad (or a view of one) and is being used in an in-place"
        + " operation. Fix: noGrad { } around the write, or the operation without _.";
    assertEquals(expected, assertThrows(AutogradError.class, () -> x.add_(1)).getMessage());
    assertThrows(AutogradError.class, () -> x.narrow(0, 0, 1).zero_());
    Context.current().withGrad(false, () -> x.add_(1).narrow(0, 0, 1).mul_(5));
    holds(x, 10, 3);
    assertTrue(x.getRequiresGrad());
  }

  @Test
  void aValueThatBackwardNeedsMustNotHaveChanged() {
    Tensor x = leaf(1, 2);
    Tensor y = x.mul(2);
    Tensor z = y.mul(y).sum();
    y.add_(1);
    String expected = "backward: mul needs f64[2] as it was, but it has since been modified by an in-place operation"
        + " (version 1, expected 0). Fix: use the operation without _ or copy() first.";
    assertEquals(expected, assertThrows(AutogradError.class, z::backward).getMessage());
    Tensor e = x.exp();
    Tensor s = e.sum();
    Context.current().withGrad(false, () -> e.narrow(0, 0, 1).zero_());
    assertThrows(AutogradError.class, s::backward);
  }

  @Test
  void aValueThatBackwardDoesNotNeedMayChange() {
    Tensor x = leaf(1, 2);
    Tensor y = x.mul(2);
    Tensor z = y.add(5);
    y.zero_();
    z.sum().backward();
    holds(x.getGrad(), 2, 2);
  }

  @Test
  void arithmeticInPlaceIsDifferentiated() {
    Tensor x = leaf(2, 3), w = leaf(5, 7);
    Tensor y = x.mul(1);
    y.mul_(w).add_(x).div_(w).sub_(x).mul_(3);
    y.sum().backward();
    // 3 * ((x w + x) / w - x) = 3 x / w
    holds(x.getGrad(), 3 / 5.0, 3 / 7.0);
    assertArrayEquals(new double[] {-3 * 2 / 25.0, -3 * 3 / 49.0}, w.getGrad().toDoubleArray(), 1e-12);
  }

  @Test
  void fillingCutsTheGradient() {
    Tensor x = leaf(1, 2, 3);
    Tensor y = x.mul(2);
    y.get(1).fill_(9);
    y.sum().backward();
    holds(x.getGrad(), 2, 0, 2);
  }

  @Test
  void aViewWrittenInPlaceChangesItsBase() {
    Tensor x = leaf(1, 2, 3, 4);
    Tensor y = x.mul(1);
    Tensor v = y.narrow(0, 1, 2);
    v.mul_(10);
    y.mul(y).sum().backward();
    holds(x.getGrad(), 2, 2 * 20 * 10, 2 * 30 * 10, 8);
  }

  @Test
  void anOlderViewFollowsItsBase() {
    Tensor x = leaf(1, 2, 3, 4);
    Tensor y = x.mul(1);
    Tensor v = y.narrow(0, 1, 2), row = y.reshape(2, 2).get(1), stretched = y.narrow(0, 0, 1).expand(3);
    y.mul_(3);
    v.sum().add(row.mul(2).sum()).add(stretched.sum()).backward();
    holds(v, 6, 9);
    holds(x.getGrad(), 9, 3, 9, 6);
  }

  @Test
  void slicesOfSlices() {
    Tensor x = leaf(1, 2, 3, 4, 5, 6);
    Tensor y = x.reshape(2, 3).mul(1);
    Tensor inner = y.t().narrow(0, 1, 2).select(1, 1);
    inner.mul_(x.narrow(0, 0, 2));
    y.slice(1, 0, 2, 2).add_(100);
    y.sum().backward();
    // y = [[1, 2, 3], [4, 5 x0, 6 x1]]
    holds(x.getGrad(), 1 + 5, 1 + 6, 1, 1, 1, 2);
    holds(y, 101, 2, 103, 104, 5, 112);
  }

  @Test
  void aBaseThatDoesNotLieRowMajor() {
    Tensor x = leaf(1, 2, 3, 4, 5, 6);
    Tensor y = x.reshape(2, 3).t().mul(2);
    assertEquals(3, y.size(0));
    y.get(0).mul_(5);
    Tensor v = y.select(1, 1);
    y.get(2).zero_();
    y.mul(Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 3, 2)).sum().add(v.sum()).backward();
    holds(x.getGrad(), 10, 6, 0, 20 + 10, 8 + 2, 0);
  }

  @Test
  void aDetachedSliceIsABaseOfItsOwn() {
    Tensor x = Tensor.of(new double[] {1, 2, 3, 4}), w = leaf(10);
    Tensor base = x.narrow(0, 1, 3).detach();
    base.narrow(0, 1, 1).mul_(w);
    base.sum().backward();
    holds(w.getGrad(), 3);
    holds(x, 1, 2, 30, 4);
  }

  @Test
  void aTensorWithoutGradGetsOneByAWrite() {
    Tensor x = Tensor.zeros(io.ktrain.tensor.Shape.of(4), DType.f64), w = leaf(3, 5);
    Tensor before = x.narrow(0, 1, 2);
    x.narrow(0, 1, 2).copy_(w);
    assertTrue(x.getRequiresGrad());
    assertTrue(before.getRequiresGrad());
    before.mul(before).sum().add(x.sum()).backward();
    holds(w.getGrad(), 7, 11);
  }

  @Test
  void hooksStayWithTheValueTheyWereSetOn() {
    Tensor x = leaf(1, 2);
    var seen = new ArrayList<String>();
    Tensor y = x.mul(2);
    y.registerHook(g -> {
      seen.add("before " + g.get(0).item());
      return null;
    });
    y.retainGrad();
    y.mul_(10);
    y.registerHook(g -> {
      seen.add("after " + g.get(0).item());
      return null;
    });
    y.mul(3).sum().backward();
    assertEquals(List.of("after 3.0", "before 30.0"), seen);
    holds(y.getGrad(), 3, 3);
    holds(x.getGrad(), 60, 60);
  }

  @Test
  void gradientsByATensorThatWasWritten() {
    Tensor x = leaf(2);
    Tensor y = x.mul(3);
    y.mul_(5);
    assertEquals(2, y.mul(2).gradients(List.of(y), null, false).getFirst().item());
  }

  @Test
  void whatCannotBeWrittenIsRefused() {
    assertTrue(assertThrows(ShapeError.class, () -> Tensor.ones(2).add_(Tensor.ones(3, 2))).getMessage()
        .contains("does not fit into f32[2]"));
    assertTrue(assertThrows(DTypeError.class, () -> Tensor.arange(3).add_(0.5)).getMessage()
        .contains("which i64[3] cannot hold"));
    assertTrue(assertThrows(KtrainException.class, () -> Tensor.ones(1).expand(3).add_(1)).getMessage()
        .contains("stretched by expand"));
    Tensor apart = matrix().narrow(1, 0, 2).detach();
    assertTrue(assertThrows(AutogradError.class, () -> apart.get(0).mul_(leaf(2))).getMessage()
        .contains("whose elements lie apart"));
  }

  @Test
  void writingOutsideTheGraphChangesNoGraph() {
    Tensor x = Tensor.ones(3);
    Tensor v = x.narrow(0, 0, 2);
    v.add_(1);
    assertFalse(x.getRequiresGrad());
    assertNull(x.node());
    assertEquals(1, x.version());
  }

  @Test
  void aViewMadeBeforeItsBaseCameIntoTheGraphStopsGradientsWhereItIsOverwritten() {
    Tensor x = Tensor.zeros(3).to(DType.f64), first = x.narrow(0, 0, 1), last = x.narrow(0, 2, 1);
    Tensor w = leaf(1, 2, 3);
    x.add_(w);
    first.zero_();
    last.copy_(Tensor.ones(1));
    x.sum().backward();
    assertArrayEquals(new double[] {0, 1, 0}, w.getGrad().toDoubleArray());
  }
}
