package io.ktrain.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.backend.Backends;
import io.ktrain.nn.Activation;
import io.ktrain.nn.Linear;
import io.ktrain.nn.Module;
import io.ktrain.nn.Sequential;
import io.ktrain.optim.AdamW;
import io.ktrain.optim.Optimizer;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.OutOfMemory;
import io.ktrain.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where tensors' memory goes. Each test uses a virtual device of its own, whose books nobody else writes. */
class TensorMemoryTest {
  private static final long MB = 1 << 20;

  private static Pool pool(Device device) {
    return Backends.of(device).pool(device);
  }

  private static void on(Device device, Runnable body) {
    Context before = Context.current();
    Device was = before.device();
    before.setDevice(device);
    try {
      body.run();
    } finally {
      before.setDevice(was);
    }
  }

  /** Runs as a step does: what it makes is freed at its end. */
  private static void step(String name, Runnable body) {
    Context context = Context.current();
    Scope scope = context.open(name);
    try {
      body.run();
    } finally {
      context.close(scope);
    }
  }

  @Test
  void asMemorySegmentSharesWhatArraysCopy() {
    Tensor t = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
    var row = new MemorySegment[1];
    step("a step", () -> row[0] = t.mul(1).narrow(0, 1, 1).asMemorySegment());
    assertEquals(8, row[0].byteSize());
    assertEquals(4, row[0].getAtIndex(ValueLayout.JAVA_FLOAT, 1)); // kept, though the step is over
    t.asMemorySegment().setAtIndex(ValueLayout.JAVA_FLOAT, 3, 9);
    assertArrayEquals(new float[] {1, 2, 3, 9}, t.toFloatArray());
    assertEquals("asMemorySegment: the elements of f32[2,2] do not lie row-major in memory. Fix: contiguous().asMemorySegment().",
        assertThrows(KtrainException.class, () -> t.t().asMemorySegment()).getMessage());
    t.setRequiresGrad(true);
    assertEquals("asMemorySegment: this f32[2,2] requires grad, and its graph would not know of writes to its memory."
        + " Fix: detach().asMemorySegment().", assertThrows(KtrainException.class, t::asMemorySegment).getMessage());
    assertEquals(16, t.detach().asMemorySegment().byteSize());
  }

  @Test
  void useAfterTheStepSaysWhichStepFreedIt() {
    var lost = new Tensor[2];
    var kept = new Tensor[1];
    step("step 3", () -> {
      lost[0] = Tensor.ones(3);
      lost[1] = lost[0].narrow(0, 0, 2);
      kept[0] = lost[0].mul(2).keep();
    });
    assertEquals("add: this f32[3] was freed at the end of step 3. Fix: return it from the step, or keep() it inside.",
        assertThrows(KtrainException.class, () -> lost[0].add(1)).getMessage());
    assertTrue(assertThrows(KtrainException.class, () -> lost[1].toFloatArray()).getMessage()
        .contains("this f32[2] was freed at the end of step 3"));
    assertThrows(KtrainException.class, () -> lost[0].toString());
    assertArrayEquals(new float[] {2, 2, 2}, kept[0].toFloatArray());
  }

  private static Module network() {
    return new Sequential(new Linear(64, 256), new Activation("ReLU", "", Tensor::relu), new Linear(256, 10));
  }

  private static void train(Module model, Optimizer optimizer, Tensor x, Tensor y) {
    Tensor loss = model.invoke(x).crossEntropy(y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  }

  @Test
  void liveBytesAreEqualStepAfterStep() {
    Device device = Device.of("cpu:11");
    on(device, () -> {
      Module model = network();
      Optimizer optimizer = new AdamW(model.parameters(), 1e-3);
      Tensor x = Tensor.randn(32, 64), y = Tensor.randint(0, 10, 32);
      long early = 0;
      for (int i = 1; i <= 500; i++) {
        step("step " + i, () -> train(model, optimizer, x, y));
        if (i == 50) {
          pool(device).collect();
          early = pool(device).live();
        } else if (i > 50) {
          assertEquals(early, pool(device).live(), "after step " + i);
        }
      }
    });
  }

  @Test
  void aBareLoopIsBoundedAndLeavesNothing() {
    Device device = Device.of("cpu:12");
    on(device, () -> {
      Module model = network();
      Optimizer optimizer = new AdamW(model.parameters(), 1e-3);
      Tensor x = Tensor.randn(512, 64), y = Tensor.randint(0, 10, 512);
      long base = 0, most = 0;
      for (int i = 1; i <= 500; i++) {
        train(model, optimizer, x, y);
        if (i == 50) {
          pool(device).collect();
          base = pool(device).live();
        }
        most = Math.max(most, pool(device).live() - base);
      }
      pool(device).collect();
      assertEquals(base, pool(device).live());
      assertTrue(most > 16 * MB && most <= 256 * MB, most / MB + " MB above the base");
    });
  }

  @Test
  void backwardGivesItsOwnGradientsBackAsItWalks() {
    Device device = Device.of("cpu:13");
    on(device, () -> {
      Tensor x = Tensor.ones(512, 512);
      x.setRequiresGrad(true);
      Tensor y = x;
      for (int i = 0; i < 100; i++) y = y.add(1);
      Tensor loss = y.sum();
      long before = pool(device).live();
      loss.backward();
      assertEquals(before + MB, pool(device).live(), "the leaf's gradient is all that is left");
      assertTrue(pool(device).peak() <= before + 4 * MB, (pool(device).peak() - before) / MB + " MB at most");
      assertNotNull(x.getGrad());
    });
  }

  @Test
  void runningOutNamesWhatHoldsTheMemory() throws Exception {
    var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Hungry.class.getName()));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("KTRAIN_MEMORY", "64m");
    Process p = builder.start();
    String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, p.waitFor(), out);
    assertTrue(out.contains("full: no room for f32[8,1024,1024] (32.0 MB) on cpu: "), out);
    assertTrue(out.contains("of at most 64.0 MB are in use. The biggest:\n  20.0 MB  f32[5,1024,1024] made by relu"),
        out);
    assertTrue(out.contains("16.0 MB  f32[4,1024,1024] made by full"), out);
    assertTrue(out.contains("Fix: a smaller batch, step { } around a hand-written loop, or more memory"), out);
    assertTrue(out.contains("still works: 3.0"), out);
  }

  /** Runs out of memory in a process of its own. */
  static final class Hungry {
    public static void main(String[] args) throws IOException {
      Tensor a = Tensor.ones(4, 1024, 1024), b = Tensor.ones(5, 1024, 1024).relu();
      try {
        Tensor.ones(8, 1024, 1024);
      } catch (OutOfMemory e) {
        System.out.println(e.getMessage());
        System.out.println("still works: " + a.get(0).get(0).get(0).add(2).item() + b.describe());
      }
    }
  }

  @Test
  void wrappedMemoryIsShared() {
    try (var arena = Arena.ofConfined()) {
      MemorySegment m = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3, 4);
      Tensor t = Tensor.wrap(m, 2, 2);
      m.setAtIndex(ValueLayout.JAVA_FLOAT, 3, 40);
      t.get(0).mul_(10);
      assertArrayEquals(new float[] {10, 20, 3, 40}, t.toFloatArray());
      assertEquals(20, m.getAtIndex(ValueLayout.JAVA_FLOAT, 1));
      assertArrayEquals(new float[] {160, 1000, 150, 1660}, t.mm(t).toFloatArray());
      Tensor readOnly = Tensor.wrap(m.asReadOnly(), 4);
      assertEquals(73, readOnly.sum().item());
      assertEquals("copy_: f32[4] wraps memory that may only be read. Fix: copy() it first.",
          assertThrows(KtrainException.class, () -> readOnly.add_(1)).getMessage());
    }
    assertTrue(assertThrows(KtrainException.class, () -> Tensor.wrap(MemorySegment.ofArray(new float[4]), 4))
        .getMessage().startsWith("wrap: kernels cannot reach memory in the Java heap."));
  }
}
