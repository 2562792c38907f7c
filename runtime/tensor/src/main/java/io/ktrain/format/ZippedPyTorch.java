package io.ktrain.format;

import io.ktrain.tensor.FormatError;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;

/** The format of PyTorch 1.6 and later: a zip archive of {@code data.pkl} and one entry a storage, under any one folder. */
final class ZippedPyTorch implements PyTorchFile.Container {
  /** The most a packed data.pkl may unpack to; one that is stored is read where it lies. */
  private static final long LARGEST_PICKLE = 1 << 28;

  private final ZipArchive archive;
  private final String folder;
  private final Object root;
  private final boolean bigEndian;
  private final Function<String, FormatError> error;

  ZippedPyTorch(MemorySegment file, Function<String, FormatError> error) {
    this.error = error;
    archive = new ZipArchive(file, error);
    List<String> pickles = archive.entries().keySet().stream().filter(n -> n.matches("[^/]+/data\\.pkl")).toList();
    if (pickles.size() != 1)
      throw error.apply("a zip archive of PyTorch's has one data.pkl in its folder, this one has " + pickles.size()
          + ". Fix: a file that torch.save wrote.");
    folder = pickles.getFirst().substring(0, pickles.getFirst().length() - "data.pkl".length());
    if (archive.entries().keySet().stream().anyMatch(n -> n.startsWith(folder + "code/") || n.equals(folder + "constants.pkl")))
      throw error.apply("it is a TorchScript program, as torch.jit.save writes, and holds code, which ktrain never runs. "
          + "Fix: in Python, torch.save(model.state_dict(), \"weights.pt\"); then build the model here and load that.");
    bigEndian = isBigEndian(archive.entries().get(folder + "byteorder"));
    ZipArchive.Entry pickle = archive.entries().get(pickles.getFirst());
    try (var arena = Arena.ofConfined()) {
      var unpickler = new Unpickler(whole(pickle, LARGEST_PICKLE, arena), 0, "data.pkl", error);
      root = unpickler.read();
      unpickler.storages().values().forEach(this::entry);
    }
  }

  private boolean isBigEndian(ZipArchive.Entry entry) {
    if (entry == null) return false;
    try (var arena = Arena.ofConfined()) {
      String order = StandardCharsets.US_ASCII.decode(whole(entry, 16, arena).asByteBuffer()).toString().strip();
      if (!order.equals("big") && !order.equals("little"))
        throw error.apply(entry.name() + " should be little or big, but is \"" + order + "\".");
      return order.equals("big");
    }
  }

  private MemorySegment whole(ZipArchive.Entry entry, long most, Arena arena) {
    if ((entry.deflated() || most < LARGEST_PICKLE) && entry.size() > most)
      throw error.apply(entry.name() + " has " + entry.size() + " bytes; at most " + most + " are read.");
    MemorySegment[] whole = {MemorySegment.NULL};
    if (entry.deflated()) whole[0] = arena.allocate(Math.max(1, entry.size())).asSlice(0, entry.size());
    archive.read(entry, (bytes, at) -> {
      if (entry.deflated()) whole[0].asSlice(at, bytes.byteSize()).copyFrom(bytes);
      else whole[0] = bytes;
    });
    return whole[0];
  }

  /** Every storage has its entry, of exactly its size. */
  private ZipArchive.Entry entry(StorageRecord storage) {
    ZipArchive.Entry entry = archive.entries().get(folder + "data/" + storage.key());
    if (entry == null) throw error.apply("data.pkl names storage \"" + storage.key() + "\", but there is no entry data/" + storage.key() + ".");
    if (entry.size() != storage.bytes())
      throw error.apply("storage " + storage.key() + " of " + storage.elements() + " " + storage.dtype() + " needs "
          + storage.bytes() + " bytes, but its zip entry has " + entry.size() + ".");
    return entry;
  }

  @Override
  public Object root() {
    return root;
  }

  @Override
  public void read(StorageRecord storage, ZipArchive.Sink sink) {
    archive.read(entry(storage), sink);
  }

  @Override
  public boolean isBigEndian() {
    return bigEndian;
  }
}
