package io.ktrain.format;

import io.ktrain.tensor.FormatError;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Reads a pickle of protocol 2 to 5 as data. It makes dicts, lists, tuples, sets, texts, bytes and numbers, and of what
 * PyTorch adds only what {@link TorchGlobals} lists; it never looks up, makes or calls anything that a file names. A file
 * that names anything else is read to its end, and then refused with all such names in one error.
 *
 * <p>It needs no recursion, holds every length against the bytes there are, and the objects it makes against a budget.
 * What it gives is a tree of bounded depth, with {@link TensorRecord}s for tensors.
 */
final class Unpickler {
  private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /** What the objects of one operation take at most, apart from texts and bytes. */
  private static final int OBJECT = 128;

  private static final int LONGEST_INTEGER = 256;

  /** So deep may tuples stand in each other where they are a key. */
  private static final int DEEPEST_KEY = 8;

  private final MemorySegment bytes;
  private final String name;
  private final Function<String, FormatError> error;
  private final TorchGlobals globals = new TorchGlobals(this::wrong, this::key);
  private final long budget = Runtime.getRuntime().maxMemory() / 4;
  private final List<Object> stack = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>();
  private final Map<Integer, Object> memo = new HashMap<>();
  private final Map<String, String> foreign = new LinkedHashMap<>();
  private long at;
  private long used;
  private long opAt;
  private String operation = "";

  /** Stands for whatever a file names that is not on the list, and for all that would be made of it. */
  record Foreign(String name) {}

  /** {@code name} is what messages call the bytes: the file's own part that holds them. */
  Unpickler(MemorySegment bytes, long from, String name, Function<String, FormatError> error) {
    this.bytes = bytes;
    this.at = from;
    this.name = name;
    this.error = error;
  }

  /** Where the bytes after the pickle begin, once it is read. */
  long end() {
    return at;
  }

  /** The storages it named, by key. */
  Map<String, StorageRecord> storages() {
    return globals.storages();
  }

  Object read() {
    opAt = at;
    if (bytes.byteSize() - at < 2 || u8() != Opcode.PROTO.code) throw wrong("expected a pickle of protocol 2 to 5 here.");
    at--;
    while (true) {
      opAt = at;
      operation = "";
      int code = u8();
      Opcode op = Opcode.of(code);
      if (op == null) throw wrong("expected an operation of pickle protocols 2 to 5, found byte 0x%02x.".formatted(code));
      operation = op.name();
      charge(OBJECT);
      if (op == Opcode.STOP) break;
      run(op);
    }
    Object root = pop();
    if (!foreign.isEmpty()) throw error.apply(Refusal.of(foreign, root instanceof Foreign));
    Values.requireFinite(root, budget / OBJECT, this::wrong);
    return root;
  }

  private void run(Opcode op) {
    switch (op) {
      case PROTO -> {
        int version = u8();
        if (version < 2 || version > 5) throw wrong("protocol " + version + "; protocols 2 to 5 can be read.");
      }
      case FRAME -> length(i64());
      case MARK -> marks.add(stack.size());
      case POP -> {
        if (stack.size() > floor() || marks.isEmpty()) pop();
        else marks.removeLast();
      }
      case POP_MARK -> toMark();
      case DUP -> push(peek());
      case NONE -> push(null);
      case NEWTRUE -> push(true);
      case NEWFALSE -> push(false);
      case BININT -> push((long) i32());
      case BININT1 -> push((long) u8());
      case BININT2 -> push((long) u16());
      case LONG1 -> push(integer(u8()));
      case LONG4 -> push(integer(i32()));
      case BINFLOAT -> push(bytes.get(F64, take(8)));
      case SHORT_BINUNICODE, SHORT_BINSTRING -> push(text(u8()));
      case BINUNICODE -> push(text(u32()));
      case BINSTRING -> push(text(i32()));
      case BINUNICODE8 -> push(text(i64()));
      case SHORT_BINBYTES -> push(bytes(u8()));
      case BINBYTES -> push(bytes(u32()));
      case BINBYTES8, BYTEARRAY8 -> push(bytes(i64()));
      case EMPTY_DICT -> push(new LinkedHashMap<>());
      case EMPTY_LIST -> push(new ArrayList<>());
      case EMPTY_SET -> push(new LinkedHashSet<>());
      case EMPTY_TUPLE -> push(Tuple.of());
      case TUPLE -> push(Tuple.copyOf(toMark()));
      case TUPLE1, TUPLE2, TUPLE3 -> push(Tuple.copyOf(last(1 + op.ordinal() - Opcode.TUPLE1.ordinal())));
      case FROZENSET -> addAll(toMark(), new LinkedHashSet<>());
      case APPEND -> append(last(1));
      case APPENDS, ADDITEMS -> append(toMark());
      case SETITEM -> putAll(last(2));
      case SETITEMS -> putAll(toMark());
      case BINGET -> get(u8());
      case LONG_BINGET -> get(i32());
      case BINPUT -> memo.put(u8(), peek());
      case LONG_BINPUT -> memo.put(i32(), peek());
      case MEMOIZE -> memo.put(memo.size(), peek());
      case GLOBAL -> global(line(), line());
      case STACK_GLOBAL -> {
        List<Object> names = last(2);
        if (!(names.get(0) instanceof String module && names.get(1) instanceof String name))
          throw wrong("expected the names of a module and of what is in it, got " + Values.kinds(names) + ".");
        global(module, name);
      }
      case REDUCE, NEWOBJ -> {
        Object arguments = pop();
        call(pop(), arguments);
      }
      case NEWOBJ_EX -> {
        List<Object> call = last(3);
        if (!(call.get(2) instanceof Map<?, ?> named && named.isEmpty() || call.get(0) instanceof Foreign))
          throw wrong("nothing that can be read here takes arguments by name.");
        call(call.get(0), call.get(1));
      }
      case BUILD -> build(pop());
      case BINPERSID -> push(globals.storage(pop()));
      case STOP -> throw new IllegalStateException("STOP ends the loop");
    }
  }

  private void global(String module, String name) {
    String full = module + "." + name;
    Object known = globals.find(full);
    if (known == null) {
      foreign.putIfAbsent(full, Values.place(stack, marks));
      known = new Foreign(full);
    }
    push(known);
  }

  private void call(Object callable, Object arguments) {
    switch (callable) {
      case Foreign f -> push(f);
      case TorchGlobals.Maker maker when arguments instanceof Tuple given -> {
        Object among = given.stream().filter(Foreign.class::isInstance).findFirst().orElse(null);
        charge((long) given.size() * OBJECT);
        push(among != null ? among : maker.make(given));
      }
      case null, default -> throw wrong("expected something to call and a tuple of arguments, got "
          + Values.kind(callable) + " and " + Values.kind(arguments) + ".");
    }
  }

  /** State that is set on an object: only what PyTorch adds to a state dict, which ktrain does not need. */
  private void build(Object state) {
    Object target = peek();
    if (target instanceof Foreign) return;
    if (target instanceof Map && state instanceof Map<?, ?> m && m.keySet().equals(Set.of("_metadata"))) return;
    throw wrong("sets attributes of " + Values.kind(target) + "; only _metadata of a state dict can be read.");
  }

  private void append(List<Object> items) {
    switch (peek()) {
      case Foreign f -> {}
      case List<?> list when !(list instanceof Tuple) -> Values.<List<Object>>unchecked(list).addAll(items);
      case Set<?> set -> addAll(items, Values.unchecked(pop()));
      case null, default -> throw wrong("expected a list or a set to add to, got " + Values.kind(peek()) + ".");
    }
  }

  private void addAll(Collection<Object> items, Set<Object> set) {
    for (Object item : items) if (!isForeign(item)) set.add(key(item));
    push(set);
  }

  private void putAll(List<Object> items) {
    Object target = peek();
    if (target instanceof Foreign) return;
    if (!(target instanceof Map<?, ?> map)) throw wrong("expected a dict to add to, got " + Values.kind(target) + ".");
    if (items.size() % 2 != 0) throw wrong("the last key of a dict has no value.");
    Map<Object, Object> to = Values.unchecked(map);
    for (int i = 0; i < items.size(); i += 2)
      if (!isForeign(items.get(i))) to.put(key(items.get(i)), items.get(i + 1));
  }

  /** Or a tuple that may have one in it: then the file is refused in the end, and nobody looks for what is left out. */
  private boolean isForeign(Object key) {
    return key instanceof Foreign || key instanceof Tuple && !foreign.isEmpty();
  }

  /** Only what has an order is hashed: then keys that a file makes collide on purpose cost no more than others. */
  private Object key(Object key) {
    requireKey(key, 0);
    return key;
  }

  /** What is shared in a tuple is hashed as often as it stands there, so it is charged as often. */
  private void requireKey(Object key, int depth) {
    if (key instanceof Tuple t && depth < DEEPEST_KEY) {
      charge((long) t.size() * OBJECT);
      for (Object item : t) requireKey(item, depth + 1);
    } else if (key != null && (key instanceof Tuple || !(key instanceof Comparable<?>))) {
      throw wrong("expected a text, a number or a tuple of them as a dict's key or in a set, got " + Values.kind(key)
          + (depth > 0 ? " in a tuple." : "."));
    }
  }

  private void get(int index) {
    if (!memo.containsKey(index)) throw wrong("nothing was remembered as number " + index + ".");
    push(memo.get(index));
  }

  // ---- the stack

  private void push(Object o) {
    stack.add(o);
  }

  private int floor() {
    return marks.isEmpty() ? 0 : marks.getLast();
  }

  private Object peek() {
    if (stack.size() <= floor()) throw wrong("expected an object before this, there is none.");
    return stack.getLast();
  }

  private Object pop() {
    peek();
    return stack.removeLast();
  }

  private List<Object> last(int count) {
    if (stack.size() - floor() < count)
      throw wrong("expected " + count + " objects before this, there are " + (stack.size() - floor()) + ".");
    return cut(stack.size() - count);
  }

  private List<Object> toMark() {
    if (marks.isEmpty()) throw wrong("expected a MARK before this, there is none.");
    return cut(marks.removeLast());
  }

  private List<Object> cut(int from) {
    List<Object> tail = stack.subList(from, stack.size());
    var items = new ArrayList<>(tail);
    tail.clear();
    return items;
  }

  // ---- the bytes

  private long take(long count) {
    long from = at;
    at += length(count);
    return from;
  }

  private long length(long count) {
    long left = bytes.byteSize() - at;
    if (count < 0 || count > left)
      throw wrong("expected " + (count < 0 ? Long.toUnsignedString(count) : count) + " more bytes, there are " + left + ".");
    return count;
  }

  private int u8() {
    return Byte.toUnsignedInt(bytes.get(ValueLayout.JAVA_BYTE, take(1)));
  }

  private int u16() {
    return Short.toUnsignedInt(bytes.get(U16, take(2)));
  }

  private int i32() {
    return bytes.get(I32, take(4));
  }

  private long u32() {
    return Integer.toUnsignedLong(i32());
  }

  private long i64() {
    return bytes.get(I64, take(8));
  }

  private Object integer(int length) {
    if (length > LONGEST_INTEGER) throw wrong("an integer of " + length + " bytes; at most " + LONGEST_INTEGER + " are read.");
    byte[] little = bytes(length);
    if (little.length == 0) return 0L;
    for (int i = 0, j = little.length - 1; i < j; i++, j--) {
      byte b = little[i];
      little[i] = little[j];
      little[j] = b;
    }
    var value = new BigInteger(little);
    return value.bitLength() < 64 ? (Object) value.longValue() : value;
  }

  private byte[] bytes(long length) {
    if (length > Integer.MAX_VALUE - 64) throw wrong("a value of " + Long.toUnsignedString(length) + " bytes.");
    long from = take(length);
    charge(length);
    return bytes.asSlice(from, length).toArray(ValueLayout.JAVA_BYTE);
  }

  private String text(long length) {
    return text(bytes(length));
  }

  private String text(byte[] utf8) {
    charge(2L * utf8.length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw wrong("a text that is not UTF-8.");
    }
  }

  private String line() {
    long from = at;
    while (u8() != '\n') continue;
    return text(bytes.asSlice(from, at - 1 - from).toArray(ValueLayout.JAVA_BYTE));
  }

  /** What a file can make is held to a part of the heap, before it is made. */
  private void charge(long size) {
    used += size;
    if (used > budget)
      throw error.apply(name + " makes more objects than " + (budget >> 20) + " MiB hold. Fix: if the file is to be trusted, "
          + "more heap (-Xmx).");
  }

  private FormatError wrong(String what) {
    return error.apply(name + ", byte " + opAt + (operation.isEmpty() ? ": " : ", " + operation + ": ") + what);
  }
}
