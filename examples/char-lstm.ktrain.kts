// An LSTM that writes Shakespeare, character by character.      ktrain run examples/char-lstm.ktrain.kts --layers 2
val steps       by param(2_000, help = "training steps")
val batchSize   by param(32, help = "stretches of text in a step")
val length      by param(64, help = "characters of a stretch")
val layers      by param(1)
val width       by param(64, help = "numbers that stand for a character")
val hidden      by param(256)
val dropout     by param(0.0, help = "between layers")
val lr          by param(3e-3, search = logUniform(1e-4, 1e-2))
val evaluations by param(10, help = "how often it is measured on the validation text")
val temperature by param(0.8, help = "of the characters it writes: lower is surer of itself")
val characters  by param(500, help = "how many it writes at the end")
val data        by param("data", help = "the folder of tinyshakespeare.txt; else \$KTRAIN_DATA/text")

class CharLstm(vocabulary: Int, width: Int, hidden: Int, layers: Int, dropout: Double) : Module() {
  val symbols by embedding(vocabulary, width)
  val rnn     by lstm(width, hidden, layers, dropout = dropout, batchFirst = true)
  val head    by linear(hidden, vocabulary)

  override fun forward(x: Tensor) = head(rnn(symbols(x)))   // i64 [batch, length] to logits [batch, length, vocabulary]

  operator fun invoke(x: Tensor, state: LstmState?): Pair<Tensor, LstmState> {
    val (output, next) = rnn(symbols(x), state)
    return head(output) to next
  }
}

val text = tinyShakespeare(data)
val vocabulary = Characters(text)
val tokens = vocabulary.encode(text)
val cut = tokens.size(0) / 10 * 9
val train = windows(tokens[0..<cut], length)
val valid = windows(tokens[cut..<tokens.size(0)], length, stride = length)   // each character once

val model = CharLstm(vocabulary.size, width, hidden, layers, dropout).to(device)

val random = RandomSampler(train.size, steps / evaluations * batchSize, replacement = true)
val history = fit(
  model, evaluations,
  train = train.batches(batchSize, sampler = random),
  valid = valid.batches(64),
  optimizer = Adam(model.parameters(), lr),
  schedule = cosine(warmup = 0.05),
) {
  step { (x, y) -> crossEntropy(model(x).flatten(0, 1), y.flatten()) }
  gradClip(norm = 1.0)
}
println("validation loss %.4f nats per character".format(history.epochs.last()[Monitor.validLoss]))

model.eval()
val written = ArrayList<Long>().apply { add(vocabulary.encode("\n").itemLong()) }
var state: LstmState? = null
repeat(characters) {
  state = step {
    noGrad {
      val (logits, next) = model(Tensor.of(longArrayOf(written.last()), 1, 1).to(device), state)
      val noise = -(-rand(vocabulary.size).log()).log()    // Gumbel's: the largest sum with it is a draw by softmax
      written += (logits[0, -1] / temperature + noise.to(device)).argmax().itemLong()
      next
    }
  }
}
println(vocabulary.decode(written.drop(1)))
