package io.ktrain.tensor;

import io.ktrain.op.Elementwise;
import io.ktrain.op.Reductions;

/** Sums, extremes, statistics, scans and sorting along dims. */
public sealed interface ReductionMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  default Tensor sum() { return Reductions.reduce(Reductions.SUM, self(), null, false); }
  default Tensor sum(int dim) { return sum(dim, false); }
  default Tensor sum(int dim, boolean keepDim) {
    return Reductions.reduce(Reductions.SUM, self(), new int[] {dim}, keepDim);
  }
  default Tensor sum(int[] dims, boolean keepDim) { return Reductions.reduce(Reductions.SUM, self(), dims, keepDim); }
  default Tensor mean() { return Reductions.reduce(Reductions.MEAN, self(), null, false); }
  default Tensor mean(int dim) { return mean(dim, false); }
  default Tensor mean(int dim, boolean keepDim) {
    return Reductions.reduce(Reductions.MEAN, self(), new int[] {dim}, keepDim);
  }
  default Tensor mean(int[] dims, boolean keepDim) { return Reductions.reduce(Reductions.MEAN, self(), dims, keepDim); }
  default Tensor prod() { return Reductions.reduce(Reductions.PROD, self(), null, false); }
  default Tensor prod(int dim, boolean keepDim) {
    return Reductions.reduce(Reductions.PROD, self(), new int[] {dim}, keepDim);
  }
  default Tensor amax() { return Reductions.reduce(Reductions.AMAX, self(), null, false); }
  default Tensor amin() { return Reductions.reduce(Reductions.AMIN, self(), null, false); }
  /** The largest along dims; ties share the gradient. */
  default Tensor amax(int dim, boolean keepDim) {
    return Reductions.reduce(Reductions.AMAX, self(), new int[] {dim}, keepDim);
  }
  default Tensor amin(int dim, boolean keepDim) {
    return Reductions.reduce(Reductions.AMIN, self(), new int[] {dim}, keepDim);
  }
  default Tensor max() { return amax(); }
  default Tensor min() { return amin(); }
  /** The largest along a dim and where it stands; a tie's first place takes the gradient. */
  default Extreme max(int dim) { return max(dim, false); }
  default Extreme max(int dim, boolean keepDim) { return Reductions.extreme(Reductions.MAX, self(), dim, keepDim); }
  default Extreme min(int dim) { return min(dim, false); }
  default Extreme min(int dim, boolean keepDim) { return Reductions.extreme(Reductions.MIN, self(), dim, keepDim); }
  /** The place of the largest, i64; a tie's first. */
  default Tensor argmax(int dim) { return argmax(dim, false); }
  default Tensor argmax(int dim, boolean keepDim) { return max(dim, keepDim).indices(); }
  default Tensor argmax() { return self().flatten().argmax(0); }
  default Tensor argmin(int dim) { return min(dim, false).indices(); }
  default Tensor any() { return Reductions.any(self()); }
  default Tensor all() { return Reductions.all(self()); }
  /** Divided by n - 1 (unbiased). */
  default Tensor var() { return Reductions.variance(self(), null, true, false); }
  default Tensor var(int dim, boolean unbiased, boolean keepDim) {
    return Reductions.variance(self(), new int[] {dim}, unbiased, keepDim);
  }
  default Tensor std() { return var().sqrt(); }
  default Tensor std(int dim, boolean unbiased, boolean keepDim) { return var(dim, unbiased, keepDim).sqrt(); }
  /** The 2-norm of all elements. */
  default Tensor norm() { return self().square().sum().sqrt(); }
  default Tensor norm(int dim, boolean keepDim) { return Reductions.norm(self(), dim, keepDim); }
  /** This divided by its 2-norm along dim, or by eps where that is smaller. */
  default Tensor normalize(int dim, double eps) {
    return self().div(Elementwise.clamp(norm(dim, true), eps, Double.POSITIVE_INFINITY));
  }
  default Tensor logsumexp(int dim, boolean keepDim) { return Reductions.logsumexp(self(), dim, keepDim); }
  default Tensor cumsum(int dim) { return Reductions.cumulative(Reductions.CUMSUM, self(), dim); }
  default Tensor cumprod(int dim) { return Reductions.cumulative(Reductions.CUMPROD, self(), dim); }
  /** Sorted along a dim, ties in their order. */
  default Extreme sort(int dim, boolean descending) { return Reductions.sort(self(), dim, descending); }
  /** The k largest along a dim, largest first. */
  default Extreme topk(int k, int dim) { return Reductions.topk(self(), k, dim); }
}
