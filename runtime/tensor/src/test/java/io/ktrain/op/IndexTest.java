package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
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
}
