package io.ktrain.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ktrain.tensor.BagMode;
import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Losses and embeddings as modules: what they print, keep and compute is what the operations say. */
class LossModulesTest {
  private static void same(Tensor expected, Tensor got) {
    assertArrayEquals(expected.toFloatArray(), got.toFloatArray());
  }

  @Test
  void modulesComputeWhatTheirOperationsDo() {
    Tensor x = Tensor.randn(4, 3), y = Tensor.randn(4, 3), p = x.sigmoid(), q = y.sigmoid(), labels = Tensor.of(new long[] {0, 2, 1, 1});
    Tensor signs = Tensor.of(new long[] {1, -1, 1, -1}), w = Tensor.of(new float[] {1, 2, 3});
    Reduction sum = Reduction.SUM;
    same(x.l1Loss(y, sum), new L1Loss(sum).invoke(x, y));
    same(x.mseLoss(y), new MSELoss().invoke(x, y));
    same(x.smoothL1Loss(y, 0.5, sum), new SmoothL1Loss(0.5, sum).invoke(x, y));
    same(x.huberLoss(y, 0.5, sum), new HuberLoss(0.5, sum).invoke(x, y));
    same(x.crossEntropy(labels, new io.ktrain.tensor.CrossEntropyOptions(w, 0.1, 1, sum)), new CrossEntropyLoss(w, 1, 0.1, sum).invoke(x, labels));
    same(x.nllLoss(labels, w, 1, sum), new NLLLoss(w, 1, sum).invoke(x, labels));
    same(p.bceLoss(q, w, sum), new BCELoss(w, sum).invoke(p, q));
    same(x.bceWithLogits(q, w, w.mul(2), sum), new BCEWithLogitsLoss(w, w.mul(2), sum).invoke(x, q));
    same(x.klDiv(y, true, sum), new KLDivLoss(true, sum).invoke(x, y));
    same(x.hingeEmbeddingLoss(signs.unsqueeze(1).expand(4, 3), 0.3, sum), new HingeEmbeddingLoss(0.3, sum).invoke(x, signs.unsqueeze(1).expand(4, 3)));
    same(x.cosineEmbeddingLoss(y, signs, 0.3, sum), new CosineEmbeddingLoss(0.3, sum).invoke(x, y, signs));
    same(x.marginRankingLoss(y, signs.unsqueeze(1), 0.3, sum), new MarginRankingLoss(0.3, sum).invoke(x, y, signs.unsqueeze(1)));
    same(x.tripletMarginLoss(y, p, 2, 1, 1e-3, true, sum), new TripletMarginLoss(2, 1, 1e-3, true, sum).invoke(x, y, p));
    same(x.tripletMarginLoss(y, p), new TripletMarginWithDistanceLoss().invoke(x, y, p));
    same(x.multiMarginLoss(labels, 2, 0.5, w, sum), new MultiMarginLoss(2, 0.5, w, sum).invoke(x, labels));
    Tensor several = Tensor.of(new long[] {0, -1, 0, 1, 2, -1, 2, 1, 0, -1, 0, 0}, 4, 3);
    same(x.multilabelMarginLoss(several, sum), new MultiLabelMarginLoss(sum).invoke(x, several));
    same(x.multilabelSoftMarginLoss(q, w, sum), new MultiLabelSoftMarginLoss(w, sum).invoke(x, q));
    same(x.softMarginLoss(signs.unsqueeze(1).expand(4, 3), sum), new SoftMarginLoss(sum).invoke(x, signs.unsqueeze(1).expand(4, 3)));
    same(x.gaussianNllLoss(y, q, true, 0.1, sum), new GaussianNLLLoss(true, 0.1, sum).invoke(x, y, q));
    same(p.poissonNllLoss(q, false, true, 0.1, sum), new PoissonNLLLoss(false, true, 0.1, sum).invoke(p, q));
    Tensor steps = Tensor.randn(5, 2, 3).logSoftmax(2), said = Tensor.of(new long[] {1, 2, 2, 1}, 2, 2), lengths = Tensor.of(new long[] {5, 5}), two = Tensor.of(new long[] {2, 2});
    same(steps.ctcLoss(said, lengths, two, 0, sum, true), new CTCLoss(0, true, sum).invoke(steps, said, lengths, two));
    same(x.pairwiseDistance(y, 1, 1e-3, true), new PairwiseDistance(1, 1e-3, true).invoke(x, y));
    same(x.cosineSimilarity(y, 0, 1e-3), new CosineSimilarity(0, 1e-3).invoke(x, y));
  }

  @Test
  void modulesPrintAndKeepWhatPytorchsDo() {
    assertEquals("BCEWithLogitsLoss()", new BCEWithLogitsLoss(null, Tensor.ones(2), Reduction.MEAN).toString());
    assertEquals(List.of("pos_weight"), List.copyOf(new BCEWithLogitsLoss(null, Tensor.ones(2), Reduction.MEAN).stateDict().keySet()));
    assertEquals(List.of(), List.copyOf(new CrossEntropyLoss().stateDict().keySet()));
    assertEquals("TripletMarginWithDistanceLoss(\n  (distance_function): PairwiseDistance()\n)", new TripletMarginWithDistanceLoss().toString());
    assertEquals("EmbeddingBag(5, 3, mode=max, padding_idx=1)", new EmbeddingBag(5, 3, BagMode.MAX, 1).toString());
    assertEquals("Bilinear(in1_features=2, in2_features=3, out_features=4, bias=True)", new Bilinear(2, 3, 4).toString());
  }

  @Test
  void bagsOfAnyLengthAreJoined() {
    Tensor table = Tensor.arange(10).to(io.ktrain.tensor.DType.f32).reshape(5, 2), indices = Tensor.of(new long[] {1, 4, 2, 2, 3}), begin = Tensor.of(new long[] {0, 2, 2});
    EmbeddingBag largest = EmbeddingBag.fromPretrained(table, true, BagMode.MAX, -1), sums = EmbeddingBag.fromPretrained(table, false, BagMode.SUM, -1);
    assertArrayEquals(new float[] {8, 9, 0, 0, 6, 7}, largest.invoke(indices, begin).toFloatArray());
    assertArrayEquals(new float[] {18, 21, 0, 0, 58, 70}, sums.invoke(indices, begin, Tensor.of(new float[] {1, 2, 3, 4, 5})).toFloatArray());
    EmbeddingBag means = EmbeddingBag.fromPretrained(table, true, BagMode.MEAN, 2);
    assertArrayEquals(new float[] {5, 6, 6, 7, 0, 0}, means.invoke(indices, Tensor.of(new long[] {0, 2, 5})).toFloatArray());
    assertEquals(List.of(false, true), List.of(largest.getWeight().getRequiresGrad(), sums.getWeight().getRequiresGrad()));
    Tensor none = Tensor.zeros(io.ktrain.tensor.Shape.of(0), io.ktrain.tensor.DType.i64);
    assertArrayEquals(new float[] {0, 0}, largest.invoke(none, Tensor.of(new long[] {0})).toFloatArray());
    Embedding frozen = Embedding.fromPretrained(table);
    assertArrayEquals(new float[] {4, 5}, frozen.invoke(Tensor.of(new long[] {2})).toFloatArray());
    assertEquals(false, frozen.getWeight().getRequiresGrad());
  }
}
