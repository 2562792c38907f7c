package io.ktrain.tensor;

/** What stands around a padded input. PyTorch's padding_mode, and the mode of its pad. */
public enum PaddingMode {
  /** Zeros. */
  ZEROS,
  /** The elements beside the border in reverse, without the border's own. */
  REFLECT,
  /** The border's element again. */
  REPLICATE,
  /** The elements of the other end. */
  CIRCULAR
}
