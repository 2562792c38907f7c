package io.ktrain.tensor;

/** What becomes of the rows of one bag of an embedding. */
public enum BagMode {
  SUM,
  MEAN,
  MAX
}
