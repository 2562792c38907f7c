package io.ktrain.tensor;

/** How values between elements are made. PyTorch's mode of interpolate, its words. */
public enum InterpolateMode {
  /** The element before. */
  NEAREST("nearest", 0),
  /** The element whose middle is nearest. */
  NEAREST_EXACT("nearest-exact", 0),
  LINEAR("linear", 1),
  BILINEAR("bilinear", 2),
  /** By cubic convolution with a = -0.75 (Keys 1981). */
  BICUBIC("bicubic", 2),
  TRILINEAR("trilinear", 3),
  /** The means of what each output element covers. */
  AREA("area", 0);

  private final String word;
  private final int dims;

  InterpolateMode(String word, int dims) {
    this.word = word;
    this.dims = dims;
  }

  /** PyTorch's word. */
  public String word() {
    return word;
  }

  /** The spatial dims it is for; 0 for any number. */
  public int dims() {
    return dims;
  }
}
