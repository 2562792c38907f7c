package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What samples of distinct values cannot show: indices, ties, NaN, and nothing at all. */
@Tag("paths")
class ReductionsTest {
  private static final float NAN = Float.NaN;

  private static void holds(Tensor t, double... expected) {
    assertArrayEquals(expected, t.toDoubleArray());
  }

  @Test
  void ofATieTheFirstIsTaken() {
    Tensor x = Tensor.of(new float[] {1, 3, 3, 2, 1, 1}, 2, 3);
    holds(x.max(1).indices(), 1, 0);
    holds(x.min(1).indices(), 0, 1);
    holds(x.t().max(0).indices(), 1, 0);
    holds(x.sort(1, false).indices(), 0, 1, 2, 1, 2, 0);
    holds(x.sort(1, true).indices(), 1, 2, 0, 0, 1, 2);
    holds(x.topk(2, 1).indices(), 1, 2, 0, 1);
    holds(x.to(DType.i64).argmax(), 1);
  }

  @Test
  void indicesPointAtTheValues() {
    Tensor x = Tensor.randn(4, 5, 6);
    for (int dim = 0; dim < 3; dim++) {
      for (Extreme e : new Extreme[] {x.max(dim, true), x.min(dim, true), x.sort(dim, false), x.sort(dim, true),
          x.topk(3, dim)})
        assertArrayEquals(e.values().toFloatArray(), x.gather(dim, e.indices()).toFloatArray());
    }
  }

  @Test
  void nanWinsItsWindowWhereverItStands() {
    int channels = 21; // more than a vector of any width, and not a multiple of one
    for (int place = 0; place < 4; place++) {
      float[] window = {1, 4, 2, 3};
      window[place] = NAN;
      Tensor one = Tensor.of(window, 1, 1, 2, 2), many = one.expand(2, channels, 2, 2);
      for (Tensor x : new Tensor[] {one, many.copy(), many.permute(0, 2, 3, 1).copy().permute(0, 3, 1, 2)}) {
        Extreme best = Pooling.maxPool2d(x, Pool2dOptions.of(2));
        for (double v : best.values().toDoubleArray()) assertEquals(NAN, v);
        for (long at : best.indices().toLongArray()) assertEquals(place, at);
      }
    }
  }

  @Test
  void nanIsTheLargestAndTheSmallest() {
    Tensor x = Tensor.of(new float[] {1, NAN, 3, NAN});
    holds(x.max(), NAN);
    holds(x.min(), NAN);
    holds(x.max(0).values(), NAN);
    holds(x.max(0).indices(), 1);
    holds(x.min(0).indices(), 1);
    holds(x.sort(0, false).values(), 1, 3, NAN, NAN);
    holds(x.sort(0, true).values(), NAN, NAN, 3, 1);
    holds(x.maximum(Tensor.of(new float[] {NAN, 2, 4, 0})), NAN, NAN, 4, NAN);
    holds(x.clamp(2, 5), 2, NAN, 3, NAN);
    holds(Tensor.of(new float[] {-1, NAN}).relu(), 0, NAN);
  }

  @Test
  void ofNothing() {
    Tensor none = Tensor.zeros(0, 3);
    holds(none.sum(), 0);
    holds(none.prod(), 1);
    holds(none.mean(), NAN);
    holds(none.sum(0), 0, 0, 0);
    assertEquals("f32[0]", none.amax(1, false).describe());
    assertEquals("amax: there is no extreme of no elements: f32[0,3] over dims [0, 1].",
        assertThrows(ShapeError.class, none::max).getMessage());
    assertEquals("max: dim 0 of f32[0,3] is empty.", assertThrows(ShapeError.class, () -> none.max(0)).getMessage());
  }

  @Test
  void wholeNumbersSumExactly() {
    Tensor big = Tensor.of(new long[] {Long.MAX_VALUE - 5, 3});
    assertEquals(Long.MAX_VALUE - 2, big.sum().itemLong());
    assertEquals(Long.MAX_VALUE - 5, big.max().itemLong());
    assertEquals("i64[]", Tensor.of(new byte[] {(byte) 200, (byte) 200}).sum().describe());
    assertEquals(400, Tensor.of(new byte[] {(byte) 200, (byte) 200}).sum().itemLong());
    assertEquals(3, Tensor.of(new boolean[] {true, false, true, true}).sum().itemLong());
  }

  @Test
  void sumsOfManySmallNumbersStayClose() {
    Tensor x = Tensor.full(io.ktrain.tensor.Shape.of(1 << 22), 0.1, DType.f32);
    assertEquals((1 << 22) * (double) 0.1f, x.sum().item(), 4);
    assertEquals(0.1f, x.mean().item(), 1e-6);
  }

  @Test
  void moreElementsThanAnIntCountsAreRefused() {
    Tensor x = Tensor.ones(1).expand(1 << 16, 1 << 16);
    assertThrows(ShapeError.class, x::sum);
    assertEquals(1 << 16, x.sum(1).get(5).item());
  }

  @Test
  void rootsOfNothingHaveNoSlope() {
    Tensor x = Tensor.of(new float[] {4, 0, 1}), same = Tensor.ones(3);
    x.setRequiresGrad(true);
    same.setRequiresGrad(true);
    x.norm(0.5).backward();
    holds(x.getGrad(), 1.5, 0, 3);
    same.std().backward();
    holds(same.getGrad(), 0, 0, 0);
  }

  @Test
  void distinctWholeNumbersAreToldApartExactly() {
    long big = 1L << 53;
    Tensor x = Tensor.of(new long[] {big + 1, -big - 1, big, big + 1, -big});
    assertArrayEquals(new long[] {-big - 1, -big, big, big + 1}, x.unique().values().toLongArray());
    holds(Tensor.of(new float[] {1, -0f, 0, -2, NAN}).unique().values(), -2, -0.0, 1, NAN);
  }

  @Test
  void nanGoesBehindAllThatIsSorted() {
    for (boolean right : new boolean[] {false, true})
      holds(Tensor.of(new float[] {1, 2, 3}).searchsorted(Tensor.of(new float[] {NAN, 9, 0}), right), 3, 3, 0);
  }

  @Test
  void sumsOfNothingAreZero() {
    holds(Tensor.ones(2, 0).logsumexp(1, false), Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY);
    assertEquals("f32[0]", Tensor.einsum("i,i->i", Tensor.ones(0), Tensor.ones(1)).describe());
  }

  @Test
  void aSingleValueHasNoDimsToGoAlong() {
    Tensor x = Tensor.ones(1).sum();
    assertEquals("roll: a single value has no dims.", assertThrows(ShapeError.class, () -> x.roll(1, 0)).getMessage());
    assertEquals("diff: a single value has no dims.", assertThrows(ShapeError.class, () -> x.diff(1, 0)).getMessage());
  }
}
