package io.ktrain.nn;

import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.function.Function;

/**
 * A tensor that training changes; usable wherever a Tensor is. One whose size comes from the first input is registered at
 * once and filled later.
 */
public final class Parameter extends Tensor {
  /** In place of a layer's input size: the first input seen, or a loaded state, says it. */
  public static final int LAZY = Integer.MIN_VALUE;

  private boolean sized;
  private boolean used;

  /** Takes over {@code value}'s memory. */
  public Parameter(Tensor value) {
    super(value.keep());
    sized = true;
    setRequiresGrad(true);
  }

  private Parameter(DType dtype, Device device) {
    super(Tensor.shapeOnly(Shape.of(0), dtype, device));
    setRequiresGrad(true);
  }

  /** A parameter whose shape is not known yet. */
  public static Parameter lazy() {
    return new Parameter(DType.f32, Context.current().device());
  }

  public boolean isSized() {
    return sized;
  }

  /** Gives a lazy parameter its values, in the type and on the device it has by now; outside the graph. */
  public void size(Shape shape, Function<Shape, Tensor> init) {
    if (sized) throw new IllegalStateException("parameter: it already is " + describe());
    become(Context.current().withGrad(false, () -> init.apply(shape).to(getDtype()).to(getDevice())));
    sized = true;
  }

  /** Another parameter of the same values. */
  Parameter twin() {
    Parameter twin = sized ? new Parameter(detach().copy()) : new Parameter(getDtype(), getDevice());
    twin.setRequiresGrad(getRequiresGrad());
    return twin;
  }

  /** Puts other values in the place of these: on another device, or read from a file. */
  void replace(Tensor value) {
    become(value);
    sized = true;
  }

  /** Whether an operation has read its values, since it was made or {@link #setUsed} said otherwise. */
  public boolean isUsed() {
    return used;
  }

  /** Begins to look anew whether it is used, or says that it counts as used. */
  public void setUsed(boolean used) {
    this.used = used;
  }

  @Override
  public void markRead() {
    used = true;
  }
}
