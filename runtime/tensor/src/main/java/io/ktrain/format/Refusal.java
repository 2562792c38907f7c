package io.ktrain.format;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Why a pickle that names more than tensors and plain values is not read, and what to do. */
final class Refusal {
  private static final int SHOWN = 8;

  private Refusal() {}

  /** {@code names}: what it names, with the place where it first does; {@code whole}: its value is such an object itself. */
  static String of(Map<String, String> names, boolean whole) {
    List<String> modules = names.keySet().stream().filter(Refusal::isModule).toList();
    if (!modules.isEmpty())
      return "it holds a whole module, pickled as Python classes: " + list(names.keySet()) + ". ktrain reads its tensors, "
          + "not its classes. Fix: in Python, torch.save(model.state_dict(), \"weights.pt\"); then build the model here and load that.";
    var first = names.entrySet().iterator().next();
    String at = first.getValue().isEmpty() ? "" : " at " + first.getValue(), name = first.getKey();
    if (name.startsWith("torch._utils._rebuild_sparse"))
      return "it holds a sparse tensor" + at + ", which ktrain has not. Fix: .to_dense() before torch.save.";
    if (name.equals("torch._utils._rebuild_qtensor"))
      return "it holds a quantized tensor" + at + ", which ktrain has not. Fix: .dequantize() before torch.save.";
    if (name.startsWith("numpy."))
      return "it holds a numpy value" + at + " (" + name + "), which takes code to load. Fix: before torch.save, .item() or "
          + "float(...) makes a number a plain one, torch.from_numpy(...) an array a tensor.";
    if (name.equals("torch._utils._rebuild_tensor_v3") || name.startsWith("torch.") && name.endsWith("Storage"))
      return "it holds a tensor" + at + " of a type that ktrain has not (" + name + "); it has f64 f32 f16 bf16 i64 i32 i16 "
          + "i8 u8 bool. Fix: .to(torch.float32) before torch.save.";
    return "it holds" + (whole ? "" : " more than tensors and plain values:") + " Python objects made by " + list(names.keySet())
        + at + ". Loading them would run code, which ktrain never does. Fix: save tensors, numbers, texts, lists and dicts only.";
  }

  private static boolean isModule(String name) {
    return name.startsWith("torch.nn.modules.") || name.startsWith("torchvision.models.");
  }

  private static String list(Iterable<String> names) {
    var shown = new ArrayList<String>();
    int more = 0;
    for (String n : names)
      if (shown.size() < SHOWN) shown.add(n.length() > 80 ? n.substring(0, 80) + "..." : n);
      else more++;
    return String.join(", ", shown) + (more > 0 ? " and " + more + " more" : "");
  }
}
