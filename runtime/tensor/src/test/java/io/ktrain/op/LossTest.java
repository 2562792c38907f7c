package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Corners of losses that the table's random samples do not reach; the numbers are PyTorch's. */
class LossTest {
  private static Tensor leaf(Tensor t) {
    t.setRequiresGrad(true);
    return t;
  }

  @Test
  void labelsOfAMultilabelRowEndAtMinusOne() {
    Tensor x = leaf(Tensor.of(new float[] {.1f, .2f, .4f, .8f, .5f, -.3f, .2f, 0}, 2, 4));
    Tensor labels = Tensor.of(new long[] {3, 0, -1, 1, 1, -1, 2, 2}, 2, 4);
    Tensor loss = x.multilabelMarginLoss(labels);
    assertEquals(1, loss.item(), 1e-6);
    loss.backward();
    assertArrayEquals(new float[] {-.25f, .25f, .25f, -.25f, .125f, -.375f, .125f, .125f}, x.getGrad().toFloatArray(), 1e-6f);
    Tensor none = x.multilabelMarginLoss(labels, Reduction.NONE);
    assertArrayEquals(new float[] {.85f, 1.15f}, none.toFloatArray(), 1e-6f);
    Tensor one = x.select(0, 0).multilabelMarginLoss(labels.select(0, 0));
    assertEquals(Shape.SCALAR, one.getShape());
    assertEquals(.85, one.item(), 1e-6);
  }

  @Test
  void theFloorOfAVarianceLetsItsGradientThrough() {
    Tensor mean = leaf(Tensor.of(new float[] {1, 2})), variance = leaf(Tensor.of(new float[] {0, 2}));
    Tensor loss = mean.gaussianNllLoss(Tensor.of(new float[] {1.5f, 1}), variance, true, 1e-2, Reduction.MEAN);
    assertEquals(6.31593275, loss.item(), 1e-5);
    loss.backward();
    assertArrayEquals(new float[] {-600, .0625f}, variance.getGrad().toFloatArray(), 1e-3f);
    assertArrayEquals(new float[] {-25, .25f}, mean.getGrad().toFloatArray(), 1e-5f);
  }

  @Test
  void labelsThatDoNotFitIntoTheirStepsAreInfinitelyWrong() {
    Tensor logits = Tensor.of(new float[] {.1f, .5f, -.2f, .3f, 0, .7f, 1, -1, 0}, 3, 1, 3);
    Tensor steps = Tensor.of(new long[] {3}), labels = Tensor.of(new long[] {1, 1, 2}, 1, 3);
    for (boolean zero : new boolean[] {false, true}) {
      Tensor x = leaf(logits.logSoftmax(2).detach());
      Tensor loss = x.ctcLoss(labels, steps, steps, 0, Reduction.MEAN, zero);
      assertEquals(zero ? 0 : Double.POSITIVE_INFINITY, loss.item());
      loss.backward();
      for (float g : x.getGrad().toFloatArray()) assertEquals(zero ? 0 : Float.NaN, g);
    }
    Tensor all = logits.logSoftmax(2).ctcLoss(Tensor.of(new long[] {1, 2}), steps, Tensor.of(new long[] {2}), 0, Reduction.SUM, false);
    assertEquals(1.30208087, all.item(), 1e-5);
    // A class that cannot be said at a step takes no part there.
    Tensor never = leaf(Tensor.of(new float[] {Float.NEGATIVE_INFINITY, 0, -1, -2, -1, 0}, 3, 1, 2));
    Tensor loss = never.ctcLoss(Tensor.of(new long[] {1}, 1, 1), steps, Tensor.of(new long[] {1}));
    loss.backward();
    assertEquals(-Math.log(Math.exp(0 - 2 + 0) + Math.exp(0 - 1 - 1) + Math.exp(0 - 2 - 1)), loss.item(), 1e-5);
    assertEquals(0, never.getGrad().select(0, 0).select(0, 0).select(0, 0).item());
  }

  @Test
  void aTargetOfZeroAddsNothingToADivergence() {
    Tensor loss = Tensor.of(new float[] {-1, -2}, 1, 2).klDiv(Tensor.of(new float[] {0, 1}, 1, 2), false, Reduction.BATCHMEAN);
    assertEquals(2, loss.item(), 1e-6);
  }

  @Test
  void probabilitiesOfZeroAndOneGiveLossesOfAtMostAHundred() {
    Tensor p = leaf(Tensor.of(new float[] {0, 1, 0, 1}));
    Tensor loss = p.bceLoss(Tensor.of(new float[] {1, 0, 0, 1}), null, Reduction.NONE);
    assertArrayEquals(new float[] {100, 100, 0, 0}, loss.abs().toFloatArray());
    loss.sum().backward();
    assertArrayEquals(new float[] {-1e12f, 1e12f, 0, 0}, p.getGrad().toFloatArray(), 1e6f);
  }

  @Test
  void spatialLabelsKeepTheirShape() {
    Tensor x = Tensor.randn(2, 3, 4, 5), labels = Tensor.randint(0, 3, 2, 4, 5);
    Tensor loss = x.crossEntropy(labels, new io.ktrain.tensor.CrossEntropyOptions(Tensor.ones(3), 0, -100, Reduction.NONE));
    assertEquals(Shape.of(2, 4, 5), loss.getShape());
    assertEquals(loss.mean().item(), x.crossEntropy(labels).item(), 1e-5);
    assertEquals(loss.mean().item(), x.logSoftmax(1).nllLoss(labels).item(), 1e-5);
    assertEquals(loss.sum().item() / 2, x.logSoftmax(1).nllLoss(labels, null, -100, Reduction.BATCHMEAN).item(), 1e-3);
  }
}
