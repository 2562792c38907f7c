package io.ktrain.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.random.Generator;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The distributions of first values, by large samples with a fixed seed; bounds and gains are in the golden cases. */
class InitTest {
  private static <T> T seeded(Supplier<T> body) {
    return Context.current().fork(new Generator(1)).run(body::get);
  }

  private static double std(Tensor t) {
    return t.std().item();
  }

  private static double largest(Tensor t) {
    return t.abs().amax().item();
  }

  @Test
  void uniformValuesFillTheirBounds() {
    seeded(() -> {
      Tensor w = Tensor.zeros(40, 25, 3, 3);
      double xavier = Math.sqrt(3) * Init.xavierStd(w.getShape(), 2);
      assertEquals(xavier, largest(Init.xavierUniform(w, 2)), 0.01 * xavier);
      double kaiming = Math.sqrt(3) * Init.kaimingStd(w.getShape(), 0, FanMode.FAN_OUT, Nonlinearity.RELU);
      assertEquals(kaiming, largest(Init.kaimingUniform(w, 0, FanMode.FAN_OUT, Nonlinearity.RELU)), 0.01 * kaiming);
      assertEquals(0.5, Init.uniform(w).mean().item(), 0.01);
      return w;
    });
  }

  @Test
  void normalValuesHaveTheirDeviations() {
    seeded(() -> {
      Tensor w = Tensor.zeros(100, 100);
      assertEquals(Init.xavierStd(w.getShape(), 1), std(Init.xavierNormal(w)), 0.002);
      assertEquals(Math.sqrt(2.0 / 100), std(Init.kaimingNormal(w)), 0.003);
      assertEquals(1, std(Init.normal(w)), 0.02);
      return w;
    });
  }

  @Test
  void truncatedValuesStayWithinAndAreNormalThere() {
    seeded(() -> {
      Tensor t = Init.truncNormal(Tensor.zeros(200, 100), 1, 2, 0, 2);
      assertTrue(t.amin().item() >= 0 && t.amax().item() <= 2);
      assertEquals(1, t.mean().item(), 0.01);
      // Of a standard normal between -1/2 and 1/2 the deviation is 0.2840, here times 2.
      assertEquals(2 * 0.28398, std(t), 0.005);
      assertEquals(0.88, std(Init.truncNormal(t)), 0.01);
      // Far out there is little room, but what there is is used.
      Tensor tail = Init.truncNormal(t, 0, 1, 3, 4);
      assertTrue(tail.amin().item() >= 3 && tail.amax().item() <= 4);
      assertEquals(3.26, tail.mean().item(), 0.01);
      return t;
    });
  }

  @Test
  void orthogonalWeightsKeepLengths() {
    seeded(() -> {
      for (int[] sizes : new int[][] {{5, 9}, {9, 5}, {6, 2, 3}, {4, 4}}) {
        Tensor w = Init.orthogonal(Tensor.zeros(sizes), 3).flatten(1);
        Tensor gram = w.size(0) <= w.size(1) ? w.matmul(w.t()) : w.t().matmul(w);
        float[] expected = Tensor.eye(gram.size(0)).mul(9).toFloatArray();
        assertArrayEquals(expected, gram.toFloatArray(), 1e-4f, Arrays.toString(sizes));
      }
      return null;
    });
  }

  @Test
  void identitiesHandOnWhatTheyAreGiven() {
    assertArrayEquals(new float[] {1, 0, 0, 0, 1, 0}, Init.eye(Tensor.ones(2, 3)).toFloatArray());
    float[] dirac = new float[24];
    for (int at : new int[] {1, 10, 13, 22}) dirac[at] = 1; // torch.nn.init.dirac_ of (4, 2, 3) in 2 groups
    assertArrayEquals(dirac, Init.dirac(Tensor.ones(4, 2, 3), 2).toFloatArray());
    Tensor picture = Tensor.randn(1, 2, 5, 5);
    var same = io.ktrain.tensor.ConvOptions.DEFAULT.withPadding(1);
    assertArrayEquals(picture.toFloatArray(), picture.conv2d(Init.dirac(Tensor.ones(2, 2, 3, 3)), null, same).toFloatArray());
    assertThrows(ShapeError.class, () -> Init.eye(Tensor.ones(3)));
    assertThrows(ShapeError.class, () -> Init.dirac(Tensor.ones(3, 3)));
  }

  @Test
  void sparseColumnsHaveTheirZeros() {
    Tensor t = seeded(() -> Init.sparse(Tensor.ones(10, 30), 0.35, 0.5));
    for (double zeros : t.eq(0).sum(0).toDoubleArray()) assertEquals(4, zeros);
  }
}
