package io.ktrain.bench;

import io.ktrain.data.Batch;
import io.ktrain.data.Data;
import io.ktrain.data.DataLoader;
import io.ktrain.data.Dataset;
import io.ktrain.data.Example;
import io.ktrain.data.Images;
import io.ktrain.nn.Conv2d;
import io.ktrain.nn.Dropout;
import io.ktrain.nn.Flatten;
import io.ktrain.nn.Linear;
import io.ktrain.nn.MaxPool2d;
import io.ktrain.nn.Sequential;
import io.ktrain.optim.AdamW;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Devices;
import io.ktrain.tensor.Tensor;
import io.ktrain.train.Steps;
import java.util.Locale;

/**
 * Trains the network of examples/mnist.ktrain.kts, without the Kotlin compiler, and requires its test accuracy:
 * {@code Mnist [--device cuda] [--epochs 2]}. Reads $KTRAIN_DATA/mnist.
 */
public final class Mnist {
  private static final double LIMIT = 0.985;

  private Mnist() {}

  public static void main(String[] args) {
    var a = new Arguments(args).only("--device", "--epochs");
    Device device = Devices.named(a.text("--device", "cuda"));
    Context.current().setDevice(device);
    Context.current().generator().seed(1);
    Images images = Data.mnist("data", Data.normalize(0.1307, 0.3081));
    var model = new Sequential(new Conv2d(1, 32, 3), Training.relu(), new Conv2d(32, 64, 3), Training.relu(),
        new MaxPool2d(2), new Flatten(), new Dropout(0.25), new Linear(9216, 128), Training.relu(),
        new Linear(128, 10));
    var optimizer = new AdamW(model.parameters(), 1e-3);
    DataLoader<Batch> train = batches(images.getTrain(), Training.SMALL ? 4 : 64, true);
    long limit = Training.SMALL ? 5 : Long.MAX_VALUE, start = System.nanoTime(), samples = 0;
    for (int epoch = 1; epoch <= a.count("--epochs", 2); epoch++) {
      long done = 0;
      for (Batch batch : train) {
        if (done++ == limit) break;
        samples += batch.getX().size(0);
        Steps.step(() -> {
          Tensor loss = model.invoke(batch.getX().to(device)).crossEntropy(batch.getY().to(device));
          optimizer.zeroGrad();
          loss.backward();
          optimizer.step();
          return null;
        });
      }
    }
    model.parameters().getLast().toFloatArray(); // waits for the device
    double seconds = (System.nanoTime() - start) / 1e9;
    model.setTraining(false);
    double right = 0, all = 0;
    for (Batch batch : batches(images.getTest(), Training.SMALL ? 4 : 500, false)) {
      if (Training.SMALL && all >= 20) break;
      Tensor logits = Context.current().withGrad(false, () -> model.invoke(batch.getX().to(device)));
      right += logits.argmax(1).eq(batch.getY().to(device)).sum().item();
      all += batch.getY().size(0);
    }
    System.out.printf(Locale.ROOT, "%.0f of %.0f right, trained on %d pictures in %.1f s%n", right, all, samples,
        seconds);
    Report.figure("mnist.train", samples / seconds, "samples/s");
    double needed = Training.SMALL ? 0 : LIMIT;
    String accuracy = String.format(Locale.ROOT, "%.4f", right / all);
    Report.check("mnist.accuracy", accuracy, ">= " + needed, right / all >= needed);
  }

  private static DataLoader<Batch> batches(Dataset<Example> examples, int size, boolean shuffle) {
    return Data.batches(examples, size, shuffle, 4, null, false, null, null, true);
  }
}
