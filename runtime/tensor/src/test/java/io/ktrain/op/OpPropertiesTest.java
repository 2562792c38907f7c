package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Devices;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What holds for every operation whatever it computes: on all samples of the op table, forward and backward. */
@Tag("paths")
class OpPropertiesTest {
  private static final DType[] TYPES = {DType.f64, DType.f32, DType.bf16};

  /** The bits of all results and of the gradients by all inputs. */
  private static <A> List<long[]> run(Op<A> op, A attributes, Tensor[] in) {
    for (Tensor t : in) if (t != null) t.setGrad(null);
    var bits = new ArrayList<long[]>();
    for (Tensor t : Dispatch.all(op, attributes, OpTableTest.leaves(in))) {
      bits.add(bits(t));
      if (t.getRequiresGrad()) t.backward(Tensor.full(t.getShape(), 0.5, t.getDtype()), true, false);
    }
    for (Tensor t : in) if (t != null && t.getGrad() != null) bits.add(bits(t.getGrad()));
    return bits;
  }

  private static long[] bits(Tensor t) {
    return t.getDtype().isFloating() ? Arrays.stream(t.toDoubleArray()).mapToLong(Double::doubleToRawLongBits).toArray() : t.toLongArray();
  }

  private static void same(String what, List<long[]> a, List<long[]> b) {
    assertEquals(a.size(), b.size(), what);
    for (int i = 0; i < a.size(); i++) assertArrayEquals(a.get(i), b.get(i), what + ", result or gradient " + i);
  }

  private static Stream<DynamicTest> each(OpTableTest.SampleTest test) {
    return OpTableTest.each(op -> !op.tests().samples().isEmpty(), test);
  }

  @TestFactory
  Stream<DynamicTest> theSameBitsTwiceAndOnAnyNumberOfThreads() {
    return each(new OpTableTest.SampleTest() {
      @Override
      public <A> void run(Op<A> op, OpTests.Sample<A> sample, int number) {
        List<NdArray> values = Operands.values(op, sample, number, false);
        int threads = Devices.threads();
        for (DType dtype : TYPES) {
          Tensor[] in = Operands.tensors(sample, values, dtype);
          List<long[]> first = OpPropertiesTest.run(op, sample.attributes(), in);
          same(dtype + " twice", first, OpPropertiesTest.run(op, sample.attributes(), in));
          try {
            Devices.setThreads(threads == 1 ? 3 : 1);
            same(dtype + " on other threads", first, OpPropertiesTest.run(op, sample.attributes(), in));
          } finally {
            Devices.setThreads(threads);
          }
        }
      }
    });
  }

  @TestFactory
  Stream<DynamicTest> inputsAreNotChanged() {
    return each(new OpTableTest.SampleTest() {
      @Override
      public <A> void run(Op<A> op, OpTests.Sample<A> sample, int number) {
        Tensor[] in = Operands.tensors(sample, Operands.values(op, sample, number, false), DType.f32);
        var before = Arrays.stream(in).map(t -> t == null ? null : bits(t)).toList();
        int[] versions = Arrays.stream(in).mapToInt(t -> t == null ? 0 : t.version()).toArray();
        OpPropertiesTest.run(op, sample.attributes(), in);
        for (int i = 0; i < in.length; i++) {
          if (in[i] == null) continue;
          assertArrayEquals(before.get(i), bits(in[i]), "input " + i);
          assertEquals(versions[i], in[i].version(), "version of input " + i);
        }
      }
    });
  }

  /** Sizes no sample thought of: an answer whose shape was foretold, or an error that names the operation. */
  @TestFactory
  Stream<DynamicTest> emptyDimsAreAnsweredOrRefused() {
    return OpTableTest.each(op -> !op.isInternal() && !op.tests().samples().isEmpty(), new OpTableTest.SampleTest() {
      @Override
      public <A> void run(Op<A> op, OpTests.Sample<A> sample, int number) {
        for (int size : sample.inputs().stream().filter(i -> i.shape() != null).flatMapToInt(i -> Arrays.stream(i.shape())).distinct().toArray()) {
          List<OpTests.Input> inputs = sample.inputs().stream().map(i -> i.shape() == null ? i
              : new OpTests.Input(Arrays.stream(i.shape()).map(n -> n == size ? 0 : n).toArray(), i.strided(), i.values(), Math.max(1, i.bound()))).toList();
          var empty = new OpTests.Sample<>(sample.attributes(), inputs);
          Tensor[] in = Operands.tensors(empty, Operands.values(op, empty, number, false), DType.f32);
          try {
            OpPropertiesTest.run(op, empty.attributes(), in);
          } catch (KtrainException e) {
            assertTrue(e.getMessage().contains(": "), "where " + size + " became 0: " + e.getMessage());
          }
        }
      }
    });
  }

  @Test
  void writingInPlaceCountsAVersion() throws ReflectiveOperationException {
    var names = new TreeSet<String>();
    for (Method m : Tensor.class.getMethods()) {
      if (!m.getName().endsWith("_") || m.getReturnType() != Tensor.class || m.getParameterCount() > 1) continue;
      DType type = m.getName().startsWith("bitwise") ? DType.i64 : DType.f64;
      Tensor t = Tensor.of(new double[] {1, 2}).to(type);
      Tensor view = t.narrow(0, 0, 1);
      Object[] arguments = Arrays.stream(m.getParameterTypes()).map(p -> p == Tensor.class ? (Object) Tensor.of(new double[] {3, 4}).to(type)
          : p == Number.class ? (Object) 2 : p == double.class ? (Object) 0.5 : p == boolean.class ? (Object) false : null).toArray();
      if (Arrays.asList(arguments).contains(null)) continue;
      if (m.invoke(t, arguments) != t) throw new AssertionError(m + " does not give back its tensor");
      assertTrue(t.version() > 0, m.toString());
      assertEquals(t.version(), view.version(), m + " as a view sees it");
      names.add(m.getName());
    }
    assertTrue(names.containsAll(Set.of("add_", "mul_", "copy_", "zero_")), names.toString());
  }

  /** Every input of every sample with its elements apart in memory, whether or not a sample asks for it. */
  @TestFactory
  Stream<DynamicTest> whereTheElementsLieMakesNoDifference() {
    return OpTableTest.each(op -> !op.isView() && !op.tests().samples().isEmpty(), new OpTableTest.SampleTest() {
      @Override
      public <A> void run(Op<A> op, OpTests.Sample<A> sample, int number) {
        var apart = new OpTests.Sample<>(sample.attributes(), sample.inputs().stream().map(i -> new OpTests.Input(i.shape(), i.shape() != null && i.shape().length > 0, i.values(), i.bound())).toList());
        List<NdArray> values = Operands.values(op, sample, number, false);
        Tensor[] expected = Dispatch.all(op, sample.attributes(), Operands.tensors(sample, values, DType.f64));
        Tensor[] got = Dispatch.all(op, sample.attributes(), Operands.tensors(apart, values, DType.f64));
        for (int i = 0; i < got.length; i++) OpTableTest.close(Operands.read(expected[i]), got[i], 1e-11);
      }
    });
  }
}
