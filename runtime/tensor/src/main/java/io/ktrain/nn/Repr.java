package io.ktrain.nn;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** Values as Python prints them. */
final class Repr {
  private Repr() {}

  /** As {@code (3, 2)}, or {@code (3,)} of one. */
  static String tuple(List<Integer> sizes) {
    return "(" + sizes.stream().map(String::valueOf).collect(Collectors.joining(", "))
        + (sizes.size() == 1 ? ",)" : ")");
  }

  /** One for each of {@code dims} dims, whichever way it was given. */
  static String tuple(List<Integer> sizes, int dims) {
    return tuple(sizes.size() == dims ? sizes : Collections.nCopies(dims, sizes.get(0)));
  }

  /** One number as itself, several as a tuple: what the user gave. */
  static String given(List<Integer> sizes) {
    return sizes.size() == 1 ? sizes.get(0).toString() : tuple(sizes);
  }

  static String flag(boolean on) {
    return on ? "True" : "False";
  }

  static String number(Double v) {
    if (v == null) return "None";
    String java = Double.toString(v);
    int e = java.indexOf('E');
    if (e < 0) return java;
    int exponent = Integer.parseInt(java.substring(e + 1));
    String digits = java.substring(0, e).endsWith(".0") ? java.substring(0, e - 2) : java.substring(0, e);
    if (exponent >= -4 && exponent < 16) {
      String plain = new BigDecimal(java).stripTrailingZeros().toPlainString();
      return plain.contains(".") ? plain : plain + ".0";
    }
    return digits + "e" + (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
  }

  /** Whole numbers without a point, as a user writes them. */
  static String shortest(double v) {
    return v == Math.rint(v) && Math.abs(v) < 1e15 ? Long.toString((long) v) : number(v);
  }
}
