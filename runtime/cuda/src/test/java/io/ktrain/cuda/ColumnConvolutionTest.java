package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.ktrain.backend.Backends;
import io.ktrain.op.Conv2dOptions;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Pictures too many for one matrix of patches: made in chunks they give what they give at once. */
class ColumnConvolutionTest {
  private static final Device CUDA = Device.of("cuda");

  private static Tensor numbers(int seed, DType type, Shape shape, boolean channelsLast) {
    var random = new Random(seed);
    double[] v = new double[(int) shape.numel()];
    for (int i = 0; i < v.length; i++) v[i] = random.nextInt(-8, 9) / 4.0;
    return CopyKernels.window(Tensor.of(v).to(type).to(CUDA), shape, channelsLast ? Pictures.channelsLast(shape) : Layout.contiguous(shape));
  }

  @Test
  void chunksGiveTheSame() {
    Assumptions.assumeTrue(Backends.named("cuda").isUsable(), Backends.named("cuda").status());
    var cuda = (CudaBackend) Backends.named("cuda");
    CudaDevice device = cuda.device(CUDA);
    Shape x = Shape.of(5, 3, 4, 4), w = Shape.of(2, 3, 3, 3), y = Shape.of(5, 2, 4, 4);
    for (DType type : new DType[] {DType.f64, DType.f32, DType.bf16})
      for (boolean last : new boolean[] {false, true}) {
        var s = Convolution.of(type, x, w, y, Conv2dOptions.of(1, 1), last);
        Tensor in = numbers(1, type, x, last), weight = numbers(2, type, w, false), up = numbers(3, type, y, last);
        double[][] whole = null;
        for (long limit : new long[] {1L << 20, 2L * 16 * 27 * type.bytes(), 1}) {
          var columns = new ColumnConvolution(cuda, limit);
          Tensor out = numbers(4, type, y, last), byInput = numbers(5, type, x, last), byWeight = numbers(6, type, w, false);
          columns.forward(device, s, in, weight, null, out);
          columns.inputGrad(device, s, up, weight, byInput);
          columns.weightGrad(device, s, up, in, byWeight);
          double[][] got = {out.toDoubleArray(), byInput.toDoubleArray(), byWeight.toDoubleArray()};
          if (whole == null) whole = got;
          for (int i = 0; i < got.length; i++) assertArrayEquals(whole[i], got[i], type == DType.bf16 ? 0 : 1e-5, type + " " + last + " " + limit + " " + i);
        }
      }
  }
}
