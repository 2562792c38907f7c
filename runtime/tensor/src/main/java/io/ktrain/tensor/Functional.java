package io.ktrain.tensor;

import io.ktrain.autograd.Backward;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Derivatives of functions of tensors: torch.autograd.functional. The function is called with leaves of its own; results
 * are outside the graph, unless {@code createGraph}, which keeps the way back to the inputs.
 */
public final class Functional {
  /** A function's value at some inputs, and a product with its derivative there. */
  public record Product(Tensor value, List<Tensor> products) {}

  /** A function of tensors at some inputs. */
  private record At(List<Tensor> inputs, Tensor value, boolean createGraph) {
    static At of(Function<List<Tensor>, Tensor> f, List<Tensor> inputs, boolean createGraph) {
      return Context.current().withGrad(true, () -> {
        List<Tensor> own = inputs.stream().map(t -> {
          if (createGraph && t.getRequiresGrad()) return t.copy();
          Tensor leaf = t.detach();
          leaf.setRequiresGrad(true);
          return leaf;
        }).toList();
        return new At(own, f.apply(own), createGraph);
      });
    }

    /** The gradients of {@code of}, weighted by {@code seed}; zeros where there is no path. */
    List<Tensor> gradients(Tensor of, Tensor seed, boolean retain, boolean create) {
      return Functional.gradients(List.of(of), new Tensor[] {seed}, inputs, retain, create);
    }

    /** For each input d of / d input, of the shape of {@code of} followed by the input's. */
    List<Tensor> jacobian(Tensor of) {
      int n = Math.toIntExact(of.numel());
      var rows = new ArrayList<List<Tensor>>();
      for (int i = 0; i < n; i++) rows.add(gradients(of, unit(of, i), true, createGraph));
      var all = new ArrayList<Tensor>();
      for (int k = 0; k < inputs.size(); k++) {
        Shape shape = inputs.get(k).getShape();
        int place = k;
        int[] sizes = Arrays.copyOf(of.getShape().toArray(), of.getNdim() + shape.ndim());
        System.arraycopy(shape.toArray(), 0, sizes, of.getNdim(), shape.ndim());
        all.add(n == 0 ? Tensor.zeros(Shape.of(sizes), of.getDtype()).to(of.getDevice())
            : Tensor.stack(rows.stream().map(row -> row.get(place)).toList(), 0).reshape(sizes));
      }
      return all;
    }

    Tensor singleValue(String what) {
      if (value.numel() != 1)
        throw new AutogradError(what + ": the function must give a single value, got " + value.describe() + ". Fix: sum() or mean(), or jacobian.");
      return value;
    }
  }

  private Functional() {}

  /** d f(x) / d x, of the shape of f(x) followed by that of x. */
  public static Tensor jacobian(UnaryOperator<Tensor> f, Tensor x) {
    return jacobian(in -> f.apply(in.getFirst()), List.of(x), false).getFirst();
  }

  /** d f / d input for each input, of the shape of the result followed by the input's. One backward pass an element of the result. */
  public static List<Tensor> jacobian(Function<List<Tensor>, Tensor> f, List<Tensor> inputs, boolean createGraph) {
    At at = At.of(f, inputs, createGraph);
    return Context.current().withGrad(createGraph, () -> at.jacobian(at.value));
  }

  /** The second derivatives of a single value, of the shape of x twice. */
  public static Tensor hessian(UnaryOperator<Tensor> f, Tensor x) {
    return hessian(in -> f.apply(in.getFirst()), List.of(x), false).getFirst().getFirst();
  }

  /** The second derivatives of a single value by each input and then by each: block [i][j] has the shapes of inputs i and j. */
  public static List<List<Tensor>> hessian(Function<List<Tensor>, Tensor> f, List<Tensor> inputs, boolean createGraph) {
    At at = At.of(f, inputs, createGraph);
    List<Tensor> first = at.gradients(at.singleValue("hessian"), null, true, true);
    return Context.current().withGrad(createGraph, () -> first.stream().map(at::jacobian).toList());
  }

  /** v^T J: {@code v} has the shape of the value. Backward mode: one pass. */
  public static Product vjp(Function<List<Tensor>, Tensor> f, List<Tensor> inputs, Tensor v, boolean createGraph) {
    At at = At.of(f, inputs, createGraph);
    return product(at, at.gradients(at.value, v, createGraph, createGraph));
  }

  /**
   * J v: {@code v} has the shapes of the inputs. Forward mode by two backward passes: v^T J is linear in v, so its
   * derivative by v, applied to this v, is J v. Products: one, of the shape of the value.
   */
  public static Product jvp(Function<List<Tensor>, Tensor> f, List<Tensor> inputs, List<Tensor> v, boolean createGraph) {
    At at = At.of(f, inputs, createGraph);
    fits("jvp", inputs, v);
    Tensor dual = Tensor.zerosLike(at.value);
    dual.setRequiresGrad(true);
    List<Tensor> linear = at.gradients(at.value, dual, true, true);
    return product(at, gradients(linear, v.toArray(Tensor[]::new), List.of(dual), createGraph, createGraph));
  }

  /** H v of a single value: {@code v} and the products have the shapes of the inputs. Two passes, without computing H. */
  public static Product hvp(Function<List<Tensor>, Tensor> f, List<Tensor> inputs, List<Tensor> v, boolean createGraph) {
    At at = At.of(f, inputs, createGraph);
    fits("hvp", inputs, v);
    List<Tensor> first = at.gradients(at.singleValue("hvp"), null, true, true);
    return product(at, gradients(first, v.toArray(Tensor[]::new), at.inputs, createGraph, createGraph));
  }

  /** v^T H, which is {@link #hvp}, since H is symmetric. */
  public static Product vhp(Function<List<Tensor>, Tensor> f, List<Tensor> inputs, List<Tensor> v, boolean createGraph) {
    return hvp(f, inputs, v, createGraph);
  }

  private static void fits(String what, List<Tensor> inputs, List<Tensor> v) {
    for (int i = 0; i < Math.max(inputs.size(), v.size()); i++)
      if (i >= v.size() || i >= inputs.size() || !v.get(i).getShape().equals(inputs.get(i).getShape()))
        throw new ShapeError(what + ": v is " + describe(v) + " for inputs " + describe(inputs) + ". Fix: one of the shape of each input.");
  }

  private static String describe(List<Tensor> all) {
    return all.stream().map(Tensor::describe).toList().toString();
  }

  private static Product product(At at, List<Tensor> products) {
    return new Product(at.createGraph ? at.value : at.value.detach(), products);
  }

  private static List<Tensor> gradients(List<Tensor> of, Tensor[] seeds, List<Tensor> by, boolean retain, boolean create) {
    var roots = new ArrayList<Tensor>();
    var weights = new ArrayList<Tensor>();
    for (int i = 0; i < of.size(); i++) {
      if (!of.get(i).getRequiresGrad()) continue;
      roots.add(of.get(i));
      weights.add(seeds[i]);
    }
    Tensor[] g = Backward.gradients(roots, weights.toArray(Tensor[]::new), by, retain, create);
    for (int i = 0; i < g.length; i++) if (g[i] == null) g[i] = Tensor.zerosLike(by.get(i));
    return List.of(g);
  }

  /** 1 at element {@code i}, else 0. */
  private static Tensor unit(Tensor like, int i) {
    Tensor flat = Tensor.arange(0, like.numel(), 1, DType.i64).to(like.getDevice());
    return flat.eq(i).to(like.getDtype()).reshape(like.getShape().toArray());
  }
}
