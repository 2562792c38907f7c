package io.ktrain.cuda;

/**
 * What a device is.
 *
 * @param major first part of the compute capability, {@code minor} the second: 9 and 0 for an H100 or H200
 * @param multiprocessors how many blocks run at once at least
 * @param memory in bytes
 * @param sharedPerBlock the most shared memory one block may ask for, in bytes
 */
record DeviceProperties(String name, int major, int minor, int multiprocessors, long memory, int sharedPerBlock) {
  /** As the compilers name it: {@code sm_90}. */
  String architecture() {
    return "sm_" + major + minor;
  }
}
