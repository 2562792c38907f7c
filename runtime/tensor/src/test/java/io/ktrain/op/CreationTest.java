package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.random.Generator;
import io.ktrain.random.Philox;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Devices;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("paths")
class CreationTest {
  private static <T> T seeded(long seed, Supplier<T> body) {
    return Context.current().fork(new Generator(seed)).run(body);
  }

  @Test
  void oneValueInEveryType() {
    for (DType dtype : DType.values()) {
      assertArrayEquals(new double[] {1, 1, 1}, Tensor.full(Shape.of(3), 1, dtype).toDoubleArray(), dtype.toString());
      assertEquals(dtype, Tensor.zeros(Shape.of(0, 2), dtype).getDtype());
    }
    assertEquals(1, Tensor.full(Shape.SCALAR, 0.5, DType.bool).item());
    assertEquals(7, Tensor.full(Shape.SCALAR, 7.9, DType.i32).item());
    assertEquals(Long.MAX_VALUE, Tensor.full(Shape.SCALAR, Long.MAX_VALUE, DType.i64).itemLong());
  }

  @Test
  void sequences() {
    assertEquals("i64[0]", Tensor.arange(0).describe());
    assertArrayEquals(new long[] {5, 3, 1}, Tensor.arange(5, 0, -2, DType.i64).toLongArray());
    assertArrayEquals(new double[] {0, 0.25, 0.5, 0.75}, Tensor.arange(0, 1, 0.25, DType.f64).toDoubleArray());
    assertThrows(KtrainException.class, () -> Tensor.arange(0, 5, -1, DType.i64));
    assertThrows(KtrainException.class, () -> Tensor.arange(0, 5, 0, DType.i64));
    assertArrayEquals(new float[] {1, 0, 0, 1}, Tensor.eye(2).toFloatArray());
  }

  /** The known answers of the authors' Random123 library. */
  @Test
  void philoxGivesThePublishedNumbers() {
    int[] words = new int[4];
    Philox.block(0, 0, 0, words);
    assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, words);
    Philox.block(-1, -1, -1, words);
    assertArrayEquals(new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, words);
    Philox.block(0x299f31d0a4093822L, 0x0370734413198a2eL, 0x85a308d3243f6a88L, words);
    assertArrayEquals(new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}, words);
  }

  @Test
  void theSameSeedGivesTheSameNumbers() {
    assertArrayEquals(seeded(3, () -> Tensor.rand(100).toFloatArray()),
        seeded(3, () -> Tensor.rand(100).toFloatArray()));
    assertFalse(Arrays.equals(seeded(3, () -> Tensor.rand(100).toFloatArray()),
        seeded(4, () -> Tensor.rand(100).toFloatArray())));
    seeded(3, () -> {
      assertFalse(Arrays.equals(Tensor.rand(100).toFloatArray(), Tensor.rand(100).toFloatArray()));
      return null;
    });
  }

  @Test
  void numbersDoNotDependOnTheNumberOfThreads() {
    int before = Devices.threads();
    try {
      Devices.setThreads(1);
      float[] one = seeded(3, () -> Tensor.randn(50_001).dropout(0.3, true).toFloatArray());
      Devices.setThreads(3);
      assertArrayEquals(one, seeded(3, () -> Tensor.randn(50_001).dropout(0.3, true).toFloatArray()));
    } finally {
      Devices.setThreads(before);
    }
  }

  @Test
  void anElementsNumberDoesNotDependOnTheShape() {
    float[] few = seeded(9, () -> Tensor.randn(7).toFloatArray()), many = seeded(9,
        () -> Tensor.randn(100, 100).toFloatArray());
    assertArrayEquals(few, Arrays.copyOf(many, 7));
  }

  @Test
  void distributionsHaveTheirMoments() {
    for (DType dtype : new DType[] {DType.f64, DType.f32}) {
      double[] u = seeded(1, () -> Tensor.rand(Shape.of(100_000), dtype).toDoubleArray());
      assertTrue(Arrays.stream(u).allMatch(x -> x >= 0 && x < 1));
      assertEquals(0.5, Arrays.stream(u).average().orElseThrow(), 0.01);
      double[] n = seeded(2, () -> Tensor.randn(Shape.of(100_000), dtype).toDoubleArray());
      assertEquals(0, Arrays.stream(n).average().orElseThrow(), 0.02);
      assertEquals(1, Arrays.stream(n).map(x -> x * x).average().orElseThrow(), 0.03);
      assertEquals(3, Arrays.stream(n).map(x -> x * x * x * x).average().orElseThrow(), 0.2);
    }
  }

  @Test
  void evenlyApart() {
    assertArrayEquals(new double[] {1, 1.5, 2, 2.5, 3}, Tensor.linspace(1, 3, 5, DType.f64).toDoubleArray());
    assertArrayEquals(new float[] {0.1f, 0.7f}, Tensor.linspace(0.1, 0.7, 2, DType.f32).toFloatArray());
    assertArrayEquals(new double[] {4}, Tensor.linspace(4, 9, 1, DType.f64).toDoubleArray());
    assertEquals("f32[0]", Tensor.linspace(0, 1, 0, DType.f32).describe());
    assertArrayEquals(new double[] {1, 10, 100}, Tensor.logspace(0, 2, 3, 10, DType.f64).toDoubleArray(), 1e-12);
    assertArrayEquals(new float[] {1, 0, 0, 0, 1, 0}, Tensor.eye(2, 3).toFloatArray());
  }

  @Test
  void randomNumbersByTensorsHaveTheirMoments() {
    Tensor rates = Tensor.full(Shape.of(20_000), 3.5, DType.f64);
    double[] p = seeded(1, () -> rates.poisson().toDoubleArray());
    assertEquals(3.5, Arrays.stream(p).average().orElseThrow(), 0.06);
    assertEquals(3.5, Arrays.stream(p).map(x -> (x - 3.5) * (x - 3.5)).average().orElseThrow(), 0.15);
    assertArrayEquals(new double[] {0, 0}, Tensor.zeros(Shape.of(2), DType.f64).poisson().toDoubleArray());
    assertThrows(KtrainException.class, () -> Tensor.full(Shape.of(1), -1, DType.f64).poisson());
    double[] e = seeded(2, () -> Tensor.zeros(Shape.of(50_000), DType.f64).exponential_(2).toDoubleArray());
    assertEquals(0.5, Arrays.stream(e).average().orElseThrow(), 0.01);
    double[] n = seeded(3, () -> Tensor.normal(rates, Tensor.full(Shape.of(1), 2, DType.f64)).toDoubleArray());
    assertEquals(3.5, Arrays.stream(n).average().orElseThrow(), 0.05);
    double[] b = seeded(4, () -> Tensor.zeros(50_000).bernoulli_(0.3).toDoubleArray());
    assertEquals(0.3, Arrays.stream(b).average().orElseThrow(), 0.01);
    long[] drawn = seeded(5, () -> Tensor.of(new float[] {1, 0, 3}).multinomial(40_000, true).toLongArray());
    assertEquals(0.25, Arrays.stream(drawn).filter(i -> i == 0).count() / 4e4, 0.01);
    assertEquals(0, Arrays.stream(drawn).filter(i -> i == 1).count());
    assertArrayEquals(new long[] {0, 1, 2}, Arrays.stream(seeded(6, () ->
        Tensor.ones(3).multinomial(3, false).toLongArray())).sorted().toArray());
  }

  @Test
  void wholeNumbersCoverTheirRange() {
    long[] v = seeded(1, () -> Tensor.randint(-2, 3, 1000).toLongArray());
    assertArrayEquals(new long[] {-2, -1, 0, 1, 2}, Arrays.stream(v).distinct().sorted().toArray());
    assertThrows(KtrainException.class, () -> Tensor.randint(3, 3, 1));
    assertArrayEquals(LongStream.range(0, 50).toArray(), Arrays.stream(seeded(1,
        () -> Tensor.randperm(50).toLongArray())).sorted().toArray());
  }

  @Test
  void dropoutZeroesTheShareItSaysAndScalesTheRest() {
    float[] y = seeded(1, () -> Tensor.ones(100_000).dropout(0.25, true).toFloatArray());
    int zeros = 0;
    for (float v : y) {
      if (v == 0) zeros++;
      else assertEquals(1 / 0.75f, v, 1e-6f);
    }
    assertEquals(0.25, zeros / 1e5, 0.01);
    assertEquals(0, seeded(1, () -> Tensor.ones(10).dropout(1, true).sum().item()));
    Tensor x = Tensor.ones(3);
    assertTrue(x.dropout(0.5, false) == x);
    assertThrows(KtrainException.class, () -> x.dropout(1.5, true));
  }

  @Test
  void whatIsMaskedKeepsItsType() {
    Tensor bools = Tensor.ones(2, 2).ne(0), half = Tensor.of(new boolean[] {true, false});
    assertEquals("bool[2,2]", bools.tril(0).describe());
    assertEquals(3, bools.triu(0).sum().item());
    assertEquals("bool[2,2]", half.diagEmbed(0, 0, 1).describe());
    assertEquals("bool[2,2]", bools.maskedFill(half, 0).describe());
    assertArrayEquals(new long[] {1, 5}, Tensor.of(new long[] {4, 5}).maskedFill(half, 1.5).toLongArray());
  }

  @Test
  void weightsThatAreNoneAreRefused() {
    float[][] weights = {{0.5f, -0.5f, 1, 1}, {1, 1, 1, Float.NaN}, {1, Float.POSITIVE_INFINITY, 1, 1},
        {1, Float.NEGATIVE_INFINITY, 1, 1}, {1, 1, 0, 0}};
    String[] texts = {"weight -0.5 at index 1 of f32[2,2] is negative. Fix: softmax() or exp() first.",
        "weight NaN at index 3 of f32[2,2] is infinite or NaN. Fix: finite weights.",
        "weight Infinity at index 1 of f32[2,2] is infinite or NaN. Fix: finite weights.",
        "weight -Infinity at index 1 of f32[2,2] is infinite or NaN. Fix: finite weights.",
        "the weights of row 1 of f32[2,2] sum to 0. Fix: at least one above 0 in each row."};
    for (int i = 0; i < weights.length; i++) {
      Tensor w = Tensor.of(weights[i], 2, 2);
      for (boolean replacement : new boolean[] {true, false})
        assertEquals("multinomial: " + texts[i],
            assertThrows(KtrainException.class, () -> w.multinomial(1, replacement)).getMessage());
    }
    assertEquals(0, Tensor.of(new float[] {1, 0}).multinomial(1, true).item());
  }
}
