package example;

import io.ktrain.data.Batch;
import io.ktrain.data.Data;
import io.ktrain.data.DataLoader;
import io.ktrain.nn.Linear;
import io.ktrain.nn.Module;
import io.ktrain.optim.AdamW;
import io.ktrain.optim.Moment;
import io.ktrain.optim.Schedule;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.Tensor;
import io.ktrain.train.Predictor;
import io.ktrain.train.Saving;
import io.ktrain.train.Steps;
import java.nio.file.Path;
import java.util.function.Function;

/** The network of iris.ktrain.kts from Java alone: a module, a loop, an evaluation. */
public final class IrisMlp extends Module {
  private final Linear fc1 = register("fc1", new Linear(4, 16));
  private final Linear fc2 = register("fc2", new Linear(16, 3));

  @Override
  public Tensor forward(Tensor x) {
    return fc2.invoke(fc1.invoke(x).relu());
  }

  /** Trains for that many epochs, saves the model, and gives the share of the validation flowers it gets right. */
  public static double train(int epochs, Path file) {
    var parts = Data.split(Data.iris(), new int[] {120, 30}, 0);
    DataLoader<Batch> train = Data.batches(parts.get(0), 16, true);
    DataLoader<Batch> valid = Data.batches(parts.get(1), 30);
    var model = new IrisMlp();
    var optimizer = new AdamW(model.parameters(), 0.02);
    var schedule = Schedule.cosine(0.05, 0);
    int step = 0;
    for (int epoch = 0; epoch < epochs; epoch++) {
      for (Batch batch : train) {
        schedule.apply(optimizer, new Moment(step++, epochs * train.getSize(), epoch, epochs));
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
      Tensor logits = Context.current().withGrad(false, () -> model.invoke(batch.getX()));
      right += logits.argmax(1).eq(batch.getY()).sum().item();
      all += batch.getY().size(0);
    }
    Saving.save(model, file);
    return right / all;
  }

  /** The species of one flower, by a saved model; any number of threads could share the predictor. */
  public static String species(Path file, float... lengths) {
    Function<Tensor, String> name = logits -> Data.getIrisSpecies().get((int) logits.argmax(0).itemLong());
    try (Predictor<float[], String> predictor = Predictor.load(file, new IrisMlp(), Tensor::of, name)) {
      return predictor.predict(lengths);
    }
  }

  public static void main(String[] args) {
    var file = Path.of("checkpoints", "iris-java.safetensors");
    Context.current().generator().seed(1);
    System.out.printf("validation accuracy %.3f%n", train(30, file));
    System.out.println("5.1 3.5 1.4 0.2 cm: " + species(file, 5.1f, 3.5f, 1.4f, 0.2f));
  }
}
