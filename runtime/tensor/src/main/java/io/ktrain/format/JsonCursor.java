package io.ktrain.format;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads the JSON of a safetensors header and of what bundles keep there, strictly, and says where something is wrong. */
final class JsonCursor {
  private final String text;
  private final Function<String, RuntimeException> error;
  private int at;

  JsonCursor(String text, Function<String, RuntimeException> error) {
    this.text = text;
    this.error = error;
  }

  RuntimeException wrong(String expected) {
    String seen = at >= text.length() ? "the end" : "'" + text.substring(at, Math.min(text.length(), at + 12)) + "'";
    return error.apply("expected " + expected + " at character " + at + " of the header, found " + seen + ".");
  }

  private void space() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
  }

  /** Whether {@code c} comes next; if so, goes past it. */
  boolean accept(char c) {
    space();
    if (at >= text.length() || text.charAt(at) != c) return false;
    at++;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) throw wrong("'" + c + "'");
  }

  void end() {
    space();
    if (at < text.length()) throw wrong("the end of the object");
  }

  /** One {@code {"key": value, ...}}; {@code value} is called with the cursor at each value. */
  void object(java.util.function.Consumer<String> value) {
    expect('{');
    if (accept('}')) return;
    do {
      space();
      String key = string();
      expect(':');
      value.accept(key);
    } while (accept(','));
    expect('}');
  }

  /** Any value: null, a Map, a List, a String, a Boolean, a Long or a Double, at most {@code depth} of them in each other. */
  @Nullable Object value(int depth) {
    if (depth == 0) throw wrong("fewer lists in each other");
    space();
    char c = at < text.length() ? text.charAt(at) : 0;
    if (c == '"') return string();
    if (c == '{') {
      var map = new LinkedHashMap<String, Object>();
      object(key -> {
        if (map.containsKey(key)) throw wrong("each key once");
        map.put(key, value(depth - 1));
      });
      return map;
    }
    if (accept('[')) {
      var list = new ArrayList<>();
      if (accept(']')) return list;
      do list.add(value(depth - 1)); while (accept(','));
      expect(']');
      return list;
    }
    if (text.startsWith("null", at)) {
      at += "null".length();
      return null;
    }
    for (Boolean b : new Boolean[] {true, false})
      if (text.startsWith(b.toString(), at)) {
        at += b.toString().length();
        return b;
      }
    return number();
  }

  private Object number() {
    int from = at;
    while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
    String digits = text.substring(from, at);
    try {
      return digits.matches("-?\\d+") ? (Object) Long.parseLong(digits) : Double.parseDouble(digits);
    } catch (NumberFormatException e) {
      at = from;
      throw wrong("a value");
    }
  }

  /** One {@code [1, 2, ...]} of whole numbers from 0 to 2^63 - 1. */
  long[] wholeNumbers() {
    expect('[');
    if (accept(']')) return new long[0];
    long[] out = new long[4];
    int n = 0;
    do {
      if (n == out.length) out = java.util.Arrays.copyOf(out, 2 * n);
      out[n++] = wholeNumber();
    } while (accept(','));
    expect(']');
    return java.util.Arrays.copyOf(out, n);
  }

  private long wholeNumber() {
    space();
    int from = at;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') at++;
    int digits = at - from;
    boolean more = at < text.length() && ".eE".indexOf(text.charAt(at)) >= 0;
    if (digits == 0 || digits > 1 && text.charAt(from) == '0' || more) {
      at = from;
      throw wrong("a whole number that is not negative");
    }
    try {
      return Long.parseLong(text, from, at, 10);
    } catch (NumberFormatException e) {
      at = from;
      throw wrong("a number below 2^63");
    }
  }

  String string() {
    space();
    if (at >= text.length() || text.charAt(at) != '"') throw wrong("a string");
    at++;
    var out = new StringBuilder();
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == '"') return requireWhole(out.toString());
      if (c < ' ') {
        at--;
        throw wrong("no control character inside a string");
      }
      out.append(c == '\\' ? escaped() : c);
    }
    throw wrong("'\"'");
  }

  private char escaped() {
    char c = at < text.length() ? text.charAt(at++) : 0;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> hex();
      default -> throw wrong("an escape that JSON knows");
    };
  }

  private char hex() {
    int value = 0;
    for (int i = 0; i < 4; i++) {
      int digit = at < text.length() ? "0123456789abcdef".indexOf(Character.toLowerCase(text.charAt(at))) : -1;
      if (digit < 0) throw wrong("four hexadecimal digits");
      value = value << 4 | digit;
      at++;
    }
    return (char) value;
  }

  /** Half a surrogate pair is no text. */
  private String requireWhole(String s) {
    for (int i = 0; i < s.length(); i++) {
      if (!Character.isSurrogate(s.charAt(i))) continue;
      if (i + 1 == s.length() || !Character.isSurrogatePair(s.charAt(i), s.charAt(i + 1)))
        throw wrong("whole characters in the string before");
      i++;
    }
    return s;
  }

  /** {@code s} as a JSON string. */
  static void quote(String s, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c >= ' ') out.append(c);
          else out.append("\\u00").append(Character.forDigit(c >> 4, 16)).append(Character.forDigit(c & 15, 16));
        }
      }
    }
    out.append('"');
  }
}
