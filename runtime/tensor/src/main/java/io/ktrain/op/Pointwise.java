package io.ktrain.op;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;

/**
 * What makes an operation pointwise: its expression, the types it takes, and its derivatives as operations of the same
 * kind.
 */
public final class Pointwise {
  /**
   * The derivative by one input, times the upstream gradient: an operation, and which of (g, inputs..., output) it
   * takes.
   */
  record Derived(Op<double[]> op, int[] operands) {}

  private final String name;
  private final OpBuilder.Types types;
  private final Expr expr;
  private final Map<Integer, Expr> given = new HashMap<>();
  private Derived[] derived;

  Pointwise(String name, OpBuilder.Types types, Expr expr) {
    this.name = name;
    this.types = types;
    this.expr = expr;
  }

  public Expr expr() {
    return expr;
  }

  /** Whether the arithmetic is in floating point whatever the inputs are. */
  boolean isFloatingOnly() {
    return types == OpBuilder.Types.FLOATING || types.compute(DType.i32).isFloating();
  }

  boolean isDifferentiable() {
    return types != OpBuilder.Types.COMPARE && types != OpBuilder.Types.TEST && types != OpBuilder.Types.WHOLE;
  }

  /**
   * Sets the derivative by input {@code i}, already multiplied by the upstream gradient: Input 0 is that, 1... the
   * inputs, then the output.
   */
  void derivative(int i, Expr e) {
    given.put(i, e);
  }

  Spec infer(Call<double[]> call) {
    Shape shape = broadcast(name, call);
    DType promoted = promoted(call);
    if (types == OpBuilder.Types.FLOATING && !promoted.isFloating())
      throw new DTypeError(name + ": needs a floating dtype, got " + call.in(0).describe() + ". Fix: to(f32).");
    if (types == OpBuilder.Types.NUMBER && promoted == DType.bool)
      throw new DTypeError(name + ": needs numbers, got " + call.in(0).describe() + ". Fix: to(i64) or to(f32).");
    if (types == OpBuilder.Types.WHOLE && promoted.isFloating())
      throw new DTypeError(name + ": needs whole numbers or bool, got " + operands(call) + ". Fix: to(i64).");
    return new Spec(shape, types.result(promoted));
  }

  /** The type the arithmetic is done in. */
  public DType compute(Call<double[]> call) {
    return types.compute(promoted(call));
  }

  private DType promoted(Call<double[]> call) {
    return Promotion.of(call, types == OpBuilder.Types.AFTER_CONDITION ? 1 : 0);
  }

  /**
   * Where the result should lie: as the first input of its shape does, so that channels-last stays so; null for
   * row-major.
   */
  public Layout layout(Call<double[]> call, Spec result) {
    for (int i = 0; i < call.inputs(); i++) {
      Tensor t = call.in(i);
      if (t.isConstant() || !t.getShape().equals(result.shape())) continue;
      if (t.isContiguous()) return null;
      if (t.layout().isDense(t.getShape())) return Layout.permuted(t.getShape(), t.layout().order());
    }
    return null;
  }

  static Shape broadcast(String name, Call<?> call) {
    Shape first = call.in(0).getShape();
    boolean same = true;
    for (int i = 1; i < call.inputs() && same; i++)
      same = call.in(i).isConstant() || call.in(i).getShape().equals(first);
    if (same && (!call.in(0).isConstant() || call.inputs() == 1)) return first;
    int ndim = 0;
    for (int i = 0; i < call.inputs(); i++) ndim = Math.max(ndim, call.in(i).getNdim());
    int[] out = new int[ndim];
    java.util.Arrays.fill(out, 1);
    for (int i = 0; i < call.inputs(); i++) {
      Shape s = call.in(i).getShape();
      for (int d = 1; d <= s.ndim(); d++) {
        int n = s.get(-d), have = out[ndim - d];
        if (n == have || n == 1) continue;
        if (have != 1) throw mismatch(name, call, d, have, n);
        out[ndim - d] = n;
      }
    }
    return Shape.of(out);
  }

  private static ShapeError mismatch(String name, Call<?> call, int d, int a, int b) {
    return new ShapeError(name + ": cannot broadcast " + operands(call) + ": sizes " + a + " and " + b + " in dim -" + d
        + ". Fix: sizes must be equal or 1; reshape or unsqueeze one side.");
  }

  private static String operands(Call<?> call) {
    var all = new StringBuilder(call.in(0).describe());
    for (int i = 1; i < call.inputs(); i++)
      all.append(i == call.inputs() - 1 ? " with " : ", ").append(call.in(i).describe());
    return all.toString();
  }

  /** The gradient by input {@code i}, not yet summed over broadcast dims; null where it is zero everywhere. */
  Tensor gradient(Call<double[]> call, int i, Tensor g) {
    Derived d = derivative(i, call.inputs());
    if (d == null) return null;
    if (d.op == null) return g;
    Tensor[] operands = new Tensor[d.operands.length];
    for (int k = 0; k < operands.length; k++) {
      int o = d.operands[k];
      operands[k] = o == 0 ? g : o <= call.inputs() ? call.in(o - 1) : call.out(0);
    }
    return Dispatch.call(d.op, call.attributes(), operands);
  }

  private synchronized Derived derivative(int i, int inputs) {
    if (derived == null) {
      derived = new Derived[inputs];
      for (int k = 0; k < inputs; k++) derived[k] = derive(k, inputs);
    }
    return derived[i];
  }

  private Derived derive(int i, int inputs) {
    Expr e = given.containsKey(i) ? given.get(i)
        : Derivative.times(new Expr.Input(0), Derivative.by(Derivative.rename(expr, k -> k + 1), i + 1));
    if (e instanceof Expr.Constant c && c.value() == 0) return null;
    if (e instanceof Expr.Input(int index) && index == 0) return new Derived(null, null);
    int[] operands = Derivative.inputs(e).stream().mapToInt(Integer::intValue).toArray();
    int[] place = new int[inputs + 2];
    for (int k = 0; k < operands.length; k++) place[operands[k]] = k;
    Expr compact = Derivative.rename(e, k -> place[k]);
    var b = OpBuilder.pointwise(name + "Grad" + i, OpBuilder.Types.PROMOTE, compact, "The derivative of " + name + ".")
        .internal();
    return new Derived(new Op<>(b), operands);
  }
}
