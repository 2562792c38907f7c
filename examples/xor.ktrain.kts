// The smallest thing a network can learn that a line cannot.      ktrain run examples/xor.ktrain.kts
val steps by param(400)

val x = tensor(listOf(listOf(0.0, 0.0), listOf(0.0, 1.0), listOf(1.0, 0.0), listOf(1.0, 1.0)))
val y = tensor(listOf(listOf(0.0), listOf(1.0), listOf(1.0), listOf(0.0)))

val model = sequential { linear(2, 8); tanh(); linear(8, 1) }
val optimizer = Adam(model.parameters(), lr = 0.05)

for (i in 1..steps) {
  val loss = step {
    val loss = bceWithLogits(model(x), y)
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
    loss
  }
  if (i % 100 == 0) println("step $i  loss %.4f".format(loss.item()))
}
println(noGrad { sigmoid(model(x)) })
