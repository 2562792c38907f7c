package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ktrain.backend.Backend;
import io.ktrain.backend.Backends;
import io.ktrain.random.Generator;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the op table says of each operation, held against the CUDA backend: a GPU, or the stand-in driver. */
class CudaOpsTest {
  private static final Device CUDA = Device.of("cuda");

  private static final DType[] ALL = DType.values();
  private static final DType[] FLOATING = {DType.f64, DType.f32, DType.f16, DType.bf16};

  // Each kernel costs a compilation. How types are loaded and stored, and how operands that broadcast are walked, does not
  // depend on the arithmetic between: these show all of it, other pointwise operations some.
  private static final Set<String> WITNESSES = Set.of("add", "mul", "where", "eq", "exp");
  private static final Set<Integer> SAMPLES_OF_TWO = Set.of(0, 6, 8);
  private static final DType[] OF_FUNCTIONS = {DType.f64, DType.f32, DType.bf16, DType.i32};
  private static final DType[] FLOATING_OF_FUNCTIONS = {DType.f64, DType.f32, DType.bf16};

  /** A sanitizer is too slow for all of them. */
  private static final String WANTED = System.getenv().getOrDefault("KTRAIN_TEST_OPS", ".*");

  @BeforeAll
  static void there() {
    Backend cuda = Backends.named("cuda");
    if (!cuda.isUsable()) System.out.println("SKIPPED: no operation is run on CUDA, since " + cuda.status());
    Assumptions.assumeTrue(cuda.isUsable(), cuda.status());
  }

  @Test
  void thereIsNoHole() {
    var holes = new ArrayList<String>();
    for (Op<?> op : OpTable.all())
      if (!op.isView() && !op.isComposite() && !op.isServedByHost() && !Backends.named("cuda").runs(op) && !op.name().equals("toDevice")) holes.add(op.name());
    assertEquals(List.of(), holes);
  }

  static <T> T on(Device device, Supplier<T> body) {
    Context context = Context.current().fork(new Generator(5));
    context.setDevice(device);
    return context.run(body);
  }

  /** Every type each operation takes; where the CPU refuses one, CUDA says the same. */
  @TestFactory
  Stream<DynamicTest> values() {
    return OpTableTest.each(CudaOpsTest::isWanted, new OpTableTest.SampleTest() {
      @Override
      public <A> void run(Op<A> op, OpTests.Sample<A> sample, int number) {
        if (isLeftOut(op, sample, number)) return;
        for (DType dtype : isFunction(op) ? OF_FUNCTIONS : ALL) {
          List<NdArray> values = Operands.values(op, sample, number, !dtype.isFloating());
          Tensor[] expected = new Tensor[0];
          String refused = null;
          try {
            expected = on(Device.CPU, () -> Dispatch.all(op, sample.attributes(), Operands.tensors(sample, values, dtype)));
          } catch (KtrainException e) {
            refused = e.getMessage();
          }
          Tensor[] got;
          try {
            got = on(CUDA, () -> Dispatch.all(op, sample.attributes(), Operands.tensors(sample, values, dtype)));
          } catch (KtrainException e) {
            assertEquals(refused, e.getMessage(), dtype.toString());
            continue;
          }
          if (refused != null) throw new AssertionError(dtype + ": the CPU says: " + refused);
          close(dtype.toString(), op.tests().isFirstOutputOnly() ? 1 : expected.length, expected, got, tolerance(dtype));
        }
      }
    });
  }

  /** Gradients by every input, and through them every operation that exists only as a gradient. */
  @TestFactory
  Stream<DynamicTest> gradients() {
    return OpTableTest.each(CudaOpsTest::isWanted, new OpTableTest.SampleTest() {
      @Override
      public <A> void run(Op<A> op, OpTests.Sample<A> sample, int number) {
        if (isLeftOut(op, sample, number)) return;
        List<NdArray> values = Operands.values(op, sample, number, false);
        for (DType dtype : isFunction(op) ? FLOATING_OF_FUNCTIONS : FLOATING) {
          Tensor[] expected = on(Device.CPU, () -> backward(op, sample, values, dtype)), got = on(CUDA, () -> backward(op, sample, values, dtype));
          close("gradient " + dtype, expected.length, expected, got, 4 * tolerance(dtype));
        }
      }
    });
  }

  /** Whether a few types show all: a function of floating numbers, or what is nothing but other operations. */
  private static boolean isFunction(Op<?> op) {
    return op.infer == null || isRepetition(op) && op.pointwise().isFloatingOnly();
  }

  private static boolean isRepetition(Op<?> op) {
    return op.pointwise() != null && !WITNESSES.contains(op.name());
  }

  /** Of two operands that broadcast: alike, one a row, one strided. */
  private static boolean isLeftOut(Op<?> op, OpTests.Sample<?> sample, int number) {
    return isRepetition(op) && sample.inputs().size() == 2 && op.tests().samples().size() == 10 && !SAMPLES_OF_TWO.contains(number);
  }

  private static boolean isWanted(Op<?> op) {
    return !op.tests().samples().isEmpty() && op.name().matches(WANTED);
  }

  private static <A> Tensor[] backward(Op<A> op, OpTests.Sample<A> sample, List<NdArray> values, DType dtype) {
    Tensor[] in = OpTableTest.leaves(Operands.tensors(sample, values, dtype));
    for (Tensor t : Dispatch.all(op, sample.attributes(), in))
      if (t.getRequiresGrad()) t.backward(Tensor.full(t.getShape(), 0.5, t.getDtype()), true, false);
    var all = new ArrayList<Tensor>();
    for (Tensor leaf : in) if (leaf != null && leaf.getGrad() != null) all.add(leaf.getGrad());
    return all.toArray(Tensor[]::new);
  }

  @TestFactory
  Stream<DynamicTest> failuresSayTheSame() {
    return OpTable.all().stream().flatMap(op -> op.tests().failures().stream().map(f -> dynamicTest(f.message(), () ->
        assertEquals(f.message(), on(CUDA, () -> {
          try {
            if (f.call().get() instanceof Tensor t) t.toDoubleArray(); // what only values show is told when they are read
            return "nothing";
          } catch (KtrainException e) {
            return e.getMessage();
          }
        })))));
  }

  private static double tolerance(DType dtype) {
    return switch (dtype) {
      case f64 -> 1e-11;
      case f32 -> 4e-6;
      case f16 -> 8e-3;
      case bf16 -> 6e-2;
      default -> 1e-6;
    };
  }

  static void close(String what, int count, Tensor[] expected, Tensor[] got, double tolerance) {
    assertEquals(expected.length, got.length);
    for (int i = 0; i < count; i++) {
      assertEquals(expected[i].describe(), got[i].describe(), what);
      assertEquals(CUDA, got[i].getDevice(), what);
      try {
        OpTableTest.close(Operands.read(expected[i]), got[i], tolerance);
      } catch (AssertionError e) {
        throw new AssertionError(what + " output " + i + ": " + e.getMessage(), e);
      }
    }
  }
}
