package io.ktrain.op;

import static io.ktrain.op.OpBuilder.op;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.List;

/**
 * What optimizers do to parameters: one call for all of a group's tensors, which are changed in place and have no
 * gradient. Inputs are equally long lists one after another: parameters, gradients, then the states.
 */
public final class Updates {
  private Updates() {}

  /** {@code first}: the momentum buffers hold nothing yet. Without momentum there are no buffers. */
  public record Sgd(double lr, double momentum, double dampening, double weightDecay, boolean nesterov, boolean first) {}

  /** {@code decoupled}: weight decay as AdamW's. {@code step} counts from 1. With amsgrad a third state holds the largest second moments. */
  public record Adam(double lr, double beta1, double beta2, double eps, double weightDecay, boolean decoupled, boolean amsgrad, long step) {
    public double correction1() {
      return 1 - Math.pow(beta1, step);
    }

    public double correction2() {
      return 1 - Math.pow(beta2, step);
    }
  }

  public static final Op<Sgd> SGD = op("sgd", Sgd.class, "Gradient descent with momentum, as torch.optim.SGD.")
      .infer(c -> List.of())
      .decompose(c -> {
        Sgd s = c.attributes();
        int n = c.inputs() / (s.momentum() == 0 ? 2 : 3);
        for (int i = 0; i < n; i++) {
          Tensor p = c.in(i), g = c.in(n + i);
          if (s.weightDecay() != 0) g = g.add(p.mul(s.weightDecay()));
          if (s.momentum() != 0) {
            Tensor buffer = c.in(2 * n + i);
            buffer.copy_(s.first() ? g : buffer.mul(s.momentum()).add(g.mul(1 - s.dampening())));
            g = s.nesterov() ? g.add(buffer.mul(s.momentum())) : buffer;
          }
          p.copy_(p.sub(g.mul(s.lr())));
        }
        return new Tensor[0];
      })
      .internal().build();

  public static final Op<Adam> ADAM = op("adam", Adam.class, "Adam and AdamW, as torch.optim's.")
      .infer(c -> List.of())
      .decompose(c -> {
        Adam a = c.attributes();
        int n = c.inputs() / (a.amsgrad() ? 5 : 4);
        for (int i = 0; i < n; i++) {
          Tensor p = c.in(i), g = c.in(n + i), m = c.in(2 * n + i), v = c.in(3 * n + i);
          if (a.weightDecay() != 0 && a.decoupled()) p.copy_(p.mul(1 - a.lr() * a.weightDecay()));
          if (a.weightDecay() != 0 && !a.decoupled()) g = g.add(p.mul(a.weightDecay()));
          m.copy_(m.mul(a.beta1()).add(g.mul(1 - a.beta1())));
          v.copy_(v.mul(a.beta2()).add(g.square().mul(1 - a.beta2())));
          Tensor second = v;
          if (a.amsgrad()) {
            c.in(4 * n + i).copy_(c.in(4 * n + i).maximum(v));
            second = c.in(4 * n + i);
          }
          Tensor denominator = second.sqrt().div(Math.sqrt(a.correction2())).add(a.eps());
          p.copy_(p.sub(m.div(denominator).mul(a.lr() / a.correction1())));
        }
        return new Tensor[0];
      })
      .internal().build();

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
