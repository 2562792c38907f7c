package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ktrain.tensor.AutogradError;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.InPlaceMethods;
import io.ktrain.tensor.Tensor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Each method that writes in place gives what the operation without _ gives, in values and in gradients. */
@Tag("paths")
class InPlaceMethodsTest {
  /** Random, or without an operation to compare with: tested by name in InPlaceTest and CreationTest. */
  private static final Set<String> BY_NAME = Set.of("copy_", "fill_", "zero_", "uniform_", "normal_", "bernoulli_",
      "exponential_", "logNormal_", "random_", "dropout_");

  /** A value for each kind of parameter. */
  private static Object argument(Method m, Class<?> type, int place) {
    boolean whole = m.getName().startsWith("bitwise");
    if (type == Tensor.class) {
      if (place > 0 && m.getParameterTypes()[0] == int.class && place == 1 || m.getName().equals("put_") && place == 0)
        return Tensor.of(new long[] {1, 0}).reshape(m.getName().startsWith("scatter") ? new int[] {2, 1} : new int[] {2});
      if (m.getName().startsWith("masked") && place == 0) return Tensor.of(new boolean[] {true, false, true});
      if (m.getName().equals("maskedFill_")) return Tensor.scalar(7, DType.f64);
      if (m.getName().equals("put_")) return Tensor.of(new double[] {7, 8});
      if (m.getName().equals("indexPut_")) return Tensor.of(new double[] {7, 8, 9});
      Tensor t = Tensor.of(new double[] {0.3, 0.7, 0.4, 0.6, 0.2, 0.9}, 2, 3);
      return whole ? t.mul(5).to(DType.i64) : t;
    }
    if (type == Tensor[].class) return new Tensor[] {Tensor.of(new long[] {1, 0})};
    if (type == Number.class) return whole ? (Object) 3 : (Object) 0.5;
    if (type == String.class) return "sum";
    if (type == boolean.class) return true;
    return type == int.class ? 0 : (Object) 0.5;
  }

  private static Tensor operand(Method m) {
    double shift = m.getName().equals("acosh_") ? 1 : 0;
    Tensor x = Tensor.of(new double[] {0.11, 0.52, 0.33, 0.44, 0.85, 0.76}, 2, 3).add(shift);
    return m.getName().startsWith("bitwise") ? x.mul(9).to(DType.i64) : x;
  }

  private static Tensor call(Method m, Tensor on, Object... with) throws ReflectiveOperationException {
    return (Tensor) m.invoke(on, with);
  }

  @TestFactory
  Stream<DynamicTest> givesWhatTheOperationGives() {
    return Arrays.stream(InPlaceMethods.class.getMethods()).filter(m -> !Modifier.isStatic(m.getModifiers()))
        .filter(m -> !BY_NAME.contains(m.getName()))
        .map(m -> dynamicTest(m.getName() + List.of(m.getParameterTypes()), () -> compare(m)));
  }

  private static void compare(Method inPlace) throws ReflectiveOperationException {
    String name = inPlace.getName().substring(0, inPlace.getName().length() - 1);
    Class<?>[] types = inPlace.getParameterTypes();
    Method plain = Tensor.class.getMethod(name, types);
    Object[] with = new Object[types.length];
    for (int i = 0; i < types.length; i++) with[i] = argument(inPlace, types[i], i);

    Tensor x = operand(inPlace), expected = call(plain, x, with), y = x.copy();
    assertTrue(call(inPlace, y, with) == y);
    assertEquals(x.getDtype(), y.getDtype());
    assertArrayEquals(expected.to(x.getDtype()).toDoubleArray(), y.toDoubleArray());
    if (!expected.getDtype().isFloating()) return;

    Tensor leaf = operand(inPlace), other = operand(inPlace);
    leaf.setRequiresGrad(true);
    other.setRequiresGrad(true);
    Tensor out = call(plain, leaf.mul(1), with);
    if (out.getRequiresGrad()) out.square().sum().backward();
    Tensor written = other.mul(1);
    call(inPlace, written, with);
    if (written.getRequiresGrad()) written.square().sum().backward();
    if (leaf.getGrad() != null) assertArrayEquals(leaf.getGrad().toDoubleArray(), other.getGrad().toDoubleArray());
    else assertNull(other.getGrad());
    var refused = assertThrows(InvocationTargetException.class, () -> call(inPlace, leaf, with)).getCause();
    assertTrue(refused instanceof AutogradError && refused.getMessage().startsWith(name), refused.getMessage());
  }

  @Test
  void writingToARearrangementLeavesTheOriginal() {
    Tensor x = Tensor.ones(2, 2), one = Tensor.ones(1);
    for (Tensor y : List.of(x.repeat(1, 1), x.tile(1), x.repeatInterleave(1, 0), x.roll(2, 0), x.rot90(4, 0, 1), x.diff(0, 1),
        x.matrixPower(1), one.repeat(4), one.repeatInterleave(4, 0)))
      assertArrayEquals(new float[] {3, 3, 3, 3}, y.add_(2).toFloatArray());
    assertArrayEquals(new float[] {1, 1, 1, 1}, x.toFloatArray());
    assertEquals(1, one.item());
  }

  @Test
  void boolsTakeNoNumbers() {
    assertThrows(DTypeError.class, () -> Tensor.of(new boolean[] {true}).add_(1));
    assertEquals(0, Tensor.of(new boolean[] {true}).maskedFill_(Tensor.of(new boolean[] {true}), 0).sum().item());
  }
}
