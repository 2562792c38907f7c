package io.ktrain.tensor;

import io.ktrain.op.Counting;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Orders;
import io.ktrain.op.Reductions;
import io.ktrain.op.Shapes;
import io.ktrain.op.Statistics;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
  default Tensor amin(int dim, boolean keepDim) { return amin(new int[] {dim}, keepDim); }
  default Tensor amax(int[] dims, boolean keepDim) { return Reductions.reduce(Reductions.AMAX, self(), dims, keepDim); }
  default Tensor amin(int[] dims, boolean keepDim) { return Reductions.reduce(Reductions.AMIN, self(), dims, keepDim); }
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
  default Tensor argmin(int dim) { return argmin(dim, false); }
  default Tensor argmin(int dim, boolean keepDim) { return min(dim, keepDim).indices(); }
  default Tensor argmin() { return self().flatten().argmin(0); }
  /** maximum under its shorter name. */
  default Tensor max(Tensor o) { return self().maximum(o); }
  default Tensor min(Tensor o) { return self().minimum(o); }
  /** Whether one is not 0. */
  default Tensor any() { return Reductions.reduce(Statistics.ANY, self(), null, false); }
  default Tensor any(int dim, boolean keepDim) { return any(new int[] {dim}, keepDim); }
  default Tensor any(int[] dims, boolean keepDim) {
    return Reductions.reduce(Statistics.ANY, self(), dims, keepDim);
  }
  /** Whether none is 0. */
  default Tensor all() { return Reductions.reduce(Statistics.ALL, self(), null, false); }
  default Tensor all(int dim, boolean keepDim) { return all(new int[] {dim}, keepDim); }
  default Tensor all(int[] dims, boolean keepDim) {
    return Reductions.reduce(Statistics.ALL, self(), dims, keepDim);
  }
  /** How many are not 0, i64. */
  default Tensor countNonzero() { return Reductions.reduce(Statistics.COUNT_NONZERO, self(), null, false); }
  default Tensor countNonzero(int dim, boolean keepDim) { return countNonzero(new int[] {dim}, keepDim); }
  default Tensor countNonzero(int[] dims, boolean keepDim) {
    return Reductions.reduce(Statistics.COUNT_NONZERO, self(), dims, keepDim);
  }
  /** The sum of what is not NaN. */
  default Tensor nansum() { return Reductions.reduce(Statistics.NANSUM, self(), null, false); }
  default Tensor nansum(int dim, boolean keepDim) { return nansum(new int[] {dim}, keepDim); }
  default Tensor nansum(int[] dims, boolean keepDim) {
    return Reductions.reduce(Statistics.NANSUM, self(), dims, keepDim);
  }
  default Tensor nanmean() { return Reductions.reduce(Statistics.NANMEAN, self(), null, false); }
  default Tensor nanmean(int dim, boolean keepDim) { return nanmean(new int[] {dim}, keepDim); }
  default Tensor nanmean(int[] dims, boolean keepDim) {
    return Reductions.reduce(Statistics.NANMEAN, self(), dims, keepDim);
  }
  /** amin and amax at once. */
  default List<Tensor> aminmax() { return Statistics.aminmax(self(), null, false); }
  default List<Tensor> aminmax(int dim, boolean keepDim) {
    return Statistics.aminmax(self(), new int[] {dim}, keepDim);
  }
  /** Divided by n - 1 (unbiased). */
  default Tensor var() { return var((int[]) null, true, false); }
  default Tensor var(int dim, boolean unbiased, boolean keepDim) { return var(new int[] {dim}, unbiased, keepDim); }
  default Tensor var(int @Nullable [] dims, boolean unbiased, boolean keepDim) {
    return Statistics.spread(Statistics.VAR, self(), dims, unbiased ? 1 : 0, keepDim);
  }
  default Tensor std() { return std((int[]) null, true, false); }
  default Tensor std(int dim, boolean unbiased, boolean keepDim) { return std(new int[] {dim}, unbiased, keepDim); }
  default Tensor std(int @Nullable [] dims, boolean unbiased, boolean keepDim) {
    return Statistics.spread(Statistics.STD, self(), dims, unbiased ? 1 : 0, keepDim);
  }
  /** The variance and the mean over dims; null for all. */
  default List<Tensor> varMean(int @Nullable [] dims, boolean unbiased, boolean keepDim) {
    return Statistics.both(Statistics.VAR_MEAN, self(), dims, unbiased ? 1 : 0, keepDim);
  }
  default List<Tensor> stdMean(int @Nullable [] dims, boolean unbiased, boolean keepDim) {
    return Statistics.both(Statistics.STD_MEAN, self(), dims, unbiased ? 1 : 0, keepDim);
  }
  /** The 2-norm of all elements. */
  default Tensor norm() { return norm(2); }
  /** The p-norm of all elements. */
  default Tensor norm(double p) { return Statistics.norm(self(), p, null, false); }
  /** The 2-norm along a dim. */
  default Tensor norm(int dim, boolean keepDim) { return norm(2, new int[] {dim}, keepDim); }
  /** The p-norm over dims: 0 counts what is not 0, infinities give extremes; over a matrix' dims 2 is Frobenius'. */
  default Tensor norm(double p, int @Nullable [] dims, boolean keepDim) {
    return Statistics.norm(self(), p, dims, keepDim);
  }
  /** This divided by its 2-norm along dim, or by eps where that is smaller. */
  default Tensor normalize(int dim, double eps) { return normalize(2, dim, eps); }
  default Tensor normalize(double p, int dim, double eps) { return Statistics.normalize(self(), p, dim, eps); }
  default Tensor logsumexp(int dim, boolean keepDim) { return logsumexp(new int[] {dim}, keepDim); }
  default Tensor logsumexp(int[] dims, boolean keepDim) {
    return Reductions.reduce(Statistics.LOGSUMEXP, self(), dims, keepDim);
  }
  /** The cosine of the angle between this and o along dim. */
  default Tensor cosineSimilarity(Tensor o, int dim, double eps) {
    return Statistics.cosineSimilarity(self(), o, dim, eps);
  }
  default Tensor cosineSimilarity(Tensor o) { return cosineSimilarity(o, 1, 1e-8); }
  /** The p-norm of this - o + eps along the last dim. */
  default Tensor pairwiseDistance(Tensor o, double p, double eps, boolean keepDim) {
    return Statistics.pairwiseDistance(self(), o, p, eps, keepDim);
  }
  default Tensor pairwiseDistance(Tensor o) { return pairwiseDistance(o, 2, 1e-6, false); }
  /** The p-norm distance of each row from each row of o: [..., n, k] and [..., m, k] give [..., n, m]. */
  default Tensor cdist(Tensor o, double p) { return Statistics.cdist(self(), o, p); }
  default Tensor cdist(Tensor o) { return cdist(o, 2); }
  /** Each slice of dim scaled down to the largest p-norm allowed. */
  default Tensor renorm(double p, int dim, double largest) { return Statistics.renorm(self(), p, dim, largest); }
  /** The covariances of rows [variables, observations]. */
  default Tensor cov() { return cov(1); }
  default Tensor cov(int correction) {
    return Dispatch.call(Statistics.COV, new Statistics.Correction(correction), self());
  }
  /** The correlations of rows [variables, observations]. */
  default Tensor corrcoef() { return Dispatch.call(Statistics.CORRCOEF, null, self()); }
  default Tensor cumsum(int dim) { return Reductions.cumulative(Reductions.CUMSUM, self(), dim); }
  default Tensor cumprod(int dim) { return Reductions.cumulative(Reductions.CUMPROD, self(), dim); }
  /** Sorted along a dim, ties in their order. */
  default Extreme sort(int dim, boolean descending) { return Reductions.sort(self(), dim, descending); }
  default Extreme sort(int dim) { return sort(dim, false); }
  /** Where the elements of the sorted dim stood. */
  default Tensor argsort(int dim, boolean descending) { return sort(dim, descending).indices(); }
  default Tensor argsort(int dim) { return argsort(dim, false); }
  /** Sorted along dim 0. */
  default Tensor msort() { return sort(0, false).values(); }
  /** The k largest along a dim, largest first. */
  default Extreme topk(int k, int dim) { return topk(k, dim, true); }
  /** The k largest, or smallest, along a dim in their order. */
  default Extreme topk(int k, int dim, boolean largest) { return Orders.topk(self(), k, dim, largest); }
  /** The k-th smallest along a dim, from 1, and where it stood. */
  default Extreme kthvalue(int k, int dim, boolean keepDim) { return Orders.kthvalue(self(), k, dim, keepDim); }
  /** The lower of the two middle elements; NaN if one is NaN. */
  default Tensor median() { return self().flatten().median(0, false).values(); }
  default Extreme median(int dim, boolean keepDim) { return Orders.along(Orders.MEDIAN, self(), dim, keepDim); }
  /** median of what is not NaN. */
  default Tensor nanmedian() { return self().flatten().nanmedian(0, false).values(); }
  default Extreme nanmedian(int dim, boolean keepDim) { return Orders.along(Orders.NANMEDIAN, self(), dim, keepDim); }
  /** The most frequent along a dim, of several the smallest, and where it last stood. */
  default Extreme mode(int dim, boolean keepDim) { return Orders.along(Orders.MODE, self(), dim, keepDim); }
  /** The element below which a share q of all lies, interpolated linearly. */
  default Tensor quantile(double q) { return self().flatten().quantile(q, 0, false, "linear"); }
  /** Along a dim; interpolation: "linear", "lower", "higher", "midpoint" or "nearest". */
  default Tensor quantile(double q, int dim, boolean keepDim, String interpolation) {
    return Orders.quantile(self(), q, dim, keepDim, interpolation, false);
  }
  /** For each of a vector of shares, which give a first dim. */
  default Tensor quantile(Tensor q, int dim, boolean keepDim, String interpolation) {
    return Orders.quantile(self(), q, dim, keepDim, interpolation, false);
  }
  /** quantile of what is not NaN. */
  default Tensor nanquantile(double q) { return self().flatten().nanquantile(q, 0, false, "linear"); }
  default Tensor nanquantile(double q, int dim, boolean keepDim, String interpolation) {
    return Orders.quantile(self(), q, dim, keepDim, interpolation, true);
  }
  /** The largest up to each place, and where it last stood. */
  default Extreme cummax(int dim) { return Orders.along(Orders.CUMMAX, self(), dim, false); }
  default Extreme cummin(int dim) { return Orders.along(Orders.CUMMIN, self(), dim, false); }
  /** log of the running sums of exp. */
  default Tensor logcumsumexp(int dim) {
    return Dispatch.call(Orders.LOGCUMSUMEXP, new Shapes.Dim(self().getShape().axis("logcumsumexp", dim)), self());
  }
  /** Where values would go into this sorted last dim: i64; right: behind equal ones. */
  default Tensor searchsorted(Tensor values, boolean right) { return Counting.searchsorted(self(), values, right); }
  /** Which interval of sorted boundaries each element lies in: i64. */
  default Tensor bucketize(Tensor boundaries, boolean right) { return Counting.searchsorted(boundaries, self(), right); }
  /** How often each whole number from 0 occurs. */
  default Tensor bincount() { return bincount(null, 0); }
  /** The weights of each whole number added up; at least minLength numbers. */
  default Tensor bincount(@Nullable Tensor weights, int minLength) {
    return Counting.bincount(self(), weights, minLength);
  }
  /** How many elements lie in each of so many equal bins; from the smallest to the largest where min = max. */
  default Tensor histc(int bins, double min, double max) { return Counting.histc(self(), bins, min, max); }
  /** Each element less the one before, so many times over. */
  default Tensor diff(int times, int dim) { return Orders.diff(self(), times, dim); }
  default Tensor diff() { return diff(1, -1); }
  /** The distinct elements, sorted. */
  default Unique unique() { return Counting.unique(self(), null, true); }
  /** The distinct slices of a dim, sorted. */
  default Unique unique(int dim) { return Counting.unique(self(), dim, true); }
  /** The elements without repetitions next to each other. */
  default Unique uniqueConsecutive() { return Counting.unique(self(), null, false); }
  default Unique uniqueConsecutive(int dim) { return Counting.unique(self(), dim, false); }
}
