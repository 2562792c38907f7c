// A network that has learnt one thing learns another: with its first layers kept as they are, and with all of them
// trained on.      ktrain run examples/transfer-learning.ktrain.kts
//
// With your own pictures and torchvision's weights the same three lines are
//     val backbone = vgg16(Path("vgg16.pth")).freeze()
//     backbone.classifier[6] = Linear(4096, classes)
//     AdamW(backbone.parameters(), lr)
val epochs  by param(4, help = "passes over the pictures of each task")
val lr      by param(5e-3)
val samples by param(160, help = "pictures of the task learnt first; the second has a quarter of them")
val folder  by param(Path("checkpoints/transfer-learning"))

// Bright stripes on noise, 16 by 16: first which of four rows they are in, then which of four columns or rows.
val nothing = { Example(zeros(1, 16, 16), 0) }   // what a sample looks like, for `ktrain check`
fun stripes(count: Int, kinds: Int, seed: Long) = dataset(List(count) { it }, sample = nothing) { i ->
  val label = i % kinds
  val noise = java.util.Random(seed + i)
  val pixels = FloatArray(256) { at ->
    val place = if (label < 4) at / 16 / 4 else at % 16 / 4
    (if (place == label % 4) 0.6f else 0f) + 0.4f * noise.nextFloat()
  }
  Example(Tensor.of(pixels, 1, 16, 16), label)
}

class Stripes(classes: Int) : Module() {
  val features by sequential {
    conv2d(1, 8, kernel = 3, padding = 1); batchNorm2d(8); relu(); maxPool2d(2)
    conv2d(8, 16, kernel = 3, padding = 1); batchNorm2d(16); relu(); maxPool2d(2)
  }
  var head: Module by linear(16 * 4 * 4, classes)
  override fun forward(x: Tensor) = head(features(x).flatten(1))
}

fun train(model: Stripes, task: Dataset<Example>): Double {
  val (train, valid) = task.split(task.size - task.size / 4, task.size / 4, seed = 1)
  val acc = accuracy()
  // An optimizer leaves frozen parameters alone, whatever it is given.
  val history = fit(
    model, epochs, train.batches(16, shuffle = true), valid.batches(64), AdamW(model.parameters(), lr),
  ) {
    metrics(acc)
    step { (x, y) ->
      val logits = model(x)
      acc.update(logits, y)
      crossEntropy(logits, y)
    }
  }
  return history.epochs.last()[acc.valid]
}

val first = Stripes(4).to(device)
println("rows alone: %.3f".format(train(first, stripes(samples, 4, seed = 0))))
first.save(folder.resolve("rows.safetensors"))

/** The network that was saved, with another head; what is frozen is its features. */
fun pretrained(frozen: Boolean) = Stripes(4).also {
  it.load(folder.resolve("rows.safetensors"))
  it.head = Linear(16 * 4 * 4, 8)
  if (frozen) it.features.freeze()
}.to(device)

val second = stripes(samples / 4 * 2, 8, seed = 1_000)
for ((how, model) in listOf("frozen" to pretrained(frozen = true), "unfrozen" to pretrained(frozen = false))) {
  val before = model.features.parameters().map { it.toFloatArray().toList() }
  val accuracy = train(model, second)
  val kept = model.features.parameters().map { it.toFloatArray().toList() } == before
  val trained = model.parameters().filter { it.requiresGrad }.sumOf { it.numel() }
  val result = "%.3f with %,d parameters trained; features as before: %s".format(accuracy, trained, kept)
  println("rows and columns, $how: $result")
}
