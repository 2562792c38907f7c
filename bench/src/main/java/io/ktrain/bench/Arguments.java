package io.ktrain.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Words and {@code --name value} pairs of a command line. */
final class Arguments {
  private final List<String> words = new ArrayList<>();
  private final Map<String, String> options = new LinkedHashMap<>();

  Arguments(String[] args) {
    for (int i = 0; i < args.length; i++) {
      if (!args[i].startsWith("--")) words.add(args[i]);
      else if (i + 1 < args.length) options.put(args[i], args[++i]);
      else throw new IllegalArgumentException("bench: " + args[i] + " needs a value.");
    }
  }

  /** Refuses options that nothing would read. */
  Arguments only(String... known) {
    for (String option : options.keySet())
      if (!List.of(known).contains(option))
        throw new IllegalArgumentException("bench: no option " + option + "; there are " + String.join(", ", known) + ".");
    return this;
  }

  List<String> words() {
    return words;
  }

  String first() {
    if (words.isEmpty()) throw new IllegalArgumentException("bench: name a workload: W1, W2, W4, W5, W6 or W9.");
    return words.getFirst();
  }

  String text(String option, String otherwise) {
    return options.getOrDefault(option, otherwise);
  }

  double number(String option, double otherwise) {
    String text = options.get(option);
    try {
      return text == null ? otherwise : Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("bench: " + option + " is a number, not " + text + ".");
    }
  }

  int count(String option, int otherwise) {
    return (int) number(option, otherwise);
  }
}
