package io.ktrain.format;

import io.ktrain.tensor.Device;
import io.ktrain.tensor.FormatError;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * All that a pickle may name, by full name and never by the beginning of one, and what is made of it here. Views are held
 * against their storage: none reaches outside it, and none has more elements than memory could.
 */
final class TorchGlobals {
  private static final long MOST_BYTES = 1L << 47;
  private static final int MOST_DIMS = 64;

  /** What is made when it is called with these arguments. */
  interface Maker {
    Object make(Tuple arguments);
  }

  private final Function<String, FormatError> wrong;
  private final UnaryOperator<Object> key;
  private final Map<String, Object> known = new HashMap<>();
  private final Map<String, StorageRecord> storages = new LinkedHashMap<>();

  /** {@code key} gives what may be a dict's key or in a set, and refuses what may not. */
  TorchGlobals(Function<String, FormatError> wrong, UnaryOperator<Object> key) {
    this.wrong = wrong;
    this.key = key;
    known.put("collections.OrderedDict", (Maker) this::dict);
    known.put("collections.Counter", (Maker) this::dict);
    for (String python : List.of("builtins.", "__builtin__.")) {
      known.put(python + "set", (Maker) this::set);
      known.put(python + "frozenset", (Maker) this::set);
      known.put(python + "bytes", (Maker) this::latin1);
      known.put(python + "bytearray", (Maker) this::latin1);
    }
    known.put("_codecs.encode", (Maker) this::latin1);
    known.put("torch.Size", (Maker) a -> shape(wholes(only(a, "torch.Size"), "torch.Size")));
    known.put("torch.device", (Maker) this::device);
    known.put("torch._utils._rebuild_tensor", (Maker) a -> tensor(a, 4));
    known.put("torch._utils._rebuild_tensor_v2", (Maker) a -> tensor(a, 6));
    known.put("torch._utils._rebuild_parameter", (Maker) this::parameter);
    StorageRecord.DTYPES.forEach((name, dtype) -> known.put("torch." + name, dtype));
    for (StorageRecord.Type t : StorageRecord.Type.values()) known.put("torch." + t, t);
  }

  /** A Maker, a dtype, a storage's type, or null for a name that is not on the list. */
  Object find(String name) {
    return known.get(name);
  }

  Map<String, StorageRecord> storages() {
    return storages;
  }

  /** {@code ("storage", type, key, location, numel)}, to which the old format adds None. */
  Object storage(Object id) {
    if (!(id instanceof Tuple t && t.size() > 1)) throw wrong.apply("expected a storage's tuple, got " + Values.kind(id) + ".");
    for (Object part : t) if (part instanceof Unpickler.Foreign f) return f;
    boolean plain = t.size() == 5 || t.size() == 6 && t.get(5) == null;
    if (!(plain && "storage".equals(t.get(0)) && t.get(1) instanceof StorageRecord.Type type
        && t.get(2) instanceof String key && t.get(4) instanceof Long numel))
      throw wrong.apply("expected a storage's type, key, location and size, got " + Values.kinds(t) + ".");
    if (numel < 0 || numel > MOST_BYTES) throw wrong.apply("storage " + key + " cannot have " + numel + " elements.");
    var storage = new StorageRecord(key, type.dtype, type.parts, numel);
    StorageRecord before = storages.putIfAbsent(key, storage);
    if (before != null && !before.equals(storage))
      throw wrong.apply("storage " + key + " is named as " + storage.dtype() + " of " + numel + " elements, before as "
          + before.dtype() + " of " + before.numel() + ".");
    return before == null ? storage : before;
  }

  /** {@code (storage, offset, sizes, strides)}, then whether it requires a gradient, hooks, and what else newer files say. */
  private Object tensor(Tuple a, int least) {
    boolean known = a.size() == least || a.size() == 7 && least == 6 && (a.get(6) == null || a.get(6) instanceof Map<?, ?> m && m.isEmpty());
    if (!(known && a.get(0) instanceof StorageRecord storage && a.get(1) instanceof Long offset))
      throw wrong.apply("expected a tensor's storage, offset, sizes and strides, got " + Values.kinds(a) + ".");
    long[] sizes = wholes(a.get(2), "a tensor's sizes"), strides = wholes(a.get(3), "a tensor's strides");
    if (sizes.length != strides.length)
      throw wrong.apply("a tensor has sizes " + Arrays.toString(sizes) + " but strides " + Arrays.toString(strides) + ".");
    String described = "a tensor of sizes " + Arrays.toString(sizes) + ", strides " + Arrays.toString(strides)
        + " and offset " + offset;
    shape(sizes);
    try {
      long bytes = storage.dtype().bytes() * storage.parts(), last = offset;
      boolean empty = Arrays.stream(sizes).anyMatch(n -> n == 0);
      for (int i = 0; i < sizes.length; i++) {
        if (strides[i] < 0 || strides[i] > MOST_BYTES) throw wrong.apply(described + ": a stride is out of range.");
        bytes = Math.multiplyExact(bytes, Math.max(1, sizes[i]));
        if (!empty) last = Math.addExact(last, Math.multiplyExact(sizes[i] - 1, strides[i]));
      }
      if (offset < 0 || (empty ? offset > storage.numel() : last >= storage.numel()))
        throw wrong.apply(described + " reaches outside its storage of " + storage.numel() + " elements.");
      if (bytes > MOST_BYTES) throw wrong.apply(described + " has more elements than memory can hold.");
    } catch (ArithmeticException e) {
      throw wrong.apply(described + " has more elements than can be counted.");
    }
    boolean requiresGrad = a.size() > 4 && Boolean.TRUE.equals(a.get(4)) && storage.dtype().isFloating();
    return record(storage, offset, sizes, strides, requiresGrad);
  }

  /** A complex number becomes a last dim of two. */
  private TensorRecord record(StorageRecord storage, long offset, long[] sizes, long[] strides, boolean requiresGrad) {
    int parts = storage.parts(), n = sizes.length;
    if (parts > 1) {
      sizes = Arrays.copyOf(sizes, n + 1);
      strides = Arrays.copyOf(strides, n + 1);
      for (int i = 0; i < n; i++) strides[i] *= parts;
      sizes[n] = parts;
      strides[n] = 1;
    }
    return new TensorRecord(storage, shape(sizes), new Layout(strides, offset * parts), requiresGrad, false);
  }

  private Object parameter(Tuple a) {
    if (a.size() != 3 || !(a.get(0) instanceof TensorRecord t))
      throw wrong.apply("expected a parameter's tensor, whether it requires a gradient, and hooks, got " + Values.kinds(a) + ".");
    return t.asParameter(Boolean.TRUE.equals(a.get(1)));
  }

  private Object dict(Tuple a) {
    var dict = new LinkedHashMap<Object, Object>();
    if (a.isEmpty()) return dict;
    Object items = only(a, "a dict");
    if (items instanceof Map<?, ?> m) {
      dict.putAll(m);
      return dict;
    }
    if (!(items instanceof List<?> pairs)) throw wrong.apply("expected a dict's items, got " + Values.kind(items) + ".");
    for (Object pair : pairs) {
      if (!(pair instanceof List<?> p && p.size() == 2))
        throw wrong.apply("expected a dict's key and value, got " + Values.kind(pair) + ".");
      dict.put(key.apply(p.get(0)), p.get(1));
    }
    return dict;
  }

  private Object set(Tuple a) {
    var set = new LinkedHashSet<Object>();
    if (a.isEmpty()) return set;
    if (!(only(a, "a set") instanceof Collection<?> items)) throw wrong.apply("expected a set's items, got " + Values.kinds(a) + ".");
    for (Object item : items) set.add(key.apply(item));
    return set;
  }

  /** How protocol 2 has bytes: as a text of which each character is one. */
  private Object latin1(Tuple a) {
    if (a.isEmpty()) return new byte[0];
    boolean known = a.size() == 2 && ("latin1".equals(a.get(1)) || "latin-1".equals(a.get(1)));
    if (a.size() == 1 && a.get(0) instanceof byte[] bytes) return bytes;
    if (!(known && a.get(0) instanceof String s && s.chars().allMatch(c -> c < 256)))
      throw wrong.apply("expected bytes as a latin-1 text, got " + Values.kinds(a) + ".");
    return s.getBytes(StandardCharsets.ISO_8859_1);
  }

  private Object device(Tuple a) {
    if (!(a.size() == 1 || a.size() == 2 && a.get(1) instanceof Long n && n >= 0 && n < 10_000)
        || !(a.get(0) instanceof String name && name.matches(a.size() == 1 ? "[a-z]{1,20}(:\\d{1,4})?" : "[a-z]{1,20}")))
      throw wrong.apply("expected a device's name and number, got " + Values.kinds(a) + ".");
    return Device.of(a.size() == 1 ? name : name + ":" + a.get(1));
  }

  private Object only(Tuple a, String what) {
    if (a.size() != 1) throw wrong.apply("expected one argument for " + what + ", got " + a.size() + ".");
    return a.getFirst();
  }

  private long[] wholes(Object o, String what) {
    if (o instanceof Shape s) return Arrays.stream(s.toArray()).asLongStream().toArray();
    if (!(o instanceof List<?> list && list.size() <= MOST_DIMS && list.stream().allMatch(Long.class::isInstance)))
      throw wrong.apply("expected " + what + " as at most " + MOST_DIMS + " integers, got " + Values.kind(o) + ".");
    return list.stream().mapToLong(n -> (Long) n).toArray();
  }

  private Shape shape(long[] sizes) {
    int[] ints = new int[sizes.length];
    long numel = 1;
    for (int i = 0; i < ints.length; i++) {
      if (sizes[i] < 0 || sizes[i] > Integer.MAX_VALUE)
        throw wrong.apply("sizes " + Arrays.toString(sizes) + ": a size must lie in 0.." + Integer.MAX_VALUE + ".");
      ints[i] = (int) sizes[i];
      if (ints[i] > 0 && numel > Long.MAX_VALUE / ints[i])
        throw wrong.apply("sizes " + Arrays.toString(sizes) + " are more elements than can be counted.");
      numel *= Math.max(1, ints[i]);
    }
    return Shape.of(ints);
  }
}
