package io.ktrain.op;

/** A plain row-major array of doubles: what oracles of tests compute with, as naively as can be. */
public record NdArray(int[] shape, double[] data) {
  public static NdArray zeros(int... shape) {
    int n = 1;
    for (int s : shape) n *= s;
    return new NdArray(shape, new double[n]);
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
