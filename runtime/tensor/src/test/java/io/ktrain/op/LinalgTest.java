package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.tensor.AutogradError;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.LinalgMethods;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What the table's well-behaved samples do not show: PyTorch's own numbers, odd shapes, missing rank, larger sizes. */
class LinalgTest {
  private static final Tensor A = Tensor.of(new double[] {1, 2, 3, 4, 5, 6, 7, 8, 10, 2, 1, 0}, 4, 3);
  private static final Tensor SQUARE = A.narrow(0, 0, 3);

  private static void close(Tensor expected, Tensor got, double tolerance) {
    assertEquals(expected.getShape(), got.getShape());
    assertArrayEquals(expected.to(DType.f64).toDoubleArray(), got.to(DType.f64).toDoubleArray(), tolerance);
  }

  private static void close(double[] expected, Tensor got) {
    assertArrayEquals(expected, got.toDoubleArray(), 1e-7);
  }

  private static Tensor random(int... sizes) {
    var random = new Random(5);
    return Tensor.of(random.doubles(Shape.of(sizes).numel(), -1, 1).toArray(), sizes);
  }

  private static void orthonormalColumns(Tensor q) {
    Tensor gram = q.transpose(-2, -1).matmul(q);
    close(Tensor.eye(q.size(-1)).expand(gram.getShape()), gram, 1e-12);
  }

  @Test
  void numbersAreTorchs() {
    LinalgMethods.Qr qr = A.qr();
    close(new double[] {-8.36660027, -9.56182887, -11.59371751, 0, -1.60356745, -3.20713490, 0, 0, -0.54772256}, qr.r());
    close(new double[] {17.47613506, 1.88007504, 0.22365381}, A.svdvals());
    close(new double[] {-1.0 / 3, 4, -8.0 / 3}, A.lstsq(Tensor.of(new double[] {1, 2, 3, 4})));
    close(new double[] {7, 8, 10, 0, 0.85714286, 1.57142857, 0, 0, -0.5}, SQUARE.lu().u());
    close(new double[] {0, 1, 0, 0, 0, 1, 1, 0, 0}, SQUARE.lu().p());
    close(new double[] {-3}, SQUARE.det());
    close(new double[] {88.44827992}, SQUARE.cond());
    close(new double[] {3.87564271e-02, 7.65907389e-01, 3.03195336184e+02}, symmetric().eigvalsh());
    close(new double[] {3.74165739, 0, 0, 8.55235974, 1.96396101, 0, 14.16484582, 3.49148624, 0.40824829}, symmetric().cholesky());
    close(new double[] {1.38109869, 0.54078553, 0.72755543, 1.02582248, 2.26754972, 1.56660802, 1.73479505, 2.07022783, 3.60093069}, SQUARE.div(10).matrixExp());
    LinalgMethods.SlogDet log = SQUARE.slogdet();
    close(new double[] {-1}, log.sign());
    close(new double[] {Math.log(3)}, log.logAbsDet());
  }

  private static Tensor symmetric() {
    return SQUARE.matmul(SQUARE.t());
  }

  @Test
  void factorsMultiplyToTheMatrixInAnyShape() {
    for (int[] size : new int[][] {{3, 5, 4}, {3, 4, 5}, {2, 2, 60, 60}, {1, 1}, {7, 1}, {1, 7}}) {
      Tensor a = random(size);
      for (boolean full : new boolean[] {false, true}) {
        LinalgMethods.Qr qr = a.qr(full);
        close(a, qr.q().matmul(qr.r()), 1e-12);
        orthonormalColumns(qr.q());
        LinalgMethods.Svd svd = a.svd(full);
        int k = svd.s().size(-1);
        close(a, svd.u().narrow(-1, 0, k).mul(svd.s().unsqueeze(-2)).matmul(svd.vh().narrow(-2, 0, k)), 1e-12);
        orthonormalColumns(svd.u());
        orthonormalColumns(svd.vh().transpose(-2, -1));
      }
      LinalgMethods.Lu lu = a.lu();
      close(a, lu.p().matmul(lu.l()).matmul(lu.u()), 1e-12);
    }
    Tensor a = random(2, 50, 50), s = a.add(a.transpose(1, 2));
    LinalgMethods.Eigh eigh = s.eigh();
    close(s, eigh.vectors().mul(eigh.values().unsqueeze(-2)).matmul(eigh.vectors().transpose(1, 2)), 1e-11);
    orthonormalColumns(eigh.vectors());
  }

  @Test
  void missingRankIsSeen() {
    Tensor a = Tensor.of(new double[] {1, 2, 3, 2, 4, 6, 1, 0, 1}, 3, 3);
    assertEquals(2, a.matrixRank().itemLong());
    assertEquals(0, Tensor.zeros(2, 3).matrixRank().itemLong());
    assertEquals(1, Tensor.of(new float[] {1, 2, 2, 4}, 2, 2).matrixRank().itemLong());
    assertEquals(1, SQUARE.matrixRank(0.5).itemLong());
    Tensor p = a.pinv();
    close(a, a.matmul(p).matmul(a), 1e-12);
    close(p, p.matmul(a).matmul(p), 1e-12);
    LinalgMethods.Svd svd = a.svd();
    orthonormalColumns(svd.u());
    close(a, svd.u().mul(svd.s()).matmul(svd.vh()), 1e-12);
    close(new double[] {0}, a.det());
    assertEquals(Double.NEGATIVE_INFINITY, Tensor.zeros(2, 2).slogdet().logAbsDet().item());
    orthonormalColumns(Tensor.zeros(3, 2).svd().u());
  }

  @Test
  void systemsBroadcastAndTakeVectors() {
    Tensor x = Tensor.of(new double[] {1, -2, 3});
    close(x, SQUARE.solve(SQUARE.matmul(x)), 1e-12);
    Tensor batch = random(2, 4, 3, 3), b = random(3, 2);
    close(b.expand(2, 4, 3, 2), batch.matmul(batch.solve(b)), 1e-10);
    close(b.expand(2, 4, 3, 2), SQUARE.matmul(SQUARE.solve(b.expand(2, 4, 3, 2))), 1e-11);
    Tensor vectors = random(2, 4, 3);
    close(vectors, batch.matmul(batch.solve(vectors).unsqueeze(-1)).squeeze(-1), 1e-10);
    Tensor upper = SQUARE.triu(0), left = random(2, 3);
    close(left, SQUARE.solveTriangular(left, true, false, false).matmul(upper), 1e-12);
    close(b, b.choleskySolve(symmetric().cholesky(true), true).permute(1, 0).matmul(symmetric()).t(), 1e-9);
    close(b, SQUARE.matmul(b.luSolve(SQUARE.lu())), 1e-12);
    close(Tensor.eye(3).to(DType.f64), A.pinv().matmul(A), 1e-12);
  }

  @Test
  void largeNormsAreHalvedBeforeTheirExponential() {
    Tensor a = Tensor.of(new double[] {0, -20, 20, 0}, 2, 2);
    close(new double[] {Math.cos(20), -Math.sin(20), Math.sin(20), Math.cos(20)}, a.matrixExp());
  }

  /** The derivatives of a determinant are the cofactors, which need no inverse. */
  @Test
  void aSingularMatrixHasAGradientOfItsDeterminant() {
    double[][] matrices = {{1, 2, 2, 4}, {0, 0, 0, 0}, {2, 1, 1, 3}, {0, 1, 0, 0}};
    double[][] cofactors = {{4, -2, -2, 1}, {0, 0, 0, 0}, {3, -1, -1, 2}, {0, 0, -1, 0}};
    for (int i = 0; i < 4; i++) {
      Tensor one = Tensor.of(matrices[i], 2, 2);
      one.setRequiresGrad(true);
      one.det().backward();
      close(cofactors[i], one.getGrad());
    }
    Tensor batch = Tensor.of(new double[] {1, 2, 2, 4, 2, 1, 1, 3}, 2, 2, 2);
    batch.setRequiresGrad(true);
    batch.det().mul(Tensor.of(new double[] {1, 10})).sum().backward();
    close(new double[] {4, -2, -2, 1, 30, -10, -10, 20}, batch.getGrad());
    Tensor three = Tensor.of(new double[] {1, 2, 3, 4, 5, 6, 5, 7, 9}, 3, 3);
    three.setRequiresGrad(true);
    three.det().backward();
    close(new double[] {3, -6, 3, 3, -6, 3, -3, 6, -3}, three.getGrad());
    Tensor flat = Tensor.zeros(Shape.of(2, 2), DType.f64);
    flat.setRequiresGrad(true);
    var e = assertThrows(KtrainException.class, () -> flat.slogdet().logAbsDet().backward());
    assertTrue(e.getMessage().startsWith("slogdet: the logarithm has no finite gradient at a singular matrix"), e.getMessage());
  }

  @Test
  void factorsThatAreNotUniqueHaveNoGradient() {
    Tensor a = random(4, 3);
    a.setRequiresGrad(true);
    Tensor u = a.svd(true).u().sum(), q = a.qr(true).q().sum(), l = a.lu().l().sum();
    assertTrue(assertThrows(AutogradError.class, u::backward).getMessage().contains("Fix: svd(false)"));
    assertTrue(assertThrows(AutogradError.class, q::backward).getMessage().contains("Fix: qr(false)"));
    assertTrue(assertThrows(AutogradError.class, l::backward).getMessage().contains("square matrices only"));
    a.svd(true).s().sum().backward();
    close(a.svd(false).u().matmul(a.svd(false).vh()).detach(), a.getGrad(), 1e-12);
  }
}
