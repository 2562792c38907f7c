package example;

import io.ktrain.data.Batch;
import io.ktrain.data.Data;
import io.ktrain.data.DataLoader;
import io.ktrain.nn.Linear;
import io.ktrain.nn.Module;
import io.ktrain.optim.AdamW;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.Tensor;
import io.ktrain.train.Steps;

/** The network of iris.ktrain.kts from Java alone: a module, a loop, an evaluation. */
public final class IrisMlp extends Module {
  private final Linear fc1 = register("fc1", new Linear(4, 16));
  private final Linear fc2 = register("fc2", new Linear(16, 3));

  @Override
  public Tensor forward(Tensor x) {
    return fc2.invoke(fc1.invoke(x).relu());
  }

  /** Trains for that many epochs; gives the share of the validation flowers it gets right. */
  public static double train(int epochs) {
    var parts = Data.split(Data.iris(), new int[] {120, 30}, 0);
    DataLoader<Batch> train = Data.batches(parts.get(0), 16, true);
    DataLoader<Batch> valid = Data.batches(parts.get(1), 30);
    var model = new IrisMlp();
    var optimizer = new AdamW(model.parameters(), 0.02);
    for (int epoch = 1; epoch <= epochs; epoch++) {
      for (Batch batch : train) {
        Steps.step(() -> {
          Tensor loss = model.invoke(batch.getX()).crossEntropy(batch.getY());
          optimizer.zeroGrad();
          loss.backward();
          optimizer.step();
          return null;
        });
      }
    }
    model.setTraining(false);
    double right = 0, all = 0;
    for (Batch batch : valid) {
      right += Context.current().withGrad(false, () -> model.invoke(batch.getX()).argmax(1).eq(batch.getY()).sum().item());
      all += batch.getY().size(0);
    }
    return right / all;
  }

  public static void main(String[] args) {
    Context.current().generator().seed(1);
    System.out.printf("validation accuracy %.3f%n", train(30));
  }
}
