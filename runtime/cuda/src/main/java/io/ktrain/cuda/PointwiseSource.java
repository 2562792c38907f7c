package io.ktrain.cuda;

import io.ktrain.op.Expr;
import io.ktrain.tensor.DType;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A pointwise expression as a kernel in CUDA C: {@code pointwise(n, out, inputs..., numbers...)}. The numbers of a call
 * and constant operands are parameters, so that {@code x * 2} and {@code x * 3} are one kernel.
 */
final class PointwiseSource {
  /**
   * How an operand is read: element by element beside the output, one element for all of a row (or of the output), or not
   * at all (a number).
   */
  enum Kind { DENSE, SINGLE, NUMBER }

  private final StringBuilder steps = new StringBuilder();
  private final Map<Expr, String> known = new HashMap<>();
  private final DType compute;
  private boolean faulty;

  private PointwiseSource(DType compute) {
    this.compute = compute;
  }

  /** Whether whole numbers may have no result, so that the kernel takes where to say so as well. */
  static boolean isFaulty(Expr e, DType compute) {
    if (compute.isFloating()) return false;
    return switch (e) {
      case Expr.Input i -> false;
      case Expr.Constant c -> false;
      case Expr.Param p -> false;
      case Expr.Unary u -> isFaulty(u.x(), compute);
      case Expr.Binary b -> divides(b.fn()) || isFaulty(b.a(), compute) || isFaulty(b.b(), compute);
      case Expr.Fma f -> isFaulty(f.a(), compute) || isFaulty(f.b(), compute) || isFaulty(f.c(), compute);
      case Expr.Select s -> isFaulty(s.condition(), compute) || isFaulty(s.yes(), compute) || isFaulty(s.no(), compute);
    };
  }

  private static boolean divides(Expr.Fn2 fn) {
    return switch (fn) {
      case FLOOR_DIV, TRUNC_DIV, REMAINDER, FMOD, POW -> true;
      default -> false;
    };
  }

  /**
   * For operands whose types are known when the kernel is compiled and that a thread reads several elements of at once.
   *
   * @param types of the output and the inputs
   * @param width elements that a thread reads at once; the operands must be aligned to as many
   * @param walks whether operands lie in rows of whole packs, with a {@code Walk} over packs (of a single element over
   *     rows), or else in one run as the output does
   */
  static Kernels packed(Expr expr, DType compute, int params, DType[] types, Kind[] kinds, int width, boolean walks) {
    var s = new PointwiseSource(compute);
    var text = s.function(expr, kinds.length, params);
    String out = c(types[0]);
    var signature = new StringBuilder("i64 n, ").append(walks ? "Walk walk, " : "").append(out).append("* out");
    var before = new StringBuilder();
    var inside = new StringBuilder();
    var each = new StringBuilder();
    var one = new StringBuilder();
    int operands = 1;
    for (int i = 0; i < kinds.length; i++) {
      String type = c(types[i + 1]), x = "x" + i, pack = pack(type, width), comma = i == 0 ? "" : ", ";
      String place = walks && kinds[i] != Kind.NUMBER ? "at[" + operands++ + "]" : "p";
      switch (kinds[i]) {
        case NUMBER -> {
          signature.append(", C ").append(x);
          each.append(comma).append(x);
          one.append(comma).append(x);
        }
        case SINGLE -> {
          signature.append(", const ").append(type).append("* ").append(x);
          (walks ? inside.append("  ") : before).append("  const C s").append(i).append(" = (C)widen(").append(x)
              .append("[").append(walks ? place : "0").append("]);\n");
          each.append(comma).append("s").append(i);
          one.append(comma).append("s").append(i);
        }
        case DENSE -> {
          signature.append(", const ").append(type).append("* ").append(x);
          inside.append("    const ").append(pack).append(" a").append(i).append(" = ((const ").append(pack).append("*)")
              .append(x).append(")[").append(place).append("];\n");
          each.append(comma).append("(C)widen(a").append(i).append(".v[k])");
          one.append(comma).append("(C)widen(").append(x).append("[i])");
        }
      }
    }
    String numbers = s.numbers(signature, params), pack = pack(out, width);
    text.append("KERNEL(pointwise, ").append(signature).append(") {\n").append(s.faults()).append(before)
        .append("  EACH(p, n / ").append(width).append(") {\n");
    if (walks)
      text.append("    i64 at[").append(operands).append("];\n    walk.at<").append(operands).append(">(p, at);\n");
    text.append(inside).append("    ").append(pack).append(" r;\n    for (int k = 0; k < ").append(width)
        .append("; k++) r.v[k] = narrow<").append(out).append(">(f(").append(s.first()).append(each).append(numbers)
        .append("));\n    ((").append(pack).append("*)out)[").append(walks ? "at[0]" : "p").append("] = r;\n  }\n");
    if (!walks && width > 1)
      text.append("  EACH(j, n % ").append(width).append(") {\n    const i64 i = n - 1 - j;\n    out[i] = narrow<").append(out)
          .append(">(f(").append(s.first()).append(one).append(numbers).append("));\n  }\n");
    return named(text.append("}\n").toString());
  }

  private static String pack(String type, int width) {
    return "Pack<" + type + ", " + width + ">";
  }

  /** For operands of any types and strides: each a pointer and its type, and a {@code Walk} over all of them. */
  static Kernels strided(Expr expr, DType compute, int params, boolean[] numbers) {
    var s = new PointwiseSource(compute);
    var text = s.function(expr, numbers.length, params);
    var signature = new StringBuilder("i64 n, Walk walk, void* out, i32 type");
    var values = new StringBuilder();
    int operands = 1;
    for (int i = 0; i < numbers.length; i++) {
      values.append(i == 0 ? "" : ", ");
      if (numbers[i]) {
        signature.append(", C x").append(i);
        values.append("x").append(i);
      } else {
        signature.append(", const void* x").append(i).append(", i32 type").append(i);
        values.append("load<C>(x").append(i).append(", type").append(i).append(", at[").append(operands++).append("])");
      }
    }
    String more = s.numbers(signature, params);
    text.append("KERNEL(pointwise, ").append(signature).append(") {\n").append(s.faults()).append("  EACH(i, n) {\n    i64 at[")
        .append(operands).append("];\n    walk.at<").append(operands).append(">(i, at);\n    store(out, type, at[0], f(").append(s.first()).append(values).append(more)
        .append("));\n  }\n}\n");
    return named(text.toString());
  }

  /** {@code #include}, the type C of the arithmetic, and f: the expression as a function of elements and numbers. */
  private StringBuilder function(Expr expr, int inputs, int params) {
    faulty = isFaulty(expr, compute);
    String result = value(expr);
    var text = new StringBuilder("#include \"math.cuh\"\n\ntypedef ").append(c(compute.isFloating() && compute != DType.f64 ? DType.f32 : compute == DType.f64 ? compute : DType.i64))
        .append(" C;\n\n__device__ __forceinline__ C f(").append(faulty ? "Faulty faulty, " : "");
    for (int i = 0; i < inputs; i++) text.append(i == 0 ? "" : ", ").append("C x").append(i);
    for (int i = 0; i < params; i++) text.append(inputs + i == 0 ? "" : ", ").append("C p").append(i);
    return text.append(") {\n").append(steps).append("  return ").append(result).append(";\n}\n\n");
  }

  /** Adds the call's numbers to a signature; gives them as arguments of f. */
  private String numbers(StringBuilder signature, int params) {
    var arguments = new StringBuilder();
    for (int i = 0; i < params; i++) {
      signature.append(", C p").append(i);
      arguments.append(", p").append(i);
    }
    if (faulty) signature.append(", i64* faults, i64 call");
    return arguments.toString();
  }

  private String faults() {
    return faulty ? "  const Faulty faulty = {faults, call};\n" : "";
  }

  private String first() {
    return faulty ? "faulty, " : "";
  }

  /**
   * For one step over lists of tensors in place, which come as a struct {@code Tensors}: a block does one chunk of one
   * tensor. All values are computed before the first is stored.
   *
   * @param values of the lists but the second, which is only read
   * @param types of each list's elements
   */
  static Kernels update(List<Expr> values, DType compute, int params, DType[] types) {
    var s = new PointwiseSource(compute);
    var results = new StringBuilder();
    for (int i = 0; i < values.size(); i++) results.append("  const C r").append(i).append(" = ").append(s.value(values.get(i))).append(";\n");
    int widest = 0;
    for (DType t : types) widest = Math.max(widest, t.bytes());
    int width = 16 / widest;
    var signature = new StringBuilder("Tensors t");
    String numbers = s.numbers(signature, params);
    var step = new StringBuilder();
    var at = new StringBuilder();
    var together = new StringBuilder();
    var loads = new StringBuilder();
    var stores = new StringBuilder();
    var each = new StringBuilder();
    var one = new StringBuilder();
    for (int k = 0; k < types.length; k++) {
      String type = c(types[k]), pack = pack(type, width), comma = k == 0 ? "" : ", ";
      step.append(comma).append(k == 1 ? "C x" : "C& x").append(k);
      at.append("  ").append(type).append("* const a").append(k).append(" = (").append(type).append("*)t.at[").append(k)
          .append("][r.tensor] + r.from;\n");
      together.append(k == 0 ? "" : " | ").append("(u64)a").append(k);
      loads.append("    ").append(pack).append(" b").append(k).append(" = *(const ").append(pack).append("*)(a").append(k).append(" + i);\n");
      if (k != 1) stores.append("    *(").append(pack).append("*)(a").append(k).append(" + i) = b").append(k).append(";\n");
      each.append("      C x").append(k).append(" = (C)widen(b").append(k).append(".v[w]);\n");
      one.append("    C x").append(k).append(" = (C)widen(a").append(k).append("[i]);\n");
    }
    String call = "f(" + String.join(", ", IntStream.range(0, types.length).mapToObj(k -> "x" + k).toList()) + numbers + ");\n";
    each.append("      ").append(call);
    one.append("    ").append(call);
    var text = new StringBuilder("#include \"math.cuh\"\n#include \"tensors.cuh\"\n\ntypedef ").append(c(compute))
        .append(" C;\n\n__device__ __forceinline__ void f(").append(step);
    for (int i = 0; i < params; i++) text.append(", C p").append(i);
    text.append(") {\n").append(s.steps).append(results);
    for (int i = 0; i < values.size(); i++) {
      int k = i == 0 ? 0 : i + 1;
      String value = narrowed(types[k], "x" + k);
      text.append("  x").append(k).append(" = r").append(i).append(";\n");
      each.append("      b").append(k).append(".v[w] = ").append(value).append(";\n");
      one.append("    a").append(k).append("[i] = ").append(value).append(";\n");
    }
    return named(text.append("}\n\nKERNEL(update, ").append(signature).append(") {\n  const Range r(t);\n").append(at)
        .append("  const i64 packed = ((").append(together).append(") & 15) == 0 ? r.n / ").append(width).append(" * ").append(width)
        .append(" : 0;\n  for (i64 i = (i64)threadIdx.x * ").append(width).append("; i < packed; i += (i64)blockDim.x * ").append(width)
        .append(") {\n").append(loads).append("    for (int w = 0; w < ").append(width).append("; w++) {\n").append(each)
        .append("    }\n").append(stores).append("  }\n  for (i64 i = packed + threadIdx.x; i < r.n; i += blockDim.x) {\n")
        .append(one).append("  }\n}\n").toString());
  }

  private static String narrowed(DType type, String value) {
    return "narrow<" + c(type) + ">(" + value + ")";
  }

  /** The name of what holds the expression's value, each distinct one computed once. */
  private String value(Expr e) {
    String name = known.get(e);
    if (name != null) return name;
    String text = switch (e) {
      case Expr.Input i -> "x" + i.index();
      case Expr.Param p -> "p" + p.index();
      case Expr.Constant c -> constant(c.value());
      case Expr.Unary u -> "f_" + u.fn() + "(" + value(u.x()) + ")";
      case Expr.Binary b -> "f_" + b.fn() + "(" + (faulty && divides(b.fn()) ? "faulty, " : "") + value(b.a()) + ", " + value(b.b()) + ")";
      case Expr.Fma f -> "f_FMA(" + value(f.a()) + ", " + value(f.b()) + ", " + value(f.c()) + ")";
      case Expr.Select s -> "f_SELECT(" + value(s.condition()) + ", " + value(s.yes()) + ", " + value(s.no()) + ")";
    };
    if (e instanceof Expr.Input || e instanceof Expr.Param) return text;
    name = "v" + known.size();
    known.put(e, name);
    steps.append("  const C ").append(name).append(" = ").append(text).append(";\n");
    return name;
  }

  private String constant(double value) {
    if (!compute.isFloating()) return (long) value + "LL";
    if (Double.isInfinite(value) || Double.isNaN(value)) return value != value ? "(C)(0.0 * (1e308 * 10))" : value > 0 ? "(C)(1e308 * 10)" : "(C)(-1e308 * 10)";
    return compute == DType.f64 ? Double.toString(value) : Float.toString((float) value) + "f";
  }

  /** The element type in CUDA C. */
  static String c(DType type) {
    return switch (type) {
      case f64 -> "double";
      case f32 -> "float";
      case f16 -> "half16";
      case bf16 -> "bfloat";
      case bool -> "boolean";
      default -> type.name();
    };
  }

  private static Kernels named(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return new Kernels("pointwise-" + HexFormat.of().formatHex(digest, 0, 10), text);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
