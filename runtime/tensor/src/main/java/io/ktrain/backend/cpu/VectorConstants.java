package io.ktrain.backend.cpu;

import static io.ktrain.backend.cpu.VectorMemory.FLOATS;

import jdk.incubator.vector.FloatVector;

/**
 * The constants of {@link FloatMath} as vectors, for kernels that write e^x out: flat, since a helper would be boxed.
 */
final class VectorConstants {
  static final FloatVector ZERO = FloatVector.zero(FLOATS);
  static final FloatVector ONE = of(1f);
  static final FloatVector INFINITY = of(Float.POSITIVE_INFINITY);
  static final FloatVector SMALLEST_NORMAL = of(Float.MIN_NORMAL);
  static final FloatVector ROUNDER = of(FloatMath.ROUNDER);
  static final FloatVector LOG2_E = of(FloatMath.LOG2_E);
  static final FloatVector MINUS_LN2_HIGH = of(-FloatMath.LN2_HIGH);
  static final FloatVector MINUS_LN2_LOW = of(-FloatMath.LN2_LOW);
  static final FloatVector EXP_HIGH = of(FloatMath.EXP_HIGH);
  static final FloatVector EXP_LOW = of(FloatMath.EXP_LOW);
  static final FloatVector EXP_2 = of(FloatMath.EXP_2);
  static final FloatVector EXP_3 = of(FloatMath.EXP_3);
  static final FloatVector EXP_4 = of(FloatMath.EXP_4);
  static final FloatVector EXP_5 = of(FloatMath.EXP_5);
  static final FloatVector EXP_6 = of(FloatMath.EXP_6);

  private VectorConstants() {}

  private static FloatVector of(float value) {
    return FloatVector.broadcast(FLOATS, value);
  }
}
