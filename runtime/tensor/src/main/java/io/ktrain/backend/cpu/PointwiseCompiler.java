package io.ktrain.backend.cpu;

import io.ktrain.op.Expr;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.invoke.MethodHandles;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Turns an expression over f32 and bool operands into a vector kernel, a hidden class of its own, once for each
 * structure. Loaded only where the Vector module and native access are there.
 *
 * <p>There is no kernel for LOG2, LOG10, the trigonometric and hyperbolic functions but TANH, ATAN2, FLOOR_DIV,
 * REMAINDER, FMOD, POW with an exponent other than the constants 2, 3, 0.5, -1 and -0.5, and for trees too big for the
 * JIT: the caller then takes its generic path, with {@link FloatMath}. ROUND takes halves to even.
 */
final class PointwiseCompiler {
  /** HotSpot never compiles a longer method. */
  private static final int LONGEST_METHOD = 7_999;
  /** A shared subtree counts each time it is used, as it does in hashing; more than any operation has. */
  private static final int MOST_TREE_NODES = 2_000;
  private static final int MOST_RECENT = 4_096;

  private record Key(Expr expr, long columns, long bools, boolean bool) {}

  private static final class Recent {
    final Expr expr;
    final long columns;
    final long bools;
    final boolean bool;

    Recent(Expr expr, long columns, long bools, boolean bool) {
      this.expr = expr;
      this.columns = columns;
      this.bools = bools;
      this.bool = bool;
    }

    @Override
    public boolean equals(Object o) {
      return o instanceof Recent r && r.expr == expr && r.columns == columns && r.bools == bools && r.bool == bool;
    }

    @Override
    public int hashCode() {
      int forms = Long.hashCode(columns) * 31 + Long.hashCode(bools);
      return System.identityHashCode(expr) * 31 + forms * 2 + (bool ? 1 : 0);
    }
  }

  private static final PointwiseKernel NONE = (operands, strides, params, out, outStride, rows, cols) -> {
    throw new AssertionError("the mark of an unsupported expression is never run");
  };
  private static final ConcurrentHashMap<Key, PointwiseKernel> KERNELS = new ConcurrentHashMap<>();
  /**
   * Kernels by the expression object itself, to spare the tree's hash; emptied when full, since objects come and go.
   */
  private static final ConcurrentHashMap<Recent, PointwiseKernel> RECENT = new ConcurrentHashMap<>();

  private PointwiseCompiler() {}

  /**
   * Whether every part of the expression has a vector form; {@link #kernel} can still be null where the code grows too
   * long.
   */
  static boolean supports(Expr expr) {
    try {
      return !tooBig(expr) && new PointwiseProgram(expr, 0, 0, false).nodes.size() > 0;
    } catch (PointwiseProgram.Unsupported e) {
      return false;
    }
  }

  /**
   * The kernel with an f32 output, or null where there is none.
   *
   * @param columns bit i is set where operand i has one value a row rather than a row of values
   * @param bools bit i is set where operand i is not f32 but bool, a byte of 0 or 1 an element
   */
  static @Nullable PointwiseKernel kernel(Expr expr, long columns, long bools) {
    return kernel(expr, columns, bools, false);
  }

  /** The kernel whose output is a byte an element, 1 where the expression is not 0. */
  static @Nullable PointwiseKernel boolKernel(Expr expr, long columns, long bools) {
    return kernel(expr, columns, bools, true);
  }

  /**
   * The kernel that computes several values of f32 operands and stores them to the operands {@code written}, or null
   * where there is none. Its caller keeps it: each call makes another.
   */
  static @Nullable PointwiseKernel inPlace(List<Expr> values, int... written) {
    if (values.stream().anyMatch(PointwiseCompiler::tooBig)) return null;
    try {
      return load(PointwiseWriter.writeInPlace(new PointwiseProgram(values, written), written), values);
    } catch (PointwiseProgram.Unsupported e) {
      return null;
    }
  }

  private static @Nullable PointwiseKernel kernel(Expr expr, long columns, long bools, boolean bool) {
    var recent = new Recent(expr, columns, bools, bool);
    PointwiseKernel kernel = RECENT.get(recent);
    if (kernel == null) {
      kernel = tooBig(expr) ? NONE
          : KERNELS.computeIfAbsent(new Key(expr, columns, bools, bool), PointwiseCompiler::generate);
      if (RECENT.size() >= MOST_RECENT) RECENT.clear();
      RECENT.put(recent, kernel);
    }
    return kernel == NONE ? null : kernel;
  }

  private static PointwiseKernel generate(Key key) {
    PointwiseKernel kernel;
    try {
      var program = new PointwiseProgram(key.expr, key.columns, key.bools, key.bool);
      kernel = load(PointwiseWriter.write(program, key.bool), key.expr);
    } catch (PointwiseProgram.Unsupported e) {
      return NONE;
    }
    return kernel == null ? NONE : kernel;
  }

  private static @Nullable PointwiseKernel load(byte[] bytes, Object what) {
    if (bytes.length > LONGEST_METHOD && longestMethod(bytes) > LONGEST_METHOD) return null;
    try {
      return (PointwiseKernel) MethodHandles.lookup().defineHiddenClass(bytes, true).lookupClass()
          .getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("pointwise: the generated kernel of " + what + " does not load", e);
    }
  }

  private static int longestMethod(byte[] bytes) {
    ClassModel model = ClassFile.of().parse(bytes);
    return model.methods().stream().flatMap(m -> m.code().stream())
        .mapToInt(c -> ((CodeAttribute) c).codeLength()).max().orElse(0);
  }

  private static boolean tooBig(Expr expr) {
    return count(expr, 0) > MOST_TREE_NODES;
  }

  private static int count(Expr expr, int before) {
    if (before > MOST_TREE_NODES) return before;
    int n = before + 1;
    return switch (expr) {
      case Expr.Input _, Expr.Constant _, Expr.Param _ -> n;
      case Expr.Unary(_, var x) -> count(x, n);
      case Expr.Binary(_, var a, var b) -> count(b, count(a, n));
      case Expr.Fma(var a, var b, var c) -> count(c, count(b, count(a, n)));
      case Expr.Select(var c, var a, var b) -> count(b, count(a, count(c, n)));
    };
  }
}
