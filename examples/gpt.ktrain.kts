// A small GPT that writes Shakespeare, character by character.      ktrain run examples/gpt.ktrain.kts --steps 5000
val steps       by param(3_000, help = "training steps")
val batchSize   by param(32, help = "stretches of text in a step")
val context     by param(64, help = "how many characters it looks back at")
val layers      by param(4)
val heads       by param(4)
val width       by param(128)
val dropout     by param(0.0)
val lr          by param(1e-3, search = logUniform(1e-4, 1e-2))
val evaluations by param(10, help = "how often it is measured on the validation text")
val temperature by param(0.8, help = "of the characters it writes: lower is surer of itself")
val characters  by param(500, help = "how many it writes at the end")
val data        by param("data", help = "the folder of tinyshakespeare.txt; else \$KTRAIN_DATA/text")

class CausalAttention(width: Int, private val heads: Int) : Module() {
  val qkv  by linear(width, 3 * width)
  val proj by linear(width, width)

  override fun forward(x: Tensor): Tensor {
    val split = qkv(x).reshape(x.size(0), x.size(1), 3, heads, -1).permute(2, 0, 3, 1, 4)
    val y = scaledDotProductAttention(split[0], split[1], split[2], isCausal = true)   // [batch, heads, length, size]
    return proj(y.transpose(1, 2).flatten(2))
  }
}

class Block(width: Int, heads: Int, dropout: Double) : Module() {
  val norm1     by layerNorm(width)
  val attention by CausalAttention(width, heads)
  val norm2     by layerNorm(width)
  val mlp       by sequential { linear(width, 4 * width); gelu(); linear(4 * width, width) }
  val drop      by dropout(dropout)

  override fun forward(x: Tensor): Tensor {
    val h = x + drop(attention(norm1(x)))
    return h + drop(mlp(norm2(h)))
  }
}

class Gpt(vocabulary: Int, context: Int, layers: Int, width: Int, heads: Int, dropout: Double) : Module() {
  val token    by embedding(vocabulary, width)
  val position by embedding(context, width)
  val blocks   by sequential { repeat(layers) { +Block(width, heads, dropout) } }
  val norm     by layerNorm(width)
  val head     by linear(width, vocabulary, bias = false)

  override fun forward(x: Tensor): Tensor {              // i64 [batch, length] to logits [batch, length, vocabulary]
    val h = token(x) + position(arange(x.size(1)).to(x.device))
    return head(norm(blocks(h)))
  }
}

val text = tinyShakespeare(data)
val vocabulary = Characters(text)
val tokens = vocabulary.encode(text)
val cut = tokens.size(0) / 10 * 9
val train = windows(tokens[0..<cut], context)
val valid = windows(tokens[cut..<tokens.size(0)], context, stride = context)   // each character once

val model = Gpt(vocabulary.size, context, layers, width, heads, dropout).to(device)
model.apply { m ->
  if (m is Linear) init.normal(m.weight, std = 0.02)
  if (m is Embedding) init.normal(m.weight, std = 0.02)
}

val random = RandomSampler(train.size, steps / evaluations * batchSize, replacement = true)
val history = fit(
  model, evaluations,
  train = train.batches(batchSize, sampler = random),
  valid = valid.batches(64),
  optimizer = AdamW(model.parameters(), lr, weightDecay = 0.1, betas = 0.9 to 0.99),
  schedule = cosine(warmup = 0.05),
) {
  step { (x, y) -> crossEntropy(model(x).flatten(0, 1), y.flatten()) }
  gradClip(norm = 1.0)
}
println("validation loss %.4f nats per character".format(history.epochs.last()[Monitor.validLoss]))

model.eval()
val written = ArrayList<Long>().apply { add(vocabulary.encode("\n").itemLong()) }
repeat(characters) {
  written += step {
    noGrad {
      val x = Tensor.of(written.takeLast(context).toLongArray()).unsqueeze(0).to(device)
      val logits = model(x)[0, -1] / temperature
      val noise = -(-rand(vocabulary.size).log()).log()    // Gumbel's: the largest sum with it is a draw by softmax
      (logits + noise.to(device)).argmax().itemLong()
    }
  }
}
println(vocabulary.decode(written.drop(1)))
