package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ktrain.tensor.BagMode;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Several indices at once, which are combined to one place. */
@Tag("paths")
class IndexTest {
  private static final Tensor X = Tensor.arange(600).reshape(3, 200).keep();

  private static Tensor at(long row, long column) {
    return X.index(Tensor.of(new long[] {row}), Tensor.of(new long[] {column}));
  }

  @Test
  void everyIndexIsCheckedAgainstItsOwnDim() {
    assertEquals(400, at(-1, -200).itemLong());
    assertEquals("index: index 250 is out of range for dim 1 of i64[3,200]; it takes -200 to 199.",
        assertThrows(ShapeError.class, () -> at(0, 250)).getMessage());
    assertThrows(ShapeError.class, () -> at(1, -201));
  }

  @Test
  void smallIndexTypesReachEveryPlace() {
    Tensor two = Tensor.of(new byte[] {2}), five = Tensor.of(new byte[] {5});
    assertEquals(405, X.index(two, five).itemLong());
    assertEquals(405, X.index(two.to(DType.i8), five.to(DType.i8)).itemLong());
  }

  /** One by one, 256 + 1 is 256 in bf16; sums are made in f32 and rounded once. Also of the gradients. */
  @Test
  void manySmallTermsAddUpInTheTypesOf16Bits() {
    int n = 5000;
    Tensor zeros = Tensor.of(new long[n]);
    for (DType type : List.of(DType.bf16, DType.f16)) {
      double sum = Tensor.scalar(n, type).item();
      Tensor ones = Tensor.ones(Shape.of(n), type), none = Tensor.zeros(Shape.of(1), type);
      assertEquals(sum, none.indexAdd(0, zeros, ones).item());
      assertEquals(sum, none.scatterAdd(0, zeros, ones).item());
      Tensor table = Tensor.ones(Shape.of(2, 1), type);
      table.setRequiresGrad(true);
      Tensor.embedding(table, zeros, -1).sum().backward();
      assertEquals(sum, table.getGrad().get(0).item());
      for (BagMode mode : BagMode.values()) {
        Tensor bag = Tensor.embeddingBag(table, zeros.reshape(1, n), null, null, mode, -1);
        assertEquals(type, bag.getDtype());
        assertEquals(mode == BagMode.SUM ? sum : 1, bag.item(), mode.toString());
      }
    }
  }
}
