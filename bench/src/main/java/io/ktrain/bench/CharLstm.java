package io.ktrain.bench;

import io.ktrain.nn.Embedding;
import io.ktrain.nn.LSTM;
import io.ktrain.nn.Linear;
import io.ktrain.nn.Module;
import io.ktrain.nn.RecurrentOptions;
import io.ktrain.tensor.Tensor;

/** A language model of characters: i64 [batch, length] to logits [batch * length, vocabulary]. */
final class CharLstm extends Module {
  private final Embedding embedding;
  private final LSTM lstm;
  private final Linear out;

  CharLstm(int vocabulary, int width, int hidden) {
    embedding = register("emb", new Embedding(vocabulary, width));
    lstm = register("rnn", new LSTM(new RecurrentOptions(width, hidden, 1, true, true, 0, false)));
    out = register("out", new Linear(hidden, vocabulary));
  }

  @Override
  public Tensor forward(Tensor x) {
    return out.invoke(lstm.invoke(embedding.invoke(x))).flatten(0, 1);
  }
}
