// Handwritten digits with a loop of one's own.      ktrain run examples/mnist-loop.ktrain.kts
val epochs by param(2)
val data   by param("data", help = "the folder of the four IDX files; else \$KTRAIN_DATA/mnist")

val model = sequential { flatten(); linear(784, 512); relu(); linear(512, 10) }.to(device)
val images = mnist(data)
val optimizer = Sgd(model.parameters(), lr = 0.1, momentum = 0.9)
val train = images.train.batches(64, shuffle = true, workers = 4)

for (epoch in 1..epochs) {
  model.train()
  for ((x, y) in train) step {   // frees this batch's temporaries
    val loss = crossEntropy(model(x.to(device)), y.to(device))
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
  }
  model.eval()
  val correct = noGrad {
    images.test.batches(1000).sumOf { (x, y) -> (model(x.to(device)).argmax(1) eqTo y.to(device)).sum().item() }
  }
  println("epoch $epoch  accuracy ${correct / images.test.size}")
}
