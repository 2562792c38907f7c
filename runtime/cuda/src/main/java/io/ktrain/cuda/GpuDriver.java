package io.ktrain.cuda;

import org.jspecify.annotations.Nullable;

/**
 * The calls of NVIDIA's driver that ktrain makes. Addresses and handles are plain numbers; 0 is none. Every call but the
 * first group belongs to the thread on which {@link #makeCurrent} was called. A call that fails throws {@link CudaError}.
 */
interface GpuDriver {
  /** Prepares the driver; gives cuInit's own code, 0 for success. */
  int init();

  /** A code's name: {@code CUDA_ERROR_NO_DEVICE}. */
  String name(int code);

  /** The newest CUDA this driver serves: 13000 for 13.0. */
  int version();

  int devices();

  DeviceProperties properties(int device);

  /** The device's primary context, which every CUDA library in the process shares. */
  long retain(int device);

  void makeCurrent(long context);

  // ---- memory

  /** An address, or 0 where the device has no such block left. */
  long allocate(long bytes);

  void free(long address);

  /** Free bytes of the device. */
  long available();

  /** Page-locked host memory, or 0 where the host gives no more of it. */
  long allocateHost(long bytes);

  void freeHost(long address);

  void toDevice(long to, long fromHost, long bytes, long stream);

  void toHost(long toHost, long from, long bytes, long stream);

  void copy(long to, long from, long bytes, long stream);

  /** Between devices of two contexts. */
  void copyPeer(long to, long toContext, long from, long fromContext, long bytes, long stream);

  void fill(long to, byte value, long bytes, long stream);

  // ---- order

  /** A stream that does not wait for the legacy default stream. */
  long createStream();

  /** The stream as NVIDIA's own libraries take it: a handle here is this driver's alone. */
  long pointer(long stream);

  void synchronize(long stream);

  /** Lets what is put on the stream from here on wait for the event. */
  void await(long stream, long event);

  long createEvent();

  void destroyEvent(long event);

  void record(long event, long stream);

  boolean isDone(long event);

  void synchronizeEvent(long event);

  // ---- kernels

  /** Loads machine code for this device. */
  long load(byte[] image);

  /** Loads an image that may hold nothing for this device: then null. */
  @Nullable Long tryLoad(byte[] image);

  long function(long module, String name);

  /** @param parameters the address of a table with the address of each parameter */
  void launch(long function, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int shared, long stream, long parameters);

  // ---- graphs

  /** What this thread puts on the stream from here on is kept instead of run. */
  void beginCapture(long stream);

  /** What was kept, as a graph. */
  long endCapture(long stream);

  void destroyGraph(long graph);

  /** Makes a graph ready to run. */
  long instantiate(long graph);

  /** Gives a ready graph another one's parameters; false where the two differ in more than these. */
  boolean update(long ready, long graph);

  void launchGraph(long ready, long stream);

  void destroyReady(long ready);
}
