package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import io.ktrain.tensor.Unique;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the op table says of an operation, except its gradient, held against what happens; made from its samples. */
@Tag("paths")
class OpTableTest {
  /** Operations that no sample can show, and where they are tested instead. The optimizers' tests show the updates. */
  static final Map<String, String> WITHOUT_SAMPLES = Map.ofEntries(
      Map.entry("sliceAssign", "an arbitrary layout; AutogradTest, views written in place"),
      Map.entry("write", "changes its input; AutogradTest, writing in place"),
      Map.entry("toDevice", "recorded by hand; DeviceTest"),
      Map.entry("full", "no inputs; CreationTest"),
      Map.entry("arange", "no inputs; CreationTest"),
      Map.entry("uniform", "no inputs; CreationTest"),
      Map.entry("normal", "no inputs; CreationTest"),
      Map.entry("poisson", "random; CreationTest"),
      Map.entry("maxPool2dGrad", "its places must come from maxPool2d, whose gradient it is"),
      Map.entry("layerNormGrad", "its statistics must come from layerNorm, whose gradient it is"),
      Map.entry("batchNormGrad", "its statistics must come from batchNorm, whose gradient it is"),
      Map.entry("groupNormGrad", "its statistics must come from groupNorm, whose gradient it is"),
      Map.entry("rmsNormGrad", "its statistics must come from rmsNorm, whose gradient it is"),
      Map.entry("recurrenceGrad", "its states must come from recurrence, whose gradient it is; RecurrentTest"),
      Map.entry("crossEntropyRowsGrad", "the gradient of crossEntropyRows"),
      Map.entry("scale", "changes its inputs; the optimizers' tests"),
      Map.entry("totalNorm", "takes any number of inputs; the optimizers' tests"));

  /** Operations whose values need no oracle of their own: gradient checks of the operation named hold them right. */
  private static final Map<String, String> GRADIENT_OF = Map.of("conv2dInputGrad", "conv2d",
      "conv2dWeightGrad", "conv2d", "avgPool2dGrad", "avgPool2d",
      "embeddingGrad", "embedding", "unslice", "slice");

  /** Methods on Tensor that make tensors out of other operations: each is one line, or tested by name elsewhere. */
  private static final Set<String> MADE_OF_OTHERS = Set.of(
      // making
      "of", "constant", "wrap", "scalar", "zeros", "ones", "full", "zerosLike", "onesLike", "arange", "eye", "rand",
          "randn", "randint", "randperm", "shapeOnly", "linspace", "logspace", "empty", "emptyLike", "fullLike", "randLike",
          "randnLike", "randintLike", "normal",
      // Kotlin's operators
      "plus", "minus", "times", "unaryMinus", "get",
      // in place
      "fill_", "zero_", "uniform_", "exponential_", "logNormal_", "random_",
      // views and copies
      "reshape", "flatten", "squeeze", "unsqueeze", "transpose", "t", "contiguous", "copy", "narrow", "select",
          "detach", "keep", "pinMemory", "getGrad", "borrowGrad", "gradients", "stack",
          "flipud", "fliplr", "tile", "swapaxes", "chunk", "tensorSplit", "unflatten", "ravel", "atleast1d", "atleast2d",
          "atleast3d", "broadcastTo", "expandAs", "viewAs", "reshapeAs", "typeAs", "trilIndices", "triuIndices",
      // arithmetic
      "argmax", "argmin", "argsort", "msort", "nanquantile", "bucketize", "uniqueConsecutive", "matmul", "dot", "vdot",
      // layers and losses
      "maxPool1dWithIndices", "maxPool2dWithIndices", "maxPool3dWithIndices", "interpolateBy",
      // Fourier transforms
      "fft2", "ifft2", "rfft2", "irfft2");

  /** What an operation of the table gives as a method. */
  private static final Set<String> RESULTS = Set.of(Tensor.class.getName(), Extreme.class.getName(),
      Unique.class.getName(), "java.util.List<" + Tensor.class.getName() + ">");

  /** Which operations to test, where someone works on a few. */
  static final String NAMED = System.getenv().getOrDefault("KTRAIN_TEST_OPS", ".*");

  private static final DType[] REALS = {DType.f32, DType.f16, DType.bf16};
  private static final DType[] WHOLES = {DType.i64, DType.i32, DType.i16, DType.i8, DType.u8, DType.bool};

  /** A test for each sample of each operation that {@code wanted} picks. */
  interface SampleTest {
    <A> void run(Op<A> op, OpTests.Sample<A> sample, int number);
  }

  static Stream<DynamicTest> each(java.util.function.Predicate<Op<?>> wanted, SampleTest test) {
    return OpTable.all().stream().filter(op -> op.name().matches(NAMED)).filter(wanted).map(op -> dynamicTest(op.name(), () -> all(op, test)));
  }

  private static <A> void all(Op<A> op, SampleTest test) {
    List<OpTests.Sample<A>> samples = op.tests().samples();
    for (int i = 0; i < samples.size(); i++) {
      try {
        test.run(op, samples.get(i), i);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("sample " + i + " " + text(samples.get(i)) + ": " + e.getMessage(), e);
      }
    }
  }

  static String text(OpTests.Sample<?> sample) {
    Object a = sample.attributes() instanceof double[] numbers ? Arrays.toString(numbers) : sample.attributes();
    return a + " " + sample.inputs().stream().map(i -> (i.strided() ? "strided" : "") + Arrays.toString(i.shape()))
        .toList();
  }

  @Test
  void everyOperationHasASampleOrAReasonNotToHaveOne() {
    // The steps of optimizers change their inputs: OptimizerTest has them.
    var without = OpTable.all().stream().filter(op -> op.tests().samples().isEmpty() && op.update() == null).map(Op::name)
        .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(new TreeSet<>(WITHOUT_SAMPLES.keySet()), without);
  }

  @Test
  void everyOperationSaysWhatItDoes() {
    for (Op<?> op : OpTable.all()) assertTrue(op.doc().endsWith("."), op.name() + ": \"" + op.doc() + "\"");
  }

  @Test
  void theTableAndTensorAgree() {
    var methods = Arrays.stream(Tensor.class.getMethods()).filter(m -> m.getDeclaringClass().isAssignableFrom(Tensor.class)
        && Modifier.isPublic(m.getModifiers()))
        .filter(OpTableTest::givesTensors).map(Method::getName).collect(Collectors.toCollection(TreeSet::new));
    var ops = OpTable.all().stream().filter(op -> !op.isInternal()).map(Op::name)
        .collect(Collectors.toCollection(TreeSet::new));
    var missing = new TreeSet<>(ops);
    missing.removeAll(methods);
    assertEquals(Set.of(), missing, "operations without a method on Tensor");
    var others = new TreeSet<>(methods);
    others.removeAll(ops);
    others.removeIf(name -> name.endsWith("_") && methods.contains(name.substring(0, name.length() - 1)));
    var unlisted = new TreeSet<>(others);
    unlisted.removeAll(MADE_OF_OTHERS);
    assertEquals(Set.of(), unlisted, "methods without an operation");
    var gone = new TreeSet<>(MADE_OF_OTHERS);
    gone.removeAll(others);
    assertEquals(Set.of(), gone, "listed, but no methods without an operation");
  }

  private static boolean givesTensors(Method m) {
    if (RESULTS.contains(m.getGenericReturnType().getTypeName().replace("@Nullable ", ""))) return true;
    Class<?> type = m.getReturnType();
    return type.isRecord() && Arrays.stream(type.getRecordComponents()).allMatch(c -> c.getType() == Tensor.class);
  }

  @TestFactory
  Stream<DynamicTest> valuesAreTheOraclesInF64() {
    return each(op -> !op.tests().samples().isEmpty(), new SampleTest() {
      @Override
      public <A> void run(Op<A> op, OpTests.Sample<A> sample, int number) {
        List<NdArray> values = Operands.values(op, sample, number, false);
        List<NdArray> expected = expected(op, sample, values);
        if (expected.isEmpty()) assertTrue(GRADIENT_OF.containsKey(op.name()) || op.isComposite(), "needs a reference");
        Tensor[] got = Dispatch.all(op, sample.attributes(), Operands.tensors(sample, values, DType.f64));
        for (int i = 0; i < expected.size(); i++) close(expected.get(i), got[i], 1e-11);
      }
    });
  }

  /** The outputs for which there are oracles. */
  private static <A> List<NdArray> expected(Op<A> op, OpTests.Sample<A> sample, List<NdArray> values) {
    if (op.pointwise() != null && op.tests().references().isEmpty())
      return List.of(PointwiseOracle.of(op.pointwise().expr(), (double[]) sample.attributes(), values));
    return op.tests().references().stream().map(oracle -> oracle.of(sample.attributes(), values)).toList();
  }

  @TestFactory
  Stream<DynamicTest> kernelsDoWhatTheDecompositionSays() {
    return each(op -> op.isComposite() && !op.tests().samples().isEmpty(), new SampleTest() {
      @Override
      public <A> void run(Op<A> op, OpTests.Sample<A> sample, int number) {
        List<NdArray> values = Operands.values(op, sample, number, false);
        for (DType dtype : new DType[] {DType.f64, DType.f32}) {
          Tensor[] in = Operands.tensors(sample, values, dtype);
          Tensor[] parts = op.decomposed(new Call<>(op, sample.attributes(), in));
          Tensor[] whole = Dispatch.all(op, sample.attributes(), in);
          assertEquals(parts.length, whole.length);
          for (int i = 0; i < whole.length; i++) {
            assertEquals(parts[i].describe(), whole[i].describe());
            close(Operands.read(parts[i]), whole[i], dtype == DType.f64 ? 1e-11 : 2e-5);
          }
        }
      }
    });
  }

  @TestFactory
  Stream<DynamicTest> smallerTypesComeCloseToF64() {
    return each(op -> !op.tests().samples().isEmpty(), new SampleTest() {
      @Override
      public <A> void run(Op<A> op, OpTests.Sample<A> sample, int number) {
        List<NdArray> values = Operands.values(op, sample, number, false);
        for (DType dtype : REALS) {
          Tensor[] in = Operands.tensors(sample, values, dtype);
          Tensor[] same = new Tensor[in.length];
          for (int i = 0; i < in.length; i++)
            same[i] = in[i] == null || !in[i].getDtype().isFloating() ? in[i] : in[i].to(DType.f64);
          Tensor[] got = Dispatch.all(op, sample.attributes(), in), expected = Dispatch.all(op, sample.attributes(),
              same);
          for (int i = 0; i < (op.tests().isFirstOutputOnly() ? 1 : got.length); i++) {
            if (!op.name().equals("to") && expected[i].getDtype() == DType.f64) assertEquals(dtype, got[i].getDtype());
            close(Operands.read(expected[i]), got[i], tolerance(dtype));
          }
        }
      }
    });
  }

  /** Of a value of size 1. Composites round after each of their parts. */
  private static double tolerance(DType dtype) {
    return switch (dtype) {
      case f32 -> 4e-6;
      case f16 -> 8e-3;
      case bf16 -> 6e-2;
      default -> 1e-11;
    };
  }

  @TestFactory
  Stream<DynamicTest> wholeNumbersAreExactOrRefused() {
    return each(op -> !op.isInternal() && !op.tests().samples().isEmpty(), new SampleTest() {
      @Override
      public <A> void run(Op<A> op, OpTests.Sample<A> sample, int number) {
        if (sample.attributes() instanceof double[] numbers) for (double v : numbers) if (v != Math.rint(v)) return;
        List<NdArray> values = Operands.values(op, sample, number, true);
        for (DType dtype : WHOLES) {
          Tensor[] in = Operands.tensors(sample, values, dtype);
          Tensor[] same = in.clone();
          for (int i = 0; i < in.length; i++)
            if (in[i] != null && Operands.type(sample.inputs().get(i), DType.f64).isFloating())
              same[i] = in[i].to(DType.f64);
          Tensor[] exact = Dispatch.all(op, sample.attributes(), same);
          // Beyond 2^53 f64 is no measure of whole numbers.
          if (Arrays.stream(exact).anyMatch(t -> Arrays.stream(t.toDoubleArray()).anyMatch(v -> Math.abs(v) > 0x1p53)))
            continue;
          Tensor[] got;
          try {
            got = Dispatch.all(op, sample.attributes(), in);
          } catch (DTypeError e) {
            assertTrue(e.getMessage().startsWith(op.name() + ": ") && e.getMessage().contains("Fix: "), e.getMessage());
            continue;
          }
          for (int i = 0; i < got.length; i++) {
            if (got[i].getDtype().isFloating()) close(Operands.read(exact[i]), got[i], tolerance(DType.f32));
            else assertEquals(Arrays.toString((op.tests().isFloored() ? exact[i].floor() : exact[i]).to(got[i].getDtype()).toLongArray()),
                Arrays.toString(got[i].toLongArray()), dtype.toString());
          }
        }
      }
    });
  }

  @TestFactory
  Stream<DynamicTest> shapesAndTypesAreKnownWithoutValues() {
    return each(op -> !op.tests().samples().isEmpty() && !op.tests().isShapedByValues(), new SampleTest() {
      @Override
      public <A> void run(Op<A> op, OpTests.Sample<A> sample, int number) {
        Tensor[] in = Operands.tensors(sample, Operands.values(op, sample, number, false), DType.f32);
        var real = new ArrayList<String>();
        for (Tensor t : Dispatch.all(op, sample.attributes(), leaves(in))) real.add(t.describe() + t.getRequiresGrad());
        var shapes = new ArrayList<String>();
        Check.run(new Check(), () -> {
          Tensor[] bare = new Tensor[in.length];
          for (int i = 0; i < in.length; i++)
            if (in[i] != null) bare[i] = Tensor.shapeOnly(in[i].getShape(), in[i].getDtype(), in[i].getDevice());
          for (Tensor t : Dispatch.all(op, sample.attributes(), leaves(bare))) {
            assertTrue(t.isShapeOnly());
            shapes.add(t.describe() + t.getRequiresGrad());
            if (!t.getRequiresGrad()) continue;
            t.backward(Tensor.shapeOnly(t.getShape(), t.getDtype(), t.getDevice()), true, false);
          }
          for (Tensor leaf : bare)
            if (leaf != null && leaf.getGrad() != null) assertEquals(leaf.describe(), leaf.getGrad().describe());
        });
        assertEquals(real, shapes);
      }
    });
  }

  static Tensor[] leaves(Tensor... in) {
    for (Tensor t : in) if (t != null && t.getDtype().isFloating()) t.setRequiresGrad(true);
    return in;
  }

  @TestFactory
  Stream<DynamicTest> failuresSayExactlyThis() {
    return OpTable.all().stream().flatMap(op -> op.tests().failures().stream().map(f -> dynamicTest(f.message(), () ->
        assertEquals(f.message(), assertThrows(KtrainException.class, () -> f.call().get()).getMessage()))));
  }

  /** Equal to within {@code tolerance} of 1 plus the value. */
  static void close(NdArray expected, Tensor got, double tolerance) {
    assertEquals(Arrays.toString(expected.shape()), Arrays.toString(got.getShape().toArray()), "shape");
    double[] a = expected.data(), b = got.toDoubleArray();
    for (int i = 0; i < a.length; i++) {
      if (Double.compare(a[i], b[i]) == 0 || Math.abs(a[i] - b[i]) <= tolerance * (1 + Math.abs(a[i]))) continue;
      if (got.getDtype() == DType.f16 && Math.abs(a[i]) > 65000 && Double.isInfinite(b[i])) continue;
      throw new AssertionError("element " + i + " of " + got.describe() + ": expected " + a[i] + ", got " + b[i]);
    }
  }

  static <T> T withoutGrad(java.util.function.Supplier<T> body) {
    return Context.current().withGrad(false, body);
  }
}
