package io.ktrain.tensor;

import io.ktrain.op.Dispatch;
import io.ktrain.op.Fft;
import org.jspecify.annotations.Nullable;

/**
 * Discrete Fourier transforms, named as torch.fft's. There is no complex dtype: complex numbers are pairs (real,
 * imaginary) in a last dim of size 2, as torch.view_as_real gives them, and the dims of a complex tensor are counted
 * without that one. {@code n}: the signal is cut or filled up with zeros to so many points; -1: as it is.
 */
public sealed interface FftMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  default Tensor fft() { return fft(-1, -1, FftNorm.BACKWARD); }
  /** Complex to complex: [..., n, 2] along its last dim of numbers, or another. */
  default Tensor fft(int n, int dim, FftNorm norm) {
    return Dispatch.call(Fft.FFT, new Fft.Transform(n, dim, norm), self());
  }
  default Tensor ifft() { return ifft(-1, -1, FftNorm.BACKWARD); }
  default Tensor ifft(int n, int dim, FftNorm norm) {
    return Dispatch.call(Fft.IFFT, new Fft.Transform(n, dim, norm), self());
  }
  default Tensor rfft() { return rfft(-1, -1, FftNorm.BACKWARD); }
  /** Real to complex: [..., n] to [..., n / 2 + 1, 2]. */
  default Tensor rfft(int n, int dim, FftNorm norm) {
    return Dispatch.call(Fft.RFFT, new Fft.Transform(n, dim, norm), self());
  }
  default Tensor irfft() { return irfft(-1, -1, FftNorm.BACKWARD); }
  /** Complex to real: [..., n / 2 + 1, 2] to [..., n]; -1: the even n. */
  default Tensor irfft(int n, int dim, FftNorm norm) {
    return Dispatch.call(Fft.IRFFT, new Fft.Transform(n, dim, norm), self());
  }

  default Tensor fft2() { return fftn(null, new int[] {-2, -1}, FftNorm.BACKWARD); }
  default Tensor ifft2() { return ifftn(null, new int[] {-2, -1}, FftNorm.BACKWARD); }
  default Tensor rfft2() { return rfftn(null, new int[] {-2, -1}, FftNorm.BACKWARD); }
  default Tensor irfft2() { return irfftn(null, new int[] {-2, -1}, FftNorm.BACKWARD); }

  /** Along several dims; null sizes: as they are; null dims: the last ones, all where no sizes are given. */
  default Tensor fftn(int @Nullable [] sizes, int @Nullable [] dims, FftNorm norm) {
    return Dispatch.call(Fft.FFTN, new Fft.Transforms(sizes, dims, norm), self());
  }
  default Tensor ifftn(int @Nullable [] sizes, int @Nullable [] dims, FftNorm norm) {
    return Dispatch.call(Fft.IFFTN, new Fft.Transforms(sizes, dims, norm), self());
  }
  default Tensor rfftn(int @Nullable [] sizes, int @Nullable [] dims, FftNorm norm) {
    return Dispatch.call(Fft.RFFTN, new Fft.Transforms(sizes, dims, norm), self());
  }
  default Tensor irfftn(int @Nullable [] sizes, int @Nullable [] dims, FftNorm norm) {
    return Dispatch.call(Fft.IRFFTN, new Fft.Transforms(sizes, dims, norm), self());
  }

  /** Frequency 0 to the middle of dims of this tensor as they stand, a pair's dim counted. */
  default Tensor fftshift(int... dims) { return Dispatch.call(Fft.FFTSHIFT, new Fft.Shift(dims), self()); }
  default Tensor ifftshift(int... dims) { return Dispatch.call(Fft.IFFTSHIFT, new Fft.Shift(dims), self()); }
}
