// Handwritten digits with a small convolutional network.      ktrain run examples/mnist.ktrain.kts --epochs 3 --lr 3e-4
val epochs     by param(10, help = "passes over the training set")
val batchSize  by param(64)
val lr         by param(1e-3, search = logUniform(1e-4, 1e-1))
val validation by param(5_000, help = "pictures of the training set to validate with")
val data       by param("data", help = "the folder of the four IDX files; else \$KTRAIN_DATA/mnist")

class LeNet(classes: Int = 10) : Module() {
  val conv1 by conv2d(1, 32, kernel = 3)
  val conv2 by conv2d(32, 64, kernel = 3)
  val head  by sequential {
    flatten()
    dropout(0.25)
    linear(out = 128)              // input size comes from the first shape seen
    relu()
    linear(128, classes)
  }

  override fun forward(x: Tensor): Tensor {
    val h = conv2(conv1(x).relu()).relu()
    return head(h.maxPool2d(2))
  }
}

val images = mnist(data, transform = normalize(0.1307, 0.3081))
val (train, valid) = images.train.split(images.train.size - validation, validation)

val model = LeNet().to(device)
val acc = accuracy()

val history = fit(
  model, epochs,
  train = train.batches(batchSize, shuffle = true, workers = 4),
  valid = valid.batches(256),
  optimizer = AdamW(model.parameters(), lr, weightDecay = 0.01),
  schedule = cosine(warmup = 0.05),
) {
  metrics(acc)
  step { (x, y) ->                 // ordinary eager code; the same step, without gradients, validates
    val logits = model(x)
    acc.update(logits, y)
    crossEntropy(logits, y)
  }
  gradClip(norm = 1.0)
  earlyStopping(on = validLoss, patience = 3)
  checkpoints("checkpoints/mnist", best = acc.valid, keep = 3)
}
println("best: ${history.best(acc.valid)}")
println("test accuracy: %.4f".format(evaluate(model, images.test.batches(256), acc)))
