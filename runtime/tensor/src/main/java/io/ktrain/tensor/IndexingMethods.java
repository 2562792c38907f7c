package io.ktrain.tensor;

import io.ktrain.op.Indexing;

/** Elements named by other tensors. */
public sealed interface IndexingMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  /** out[i][j] = this[index[i][j]][j] for dim 0, and so on. */
  default Tensor gather(int dim, Tensor index) { return Indexing.gather(self(), dim, index); }
  /** A copy in which src was added at index along dim. */
  default Tensor scatterAdd(int dim, Tensor index, Tensor src) { return Indexing.scatterAdd(self(), dim, index, src); }
  default Tensor indexSelect(int dim, Tensor index) { return Indexing.indexSelect(self(), dim, index); }
  /** The elements where mask holds, as a vector. */
  default Tensor maskedSelect(Tensor mask) { return Indexing.maskedSelect(self(), mask); }
  /** One element for each place named by the i-th entries of the indices, one index tensor a leading dim. */
  default Tensor index(Tensor... indices) { return Indexing.index(self(), indices); }
  default Tensor get(Tensor maskOrIndex) {
    return maskOrIndex.getDtype() == DType.bool ? maskedSelect(maskOrIndex) : index(maskOrIndex);
  }
  /** The places of elements that are not 0: i64[count, ndim]. */
  default Tensor nonzero() { return Indexing.nonzero(self()); }
  /** Rows of zeros with a one at each label; classes = -1 takes the largest label + 1. */
  default Tensor oneHot(int classes) { return Indexing.oneHot(self(), classes); }
}
