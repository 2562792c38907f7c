package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A quasi-Newton method that knows the curvature from its last steps (Liu and Nocedal, "On the limited memory BFGS
 * method for large scale optimization", 1989); for small problems and whole data sets. A step evaluates the loss
 * several times, so it is {@code optimizer.step { loss }}. All parameters are one group, on one device, of one type.
 * torch.optim.LBFGS.
 */
public final class LBFGS extends Optimizer {
  /** Curvature below this is not learnt from. */
  private static final double LEAST_CURVATURE = 1e-10;

  /** How the gradient changed over a step, the step, and 1 over their product. */
  private record Pair(Tensor gradient, Tensor step, double scale) {}

  private final int maxIter;
  private final int maxEval;
  private final double toleranceGrad;
  private final double toleranceChange;
  private final int historySize;
  private final boolean strongWolfe;
  private final List<Pair> history = new ArrayList<>();
  private long iterations;
  private long evaluations;
  private double diagonal = 1;
  private double length;
  private Tensor direction;
  private Tensor gradientBefore;

  public LBFGS(List<Parameter> parameters, double lr) {
    this(parameters, lr, 20, 25, 1e-7, 1e-9, 100, false);
  }

  /**
   * @param maxIter iterations of one step, at most
   * @param maxEval evaluations of the loss in one step, at most; PyTorch's default is 5/4 of maxIter
   * @param toleranceGrad done where no gradient is larger
   * @param toleranceChange done where neither the loss nor a parameter changes by more
   * @param historySize how many steps the curvature is known from
   * @param strongWolfe search each direction for a good step; else lr is the step
   */
  public LBFGS(List<Parameter> parameters, double lr, int maxIter, int maxEval, double toleranceGrad,
      double toleranceChange, int historySize, boolean strongWolfe) {
    super(List.of(new ParamGroup(parameters)), Map.of(HyperParameter.LR, lr));
    if (maxIter < 1 || maxEval < 1 || historySize < 1)
      throw new KtrainException("LBFGS: maxIter, maxEval and historySize must be at least 1, got " + maxIter + ", "
          + maxEval + " and " + historySize + ".");
    if (!(toleranceGrad >= 0 && toleranceChange >= 0))
      throw new KtrainException("LBFGS: tolerances must be at least 0, got " + toleranceGrad + " and " + toleranceChange
          + ".");
    this.maxIter = maxIter;
    this.maxEval = maxEval;
    this.toleranceGrad = toleranceGrad;
    this.toleranceChange = toleranceChange;
    this.historySize = historySize;
    this.strongWolfe = strongWolfe;
  }

  @Override
  public void addParamGroup(ParamGroup group) {
    throw new KtrainException("LBFGS: all parameters are one group, got a second.");
  }

  @Override
  public boolean needsClosure() {
    return true;
  }

  @Override
  public void step() {
    throw new KtrainException("LBFGS: a step evaluates the loss several times."
        + " Fix: optimizer.step { crossEntropy(model(x), y) }.");
  }

  @Override
  public Tensor step(Supplier<Tensor> loss) {
    stepping();
    Tensor first = evaluate(loss);
    if (Check.active()) return first; // without values there is no direction to search
    Context.current().withGrad(false, () -> {
      iterate(loss, first.item());
      return null;
    });
    return first;
  }

  private void iterate(Supplier<Tensor> closure, double loss) {
    int evaluated = 1;
    evaluations++;
    Tensor gradient = gradient();
    if (largest(gradient) <= toleranceGrad) return;
    for (int n = 1; n <= maxIter; n++) {
      iterations++;
      Tensor d = iterations == 1 ? gradient.neg() : newton(gradient);
      direction = d.keep();
      gradientBefore = gradient.keep();
      length = iterations == 1 ? Math.min(1, 1 / gradient.abs().sum().item()) * getLr() : getLr();
      double before = loss, slope = dot(gradient, d);
      if (slope > -toleranceChange) return;
      List<Tensor> from = parameters().stream().map(p -> p.detach().copy()).toList();
      int made = 0;
      if (strongWolfe) {
        long already = evaluations;
        var start = new StrongWolfe.Point(0, loss, gradient, slope);
        var found = StrongWolfe.search(start, length, largest(d), toleranceChange, t -> {
          place(from, d, t);
          evaluations++;
          double value = evaluate(closure).item();
          Tensor g = gradient();
          return new StrongWolfe.Point(t, value, g, dot(g, d));
        });
        made = (int) (evaluations - already);
        loss = found.loss();
        gradient = found.gradient();
        length = found.step();
        place(from, d, length);
      } else {
        place(from, d, length);
        if (n < maxIter) { // after the last iteration nobody needs it
          loss = evaluate(closure).item();
          gradient = gradient();
          evaluations++;
          made = 1;
        }
      }
      evaluated += made;
      if (evaluated >= maxEval || made > 0 && largest(gradient) <= toleranceGrad
          || largest(d) * length <= toleranceChange || Math.abs(loss - before) < toleranceChange) return;
    }
  }

  /** The direction in which a quadratic of the known curvature is lowest: the two-loop recursion. */
  private Tensor newton(Tensor gradient) {
    Tensor change = gradient.sub(gradientBefore), step = direction.mul(length);
    double curvature = dot(change, step);
    if (curvature > LEAST_CURVATURE) {
      if (history.size() == historySize) history.removeFirst();
      history.add(new Pair(change.keep(), step.keep(), 1 / curvature));
      diagonal = curvature / dot(change, change);
    }
    Tensor q = gradient.neg();
    double[] weights = new double[history.size()];
    for (int i = weights.length - 1; i >= 0; i--) {
      Pair h = history.get(i);
      weights[i] = dot(h.step, q) * h.scale;
      q = q.sub(h.gradient.mul(weights[i]));
    }
    q = q.mul(diagonal);
    for (int i = 0; i < weights.length; i++) {
      Pair h = history.get(i);
      q = q.add(h.step.mul(weights[i] - dot(h.gradient, q) * h.scale));
    }
    return q;
  }

  /** All gradients in one row; zeros where there is none. */
  private Tensor gradient() {
    var parts = new ArrayList<Tensor>();
    for (Parameter p : parameters()) parts.add((p.borrowGrad() == null ? Tensor.zerosLike(p)
        : p.borrowGrad()).reshape(-1));
    return Tensor.cat(parts, 0);
  }

  private void place(List<Tensor> from, Tensor d, double t) {
    int at = 0;
    for (int i = 0; i < from.size(); i++) {
      Parameter p = parameters().get(i);
      int n = Math.toIntExact(p.numel());
      p.copy_(from.get(i).add(d.narrow(0, at, n).mul(t).reshape(p.getShape().toArray())));
      at += n;
    }
  }

  private static double dot(Tensor a, Tensor b) {
    return a.mul(b).sum().item();
  }

  private static double largest(Tensor t) {
    return t.abs().max().item();
  }

  @Override
  String name() {
    return "LBFGS";
  }

  @Override
  public Map<String, Tensor> stateDict() {
    var all = new LinkedHashMap<String, Tensor>();
    if (direction != null) {
      all.put("state.n_iter", OptimizerState.number(iterations));
      all.put("state.func_evals", OptimizerState.number(evaluations));
      all.put("state.H_diag", OptimizerState.number(diagonal));
      all.put("state.t", OptimizerState.number(length));
      all.put("state.d", direction);
      all.put("state.prev_flat_grad", gradientBefore);
    }
    for (int i = 0; i < history.size(); i++) {
      all.put("state.old_dirs." + i, history.get(i).gradient);
      all.put("state.old_stps." + i, history.get(i).step);
      all.put("state.ro." + i, OptimizerState.number(history.get(i).scale));
    }
    OptimizerState.groups(this, all);
    return all;
  }

  @Override
  public void load(Map<String, Tensor> state) {
    var saved = new OptimizerState(this, state);
    boolean begun = saved.hasAny("state.");
    long ran = begun ? saved.count("state.n_iter") : 0, evaluated = begun ? saved.count("state.func_evals") : 0;
    double scale = begun ? saved.number("state.H_diag") : 1, last = begun ? saved.number("state.t") : 0;
    Tensor d = begun ? vector(saved, "d") : null;
    Tensor before = begun ? vector(saved, "prev_flat_grad") : null;
    var pairs = new ArrayList<Pair>();
    for (int i = 0; i < historySize && saved.hasAny("state.ro." + i); i++)
      pairs.add(new Pair(vector(saved, "old_dirs." + i), vector(saved, "old_stps." + i),
          saved.number("state.ro." + i)));
    saved.accept();
    iterations = ran;
    evaluations = evaluated;
    diagonal = scale;
    length = last;
    direction = d;
    gradientBefore = before;
    history.clear();
    history.addAll(pairs);
  }

  private Tensor vector(OptimizerState saved, String name) {
    Parameter p = parameters().getFirst();
    Shape shape = Shape.of(Math.toIntExact(parameters().stream().mapToLong(Tensor::numel).sum()));
    return saved.tensor("state." + name, shape, p.getDtype(), p.getDevice());
  }
}
