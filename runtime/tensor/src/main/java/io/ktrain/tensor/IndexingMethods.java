package io.ktrain.tensor;

import io.ktrain.op.Dispatch;
import io.ktrain.op.Indexing;
import io.ktrain.op.Indices;
import io.ktrain.op.Sampling;
import io.ktrain.op.Scatters;
import org.jspecify.annotations.Nullable;

/** Elements named by other tensors: read, drawn at random, and written into a copy. Indices are whole numbers, masks bool. */
public sealed interface IndexingMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  /** out[i][j] = this[index[i][j]][j] for dim 0, and so on. */
  default Tensor gather(int dim, Tensor index) { return Indexing.gather(self(), dim, index); }
  default Tensor indexSelect(int dim, Tensor index) { return Indexing.indexSelect(self(), dim, index); }
  /** gather of this and an index that broadcast over the other dims. */
  default Tensor takeAlongDim(Tensor index, int dim) { return Indices.takeAlongDim(self(), index, dim); }
  /** The elements at places of this one read as one row, in the index' shape. */
  default Tensor take(Tensor index) { return Dispatch.call(Indices.TAKE, null, self(), index); }
  /** The elements where mask holds, as a vector; both broadcast. */
  default Tensor maskedSelect(Tensor mask) { return Dispatch.call(Indices.MASKED_SELECT, null, self(), mask); }
  /**
   * PyTorch's advanced indexing: an index tensor or mask for each dim in order, null for a whole dim. Index tensors
   * broadcast, and each place they name together gives an element, or a slice of the dims that are taken whole.
   */
  default Tensor index(@Nullable Tensor... indices) { return Indices.index(self(), indices); }
  default Tensor get(Tensor maskOrIndex) { return index(maskOrIndex); }
  /** The places of elements that are not 0: i64[count, ndim]. */
  default Tensor nonzero() { return Indices.nonzero(self()); }
  /** Rows of zeros with a one at each label; classes = -1 takes the largest label + 1. */
  default Tensor oneHot(int classes) { return Dispatch.call(Indices.ONE_HOT, new Indices.Classes(classes), self()); }

  /** One with the probability each element gives, else zero. */
  default Tensor bernoulli() { return Sampling.drawn(Sampling.BERNOULLI, self()); }
  /** Counts of events at the rate each element gives. */
  default Tensor poisson() { return Sampling.drawn(Sampling.POISSON, self()); }
  /** Indices drawn by the weights of the last dim, i64 [..., count]; with replacement one may come again. */
  default Tensor multinomial(int count, boolean replacement) {
    return Sampling.multinomial(self(), count, replacement);
  }

  /** src written at index along dim: out[index[i][j]][j] = src[i][j] for dim 0; of several, the last one's. */
  default Tensor scatter(int dim, Tensor index, Tensor src) {
    return Scatters.along(Indexing.SCATTER, self(), dim, index, src);
  }
  default Tensor scatter(int dim, Tensor index, Number value) { return Scatters.scatter(self(), dim, index, value); }
  /** src added at index along dim. */
  default Tensor scatterAdd(int dim, Tensor index, Tensor src) { return Indexing.scatterAdd(self(), dim, index, src); }
  /** src met with what is there at index: by "sum", "mean", "prod", "amax" or "amin". */
  default Tensor scatterReduce(int dim, Tensor index, Tensor src, String reduce, boolean includeSelf) {
    return Scatters.scatterReduce(self(), dim, index, src, reduce, includeSelf);
  }
  /** The slices of src added to those that a vector of indices names. */
  default Tensor indexAdd(int dim, Tensor index, Tensor src) {
    return Scatters.along(Indexing.INDEX_ADD, self(), dim, index, src);
  }
  default Tensor indexAdd(int dim, Tensor index, Tensor src, double alpha) { return indexAdd(dim, index,
      src.mul(alpha)); }
  /** The slices of src in the place of those that a vector of indices names. */
  default Tensor indexCopy(int dim, Tensor index, Tensor src) {
    return Scatters.along(Scatters.INDEX_COPY, self(), dim, index, src);
  }
  default Tensor indexFill(int dim, Tensor index, Number value) { return Scatters.indexFill(self(), dim, index,
      value); }
  /** Values, which broadcast, where {@link #index} would read; added where accumulate says so, in order. */
  default Tensor indexPut(@Nullable Tensor[] indices, Tensor values, boolean accumulate) {
    return Indices.put(self(), indices, values, accumulate);
  }
  default Tensor indexPut(@Nullable Tensor[] indices, Tensor values) { return indexPut(indices, values, false); }
  /** Values at places of this one read as one row. */
  default Tensor put(Tensor index, Tensor values, boolean accumulate) {
    return Dispatch.call(Scatters.PUT, new Scatters.Putting(accumulate), self(), index, values);
  }
  /** value where mask holds, else this. */
  default Tensor maskedFill(Tensor mask, Number value) { return maskedFill(mask, Tensor.constant(value)); }
  /** A single value where mask holds, else this. */
  default Tensor maskedFill(Tensor mask, Tensor value) {
    return Dispatch.call(Scatters.MASKED_FILL, null, self(), mask, value);
  }
  /** The elements of src, in their order, where mask holds. */
  default Tensor maskedScatter(Tensor mask, Tensor src) {
    return Dispatch.call(Scatters.MASKED_SCATTER, null, self(), mask, src);
  }
}
