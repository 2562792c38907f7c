package io.ktrain.nn;

/** Whether the scale of values is kept going forward (by the number of inputs) or that of gradients going back. */
public enum FanMode {
  FAN_IN,
  FAN_OUT
}
