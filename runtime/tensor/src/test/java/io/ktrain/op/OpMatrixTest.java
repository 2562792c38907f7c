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
    assertTrue(lines.getFirst().matches("op +cpu +having"), lines.getFirst());
    assertTrue(lines.stream().anyMatch(l -> l.matches("add +expression +-")), lines.toString());
    assertTrue(lines.stream().anyMatch(l -> l.matches("mm +kernel +kernel")));
  }
}
