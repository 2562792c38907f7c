package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.backend.Backend;
import io.ktrain.backend.Backends;
import io.ktrain.backend.Kernel;
import io.ktrain.memory.Pool;
import io.ktrain.memory.Storage;
import io.ktrain.op.OpMatrix.How;
import io.ktrain.tensor.Device;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OpMatrixTest {
  /** A backend that has kernels for these, and no device. */
  private record Having(Set<Op<?>> ops) implements Backend {
    @Override
    public String type() {
      return "having";
    }

    @Override
    public String status() {
      return "for tests";
    }

    @Override
    public Pool pool(Device device) {
      throw new AssertionError("a table needs no device");
    }

    @Override
    public <A> Kernel<A> kernel(Call<A> call) {
      throw new AssertionError("a table needs no kernel");
    }

    @Override
    public boolean runs(Op<?> op) {
      return ops.contains(op);
    }

    @Override
    public void read(Storage from, long byteOffset, MemorySegment to) {
      throw new AssertionError("a table reads nothing");
    }

    @Override
    public void write(MemorySegment from, Storage to, long byteOffset) {
      throw new AssertionError("a table writes nothing");
    }
  }

  @Test
  void saysHowEachOperationRuns() {
    var backend = new Having(Set.of(MatMuls.MM, Elementwise.ADD, MatMuls.LINEAR));
    assertEquals(How.KERNEL, OpMatrix.how(MatMuls.MM, backend));
    assertEquals(How.EXPRESSION, OpMatrix.how(Elementwise.ADD, backend));
    assertEquals(How.KERNEL, OpMatrix.how(MatMuls.LINEAR, backend));
    assertEquals(How.PARTS, OpMatrix.how(MatMuls.LINEAR, new Having(Set.of())));
    assertEquals(How.VIEW, OpMatrix.how(Shapes.PERMUTE, backend));
    assertEquals(How.COPY, OpMatrix.how(Shapes.TO_DEVICE, backend));
    assertEquals(How.HOLE, OpMatrix.how(Elementwise.MUL, backend));
  }

  @Test
  void theCpuHasNoHoleAndAPoorBackendHas() {
    Backend cpu = Backends.of(Device.CPU), poor = new Having(Set.of());
    assertEquals(List.of(), OpMatrix.of(List.of(cpu)).holes());
    assertTrue(OpMatrix.of(List.of(cpu, poor)).holes().contains("mm on having"));
  }

  @Test
  void isPrintedAsATable() {
    var matrix = OpMatrix.of(List.of(Backends.of(Device.CPU), new Having(Set.of(MatMuls.MM))));
    List<String> lines = matrix.toString().lines().toList();
    assertEquals(OpTable.all().size() + 1, lines.size());
    String head = "op +kind +cpu +having +cpu native +gradient +second +autocast +dtypes +samples +errors";
    assertTrue(lines.getFirst().matches(head), lines.getFirst());
    for (String line : List.of("add +expression +expression +- +plain +derivative +yes +as given +all +10 +0", "mm +kernel +kernel +kernel +oneDNN +rule +yes +lower +all +.*",
        "conv2d +kernel +kernel +- +oneDNN +rule +yes +lower +floating .*", "softmax +composite +kernel +parts +plain +rule +yes +f32 +floating .*",
        "eq +expression +expression +- +plain +none +none .*", "sign +.* zero +zero +as given +all but bool .*", "permute +view +view +view +plain +rule +yes .*"))
      assertTrue(lines.stream().anyMatch(l -> l.matches(line)), line + "\n" + matrix);
  }

  /** What runs on the CPU without the native library is no less: a kernel that needs it never stands alone. */
  @Test
  void nothingNeedsTheNativeLibrary() {
    var required = Set.of(Kernel.Library.REQUIRED);
    for (Op<?> op : OpTable.all())
      if (Backends.of(Device.CPU).libraries(op).equals(required)) assertTrue(op.isComposite(), op.name());
  }
}
