package io.ktrain.bench;

import io.ktrain.nn.Activation;
import io.ktrain.nn.Conv2d;
import io.ktrain.nn.Flatten;
import io.ktrain.nn.Linear;
import io.ktrain.nn.MaxPool2d;
import io.ktrain.nn.Module;
import io.ktrain.nn.Sequential;
import io.ktrain.optim.Adam;
import io.ktrain.optim.AdamW;
import io.ktrain.optim.Optimizer;
import io.ktrain.optim.Sgd;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Tensor;
import io.ktrain.train.Steps;
import java.util.ArrayList;

/**
 * What a workload trains, on the current context's device.
 *
 * @param flops floating-point operations of one step's matrix products and convolutions
 */
record Training(Module model, Tensor x, Tensor y, Optimizer optimizer, double flops) {
  /** Shapes for trying the harness where kernels are slow: the figures mean nothing. */
  static final boolean SMALL = "1".equals(System.getenv("SMALL"));

  static Training of(String name) {
    return of(name, DType.f32);
  }

  /** The same model, its data and its optimizer's state in another floating-point type. */
  static Training of(String name, DType dtype) {
    return switch (name) {
      case "W1", "W9" -> {
        Module m = in(dtype, mlp(784, 512, 256, 10));
        double flops = 2.0 * 64 * (784 * 512 * 2 + (512 * 256 + 256 * 10) * 3);
        yield training(m, images(dtype, 64, 784), 10, new Sgd(m.parameters(), 0.01, 0.9), flops);
      }
      case "W2" -> {
        Module m = in(dtype, new Sequential(new Conv2d(1, 32, 3), relu(), new Conv2d(32, 64, 3), relu(),
            new MaxPool2d(2), new Flatten(), new Linear(9216, 128), relu(), new Linear(128, 10)));
        int batch = SMALL ? 2 : 64;
        double conv1 = 26 * 26 * 32 * 9.0, conv2 = 24 * 24 * 64 * 32 * 9.0, dense = 9216 * 128 + 128 * 10.0;
        double flops = 2 * batch * (conv1 * 2 + (conv2 + dense) * 3);
        yield training(m, images(dtype, batch, 1, 28, 28), 10, new Adam(m.parameters(), 1e-3), flops);
      }
      case "W4" -> {
        Module m = in(dtype, new CharLstm(96, 64, 256));
        int batch = SMALL ? 2 : 32, length = SMALL ? 8 : 64;
        double flops = 6.0 * batch * length * (4 * 256 * (64 + 256) + 256 * 96);
        yield tokens(m, 96, batch, length, new Adam(m.parameters(), 1e-3), flops);
      }
      case "W5" -> {
        int batch = SMALL ? 2 : 8, length = SMALL ? 16 : 128;
        var m = new Gpt(4, 256, 4, length, 256);
        in(dtype, m);
        yield tokens(m, 256, batch, length, new AdamW(m.parameters(), 3e-4), 6 * batch * m.multiplications(length));
      }
      case "W6" -> {
        Module m = in(dtype, mlp(4, 16, 3));
        double flops = 2.0 * 16 * (4 * 16 * 2 + 16 * 3 * 3);
        yield training(m, images(dtype, 16, 4), 3, new Adam(m.parameters(), 1e-2), flops);
      }
      case "linear4096" -> {
        int n = SMALL ? 64 : 4096;
        Module m = in(dtype, mlp(n, n, n, n, n));
        double flops = 2.0 * n * n * n * (4 * 3 - 1);
        yield training(m, images(dtype, n, n), n, new Sgd(m.parameters(), 0.01, 0.9), flops);
      }
      case "resnet50" -> {
        var m = new ResNet50(SMALL ? 4 : 64, SMALL ? new int[] {1, 1, 1, 1} : new int[] {3, 4, 6, 3}, 1000);
        int batch = SMALL ? 2 : 64, side = SMALL ? 64 : 224;
        in(dtype, m);
        double flops = 6 * batch * m.multiplications(side);
        yield training(m, images(dtype, batch, 3, side, side), 1000, new Sgd(m.parameters(), 0.01, 0.9), flops);
      }
      default -> throw new IllegalArgumentException("bench: no workload " + name
          + "; there are W1, W2, W4, W5, W6, W8, W9, linear4096 and resnet50.");
    };
  }

  private static Training training(Module model, Tensor x, int classes, Optimizer optimizer, double flops) {
    return new Training(model, x, Tensor.randint(0, classes, x.size(0)), optimizer, flops);
  }

  /** A language model: each token's target is another, as the peers have it. */
  private static Training tokens(Module model, int vocabulary, int batch, int length, Optimizer optimizer, double flops) {
    return new Training(model, Tensor.randint(0, vocabulary, batch, length), Tensor.randint(0, vocabulary, batch * length), optimizer, flops);
  }

  private static Tensor images(DType dtype, int... sizes) {
    return Tensor.randn(sizes).to(dtype);
  }

  private static Module in(DType dtype, Module model) {
    for (Tensor t : model.stateDict().values()) if (t.getDtype().isFloating()) Context.current().withGrad(false, () -> {
      t.become(t.to(dtype));
      return null;
    });
    return model;
  }

  private static Module mlp(int... sizes) {
    var layers = new ArrayList<Module>();
    for (int i = 0; i + 1 < sizes.length; i++) {
      layers.add(new Linear(sizes[i], sizes[i + 1]));
      if (i + 2 < sizes.length) layers.add(relu());
    }
    return new Sequential(layers);
  }

  static Activation relu() {
    return new Activation("ReLU", "", Tensor::relu);
  }

  /** One step on the fixed batch, without waiting for a device. */
  void step() {
    step(x, y, false);
  }

  /** One step; gives the loss before it, or NaN unless asked, since to read it is to wait for the device. */
  double step(Tensor x, Tensor y, boolean loss) {
    return Steps.step(() -> {
      optimizer.zeroGrad();
      Tensor l = model.invoke(x).crossEntropy(y);
      l.backward();
      optimizer.step();
      return loss ? l.item() : Double.NaN;
    });
  }

  /** Returns once all steps so far have run. */
  void await() {
    model.parameters().getLast().toFloatArray();
  }
}
