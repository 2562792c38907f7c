package io.ktrain.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ktrain.random.Generator;
import org.junit.jupiter.api.Test;

/** What torch.set_printoptions makes of the same tensors. */
class PrintOptionsTest {
  private static final Tensor MIXED = Tensor.of(new float[] {0.123456f, 1, 2.5f});
  private static final Tensor WHOLE = Tensor.of(new float[] {1, 2});

  private static String printed(PrintOptions options, Tensor t) {
    Context context = Context.current().fork(new Generator(0));
    context.setPrintOptions(options);
    return context.run(t::toString);
  }

  @Test
  void precision() {
    var two = new PrintOptions(2, 1000, 3, 80, null);
    assertEquals("tensor([0.12, 1.00, 2.50])", printed(two, MIXED));
    assertEquals("tensor([1., 2.])", printed(two, WHOLE));
  }

  @Test
  void scientificOrNot() {
    var on = new PrintOptions(4, 1000, 3, 80, true);
    assertEquals("tensor([1.2346e-01, 1.0000e+00, 2.5000e+00])", printed(on, MIXED));
    assertEquals("tensor([1.0000e+00, 2.0000e+00])", printed(on, WHOLE));
    var off = new PrintOptions(4, 1000, 3, 80, false);
    assertEquals("tensor([    0.0000,     1.0000])", printed(off, Tensor.of(new float[] {1e-8f, 1})));
  }

  @Test
  void edges() {
    var cut = new PrintOptions(4, 5, 2, 80, null);
    assertEquals("tensor([0, 1,  ..., 6, 7])", printed(cut, Tensor.arange(8)));
    assertEquals("""
        tensor([[ 0.,  1.,  ...,  4.,  5.],
                [ 6.,  7.,  ..., 10., 11.],
                [12., 13.,  ..., 16., 17.],
                [18., 19.,  ..., 22., 23.]])""", printed(cut, Tensor.arange(24).to(DType.f32).reshape(4, 6)));
  }

  @Test
  void lines() {
    var narrow = new PrintOptions(4, 1000, 3, 20, null);
    assertEquals("tensor([0, 1, 2, 3,\n        4, 5, 6, 7,\n        8, 9])", printed(narrow, Tensor.arange(10)));
    assertThrows(KtrainException.class, () -> new PrintOptions(4, 1000, 0, 80, null));
  }

  @Test
  void ofOneContextAlone() {
    Context.current().fork(new Generator(0)).run(() -> {
      Context.current().setPrintOptions(new PrintOptions(1, 1000, 3, 80, null));
      assertEquals("tensor([0.1, 1.0, 2.5])", MIXED.toString());
      return null;
    });
    assertEquals("tensor([0.1235, 1.0000, 2.5000])", MIXED.toString());
  }
}
