package io.ktrain.tensor;

/** Which direction of a Fourier transform of n points is scaled, as torch.fft's {@code norm}. */
public enum FftNorm {
  /** The inverse by 1 / n. */
  BACKWARD,
  /** Both by 1 / sqrt(n). */
  ORTHO,
  /** The forward one by 1 / n. */
  FORWARD;

  /** What a transform of {@code n} points is multiplied by. */
  public double scale(int n, boolean inverse) {
    if (this == ORTHO) return 1 / Math.sqrt(n);
    return inverse == (this == BACKWARD) ? 1.0 / n : 1;
  }
}
