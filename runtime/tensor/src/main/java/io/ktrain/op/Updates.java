package io.ktrain.op;

import static io.ktrain.op.Expr.of;
import static io.ktrain.op.Expr.param;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpBuilder.update;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.List;

/**
 * What optimizers do to parameters: one call for all of a group's tensors, which are changed in place and have no
 * gradient. Inputs are equally long lists one after another: parameters, gradients, then the states.
 *
 * <p>The first two numbers of every call of an optimizer are {@code sign}, -1 to climb rather than descend, and
 * {@code l2}, the weight decay that is added to the gradient; each operation names the others in order. Products that
 * go into a sum are written as fma, so that no compiler has a choice and every backend gives the same bits. Shapes of
 * formulas are PyTorch's.
 */
public final class Updates {
  private Updates() {}

  private static final Expr P = new Expr.Input(0), G = new Expr.Input(1);
  private static final Expr FIRST = new Expr.Input(2), SECOND = new Expr.Input(3), THIRD = new Expr.Input(4);

  /** The gradient to go against. */
  private static final Expr D = P.fma(param(1), G.times(param(0)));

  /** Numbers: sign, l2, -lr. */
  public static final Op<double[]> SGD =
      update("sgd", "Gradient descent, as torch.optim.SGD.", D.fma(param(2), P)).build();

  /**
   * State: the momentum buffer. Numbers: sign, l2, -lr, what stays of the buffer (0 in the first step), what of the
   * gradient goes into it, and what of the buffer and of the gradient itself makes the step (Nesterov's takes both).
   */
  public static final Op<double[]> SGD_MOMENTUM = sgdMomentum();

  /** States: the first and the second moment. Numbers: those of {@link #adam}. */
  public static final Op<double[]> ADAM = adam("adam", "Adam and AdamW, as torch.optim's.", false);

  /** As {@link #ADAM}, with the largest second moment so far as a third state. */
  public static final Op<double[]> AMSGRAD = adam("amsgrad", "Adam and AdamW with amsgrad, as torch.optim's.", true);

  /** States: the mean square. Numbers: sign, l2, -lr, alpha, 1 - alpha, eps, momentum. */
  public static final Op<double[]> RMSPROP = rmsprop("rmsprop", false, false);

  /** As {@link #RMSPROP}, with the momentum buffer as a second state. */
  public static final Op<double[]> RMSPROP_MOMENTUM = rmsprop("rmspropMomentum", false, true);

  /** As {@link #RMSPROP}, with the mean gradient as a second state. */
  public static final Op<double[]> RMSPROP_CENTERED = rmsprop("rmspropCentered", true, false);

  /** As {@link #RMSPROP}, with the mean gradient and the momentum buffer as further states. */
  public static final Op<double[]> RMSPROP_CENTERED_MOMENTUM = rmsprop("rmspropCenteredMomentum", true, true);

  /** State: the sum of squares. Numbers: sign, l2, -lr, eps. */
  public static final Op<double[]> ADAGRAD = adagrad();

  /** States: the mean squares of gradients and of steps. Numbers: sign, l2, -lr, rho, 1 - rho, eps. */
  public static final Op<double[]> ADADELTA = adadelta();

  /**
   * States: the first moment and the decaying maximum. Numbers: sign, l2, -lr / (1 - beta1^t), 1 - beta1, beta2, eps.
   */
  public static final Op<double[]> ADAMAX = adamax();

  /**
   * States: both moments. Numbers: sign, l2, what stays of the parameter, 1 - beta1, beta2, 1 - beta2, 1 - beta2^t,
   * eps, and what of the gradient and of the first moment makes the step.
   */
  public static final Op<double[]> NADAM = nadam();

  /**
   * States: both moments. Numbers: sign, l2, what stays of the parameter, 1 - beta1, beta2, 1 - beta2, eps, then the
   * rates of the step by the second moment and of the plain one, of which one is 0.
   */
  public static final Op<double[]> RADAM = radam();

  /** State: the average of the parameter. Numbers: sign, l2, what stays of the parameter, -eta, mu. */
  public static final Op<double[]> ASGD = asgd();

  /**
   * States: the gradient before, and each element's own step. Numbers: sign, l2, the factors of a step that was too
   * long and of one that may be longer, the shortest and the longest step.
   */
  public static final Op<double[]> RPROP = rprop();

  /** Moves averages (list 0) towards values (list 1). Number: how far, from 0 to 1. */
  public static final Op<double[]> AVERAGE =
      update("average", "A running average of tensors.", G.minus(P).fma(param(0), P)).build();

  /**
   * A state below the smallest normal f32 becomes 0: without gradients it would decay into denormals, which are slow.
   */
  private static Expr flushed(Expr state) {
    return state.abs().lt(of(Float.MIN_NORMAL)).choose(of(0), state);
  }

  private static Expr towards(Expr state, Expr value, Expr by) {
    return flushed(value.minus(state).fma(by, state));
  }

  /** {@code keep} times the state and {@code take} times the square of a value. */
  private static Expr meanSquare(Expr state, Expr value, Expr keep, Expr take) {
    return flushed(value.times(take).fma(value, state.times(keep)));
  }

  private static Op<double[]> sgdMomentum() {
    Expr buffer = flushed(D.fma(param(4), FIRST.times(param(3))));
    Expr step = buffer.fma(param(5), D.times(param(6)));
    String doc = "Gradient descent with momentum, as torch.optim.SGD.";
    return update("sgdMomentum", doc, step.fma(param(2), P), buffer).build();
  }

  /**
   * Numbers: sign, l2, what stays of the parameter (AdamW's decay), 1 - beta1, beta2, 1 - beta2, sqrt(1 - beta2^t),
   * eps, -lr / (1 - beta1^t).
   */
  private static Op<double[]> adam(String name, String doc, boolean amsgrad) {
    Expr mean = towards(FIRST, D, param(3)), square = meanSquare(SECOND, D, param(4), param(5));
    Expr most = amsgrad ? THIRD.max(square) : square;
    Expr step = mean.times(param(8)).div(most.sqrt().div(param(6)).plus(param(7)));
    Expr p = P.fma(param(2), step);
    return (amsgrad ? update(name, doc, p, mean, square, most) : update(name, doc, p, mean, square)).build();
  }

  private static Op<double[]> rmsprop(String name, boolean centered, boolean momentum) {
    Expr square = meanSquare(FIRST, D, param(3), param(4)), variance = square;
    Expr mean = centered ? towards(SECOND, D, param(4)) : null;
    if (centered) variance = mean.negate().fma(mean, square);
    Expr root = variance.sqrt().plus(param(5));
    Expr buffer = momentum ? flushed((centered ? THIRD : SECOND).fma(param(6), D.div(root))) : null;
    Expr p = momentum ? buffer.fma(param(2), P) : D.times(param(2)).div(root).plus(P);
    Expr[] outputs = centered ? momentum ? new Expr[] {p, square, mean, buffer} : new Expr[] {p, square, mean}
        : momentum ? new Expr[] {p, square, buffer} : new Expr[] {p, square};
    return update(name, "Gradients by the root of their mean square, as torch.optim.RMSprop.", outputs).build();
  }

  private static Op<double[]> adagrad() {
    Expr sum = D.fma(D, FIRST);
    Expr step = D.times(param(2)).div(sum.sqrt().plus(param(3)));
    String doc = "Gradients by the root of the sum of their squares, as torch.optim.Adagrad.";
    return update("adagrad", doc, step.plus(P), sum).build();
  }

  private static Op<double[]> adadelta() {
    Expr square = meanSquare(FIRST, D, param(3), param(4));
    Expr delta = SECOND.plus(param(5)).sqrt().div(square.plus(param(5)).sqrt()).times(D);
    Expr steps = meanSquare(SECOND, delta, param(3), param(4));
    String doc = "Steps as large as those before, as torch.optim.Adadelta.";
    return update("adadelta", doc, delta.fma(param(2), P), square, steps).build();
  }

  private static Op<double[]> adamax() {
    Expr mean = towards(FIRST, D, param(3)), most = SECOND.times(param(4)).max(D.abs().plus(param(5)));
    Expr p = mean.times(param(2)).div(most).plus(P);
    return update("adamax", "Adam by the infinity norm, as torch.optim.Adamax.", p, mean, flushed(most)).build();
  }

  private static Op<double[]> nadam() {
    Expr mean = towards(FIRST, D, param(3)), square = meanSquare(SECOND, D, param(4), param(5));
    Expr root = square.div(param(6)).sqrt().plus(param(7));
    Expr step = mean.fma(param(9), D.times(param(8))).div(root);
    String doc = "Adam with Nesterov's momentum, as torch.optim.NAdam.";
    return update("nadam", doc, P.fma(param(2), step), mean, square).build();
  }

  private static Op<double[]> radam() {
    Expr mean = towards(FIRST, D, param(3)), square = meanSquare(SECOND, D, param(4), param(5));
    Expr rate = param(7).div(square.sqrt().plus(param(6))).plus(param(8));
    String doc = "Adam with a rectified rate, as torch.optim.RAdam.";
    return update("radam", doc, P.fma(param(2), mean.times(rate)), mean, square).build();
  }

  private static Op<double[]> asgd() {
    Expr p = D.fma(param(3), P.times(param(2)));
    Expr average = param(4).ge(of(1)).choose(p, p.minus(FIRST).fma(param(4), FIRST));
    return update("asgd", "Averaged gradient descent, as torch.optim.ASGD.", p, average).build();
  }

  private static Op<double[]> rprop() {
    Expr turned = D.times(FIRST), back = turned.lt(of(0));
    Expr factor = turned.gt(of(0)).choose(param(3), back.choose(param(2), of(1)));
    Expr size = SECOND.times(factor).max(param(4)).min(param(5)), direction = back.choose(of(0), D);
    Expr p = direction.sign().negate().fma(size, P);
    return update("rprop", "Steps by the gradient's sign alone, as torch.optim.Rprop.", p, direction, size).build();
  }

  public static final Op<Void> TOTAL_NORM = op("totalNorm", "The 2-norm of all elements of all inputs.")
      .gives(c -> new Spec(Shape.SCALAR, c.inputs() == 0 ? DType.f32 : c.in(0).getDtype()))
      .decompose(c -> {
        Tensor sum = Tensor.zeros(Shape.SCALAR, c.in(0).getDtype()).to(c.in(0).getDevice());
        for (int i = 0; i < c.inputs(); i++) sum = sum.add(c.in(i).square().sum());
        return new Tensor[] {sum.sqrt()};
      })
      .internal().build();

  /** The first input is the factor. */
  public static final Op<Void> SCALE = op("scale", "Multiplies all other inputs, in place, by the first.")
      .infer(c -> List.of())
      .decompose(c -> {
        for (int i = 1; i < c.inputs(); i++) c.in(i).copy_(c.in(i).mul(c.in(0)));
        return new Tensor[0];
      })
      .internal().build();
}
