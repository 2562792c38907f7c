package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ktrain.op.Conv2dOptions;
import io.ktrain.op.Convolutions;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A cuDNN that loads and does not work. */
class CudnnTest {
  /** Convolves twice on CUDA, in two sizes. */
  static final class Convolving {
    public static void main(String[] arguments) {
      Cuda.on(Cuda.DEVICE, () -> {
        for (int size : new int[] {4, 5}) {
          Tensor y = Convolutions.conv2d(Tensor.ones(1, 2, size, size), Tensor.ones(3, 2, 2, 2), Tensor.ones(3),
              Conv2dOptions.of(1, 0));
          System.out.println(y.sum().item());
        }
        return null;
      });
    }
  }

  /** As where its parts are of another release, or of another CUDA. */
  @Test
  void oneThatDoesNotStartIsToldOfOnceAndDoneWithout() throws Exception {
    Child.requireStandin();
    Child c = Child.run(Map.of("STANDIN_CUDNN", "1001"), Convolving.class);
    assertEquals(0, c.exit(), c.toString());
    assertEquals(List.of("243.0", "432.0"), c.out().lines().toList(), c.toString());
    List<String> warnings = c.err().lines().filter(line -> line.startsWith("WARNING")).toList();
    boolean there = new CudaLibraries(System.getenv()).find(Cudnn.NAME) != null;
    assertEquals(there ? List.of("WARNING: cuDNN does not start on cuda:0, and ktrain's own kernels, which are slower, run"
        + " instead: cuda: cudnnCreate failed with CUDNN_STATUS_NOT_INITIALIZED (1001).") : List.of(), warnings, c.toString());
  }
}
