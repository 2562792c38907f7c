package io.ktrain.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ktrain.nn.Parameter;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Six steps of every optimizer against its formulas as PyTorch's documentation gives them, element by element in
 * double.
 */
@Tag("paths")
class OptimizerFormulasTest {
  private static final double LR = 0.05, B1 = 0.8, B2 = 0.95, EPS = 1e-6;
  private static final int STEPS = 6;

  /** One element's parameter and states over time. */
  private abstract static class Element {
    final double[] s = new double[3];
    double p;
    int t;

    final void step(double gradient, double decay, boolean maximize) {
      t++;
      update((maximize ? -gradient : gradient) + decay * p);
    }

    abstract void update(double g);
  }

  private interface Rule {
    void update(Element e, double g);
  }

  private interface Make {
    Optimizer of(List<ParamGroup> groups, boolean maximize);
  }

  private record Case(String name, double decay, double[] initial, Make make, Rule rule) {}

  private static Case of(String name, double decay, Make make, Rule rule) {
    return new Case(name, decay, new double[3], make, rule);
  }

  private static void moments(Element e, double g) {
    e.s[0] = B1 * e.s[0] + (1 - B1) * g;
    e.s[1] = B2 * e.s[1] + (1 - B2) * g * g;
  }

  private static double bias(double beta, int t) {
    return 1 - Math.pow(beta, t);
  }

  private static Stream<Case> cases() {
    Rule adam = (e, g) -> {
      moments(e, g);
      e.p -= LR * e.s[0] / bias(B1, e.t) / (Math.sqrt(e.s[1] / bias(B2, e.t)) + EPS);
    };
    return Stream.of(
        of("sgd", 0.1, (g, m) -> new Sgd(g, LR, 0, 0, 0.1, false, m), (e, g) -> e.p -= LR * g),
        of("sgd, momentum", 0, (g, m) -> new Sgd(g, LR, 0.9, 0.3, 0, false, m), (e, g) -> {
          e.s[0] = e.t == 1 ? g : 0.9 * e.s[0] + 0.7 * g;
          e.p -= LR * e.s[0];
        }),
        of("sgd, nesterov", 0.1, (g, m) -> new Sgd(g, LR, 0.9, 0, 0.1, true, m), (e, g) -> {
          e.s[0] = e.t == 1 ? g : 0.9 * e.s[0] + g;
          e.p -= LR * (g + 0.9 * e.s[0]);
        }),
        of("adam", 0.1, (g, m) -> new Adam(g, LR, B1, B2, EPS, 0.1, false, m), adam),
        of("amsgrad", 0.1, (g, m) -> new Adam(g, LR, B1, B2, EPS, 0.1, true, m), (e, g) -> {
          moments(e, g);
          e.s[2] = Math.max(e.s[2], e.s[1]);
          e.p -= LR * e.s[0] / bias(B1, e.t) / (Math.sqrt(e.s[2] / bias(B2, e.t)) + EPS);
        }),
        of("adamW", 0, (g, m) -> new AdamW(g, LR, B1, B2, EPS, 0.1, false, m), (e, g) -> {
          e.p *= 1 - LR * 0.1;
          adam.update(e, g);
        }),
        of("rmsprop", 0.1, (g, m) -> new RMSprop(g, LR, 0.9, EPS, 0.1, 0, false, m), (e, g) -> {
          e.s[0] = 0.9 * e.s[0] + 0.1 * g * g;
          e.p -= LR * g / (Math.sqrt(e.s[0]) + EPS);
        }),
        of("rmsprop, momentum", 0, (g, m) -> new RMSprop(g, LR, 0.9, EPS, 0, 0.7, false, m), (e, g) -> {
          e.s[0] = 0.9 * e.s[0] + 0.1 * g * g;
          e.s[1] = 0.7 * e.s[1] + g / (Math.sqrt(e.s[0]) + EPS);
          e.p -= LR * e.s[1];
        }),
        of("rmsprop, centered", 0.1, (g, m) -> new RMSprop(g, LR, 0.9, EPS, 0.1, 0, true, m), (e, g) -> {
          e.s[0] = 0.9 * e.s[0] + 0.1 * g * g;
          e.s[1] = 0.9 * e.s[1] + 0.1 * g;
          e.p -= LR * g / (Math.sqrt(e.s[0] - e.s[1] * e.s[1]) + EPS);
        }),
        of("rmsprop, centered, momentum", 0, (g, m) -> new RMSprop(g, LR, 0.9, EPS, 0, 0.7, true, m), (e, g) -> {
          e.s[0] = 0.9 * e.s[0] + 0.1 * g * g;
          e.s[1] = 0.9 * e.s[1] + 0.1 * g;
          e.s[2] = 0.7 * e.s[2] + g / (Math.sqrt(e.s[0] - e.s[1] * e.s[1]) + EPS);
          e.p -= LR * e.s[2];
        }),
        new Case("adagrad", 0.1, new double[] {0.2, 0, 0}, (g, m) -> new Adagrad(g, LR, 0.3, 0.1, 0.2, EPS, m),
            (e, g) -> {
          e.s[0] += g * g;
          e.p -= LR / (1 + (e.t - 1) * 0.3) * g / (Math.sqrt(e.s[0]) + EPS);
        }),
        of("adadelta", 0.1, (g, m) -> new Adadelta(g, LR, 0.9, EPS, 0.1, m), (e, g) -> {
          e.s[0] = 0.9 * e.s[0] + 0.1 * g * g;
          double delta = Math.sqrt(e.s[1] + EPS) / Math.sqrt(e.s[0] + EPS) * g;
          e.s[1] = 0.9 * e.s[1] + 0.1 * delta * delta;
          e.p -= LR * delta;
        }),
        of("adamax", 0.1, (g, m) -> new Adamax(g, LR, B1, B2, EPS, 0.1, m), (e, g) -> {
          e.s[0] = B1 * e.s[0] + (1 - B1) * g;
          e.s[1] = Math.max(B2 * e.s[1], Math.abs(g) + EPS);
          e.p -= LR / bias(B1, e.t) * e.s[0] / e.s[1];
        }),
        new Case("nadam", 0.1, new double[] {0, 0, 1},
            (g, m) -> new NAdam(g, LR, B1, B2, EPS, 0.1, 0.02, false, m), (e, g) -> nadam(e, g)),
        new Case("nadam, decoupled", 0, new double[] {0, 0, 1},
            (g, m) -> new NAdam(g, LR, B1, B2, EPS, 0.1, 0.02, true, m), (e, g) -> {
          e.p *= 1 - LR * 0.1;
          nadam(e, g);
        }),
        of("radam", 0.1, (g, m) -> new RAdam(g, LR, B1, B2, EPS, 0.1, false, m), (e, g) -> radam(e, g)),
        of("radam, decoupled", 0, (g, m) -> new RAdam(g, LR, B1, B2, EPS, 0.1, true, m), (e, g) -> {
          e.p *= 1 - LR * 0.1;
          radam(e, g);
        }),
        of("asgd", 0.1, (g, m) -> new ASGD(g, LR, 0.02, 0.75, 2, 0.1, m), (e, g) -> {
          double eta = LR / Math.pow(1 + 0.02 * LR * (e.t - 1), 0.75), mu = 1 / Math.max(1.0, e.t - 1 - 2);
          e.p = e.p * (1 - 0.02 * eta) - eta * g;
          e.s[0] += (e.p - e.s[0]) * mu;
        }),
        new Case("rprop", 0, new double[] {0, LR, 0}, (g, m) -> new Rprop(g, LR, 0.5, 1.2, 1e-3, 0.06, m),
            (e, g) -> {
          double way = Math.signum(g * e.s[0]);
          e.s[1] = Math.min(Math.max(e.s[1] * (way > 0 ? 1.2 : way < 0 ? 0.5 : 1), 1e-3), 0.06);
          double taken = way < 0 ? 0 : g;
          e.p -= Math.signum(taken) * e.s[1];
          e.s[0] = taken;
        }));
  }

  private static void nadam(Element e, double g) {
    moments(e, g);
    double now = B1 * (1 - 0.5 * Math.pow(0.96, e.t * 0.02)), next = B1 * (1 - 0.5 * Math.pow(0.96, (e.t + 1) * 0.02));
    e.s[2] *= now;
    double root = Math.sqrt(e.s[1] / bias(B2, e.t)) + EPS;
    e.p -= LR * (1 - now) / (1 - e.s[2]) * g / root + LR * next / (1 - e.s[2] * now * next) * e.s[0] / root;
  }

  private static void radam(Element e, double g) {
    moments(e, g);
    double most = 2 / (1 - B2) - 1, length = most - 2 * e.t * Math.pow(B2, e.t) / bias(B2, e.t);
    double mean = e.s[0] / bias(B1, e.t);
    double rectified = Math.sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length));
    e.p -= LR * (length > 5 ? mean * rectified * Math.sqrt(bias(B2, e.t)) / (Math.sqrt(e.s[1]) + EPS) : mean);
  }

  @TestFactory
  Stream<DynamicTest> formulas() {
    var all = new ArrayList<DynamicTest>();
    cases().forEach(c -> {
      for (DType type : List.of(DType.f32, DType.f64))
        for (boolean maximize : new boolean[] {false, true})
          for (int n : new int[] {1, 7, 5000})
            all.add(dynamicTest(c.name + ", " + type + ", " + n + (maximize ? ", maximize" : ""),
                () -> run(c, type, maximize, n)));
    });
    return all.stream();
  }

  private static void run(Case c, DType type, boolean maximize, int n) {
    var random = new Random(n);
    double[] start = random.doubles(n, -1, 1).map(x -> (float) x).toArray();
    var p = new Parameter(Tensor.of(start, n).to(type));
    Element[] expected = new Element[n];
    for (int i = 0; i < n; i++) {
      expected[i] = new Element() {
        @Override
        void update(double g) {
          c.rule.update(this, g);
        }
      };
      expected[i].p = start[i];
      System.arraycopy(c.initial, 0, expected[i].s, 0, 3);
    }
    Optimizer optimizer = c.make.of(List.of(new ParamGroup(List.of(p))), maximize);
    for (int step = 0; step < STEPS; step++) {
      double[] g = random.doubles(n, -1, 1).map(x -> (float) x).toArray();
      p.setGrad(Tensor.of(g, n).to(type));
      optimizer.step();
      for (int i = 0; i < n; i++) expected[i].step(g[i], c.decay, maximize);
    }
    double[] got = p.toDoubleArray();
    for (int i = 0; i < n; i++)
      assertEquals(expected[i].p, got[i], type == DType.f64 ? 1e-11 : 2e-4, "element " + i + " that began as "
          + start[i]);
  }
}
