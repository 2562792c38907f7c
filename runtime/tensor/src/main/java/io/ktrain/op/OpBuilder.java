package io.ktrain.op;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.function.Consumer;

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

  OpBuilder<A> infer(Op.Infer<A> rule) {
    infer = rule;
    return this;
  }

  /** One output, shaped by a rule. */
  OpBuilder<A> gives(java.util.function.Function<Call<A>, Spec> rule) {
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

  /** What the operation is made of. Without {@link #gives} it is nothing else: shapes, types and gradients are its parts'. */
  OpBuilder<A> composed(java.util.function.Function<Call<A>, Tensor> rule) {
    return decompose(call -> new Tensor[] {rule.apply(call)});
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
    if (infer == null && decompose == null) throw new IllegalStateException(name + ": an op needs a shape rule, or parts");
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
    NUMBER;

    DType result(DType promoted) {
      return switch (this) {
        case PROMOTE, FLOATING, AFTER_CONDITION, NUMBER -> promoted;
        case FLOAT -> promoted.isFloating() ? promoted : DType.f32;
        case COMPARE -> DType.bool;
      };
    }
  }
}
