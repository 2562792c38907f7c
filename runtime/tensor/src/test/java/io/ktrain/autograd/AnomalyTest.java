package io.ktrain.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.nn.Module;
import io.ktrain.tensor.Autograd;
import io.ktrain.tensor.AutogradError;
import io.ktrain.tensor.CustomFunction;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class AnomalyTest {
  /** The square root of its input, whose gradient at 0 is infinite. */
  private static final class Root extends Module {
    @Override
    public Tensor forward(Tensor x) {
      return x.sqrt();
    }
  }

  private static final class Net extends Module {
    final Root root = register("root", new Root());

    @Override
    public Tensor forward(Tensor x) {
      return root.invoke(x.mul(1));
    }
  }

  private static Tensor leaf(double... values) {
    Tensor t = Tensor.of(values);
    t.setRequiresGrad(true);
    return t;
  }

  private static AutogradError found(Supplier<Tensor> loss) {
    return assertThrows(AutogradError.class, () -> Autograd.detectAnomaly(() -> {
      loss.get().backward();
      return null;
    }));
  }

  @Test
  void anInfiniteGradientNamesTheOperationTheLayerAndWhereItWasCalled() {
    AutogradError e = found(() -> new Net().invoke(leaf(0, 1)).sum());
    assertTrue(e.getMessage().startsWith("backward: the gradient of sqrt in Net.root"), e.getMessage());
    assertTrue(e.getMessage().contains("by its input 0, f64[2], is infinite somewhere. Fix: "), e.getMessage());
    assertTrue(List.of(e.getCause().getStackTrace()).stream().anyMatch(f -> f.getMethodName().startsWith("lambda$anInfinite")), "the forward call's stack");
  }

  @Test
  void aGradientThatIsNotANumberIsToldApart() {
    Tensor x = leaf(0, 1);
    assertTrue(found(() -> x.sqrt().mul(0).sum()).getMessage().matches("backward: the gradient of sqrt.* by its input 0, .*, is NaN somewhere.*"));
  }

  @Test
  void anErrorInBackwardNamesTheForwardCall() {
    var f = CustomFunction.of("broken", in -> in.get(0), (g, in, out) -> List.of(g.sum()));
    String message = found(() -> f.apply(leaf(1, 2)).sum()).getMessage();
    assertTrue(message.startsWith("backward of broken") && message.contains("broken: its backward gave f64[] for input 0, which is f64[2]"), message);
  }

  @Test
  void resultsAreLookedAtIfAsked() {
    Supplier<Tensor> half = () -> Tensor.of(new double[] {-1}).log();
    Autograd.detectAnomaly(half);
    String message = assertThrows(AutogradError.class, () -> Autograd.detectAnomaly(true, half)).getMessage();
    assertTrue(message.startsWith("log") && message.contains(" gave NaN: f64[1]. Fix: "), message);
  }

  @Test
  void whatIsFiniteIsLeftAlone() {
    Tensor x = leaf(1, 2);
    Autograd.detectAnomaly(true, () -> {
      x.log().sum().backward();
      return null;
    });
    assertEquals(0.5, x.getGrad().toDoubleArray()[1]);
  }

  @Test
  void inACheckpointTheOperationInsideIsNamed() {
    assertTrue(found(() -> Autograd.checkpoint(Tensor::sqrt, leaf(0, 1)).sum()).getMessage().startsWith("backward: the gradient of sqrt"));
  }
}
