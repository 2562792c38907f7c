package io.ktrain.format;

import io.ktrain.nn.Parameter;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes values as a pickle of protocol 2, with the operations and the names that {@code weights_only=True} takes. */
final class Pickler {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final Map<String, Integer> names = new HashMap<>();
  private final StoragePlan storages;

  Pickler(StoragePlan storages) {
    this.storages = storages;
  }

  byte[] pickle(Object root) {
    op(Opcode.PROTO).write(2);
    value(root, 0, "");
    op(Opcode.STOP);
    return out.toByteArray();
  }

  private void value(Object o, int depth, String place) {
    if (depth > Values.DEPTH) throw wrong(place, "containers stand in each other more than " + Values.DEPTH + " deep");
    switch (o) {
      case null -> op(Opcode.NONE);
      case Boolean b -> op(b ? Opcode.NEWTRUE : Opcode.NEWFALSE);
      case Float f -> real(f);
      case Double d -> real(d);
      case BigInteger n -> integer(n);
      case Number n when n instanceof Long || n instanceof Integer || n instanceof Short || n instanceof Byte -> integer(n.longValue());
      case String s -> text(s);
      case byte[] b -> {
        name("_codecs", "encode");
        text(new String(b, StandardCharsets.ISO_8859_1));
        text("latin1");
        op(Opcode.TUPLE2);
        op(Opcode.REDUCE);
      }
      case Parameter p -> {
        name("torch._utils", "_rebuild_parameter");
        tensor(p, false);
        op(p.getRequiresGrad() ? Opcode.NEWTRUE : Opcode.NEWFALSE);
        emptyOrderedDict();
        op(Opcode.TUPLE3);
        op(Opcode.REDUCE);
      }
      case Tensor t -> tensor(t, t.getRequiresGrad());
      case Map<?, ?> m -> dict(m, depth, place);
      case Set<?> s -> {
        s.forEach(item -> requireKey(item, place));
        name("__builtin__", "set");
        items(Opcode.EMPTY_LIST, Opcode.APPENDS, s, depth, place);
        op(Opcode.TUPLE1);
        op(Opcode.REDUCE);
      }
      case Tuple t -> tuple(t, depth, place);
      case List<?> l -> items(Opcode.EMPTY_LIST, Opcode.APPENDS, l, depth, place);
      case Shape s -> {
        name("torch", "Size");
        sizes(s.toArray());
        op(Opcode.TUPLE1);
        op(Opcode.REDUCE);
      }
      case DType d -> name("torch", torchName(d));
      case Device d -> {
        name("torch", "device");
        text(d.type());
        if (d.type().equals("cpu")) {
          op(Opcode.TUPLE1);
        } else {
          integer(d.index());
          op(Opcode.TUPLE2);
        }
        op(Opcode.REDUCE);
      }
      default -> throw wrong(place, "no .pt file can hold a " + o.getClass().getName());
    }
  }

  private static KtrainException wrong(String place, String what) {
    return new KtrainException("pt: " + at(place) + ": " + what
        + ". Fix: tensors, numbers, texts, lists and maps of them.");
  }

  static String torchName(DType dtype) {
    for (var e : StorageRecord.DTYPES.entrySet()) if (e.getValue() == dtype) return e.getKey();
    throw new IllegalArgumentException(dtype.toString());
  }

  /** A map of tensors alone is an OrderedDict, as PyTorch's state dicts are. */
  private void dict(Map<?, ?> map, int depth, String place) {
    boolean state = !map.isEmpty() && map.values().stream().allMatch(Tensor.class::isInstance);
    if (state) emptyOrderedDict();
    else op(Opcode.EMPTY_DICT);
    if (map.isEmpty()) return;
    op(Opcode.MARK);
    map.forEach((key, value) -> {
      requireKey(key, place);
      value(key, depth + 1, place);
      value(value, depth + 1, place + "[" + key + "]");
    });
    op(Opcode.SETITEMS);
  }

  /** Python finds these by their values, which a container or a tensor may change. */
  private static void requireKey(Object key, String place) {
    switch (key) {
      case Tuple t -> t.forEach(item -> requireKey(item, place));
      case Tensor t -> throw wrongKey(place, "the tensor " + t.describe());
      case List<?> l -> throw wrongKey(place, "a list");
      case Set<?> s -> throw wrongKey(place, "a set");
      case Map<?, ?> m -> throw wrongKey(place, "a map");
      case null, default -> {}
    }
  }

  private static KtrainException wrongKey(String place, String what) {
    return new KtrainException("pt: " + at(place) + ": " + what
        + " stands in a set or is a map's key. Fix: texts, numbers or Tuples of them there; a list instead of the set.");
  }

  private static String at(String place) {
    return "at " + (place.isEmpty() ? "the top" : place);
  }

  private void items(Opcode empty, Opcode add, Collection<?> items, int depth, String place) {
    op(empty);
    if (items.isEmpty()) return;
    op(Opcode.MARK);
    int i = 0;
    for (Object item : items) value(item, depth + 1, place + "[" + i++ + "]");
    op(add);
  }

  private void tuple(Tuple t, int depth, String place) {
    if (t.isEmpty()) {
      op(Opcode.EMPTY_TUPLE);
      return;
    }
    op(Opcode.MARK);
    for (int i = 0; i < t.size(); i++) value(t.get(i), depth + 1, place + "[" + i + "]");
    op(Opcode.TUPLE);
  }

  private void tensor(Tensor t, boolean requiresGrad) {
    StoragePlan.Block block = storages.of(t);
    Layout layout = block.layout(t);
    name("torch._utils", "_rebuild_tensor_v2");
    op(Opcode.MARK);
    op(Opcode.MARK);
    text("storage");
    name("torch", StorageRecord.Type.of(t.getDtype()).name());
    text(block.key());
    text("cpu");
    integer(block.numel());
    op(Opcode.TUPLE);
    op(Opcode.BINPERSID);
    integer(layout.offset());
    sizes(t.getShape().toArray());
    op(Opcode.MARK);
    for (long stride : layout.strides()) integer(stride);
    op(Opcode.TUPLE);
    op(requiresGrad ? Opcode.NEWTRUE : Opcode.NEWFALSE);
    emptyOrderedDict();
    op(Opcode.TUPLE);
    op(Opcode.REDUCE);
  }

  private void sizes(int[] sizes) {
    op(Opcode.MARK);
    for (int size : sizes) integer(size);
    op(Opcode.TUPLE);
  }

  private void emptyOrderedDict() {
    name("collections", "OrderedDict");
    op(Opcode.EMPTY_TUPLE);
    op(Opcode.REDUCE);
  }

  /** Remembered the first time, then referred to. */
  private void name(String module, String name) {
    Integer known = names.get(module + "." + name);
    if (known != null) {
      op(Opcode.BINGET).write(known);
      return;
    }
    op(Opcode.GLOBAL).writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
    op(Opcode.BINPUT).write(names.size());
    names.put(module + "." + name, names.size());
  }

  private void text(String s) {
    byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
    op(Opcode.BINUNICODE).writeBytes(little(4).putInt(utf8.length).array());
    out.writeBytes(utf8);
  }

  private void real(double d) {
    op(Opcode.BINFLOAT).writeBytes(ByteBuffer.allocate(8).putDouble(d).array());
  }

  private void integer(long n) {
    if (n >= 0 && n < 256) op(Opcode.BININT1).write((int) n);
    else if (n == (int) n) op(Opcode.BININT).writeBytes(little(4).putInt((int) n).array());
    else integer(BigInteger.valueOf(n));
  }

  private void integer(BigInteger n) {
    byte[] big = n.toByteArray();
    if (big.length > 255) throw new KtrainException("pt: an integer of " + big.length + " bytes is too large for a .pt file.");
    op(Opcode.LONG1).write(big.length);
    for (int i = big.length - 1; i >= 0; i--) out.write(big[i]);
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private ByteArrayOutputStream op(Opcode op) {
    out.write(op.code);
    return out;
  }
}
