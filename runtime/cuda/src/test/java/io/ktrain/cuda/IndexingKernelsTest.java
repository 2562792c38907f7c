package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ktrain.op.Dispatch;
import io.ktrain.op.Indexing;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Sizes at which the kernels take other ways than for the op table's small samples. */
class IndexingKernelsTest {
  @BeforeAll
  static void there() {
    Cuda.require();
  }

  /** Small whole numbers, few of them where many are added: their sums are exact in every type. */
  private static Tensor values(DType dtype, int... sizes) {
    int n = 1;
    for (int s : sizes) n *= s;
    long[] v = new long[n];
    var random = new Random(n);
    for (int i = 0; i < n; i++) v[i] = n < 1000 || random.nextInt(20) == 0 ? random.nextInt(3) : 0;
    return Tensor.of(v, sizes).to(dtype).to(Context.current().device());
  }

  /** Half of them name the first rows, as words of a language do. */
  private static Tensor indices(DType dtype, int bound, int... sizes) {
    int n = 1;
    for (int s : sizes) n *= s;
    long[] v = new long[n];
    var random = new Random(n + bound);
    for (int i = 0; i < n; i++) v[i] = random.nextInt(random.nextBoolean() ? Math.min(3, bound) : bound);
    return Tensor.of(v, sizes).to(dtype).to(Context.current().device());
  }

  @Test
  void rowsArePickedInWholePacks() {
    for (DType dtype : DType.values())
      for (int width : new int[] {1, 8, 12, 16, 32}) {
        String what = dtype + " of width " + width;
        Cuda.same(what, 0, () -> values(dtype, 9, width).indexSelect(0, indices(DType.i64, 9, 40)));
        Cuda.same(what, 0, () -> Indexing.embedding(values(dtype, 9, width), indices(DType.i32, 9, 5, 8), -1));
        Cuda.same(what, 0, () -> values(dtype, 3, 9, width).indexSelect(1, indices(DType.u8, 9, 7)));
        Cuda.same(what + ", from the middle", 0, () ->
            values(dtype, 9, width + 1).narrow(1, 1, width).indexSelect(0, indices(DType.i64, 9, 7)));
        Cuda.same(what + ", transposed", 0, () ->
            values(dtype, width, 9).transpose(0, 1).indexSelect(0, indices(DType.i16, 9, 7)));
      }
  }

  @Test
  void indicesMayHaveAnyTypeAndLayout() {
    for (DType type : new DType[] {DType.i64, DType.i32, DType.i16, DType.i8, DType.u8}) {
      Cuda.same("gather " + type, 0, () -> values(DType.f32, 6, 5).gather(0, indices(type, 6, 5, 4).transpose(0, 1)));
      Cuda.same("embedding " + type, 0, () ->
          Indexing.embedding(values(DType.f32, 6, 8), indices(type, 6, 5, 4).transpose(0, 1), -1));
      Cuda.same("embedding's gradient " + type, 0, () ->
          grad(values(DType.f32, 4, 5, 8), indices(type, 6, 5, 4).transpose(0, 1), -1, 6));
      Cuda.same("scatterAdd " + type, 0, () ->
          values(DType.f32, 6, 5).scatterAdd(0, indices(type, 6, 5, 4).transpose(0, 1), values(DType.f32, 4, 5)));
    }
  }

  /** Lines few enough to be added one by one: 256 + 1 is 256 in bf16, the sum of all is not. */
  @Test
  void smallTermsCountInShortLinesOfTheTypesOf16Bits() {
    for (DType type : new DType[] {DType.bf16, DType.f16})
      Cuda.same("scatterAdd " + type, 0, () -> {
        Tensor large = Tensor.full(Shape.of(3, 2), 2048, type).to(Context.current().device());
        Tensor ones = Tensor.ones(Shape.of(3, 60), type).to(Context.current().device());
        return large.scatterAdd(1, Tensor.of(new long[180], 3, 60).to(Context.current().device()), ones);
      });
  }

  private static Tensor grad(Tensor g, Tensor index, int padding, int rows) {
    return Dispatch.call(Indexing.EMBEDDING_GRAD, new Indexing.Padding(padding, rows), g, index);
  }

  /** More indices than one tile of the sort, and rows of one, two and three digits. */
  @Test
  void manyRowsAreAddedBySorting() {
    for (DType dtype : DType.values())
      for (int rows : new int[] {7, 300, 70_000}) {
        int width = rows == 70_000 ? 1 : 8;
        Cuda.same(dtype + ", " + rows + " rows", 0, () ->
            grad(values(dtype, 5000, width), indices(DType.i64, rows, 5000), 2, rows));
      }
    Cuda.same("unaligned", 0, () -> grad(values(DType.f32, 1500, 5), indices(DType.i64, 9, 1500), -1, 9));
    Cuda.same("inside", 0, () -> Dispatch.call(Indexing.INDEX_ADD, new Indexing.Dim(1),
        values(DType.f32, 3, 4, 8).transpose(1, 2), indices(DType.i32, 8, 1100),
        values(DType.f32, 1100, 3, 4).permute(1, 0, 2)));
  }

  @Test
  void scatteredValuesAreAddedInEveryWay() {
    for (DType dtype : DType.values()) {
      Cuda.same(dtype + ", short lines", 0, () ->
          values(dtype, 9, 5, 3).scatterAdd(1, indices(DType.i64, 5, 8, 20, 3), values(dtype, 9, 21, 3)));
      Cuda.same(dtype + ", one long line", 0, () ->
          values(dtype, 50).scatterAdd(0, indices(DType.i64, 50, 6000), values(dtype, 6000)));
      Cuda.same(dtype + ", long lines", 0, () ->
          values(dtype, 50, 3).scatterAdd(0, indices(DType.i64, 50, 700, 2), values(dtype, 3, 800).transpose(0, 1)));
    }
    Cuda.same("no dims", 0, () -> values(DType.f32).scatterAdd(0, indices(DType.i64, 1), values(DType.f32)));
    Cuda.same("gather without dims", 0, () -> values(DType.f32).gather(0, indices(DType.i64, 1)));
  }

  /** With rounding, only one order gives these bits. */
  @Test
  void additionsAreMadeInTheOrderOfTheIndices() {
    for (int n : new int[] {40, 3000}) {
      float[] values = new float[n];
      var random = new Random(1);
      float sum = 0;
      for (int i = 0; i < n; i++) {
        values[i] = (random.nextFloat() - 0.5f) * (1 << random.nextInt(20));
        sum += values[i];
      }
      float[] got = Cuda.on(Cuda.DEVICE, () -> {
        Tensor src = Tensor.of(values, n, 1).to(Cuda.DEVICE), zero = Tensor.zeros(2, 1).to(Cuda.DEVICE),
            at = indices(DType.i64, 1, n);
        return new float[] {Dispatch.call(Indexing.INDEX_ADD, new Indexing.Dim(0), zero, at, src).toFloatArray()[0],
            zero.scatterAdd(0, at.unsqueeze(1), src).toFloatArray()[0], grad(src, at, -1, 2).toFloatArray()[0]};
      });
      assertArrayEquals(new float[] {sum, sum, sum}, got, n + " indices");
    }
  }

  @Test
  void anIndexOutOfRangeIsToldWhenValuesAreRead() {
    Cuda.on(Cuda.DEVICE, () -> {
      for (int n : new int[] {3, 5000})
        for (long wrong : new long[] {-1, 4}) {
          long[] v = new long[n];
          v[n / 2] = wrong;
          Tensor at = Tensor.of(v, n).to(Cuda.DEVICE), x = Tensor.ones(4, 2), src = Tensor.ones(n, 2);
          String text = ": index " + wrong + " is out of range for dim 0 of f32[4,2]; it takes 0 to 3.";
          told("indexSelect" + text, x.indexSelect(0, at));
          told("embedding" + text, Indexing.embedding(x, at, -1));
          told("gather" + text, x.gather(0, at.unsqueeze(1)));
          told("scatterAdd" + text, x.scatterAdd(0, at.unsqueeze(1), src));
          told("indexAdd" + text, Dispatch.call(Indexing.INDEX_ADD, new Indexing.Dim(0), x, at, src));
          told("embedding" + text, grad(src, at, -1, 4));
          told("indexSelect: index " + wrong + " is out of range for dim 0 of f32[4,0]; it takes 0 to 3.",
              Tensor.ones(4, 0).indexSelect(0, at));
          told("embedding: index " + wrong + " is out of range for dim 0 of f32[4,0]; it takes 0 to 3.",
              grad(Tensor.ones(n, 0), at, -1, 4));
        }
      return null;
    });
  }

  private static void told(String message, Tensor result) {
    assertEquals(message, assertThrows(ShapeError.class, () -> {
      result.toFloatArray();
      Tensor.ones(1).to(Cuda.DEVICE).toFloatArray(); // an empty tensor is not read from the device
    }).getMessage());
    Tensor.ones(1).to(Cuda.DEVICE).toFloatArray();
  }
}
