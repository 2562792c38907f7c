package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Host;
import io.ktrain.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.api.Test;

class VectorCastTest {
  /** Every kind of number, NaN payloads and halves between two bf16 among them, at every length of the tail. */
  @Test
  void roundsAsTheHostDoes() {
    assumeTrue(Vectors.available(), Vectors.status());
    var random = new Random(1);
    for (int n : new int[] {1, 7, 16, 33, 1000}) {
      float[] values = new float[n];
      for (int i = 0; i < n; i++) values[i] = Float.intBitsToFloat(i % 3 == 0 ? random.nextInt() << 16 | 0x8000 : random.nextInt());
      if (n > 7) System.arraycopy(new float[] {Float.NaN, Float.POSITIVE_INFINITY, -0f, Float.MIN_VALUE, Float.MAX_VALUE, Float.intBitsToFloat(0x7F800001)}, 0, values, 0, 6);
      Tensor wide = Tensor.of(values), small = Tensor.zeros(wide.getShape(), DType.bf16), back = Tensor.zeros(n);
      VectorCast.narrow(wide.storage().address(), small.storage().address(), n);
      VectorCast.widen(small.storage().address(), back.storage().address(), n);
      float[] got = back.toFloatArray();
      for (int i = 0; i < n; i++)
        assertEquals(Float.floatToRawIntBits(Host.bf16(Host.bf16(values[i]))), Float.floatToRawIntBits(got[i]), "of bits " + Integer.toHexString(Float.floatToRawIntBits(values[i])));
    }
  }
}
