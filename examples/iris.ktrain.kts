// A first network: which of three irises is it, by four lengths?      ktrain run examples/iris.ktrain.kts
val epochs by param(30, help = "passes over the training set")
val lr by param(0.02, search = logUniform(1e-3, 1e-1))
val out by param(Path("checkpoints/iris.safetensors"), help = "where the model goes")

val (train, valid) = iris().split(120, 30)
val model = sequential { linear(4, 16); relu(); linear(16, 3) }.to(device)
val acc = accuracy()

val history = fit(
  model, epochs,
  train = train.batches(16, shuffle = true),
  valid = valid.batches(30),
  optimizer = AdamW(model.parameters(), lr),
  schedule = cosine(warmup = 0.05),
) {
  metrics(acc)
  step { (x, y) ->
    val logits = model(x)
    acc.update(logits, y)
    crossEntropy(logits, y)
  }
}
model.save(out)
val last = history.epochs.last()[acc.valid]
println("validation accuracy %.3f, best in epoch %d".format(last, history.best(acc.valid).number))
println("the model is in $out")
