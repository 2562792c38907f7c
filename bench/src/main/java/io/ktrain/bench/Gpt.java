package io.ktrain.bench;

import io.ktrain.nn.Embedding;
import io.ktrain.nn.LayerNorm;
import io.ktrain.nn.Linear;
import io.ktrain.nn.Module;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** A small GPT (Radford et al. 2019): i64 [batch, length] to logits [batch * length, vocabulary]. */
final class Gpt extends Module {
  private final int width;
  private final Embedding tokens;
  private final Embedding places;
  private final List<Block> blocks = new ArrayList<>();
  private final LayerNorm norm;
  private final Linear head;

  Gpt(int layers, int width, int heads, int context, int vocabulary) {
    this.width = width;
    tokens = register("tok", new Embedding(vocabulary, width));
    places = register("pos", new Embedding(context, width));
    for (int i = 0; i < layers; i++) blocks.add(register("b" + i, new Block(width, heads)));
    norm = register("ln", new LayerNorm(width));
    head = register("head", new Linear(width, vocabulary, false));
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor h = tokens.invoke(x).add(places.invoke(Tensor.arange(x.size(1)).to(x.getDevice())));
    for (Block b : blocks) h = b.invoke(h);
    return head.invoke(norm.invoke(h)).flatten(0, 1);
  }

  /** Multiply-adds of the products of one sequence. */
  double multiplications(int length) {
    double layer = 12.0 * width * width * length + (double) width * length * length; // causal: half of the scores
    return blocks.size() * layer + (double) width * head.getWeight().size(0) * length;
  }

  private static final class Block extends Module {
    private final int heads;
    private final LayerNorm norm1;
    private final Linear qkv;
    private final Linear projection;
    private final LayerNorm norm2;
    private final Linear up;
    private final Linear down;

    Block(int width, int heads) {
      this.heads = heads;
      norm1 = register("ln1", new LayerNorm(width));
      qkv = register("qkv", new Linear(width, 3 * width));
      projection = register("proj", new Linear(width, width));
      norm2 = register("ln2", new LayerNorm(width));
      up = register("up", new Linear(width, 4 * width));
      down = register("down", new Linear(4 * width, width));
    }

    @Override
    public Tensor forward(Tensor x) {
      int batch = x.size(0), length = x.size(1), width = x.size(2);
      Tensor all = qkv.invoke(norm1.invoke(x));
      Tensor[] parts = new Tensor[3];
      for (int i = 0; i < 3; i++) parts[i] = all.narrow(2, i * width, width)
          .reshape(batch, length, heads, width / heads).transpose(1, 2);
      Tensor y = parts[0].scaledDotProductAttention(parts[1], parts[2], null, 0, true, null);
      x = x.add(projection.invoke(y.transpose(1, 2).reshape(batch, length, width)));
      return x.add(down.invoke(up.invoke(norm2.invoke(x)).gelu()));
    }
  }
}
