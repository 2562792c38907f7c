/**
 * The optional CUDA backend. A call comes in through {@link io.ktrain.cuda.CudaBackend}, a file of kernels turns it into
 * launches, and {@link io.ktrain.cuda.CudaDevice} makes them on its own thread through {@link io.ktrain.cuda.GpuDriver}.
 */
package io.ktrain.cuda;
