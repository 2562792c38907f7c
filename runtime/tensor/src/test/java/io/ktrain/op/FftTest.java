package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ktrain.tensor.FftNorm;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Sizes larger than the table's, with small factors, large primes and powers of two. */
class FftTest {
  private static Tensor random(int... sizes) {
    return Tensor.of(new Random(3).doubles(Shape.of(sizes).numel(), -1, 1).toArray(), sizes);
  }

  @Test
  void everyLengthIsTransformedByItsDefinition() {
    for (int n : new int[] {2, 3, 31, 64, 210, 121, 37, 74, 997, 961, 1024, 1369}) {
      Tensor x = random(n, 2);
      for (boolean inverse : new boolean[] {false, true}) {
        double[] expected = FftOracles.dft(Operands.read(x), 0, inverse).data();
        assertArrayEquals(expected, Dispatch.call(Fft.DFT, new Fft.Dft(0, inverse), x).toDoubleArray(), 1e-11 * n, "n = " + n);
      }
    }
  }

  @Test
  void inversesGiveBackWhatWasTransformed() {
    Tensor x = random(3, 20, 30), z = random(6, 5, 2);
    for (FftNorm norm : FftNorm.values()) {
      assertArrayEquals(x.toDoubleArray(), x.rfftn(null, null, norm).irfftn(new int[] {3, 20, 30}, null, norm).toDoubleArray(), 1e-12);
      assertArrayEquals(x.toDoubleArray(), x.rfft(-1, 1, norm).irfft(20, 1, norm).toDoubleArray(), 1e-12);
      assertArrayEquals(z.toDoubleArray(), z.fftn(null, null, norm).ifftn(null, null, norm).toDoubleArray(), 1e-12);
    }
    assertArrayEquals(x.toDoubleArray(), x.rfft2().irfft2().toDoubleArray(), 1e-12);
    assertArrayEquals(z.toDoubleArray(), z.fft2().ifft2().toDoubleArray(), 1e-12);
    assertArrayEquals(x.toDoubleArray(), x.fftshift(0, 1, 2).ifftshift(0, 1, 2).toDoubleArray());
  }

  @Test
  void numbersAreTorchs() {
    Tensor real = Tensor.of(new float[] {1, 2, 4, 3, 5});
    assertArrayEquals(new float[] {15, 0, -2.5f, 2.26538444f, -2.5f, 2.71441221f}, real.rfft().toFloatArray(), 1e-5f);
    Tensor complex = Tensor.of(new float[] {1, 2, 3, -1, 0, 1}, 3, 2);
    assertArrayEquals(new float[] {4, 2, -2.2320509f, -.59807611f, 1.2320508f, 4.5980759f}, complex.fft().toFloatArray(), 1e-5f);
  }

  @Test
  void onlyPairsAreComplex() {
    String says = assertThrows(ShapeError.class, () -> Tensor.ones(4).ifft()).getMessage();
    assertEquals("ifft: complex numbers are pairs in a last dim of size 2, got f32[4]. Fix: rfft() for real numbers.", says);
    assertThrows(ShapeError.class, () -> Tensor.ones(4).fftshift());
    assertThrows(ShapeError.class, () -> Tensor.ones(4, 2).fft(-1, 1, FftNorm.BACKWARD));
  }
}
