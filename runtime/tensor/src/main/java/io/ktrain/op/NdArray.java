package io.ktrain.op;

import java.util.function.ToDoubleFunction;

/** A plain row-major array of doubles: what oracles of tests compute with, as naively as can be. */
public record NdArray(int[] shape, double[] data) {
  /** What is done with each element. */
  interface Each {
    void at(int[] index, double value);
  }

  public static NdArray zeros(int... shape) {
    int n = 1;
    for (int s : shape) n *= s;
    return new NdArray(shape, new double[n]);
  }

  static NdArray scalar(double value) {
    return new NdArray(new int[0], new double[] {value});
  }

  /** Each element a function of its index, which the function may change. */
  static NdArray by(int[] shape, ToDoubleFunction<int[]> value) {
    NdArray all = zeros(shape);
    all.each((index, old) -> all.set(value.applyAsDouble(index.clone()), index));
    return all;
  }

  /** Calls for all elements, row-major. */
  void each(Each each) {
    int[] index = new int[shape.length];
    for (double value : data) {
      each.at(index, value);
      for (int d = index.length - 1; d >= 0 && ++index[d] == shape[d]; d--) index[d] = 0;
    }
  }

  public double at(int... index) {
    return data[place(index)];
  }

  public void set(double value, int... index) {
    data[place(index)] = value;
  }

  public void add(double value, int... index) {
    data[place(index)] += value;
  }

  private int place(int[] index) {
    int p = 0;
    for (int d = 0; d < index.length; d++) p = p * shape[d] + index[d];
    return p;
  }
}
