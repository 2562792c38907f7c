package io.ktrain.format;

import io.ktrain.backend.Backends;
import io.ktrain.nn.Parameter;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.FormatError;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What {@code torch.save} writes and {@code torch.load} reads: {@code .pt} and {@code .pth} files, those of PyTorch
 * before 1.6 too. Nothing in a file can run: only tensors and plain values are made, by an allow-list, as with
 * {@code weights_only=True}; anything else is one FormatError that says what it is. All sizes are held against the file
 * before memory is taken.
 *
 * <table>
 * <caption>Values</caption>
 * <tr><th>Python</th><th>here</th></tr>
 * <tr><td>dict, OrderedDict, Counter</td><td>LinkedHashMap</td></tr>
 * <tr><td>list; tuple; set, frozenset</td><td>ArrayList; {@link Tuple}; LinkedHashSet</td></tr>
 * <tr><td>None; bool; int; float</td><td>null; Boolean; Long, or BigInteger where it needs more bits; Double</td></tr>
 * <tr><td>str; bytes, bytearray</td><td>String; byte[]</td></tr>
 * <tr><td>Tensor; Parameter</td><td>{@link Tensor}; {@link Parameter}; views of one storage go on sharing it</td></tr>
 * <tr><td>a complex tensor</td><td>a Tensor with a last dim of 2 for the real and imaginary parts, as view_as_real</td></tr>
 * <tr><td>torch.Size; dtype; device</td><td>{@link Shape}; {@link DType}; {@link Device}</td></tr>
 * </table>
 */
public final class PyTorchFile {
  /** What a file of either container gives: a value whose tensors are records, and their contents one by one. */
  interface Container {
    Object root();

    void read(StorageRecord storage, ZipArchive.Sink sink);

    /** Whether its elements have their highest byte first. */
    boolean isBigEndian();
  }

  static final String FIX = " Fix: the file is damaged or was cut off; get or write it again.";

  private PyTorchFile() {}

  /** All that a file holds. Its tensors lie on the current device, wherever they were saved. */
  public static @Nullable Object read(Path path) {
    Map<String, ?> promised = WholeFile.promised(path);
    if (promised != null) return new LinkedHashMap<>(promised);
    return read(path, Check.active());
  }

  /** {@code shapesOnly}: its tensors have no elements, and of the file none are read. */
  static @Nullable Object read(Path path, boolean shapesOnly) {
    return WholeFile.map("pt", path, file -> read(path, file, shapesOnly));
  }

  static @Nullable Object read(Path path, MemorySegment file, boolean shapesOnly) {
    Container container = open(path, file);
    Device device = Context.current().device();
    var memory = new IdentityHashMap<StorageRecord, Tensor>();
    return Values.map(container.root(), leaf -> switch (leaf) {
      case null -> null;
      case TensorRecord t when shapesOnly -> parameter(t, Tensor.shapeOnly(t.shape(), t.storage().dtype(), device));
      case TensorRecord t -> {
        Tensor whole = memory.computeIfAbsent(t.storage(), s -> filled(s, container, device));
        yield parameter(t, Tensor.of(t.shape(), whole.getDtype(), device, t.layout(), whole.storage()));
      }
      default -> leaf;
    });
  }

  /**
   * Writes values as {@link #read} gives them, for {@code torch.load} with {@code weights_only=True}, whole or not at all.
   * Tensors of one storage go on sharing it. While checking nothing is written, but {@link #read} gives these shapes.
   */
  public static void write(Path path, Map<String, ?> values) {
    Values.requireFinite(values, Integer.MAX_VALUE, what -> new KtrainException("pt: cannot write " + path + ": " + what));
    if (Check.active()) {
      WholeFile.promise(path, values);
      return;
    }
    var storages = new StoragePlan(values);
    byte[] pickle = new Pickler(storages).pickle(values);
    WholeFile.write("pt", path, out -> {
      var zip = new ZipWriter(out);
      zip.entry("archive/data.pkl", pickle.length, sink -> sink.accept(ByteBuffer.wrap(pickle)));
      zip.entry("archive/byteorder", 6, sink -> sink.accept(ByteBuffer.wrap("little".getBytes(StandardCharsets.US_ASCII))));
      for (StoragePlan.Block block : storages.blocks())
        zip.entry("archive/data/" + block.key(), block.bytes(), block::write);
      zip.entry("archive/version", 2, sink -> sink.accept(ByteBuffer.wrap("3\n".getBytes(StandardCharsets.US_ASCII))));
      zip.finish();
    });
  }

  private static Tensor parameter(TensorRecord record, Tensor t) {
    if (record.isParameter() && t.getDtype().isFloating()) {
      var parameter = new Parameter(t);
      parameter.setRequiresGrad(record.requiresGrad());
      return parameter;
    }
    if (record.requiresGrad()) t.setRequiresGrad(true);
    return t;
  }

  private static Tensor filled(StorageRecord storage, Container container, Device device) {
    Tensor whole = TensorBytes.allocate(storage.elements(), storage.dtype(), device);
    if (storage.bytes() == 0) return whole;
    boolean swap = container.isBigEndian() && storage.dtype().bytes() > 1;
    container.read(storage, (bytes, at) -> {
      if (swap) swapped(bytes, storage.dtype().bytes(), (part, from) -> Backends.of(device).write(part, whole.storage(), at + from));
      else Backends.of(device).write(bytes, whole.storage(), at);
    });
    return whole;
  }

  private static void swapped(MemorySegment bytes, int width, ZipArchive.Sink sink) {
    byte[] chunk = new byte[(int) Math.min(1 << 16, bytes.byteSize())];
    for (long at = 0; at < bytes.byteSize(); at += chunk.length) {
      int n = (int) Math.min(chunk.length, bytes.byteSize() - at);
      MemorySegment part = MemorySegment.ofArray(chunk).asSlice(0, n).copyFrom(bytes.asSlice(at, n));
      for (int i = 0; i + width <= n; i += width)
        for (int j = 0; j < width / 2; j++) {
          byte b = chunk[i + j];
          chunk[i + j] = chunk[i + width - 1 - j];
          chunk[i + width - 1 - j] = b;
        }
      sink.accept(part, at);
    }
  }

  private static Container open(Path path, MemorySegment file) {
    Function<String, FormatError> damaged = what -> new FormatError("pt: " + path + ": " + what + (what.contains("Fix: ") ? "" : FIX));
    Container container = switch (FileKind.of(file)) {
      case ZIP -> new ZippedPyTorch(file, damaged);
      case PICKLE -> new LegacyPyTorch(file, damaged);
      case TAR -> throw damaged.apply("it is a tar archive, as PyTorch before 0.1.10 wrote. Fix: load it in PyTorch and save its state_dict again.");
      default -> throw damaged.apply(file.byteSize() == 0 ? "the file is empty."
          : "it is no file of PyTorch's: it begins neither as a zip archive nor as a pickle. Fix: a file that torch.save wrote.");
    };
    Values.map(container.root(), leaf -> requireValue(leaf, damaged));
    return container;
  }

  private static Object requireValue(Object leaf, Function<String, FormatError> damaged) {
    return switch (leaf) {
      case null -> null;
      case Boolean b -> b;
      case Long n -> n;
      case BigInteger n -> n;
      case Double d -> d;
      case String s -> s;
      case byte[] b -> b;
      case TensorRecord t -> t;
      case Shape s -> s;
      case DType d -> d;
      case Device d -> d;
      default -> throw damaged.apply("it holds " + Values.kind(leaf) + " where a value should be. Fix: save tensors and plain values only.");
    };
  }
}
