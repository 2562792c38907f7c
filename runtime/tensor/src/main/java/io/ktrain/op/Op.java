package io.ktrain.op;

import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.function.Consumer;

/**
 * One operation, described in one place: what it is called and does, the shapes and types it gives, its gradient, how
 * it is made of others, and how it is tested. How it is computed is the backends' business, except that the expression
 * of a pointwise operation is its kernel everywhere.
 *
 * @param <A> the attributes of a call: a record, {@code double[]} for a pointwise operation's numbers, or Void
 */
public final class Op<A> {
  /** Shapes and types of the outputs; throws the error a user sees when the inputs do not fit. */
  public interface Infer<A> {
    List<Spec> of(Call<A> call);
  }

  /**
   * The gradient of one input, in terms of operations. {@code g}: the gradient of each output, null where none came.
   */
  public interface Gradient<A> {
    Tensor of(Call<A> call, Tensor g);
  }

  /** The gradients of all inputs at once, for operations where they share their work; null where not needed or zero. */
  public interface Gradients<A> {
    Tensor[] of(Call<A> call, Tensor[] g, boolean[] needed);
  }

  /** A view: the same storage under another layout. */
  public interface View<A> {
    Layout of(Call<A> call, Spec output);
  }

  /** The operation made of others; its oracle in tests, and its meaning where a backend has no kernel. */
  public interface Decompose<A> {
    Tensor[] of(Call<A> call);
  }

  private final String name;
  private final String doc;
  final Infer<A> infer;
  final View<A> view;
  final Decompose<A> decompose;
  final Gradient<A>[] gradient;
  final Gradients<A> gradients;
  final Pointwise pointwise;
  private final List<Expr> update;
  final Autocast.Rule autocast;
  final boolean onHost;
  private final boolean internal;
  private final Consumer<OpTests<A>> tests;

  Op(OpBuilder<A> b) {
    name = b.name;
    doc = b.doc;
    infer = b.infer;
    view = b.view;
    decompose = b.decompose;
    gradient = b.gradient;
    gradients = b.gradients;
    pointwise = b.pointwise;
    update = b.update;
    autocast = b.autocast;
    onHost = b.onHost;
    internal = b.internal;
    tests = b.tests;
  }

  public String name() {
    return name;
  }

  /** First sentence what, in the manner of the documentation page made of it. */
  public String doc() {
    return doc;
  }

  /** The arithmetic of a pointwise operation, or null. */
  public Pointwise pointwise() {
    return pointwise;
  }

  /**
   * Of an operation that changes lists of tensors in place, the new element of every list but the second, else null.
   * The lists are equally long, one after another, and {@link Expr.Input} {@code k} is the element of list {@code k};
   * the second is only read.
   */
  public List<Expr> update() {
    return update;
  }

  public boolean isView() {
    return view != null;
  }

  /** In which type it computes under autocast; null: in the type of its inputs. */
  public Autocast.Rule autocast() {
    return autocast;
  }

  /** Whether the host computes it for a backend that has no kernel: an operation too rare to write one for each. */
  public boolean isServedByHost() {
    return onHost;
  }

  /** Whether it may run without a kernel of its own. */
  public boolean isComposite() {
    return decompose != null;
  }

  public boolean isDifferentiable() {
    return gradient != null || gradients != null || pointwise != null && pointwise.isDifferentiable()
        || decompose != null;
  }

  /** Whether it is a step of other operations only, with no method on Tensor. */
  public boolean isInternal() {
    return internal;
  }

  public OpTests<A> tests() {
    var t = new OpTests<A>(this);
    if (tests != null) tests.accept(t);
    return t;
  }

  /** The outputs by the operation's decomposition. */
  public Tensor[] decomposed(Call<A> call) {
    return decompose.of(call);
  }

  @Override
  public String toString() {
    return name;
  }
}
