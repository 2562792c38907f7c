package io.ktrain.format;

import io.ktrain.tensor.FormatError;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The format of PyTorch before 1.6: pickles one after another (a magic number, a version, the system, the value, the keys
 * of its storages), then each storage's count of elements and its elements, always with the lowest byte first.
 */
final class LegacyPyTorch implements PyTorchFile.Container {
  private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final Long VERSION = 1001L;
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment file;
  private final Function<String, FormatError> error;
  private final Object root;
  private final Map<String, Long> places = new HashMap<>();
  private Map<String, StorageRecord> storages = Map.of();
  private long at;

  LegacyPyTorch(MemorySegment file, Function<String, FormatError> error) {
    this.file = file;
    this.error = error;
    if (!MAGIC.equals(next("the magic number")))
      throw error.apply("it begins as a pickle, but not with PyTorch's magic number. Fix: a file that torch.save wrote.");
    Object version = next("the version");
    if (!VERSION.equals(version)) throw error.apply("its version is " + Values.kind(version) + ", expected " + VERSION + ".");
    next("the system's description");
    root = next("the value");
    Map<String, StorageRecord> named = storages;
    Object keys = next("the storages' keys");
    if (!(keys instanceof List<?> list)) throw error.apply("expected a list of the storages' keys, got " + Values.kind(keys) + ".");
    for (Object key : list) locate(named.get(key), key);
    for (String key : named.keySet())
      if (!places.containsKey(key)) throw error.apply("the elements of storage " + key + " are missing.");
    if (at != file.byteSize()) throw error.apply("it goes on after its last storage, at byte " + at + ".");
  }

  private Object next(String name) {
    var unpickler = new Unpickler(file, at, name, error);
    Object value = unpickler.read();
    at = unpickler.end();
    storages = unpickler.storages();
    return value;
  }

  private void locate(StorageRecord storage, Object key) {
    if (storage == null) throw error.apply("it has elements of a storage that nothing names, " + Values.kind(key) + ".");
    long left = file.byteSize() - at - 8, numel = left < 0 ? -1 : file.get(U64, at);
    if (numel != storage.numel() || storage.bytes() > left)
      throw error.apply("storage " + storage.key() + " of " + storage.elements() + " " + storage.dtype() + " should be at byte "
          + at + ", where " + Math.max(0, left) + " bytes for " + numel + " elements are left.");
    if (places.put(storage.key(), at + 8) != null) throw error.apply("storage " + storage.key() + " stands twice in it.");
    at += 8 + storage.bytes();
  }

  @Override
  public Object root() {
    return root;
  }

  @Override
  public void read(StorageRecord storage, ZipArchive.Sink sink) {
    sink.accept(file.asSlice(places.get(storage.key()), storage.bytes()), 0);
  }

  @Override
  public boolean isBigEndian() {
    return false;
  }
}
