// Ten steps of a tiny network: what a whole process costs from its start.
val model = sequential { linear(4, 16); relu(); linear(16, 3) }
val x = randn(16, 4)
val y = arange(16).remainder(tensor(3))
val optimizer = Adam(model.parameters(), lr = 0.01)
var last = 0.0
repeat(10) {
  step {
    val loss = crossEntropy(model(x), y)
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
    last = loss.item()
  }
}
println("tiny10 loss=%.4f".format(last))
