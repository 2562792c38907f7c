package io.ktrain.nn;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Sequences of different lengths without their padding: the first step of each, longest first, then the second of those
 * that have one, and so on. PyTorch's PackedSequence; recurrent layers compute no step of padding.
 */
public final class PackedSequence {
  private final Tensor data;
  private final int[] batchSizes;
  private final int @Nullable [] order;

  PackedSequence(Tensor data, int[] batchSizes, int @Nullable [] order) {
    this.data = data;
    this.batchSizes = batchSizes;
    this.order = order;
  }

  /**
   * PyTorch's pack_padded_sequence.
   *
   * @param padded [length, batch, ...], or [batch, length, ...] with {@code batchFirst}
   * @param enforceSorted whether lengths that do not fall are an error; without it they are sorted here, and states
   *     come back in the order given
   */
  public static PackedSequence pack(Tensor padded, int[] lengths, boolean batchFirst, boolean enforceSorted) {
    if (padded.getNdim() < 2) throw new ShapeError("packPaddedSequence: needs a batch of sequences, got "
        + padded.describe() + ".");
    int batch = padded.size(batchFirst ? 0 : 1), longest = padded.size(batchFirst ? 1 : 0);
    if (lengths.length != batch)
      throw new ShapeError("packPaddedSequence: " + padded.describe() + " holds " + batch + " sequences, got "
          + lengths.length + " lengths. Is batchFirst = " + batchFirst + " meant?");
    for (int n : lengths)
      if (n < 1 || n > longest) throw new ShapeError("packPaddedSequence: lengths must lie in 1.." + longest + ", got "
          + n + ".");
    int[] order = order(lengths);
    boolean sorted = Arrays.equals(order, IntStream.range(0, batch).toArray());
    if (enforceSorted && !sorted)
      throw new KtrainException("packPaddedSequence: lengths " + Arrays.toString(lengths)
          + " do not go from the longest to the shortest. Fix: enforceSorted = false.");
    int[] sizes = new int[lengths[order[0]]];
    for (int n : lengths) for (int t = 0; t < n; t++) sizes[t]++;
    long[] rows = new long[Arrays.stream(sizes).sum()];
    for (int t = 0, k = 0; t < sizes.length; t++)
      for (int i = 0; i < sizes[t]; i++) rows[k++] = batchFirst ? (long) order[i] * longest + t : (long) t * batch
          + order[i];
    return new PackedSequence(padded.flatten(0, 1).indexSelect(0, index(rows, padded)), sizes, sorted ? null : order);
  }

  /** Stable: equal lengths keep their order. */
  private static int[] order(int[] lengths) {
    return IntStream.range(0, lengths.length).boxed().sorted(Comparator.comparing(i -> -lengths[i])).mapToInt(i -> i)
        .toArray();
  }

  /** PyTorch's pack_sequence: of sequences [length, ...]. */
  public static PackedSequence pack(List<Tensor> sequences, boolean enforceSorted) {
    if (sequences.isEmpty()) throw new ShapeError("packSequence: there is no sequence.");
    int[] lengths = sequences.stream().mapToInt(s -> s.size(0)).toArray();
    int longest = Arrays.stream(lengths).max().getAsInt();
    List<Tensor> padded = sequences.stream().map(s -> {
      int[] widths = new int[2 * s.getNdim()];
      widths[widths.length - 1] = longest - s.size(0);
      return s.pad(widths, 0);
    }).toList();
    return pack(Tensor.stack(padded, 0), lengths, true, enforceSorted);
  }

  /** [rows, ...]: all steps of all sequences. */
  public Tensor getData() {
    return data;
  }

  /** How many sequences have each step. */
  public int[] getBatchSizes() {
    return batchSizes.clone();
  }

  /** In the order in which the sequences were given. */
  public int[] lengths() {
    int[] lengths = new int[batchSizes[0]];
    for (int n : batchSizes) for (int i = 0; i < n; i++) lengths[order == null ? i : order[i]]++;
    return lengths;
  }

  /**
   * PyTorch's pad_packed_sequence, without the {@link #lengths}.
   *
   * @param totalLength of the result; -1: that of the longest
   */
  public Tensor padded(boolean batchFirst, double paddingValue, int totalLength) {
    int batch = batchSizes[0], longest = totalLength < 0 ? batchSizes.length : totalLength, padding = data.size(0);
    if (longest < batchSizes.length) throw new ShapeError("padPackedSequence: totalLength " + totalLength
        + " is less than the longest sequence's " + batchSizes.length + ".");
    long[] rows = new long[batch * longest];
    Arrays.fill(rows, padding);
    for (int t = 0, k = 0; t < batchSizes.length; t++)
      for (int i = 0; i < batchSizes[t]; i++, k++) {
        int b = order == null ? i : order[i];
        rows[batchFirst ? b * longest + t : t * batch + b] = k;
      }
    int[] widths = new int[2 * data.getNdim()];
    widths[widths.length - 1] = 1;
    int[] sizes = new int[data.getNdim() + 1];
    sizes[0] = batchFirst ? batch : longest;
    sizes[1] = batchFirst ? longest : batch;
    for (int d = 1; d < data.getNdim(); d++) sizes[d + 1] = data.size(d);
    return data.pad(widths, paddingValue).indexSelect(0, index(rows, data)).reshape(sizes);
  }

  /** Other rows for the same sequences. */
  PackedSequence with(Tensor rows) {
    return new PackedSequence(rows, batchSizes, order);
  }

  int[] sizes() {
    return batchSizes;
  }

  /** States [layers, batch, hidden] from the order given to the order packed, or back. */
  Tensor reordered(Tensor states, boolean back) {
    if (order == null) return states;
    long[] to = new long[order.length];
    for (int i = 0; i < to.length; i++) to[back ? order[i] : i] = back ? i : order[i];
    return states.indexSelect(1, index(to, states));
  }

  private static Tensor index(long[] rows, Tensor like) {
    return Tensor.of(rows).to(like.getDevice());
  }
}
