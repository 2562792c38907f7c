package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.memory.Storage;
import io.ktrain.tensor.KtrainException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Kernels with the faults that kernels have: the stand-in driver must notice them, or a test on it says nothing. */
class PlantedFaultsTest {
  private static final int N = 256;

  private static final String START = "#include \"ktrain.cuh\"\nKERNEL(planted, const float* x, float* out) {\n";

  /** The sum of 256 values by eight warps; %s is where the barrier belongs. */
  private static final String SUM = START + """
        __shared__ float warps[8];
        float v = x[threadIdx.x];
        for (int m = 16; m > 0; m >>= 1) v += __shfl_xor_sync(0xffffffffu, v, m);
        if ((threadIdx.x & 31) == 0) warps[threadIdx.x >> 5] = v;
        %s
        if (threadIdx.x == 0) {
          v = 0;
          for (int w = 0; w < 8; w++) v += warps[w];
          out[0] = v;
        }
      }
      """;

  private static final String PAST_THE_END = START + "  out[threadIdx.x + 1] = x[threadIdx.x];\n}\n";

  private static final String BEFORE_THE_BLOCK = START + "  out[(int)threadIdx.x - 1] = x[threadIdx.x];\n}\n";

  /** Half of each warp goes on to the barrier. */
  private static final String DIVERGENT = START + """
        float v = x[threadIdx.x];
        if (threadIdx.x & 16) v += __shfl_xor_sync(0xffffffffu, v, 1);
        __syncthreads();
        out[threadIdx.x] = v;
      }
      """;

  /** Half of each warp is done. */
  private static final String RETURNED = START + """
        if (threadIdx.x & 16) return;
        float v = x[threadIdx.x];
        v += __shfl_xor_sync(0xffffffffu, v, 1);
        out[threadIdx.x] = v;
      }
      """;

  @BeforeAll
  static void there() {
    Child.requireStandin();
  }

  /** Runs the kernels that it is given on 256 ones; prints the first of 256 results, or what went wrong. */
  static final class Running {
    public static void main(String[] arguments) {
      var libraries = new CudaLibraries(System.getenv());
      var device = new CudaDevice(0, Verdict.reach(libraries, System.getenv()).driver(),
          new KernelCompiler(libraries, null), false, false);
      float[] values = new float[N];
      Arrays.fill(values, 1);
      Storage x = device.pool().allocate(4 * N, "x"), out = device.pool().allocate(4 * N, "out");
      device.write(MemorySegment.ofArray(values), x.address());
      device.launch(new Kernels("planted", arguments[0]), "planted", 1, N,
          new Args().i64(x.address()).i64(out.address()));
      try {
        device.read(out.address(), MemorySegment.ofArray(values));
        System.out.println(values[0]);
      } catch (KtrainException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  private static Child forward(String kernels) throws Exception {
    return Child.run(Map.of(), Running.class, kernels);
  }

  private static Child reverse(String kernels) throws Exception {
    return Child.run(Map.of("STANDIN_REVERSE", "1"), Running.class, kernels);
  }

  @Test
  void aMissingBarrierShowsInOneOfTwoSchedules() throws Exception {
    String right = SUM.formatted("__syncthreads();"), wrong = SUM.formatted("");
    assertEquals("256.0\n", forward(right).out());
    assertEquals("256.0\n", reverse(right).out());
    assertEquals("32.0\n", forward(wrong).out(), "the first warp adds up before the others have written");
    assertEquals("256.0\n", reverse(wrong).out(), "the first warp comes last");
  }

  @Test
  void aWriteOutsideABlockNamesTheKernel() throws Exception {
    Child c = forward(PAST_THE_END);
    assertTrue(c.err().contains("[standin] planted wrote outside a block of 1024 bytes, at 1024"), c.toString());
    assertTrue(c.out().contains("cuLaunchKernel failed with CUDA_ERROR_ILLEGAL_ADDRESS (700)"), c.toString());
    Child d = forward(BEFORE_THE_BLOCK);
    assertTrue(d.err().contains("[standin] planted wrote outside a block of 1024 bytes, at -4"), d.toString());
  }

  @Test
  void aShuffleThatSomeLanesDoNotReachFails() throws Exception {
    Child c = forward(DIVERGENT);
    assertTrue(c.err().contains("[standin] planted: lanes of one warp wait at a shuffle and at a block's barrier"),
        c.toString());
    assertTrue(c.out().contains("cuLaunchKernel failed with CUDA_ERROR_LAUNCH_FAILED (719)"), c.toString());
    Child d = forward(RETURNED);
    assertTrue(d.err().contains("[standin] planted: a lane returned before a shuffle that others of its warp wait at"),
        d.toString());
    assertTrue(d.out().contains("CUDA_ERROR_LAUNCH_FAILED"), d.toString());
  }
}
