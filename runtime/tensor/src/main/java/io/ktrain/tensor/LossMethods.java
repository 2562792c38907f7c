package io.ktrain.tensor;

import io.ktrain.op.CtcLoss;
import io.ktrain.op.Dispatch;
import io.ktrain.op.ElementLosses;
import io.ktrain.op.Losses;
import io.ktrain.op.MarginLosses;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/** Losses: how far predictions (this) are from targets. The names and defaults are torch.nn.functional's. */
public sealed interface LossMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  default Tensor crossEntropy(Tensor target) { return crossEntropy(target, CrossEntropyOptions.DEFAULT); }
  /** Of logits [n, classes, ...] with labels [n, ...], or with probabilities of the logits' shape. */
  default Tensor crossEntropy(Tensor target, CrossEntropyOptions options) {
    return Losses.crossEntropy(self(), target, options);
  }
  default Tensor nllLoss(Tensor target) { return nllLoss(target, null, -100, Reduction.MEAN); }
  /** Of log probabilities [n, classes, ...] with labels [n, ...]. */
  default Tensor nllLoss(Tensor target, @Nullable Tensor weight, long ignoreIndex, Reduction reduction) {
    return Dispatch.call(Losses.NLL_LOSS, new Losses.Classes(0, ignoreIndex, reduction), self(), target, weight);
  }

  default Tensor mseLoss(Tensor target) { return mseLoss(target, Reduction.MEAN); }
  default Tensor mseLoss(Tensor target, Reduction reduction) {
    return Dispatch.call(ElementLosses.MSE_LOSS, reduction, self(), target);
  }
  default Tensor l1Loss(Tensor target) { return l1Loss(target, Reduction.MEAN); }
  default Tensor l1Loss(Tensor target, Reduction reduction) {
    return Dispatch.call(ElementLosses.L1_LOSS, reduction, self(), target);
  }
  default Tensor smoothL1Loss(Tensor target) { return smoothL1Loss(target, 1, Reduction.MEAN); }
  default Tensor smoothL1Loss(Tensor target, double beta, Reduction reduction) {
    return Dispatch.call(ElementLosses.SMOOTH_L1_LOSS, new ElementLosses.Robust(beta, reduction), self(), target);
  }
  default Tensor huberLoss(Tensor target) { return huberLoss(target, 1, Reduction.MEAN); }
  default Tensor huberLoss(Tensor target, double delta, Reduction reduction) {
    return Dispatch.call(ElementLosses.HUBER_LOSS, new ElementLosses.Robust(delta, reduction), self(), target);
  }

  default Tensor bceLoss(Tensor target) { return bceLoss(target, null, Reduction.MEAN); }
  /** Binary cross entropy of probabilities; its logarithms are -100 at least. */
  default Tensor bceLoss(Tensor target, @Nullable Tensor weight, Reduction reduction) {
    return Dispatch.call(ElementLosses.BCE_LOSS, reduction, self(), target, weight);
  }
  default Tensor bceWithLogits(Tensor target) { return bceWithLogits(target, null, null, Reduction.MEAN); }
  default Tensor bceWithLogits(Tensor target, @Nullable Tensor posWeight, Reduction reduction) {
    return bceWithLogits(target, null, posWeight, reduction);
  }
  /** Binary cross entropy of sigmoid(this); posWeight multiplies what the positive ones count. */
  default Tensor bceWithLogits(Tensor target, @Nullable Tensor weight, @Nullable Tensor posWeight, Reduction reduction) {
    return Dispatch.call(ElementLosses.BCE_WITH_LOGITS, reduction, self(), target, weight, posWeight);
  }
  default Tensor klDiv(Tensor target) { return klDiv(target, false, Reduction.MEAN); }
  /** Of log probabilities from a distribution, or from its logarithm; BATCHMEAN is the divergence proper. */
  default Tensor klDiv(Tensor target, boolean logTarget, Reduction reduction) {
    return Dispatch.call(ElementLosses.KL_DIV, new ElementLosses.Divergence(logTarget, reduction), self(), target);
  }
  default Tensor gaussianNllLoss(Tensor target, Tensor variance) {
    return gaussianNllLoss(target, variance, false, 1e-6, Reduction.MEAN);
  }
  /** Of means; full: with the constant term. */
  default Tensor gaussianNllLoss(Tensor target, Tensor variance, boolean full, double eps, Reduction reduction) {
    return Dispatch.call(
        ElementLosses.GAUSSIAN_NLL_LOSS, new ElementLosses.Gaussian(full, eps, reduction), self(), target, variance);
  }
  default Tensor poissonNllLoss(Tensor target) { return poissonNllLoss(target, true, false, 1e-8, Reduction.MEAN); }
  /** Of rates, or of their logarithms (logInput); full: with Stirling's approximation of the rest. */
  default Tensor poissonNllLoss(Tensor target, boolean logInput, boolean full, double eps, Reduction reduction) {
    return Dispatch.call(
        ElementLosses.POISSON_NLL_LOSS, new ElementLosses.Poisson(logInput, full, eps, reduction), self(), target);
  }
  default Tensor softMarginLoss(Tensor target) { return softMarginLoss(target, Reduction.MEAN); }
  default Tensor softMarginLoss(Tensor target, Reduction reduction) {
    return Dispatch.call(ElementLosses.SOFT_MARGIN_LOSS, reduction, self(), target);
  }
  default Tensor multilabelSoftMarginLoss(Tensor target) {
    return multilabelSoftMarginLoss(target, null, Reduction.MEAN);
  }
  default Tensor multilabelSoftMarginLoss(Tensor target, @Nullable Tensor weight, Reduction reduction) {
    return Dispatch.call(ElementLosses.MULTILABEL_SOFT_MARGIN_LOSS, reduction, self(), target, weight);
  }

  default Tensor hingeEmbeddingLoss(Tensor target) { return hingeEmbeddingLoss(target, 1, Reduction.MEAN); }
  /** Of distances; the target is 1 for what belongs together, else -1. */
  default Tensor hingeEmbeddingLoss(Tensor target, double margin, Reduction reduction) {
    return Dispatch.call(
        MarginLosses.HINGE_EMBEDDING_LOSS, new MarginLosses.Margin(margin, reduction), self(), target);
  }
  default Tensor cosineEmbeddingLoss(Tensor other, Tensor target) {
    return cosineEmbeddingLoss(other, target, 0, Reduction.MEAN);
  }
  /** Of rows [n, width]; the target [n] is 1 for what belongs together, else -1. */
  default Tensor cosineEmbeddingLoss(Tensor other, Tensor target, double margin, Reduction reduction) {
    return Dispatch.call(
        MarginLosses.COSINE_EMBEDDING_LOSS, new MarginLosses.Margin(margin, reduction), self(), other, target);
  }
  default Tensor marginRankingLoss(Tensor other, Tensor target) {
    return marginRankingLoss(other, target, 0, Reduction.MEAN);
  }
  /** The target is 1 where this should be larger than other, -1 where smaller. */
  default Tensor marginRankingLoss(Tensor other, Tensor target, double margin, Reduction reduction) {
    return Dispatch.call(
        MarginLosses.MARGIN_RANKING_LOSS, new MarginLosses.Margin(margin, reduction), self(), other, target);
  }
  default Tensor tripletMarginLoss(Tensor positive, Tensor negative) {
    return tripletMarginLoss(positive, negative, 1, 2, 1e-6, false, Reduction.MEAN);
  }
  /** This is the anchor; swap: the negative's distance to the positive counts where it is smaller. */
  default Tensor tripletMarginLoss(
      Tensor positive, Tensor negative, double margin, double p, double eps, boolean swap, Reduction reduction) {
    return Dispatch.call(MarginLosses.TRIPLET_MARGIN_LOSS, new MarginLosses.Triplet(margin, p, eps, swap, reduction),
        self(), positive, negative);
  }
  /** tripletMarginLoss by another distance than a norm. */
  default Tensor tripletMarginWithDistanceLoss(Tensor positive, Tensor negative, BinaryOperator<Tensor> distance,
      double margin, boolean swap, Reduction reduction) {
    return Dispatch.call(MarginLosses.TRIPLET_MARGIN_WITH_DISTANCE_LOSS,
        new MarginLosses.TripletBy(distance, margin, swap, reduction), self(), positive, negative);
  }
  default Tensor multiMarginLoss(Tensor target) { return multiMarginLoss(target, 1, 1, null, Reduction.MEAN); }
  /** Of scores [n, classes] with labels [n]; p is 1 or 2. */
  default Tensor multiMarginLoss(Tensor target, int p, double margin, @Nullable Tensor weight, Reduction reduction) {
    return Dispatch.call(
        MarginLosses.MULTI_MARGIN_LOSS, new MarginLosses.MultiMargin(p, margin, reduction), self(), target, weight);
  }
  default Tensor multilabelMarginLoss(Tensor target) { return multilabelMarginLoss(target, Reduction.MEAN); }
  /** Of scores [n, classes] with each row's labels [n, classes], ended by -1. */
  default Tensor multilabelMarginLoss(Tensor target, Reduction reduction) {
    return Dispatch.call(MarginLosses.MULTILABEL_MARGIN_LOSS, reduction, self(), target);
  }

  default Tensor ctcLoss(Tensor targets, Tensor inputLengths, Tensor targetLengths) {
    return ctcLoss(targets, inputLengths, targetLengths, 0, Reduction.MEAN, false);
  }
  /**
   * Connectionist temporal classification (Graves et al. 2006) of log probabilities [steps, n, classes] with labels
   * [n, longest] or joined in one vector; zeroInfinity: labels that do not fit into the steps count 0. MEAN divides
   * each by its number of labels first.
   */
  default Tensor ctcLoss(Tensor targets, Tensor inputLengths, Tensor targetLengths, int blank, Reduction reduction,
      boolean zeroInfinity) {
    return CtcLoss.ctcLoss(self(), targets, inputLengths, targetLengths, blank, reduction, zeroInfinity);
  }
}
