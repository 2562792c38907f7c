package io.ktrain.op;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/** How an entry of the op table is written. */
final class OpBuilder<A> {
  final String name;
  final String doc;
  Op.Infer<A> infer;
  Op.View<A> view;
  Op.Decompose<A> decompose;
  Op.Gradient<A>[] gradient;
  Op.Gradients<A> gradients;
  Pointwise pointwise;
  List<Expr> update;
  Autocast.Rule autocast;
  boolean onHost;
  boolean internal;
  Consumer<OpTests<A>> tests;

  private OpBuilder(String name, String doc) {
    this.name = name;
    this.doc = doc;
  }

  /** An operation whose calls carry attributes of type A, named by {@code attributes}. */
  static <A> OpBuilder<A> op(String name, Class<A> attributes, String doc) {
    return new OpBuilder<>(name, doc);
  }

  static OpBuilder<Void> op(String name, String doc) {
    return new OpBuilder<>(name, doc);
  }

  /** A pointwise operation: inputs broadcast, the expression is the kernel, and its derivative the gradient. */
  static OpBuilder<double[]> pointwise(String name, Types types, Expr expr, String doc) {
    var b = new OpBuilder<double[]>(name, doc);
    b.pointwise = new Pointwise(name, types, expr);
    b.infer = call -> List.of(b.pointwise.infer(call));
    return b;
  }

  /** A step of an optimizer, over lists of tensors in place: see {@link Op#update}. Numbers come with each call. */
  static OpBuilder<double[]> update(String name, String doc, Expr... outputs) {
    var b = new OpBuilder<double[]>(name, doc).internal();
    b.update = List.of(outputs);
    b.infer = call -> List.of();
    return b;
  }

  /** An operation that is nothing but others: shapes, types, gradients and kernels are its parts'. */
  static <A> OpBuilder<A> composite(String name, Class<A> attributes, String doc, Function<Call<A>, Tensor> rule) {
    return op(name, attributes, doc).composed(rule);
  }

  static OpBuilder<Void> composite(String name, String doc, Function<Call<Void>, Tensor> rule) {
    return op(name, doc).composed(rule);
  }

  OpBuilder<A> infer(Op.Infer<A> rule) {
    infer = rule;
    return this;
  }

  /** One output, shaped by a rule. */
  OpBuilder<A> gives(Function<Call<A>, Spec> rule) {
    return infer(call -> List.of(rule.apply(call)));
  }

  OpBuilder<A> view(Op.View<A> rule) {
    view = rule;
    return this;
  }

  OpBuilder<A> decompose(Op.Decompose<A> rule) {
    decompose = rule;
    return this;
  }

  /**
   * What the operation is made of. Without {@link #gives} it is nothing else: shapes, types and gradients are its
   * parts'.
   */
  OpBuilder<A> composed(Function<Call<A>, Tensor> rule) {
    return decompose(call -> new Tensor[] {rule.apply(call)});
  }

  /** Composites only: refuses a first input that is not floating, by this operation's name rather than a part's. */
  OpBuilder<A> floating() {
    return requires(DType::isFloating, "a floating dtype", "to(f32)");
  }

  /** Composites only: refuses bool, by this operation's name rather than a part's. */
  OpBuilder<A> numbers() {
    return requires(type -> type != DType.bool, "numbers", "to(i64) or to(f32)");
  }

  private OpBuilder<A> requires(Predicate<DType> allowed, String what, String fix) {
    Op.Decompose<A> parts = decompose;
    return decompose(call -> {
      Tensor x = call.in(0);
      if (!allowed.test(x.getDtype()))
        throw new DTypeError(name + ": needs " + what + ", got " + x.describe() + ". Fix: " + fix + ".");
      return parts.of(call);
    });
  }

  /** One rule an input, in order; inputs without one have no gradient. */
  @SafeVarargs
  final OpBuilder<A> grad(Op.Gradient<A>... rules) {
    gradient = rules;
    return this;
  }

  OpBuilder<A> grads(Op.Gradients<A> rule) {
    gradients = rule;
    return this;
  }

  /** Pointwise only: a better expression for the derivative by input {@code i}; see {@link Pointwise#derivative}. */
  OpBuilder<A> derivative(int i, Expr expr) {
    pointwise.derivative(i, expr);
    return this;
  }

  /** In which type it computes under autocast; without this in the type of its inputs. */
  OpBuilder<A> autocast(Autocast.Rule rule) {
    autocast = rule;
    return this;
  }

  /** A backend without a kernel for it leaves it to the host: for operations too rare to write one for each. */
  OpBuilder<A> onHost() {
    onHost = true;
    return this;
  }

  /** A step of other operations: it has no method on Tensor. */
  OpBuilder<A> internal() {
    internal = true;
    return this;
  }

  OpBuilder<A> tests(Consumer<OpTests<A>> tests) {
    this.tests = tests;
    return this;
  }

  Op<A> build() {
    if (infer == null && decompose == null)
      throw new IllegalStateException(name + ": an op needs a shape rule, or parts");
    var op = new Op<>(this);
    OpTable.add(op);
    return op;
  }

  /** What types an operation takes and gives. */
  enum Types {
    /** Any types, promoted; the result has the promoted type. */
    PROMOTE,
    /** Any types, promoted; integers and bool give f32 (or the default float). */
    FLOAT,
    /** Floating types only. */
    FLOATING,
    /** Any types, promoted for the comparison; the result is bool. */
    COMPARE,
    /** The type of the last input (a condition comes first and does not count). */
    AFTER_CONDITION,
    /** Integers and bool stay as they are; floats too. No arithmetic on bool. */
    NUMBER,
    /** Whole numbers and bool only. */
    WHOLE,
    /** Any types, promoted, computed in floating point; the result is bool. */
    TEST;

    /** The type the arithmetic is done in. */
    DType compute(DType promoted) {
      return switch (this) {
        case COMPARE -> promoted;
        case TEST -> promoted.isFloating() ? promoted : DType.f32;
        default -> result(promoted);
      };
    }

    DType result(DType promoted) {
      return switch (this) {
        case PROMOTE, FLOATING, AFTER_CONDITION, NUMBER, WHOLE -> promoted;
        case FLOAT -> promoted.isFloating() ? promoted : DType.f32;
        case COMPARE, TEST -> DType.bool;
      };
    }
  }
}
