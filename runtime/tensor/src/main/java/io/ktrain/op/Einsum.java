package io.ktrain.op;

import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpTests.shape;
import static io.ktrain.op.OpTests.strided;

import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;

/**
 * Sums of products by index letters. Every pair of operands is permuted and reshaped into a stack of matrix products.
 */
public final class Einsum {
  private Einsum() {}

  public record Equation(String text) {}

  public static final Op<Equation> EINSUM = op("einsum", Equation.class,
      "Sums of products by index letters, as torch.einsum: \"bij,bkj->bik\", a letter twice for a diagonal, ... for "
          + "any dims.")
      .composed(Einsum::sum)
      .tests(t -> t.reference(Einsum::naive)
          .with(new Equation("ij,jk->ik"), shape(2, 3), shape(3, 4)).with(new Equation("bij,bkj->bik"),
              shape(2, 3, 4), strided(2, 5, 4))
          .with(new Equation("ij->ji"), strided(2, 3)).with(new Equation("ij"), shape(2, 3))
          .with(new Equation("ba"), shape(2, 3))
          .with(new Equation("ii->i"), shape(3, 3)).with(new Equation("ii"), strided(3, 3))
          .with(new Equation("iij,j->ij"), shape(3, 3, 2), shape(2))
          .with(new Equation("...ij,...jk->...ik"), shape(5, 1, 2, 3), shape(4, 3, 2))
          .with(new Equation("...i,i"), shape(2, 4, 3), shape(3))
          .with(new Equation("i,j,k->kji"), shape(2), shape(3), shape(2)).with(new Equation("i...->..."), shape(3, 2))
          .with(new Equation("ij,ij->"), shape(2, 3), shape(1, 3)).with(new Equation(",i->i"), shape(), shape(3))
          .fails(() -> Tensor.einsum("ij,jk", Tensor.ones(2, 3)), "einsum: \"ij,jk\" names 2 operands, got 1.")
          .fails(() -> Tensor.einsum("ijk", Tensor.ones(2, 3)), "einsum: \"ijk\" does not name the dims of f32[2,3].")
          .fails(() -> Tensor.einsum("ij->ik", Tensor.ones(2, 3)),
              "einsum: the result letter 'k' must be in an operand, and once in the result, of \"ij->ik\".")
          .fails(() -> Tensor.einsum("ij,jk", Tensor.ones(2, 3), Tensor.ones(4, 2)),
              "einsum: 'j' is 3 and 4 in \"ij,jk\" of f32[2,3] and f32[4,2].")).build();

  /** The letters of each operand and of the result; the dims of ... are digits, counted from the last. */
  private record Names(List<String> terms, String out) {
    static Names of(String text, int[]... shapes) {
      String[] sides = text.replace(" ", "").split("->", -1);
      String[] terms = sides[0].split(",", -1);
      if (sides.length > 2 || terms.length != shapes.length)
        throw new ShapeError("einsum: \"" + text + "\" names " + terms.length + " operands, got " + shapes.length
            + ".");
      int most = 0;
      var all = new ArrayList<String>();
      for (int i = 0; i < terms.length; i++) {
        int letters = terms[i].replace("...", "").length(), any = shapes[i].length - letters;
        boolean named = terms[i].contains("...") ? any >= 0 && any < 10 : any == 0;
        if (!named || !terms[i].replaceFirst("\\.\\.\\.", "").chars().allMatch(Character::isLetter))
          throw new ShapeError("einsum: \"" + terms[i] + "\" does not name the dims of " + Shape.of(shapes[i]) + ".");
        if (terms[i].contains("...")) most = Math.max(most, any);
        all.add(terms[i].replace("...", digits(any)));
      }
      String out = sides.length == 2 ? sides[1].replace("...", digits(most)) : digits(most)
          + once(String.join("", all));
      for (char c : out.toCharArray())
        if (all.stream().noneMatch(term -> term.indexOf(c) >= 0) || out.indexOf(c) != out.lastIndexOf(c))
          throw new ShapeError("einsum: the result letter '" + c
              + "' must be in an operand, and once in the result, of \"" + text + "\".");
      return new Names(all, out);
    }

    private static String digits(int n) {
      var s = new StringBuilder();
      for (int i = n - 1; i >= 0; i--) s.append((char) ('0' + i));
      return s.toString();
    }

    private static String once(String letters) {
      var s = new StringBuilder();
      letters.chars().sorted().filter(c -> Character.isLetter(c) && letters.indexOf(c) == letters.lastIndexOf(c))
          .forEach(c -> s.append((char) c));
      return s.toString();
    }
  }

  private static Tensor sum(Call<Equation> c) {
    String text = c.attributes().text();
    List<Tensor> given = Arrangements.inputs(c);
    Names names = names(text, given);
    var terms = new ArrayList<String>();
    var operands = new ArrayList<Tensor>();
    for (int i = 0; i < given.size(); i++) diagonals(given.get(i), names.terms().get(i), operands, terms);
    stretch(text, given, operands, terms);
    String left = terms.getFirst();
    Tensor result = operands.getFirst();
    for (int i = 1; i < operands.size(); i++) {
      String later = names.out() + String.join("", terms.subList(i + 1, terms.size()));
      String joined = kept(left, terms.get(i), later);
      // What only one of the two has and nobody wants is summed first, or the product would hold it.
      String right = terms.get(i), an = kept(left, "", right + later), bn = kept(right, "", left + later);
      result = pair(summed(result, left, an), an, summed(operands.get(i), right, bn), bn, joined);
      left = joined;
    }
    return arranged(result, left, names.out());
  }

  private static Names names(String text, List<Tensor> given) {
    try {
      return Names.of(text, given.stream().map(t -> t.getShape().toArray()).toArray(int[][]::new));
    } catch (ShapeError e) {
      // The shape alone is named by what only knows shapes.
      for (Tensor t : given)
        if (e.getMessage().endsWith("the dims of " + t.getShape() + "."))
          throw new ShapeError(e.getMessage().replace("the dims of " + t.getShape(), "the dims of " + t.describe()));
      throw e;
    }
  }

  /** An operand whose letters are all different: of a letter that comes twice the diagonal. */
  private static void diagonals(Tensor x, String term, List<Tensor> operands, List<String> terms) {
    for (int d = 0; d < term.length(); d++) {
      char c = term.charAt(d);
      for (int e = term.indexOf(c, d + 1); e >= 0; e = term.indexOf(c, d + 1)) {
        if (x.size(d) != x.size(e))
          throw new ShapeError("einsum: '" + c + "' is " + x.size(d) + " and " + x.size(e) + " in " + x.describe()
              + ".");
        x = x.diagonal(0, d, e).movedim(-1, d);
        term = term.substring(0, e) + term.substring(e + 1);
      }
    }
    operands.add(x);
    terms.add(term);
  }

  /** Sizes of 1 read as those of the same letter elsewhere. */
  private static void stretch(String text, List<Tensor> given, List<Tensor> operands, List<String> terms) {
    var sizes = new HashMap<Integer, Integer>();
    for (int i = 0; i < operands.size(); i++)
      for (int d = 0; d < terms.get(i).length(); d++) {
        char c = terms.get(i).charAt(d);
        int known = sizes.getOrDefault((int) c, 1), n = operands.get(i).size(d);
        if (known != 1 && n != 1 && n != known)
          throw new ShapeError("einsum: '" + c + "' is " + known + " and " + n + " in \"" + text + "\" of "
              + String.join(" and ", given.stream().map(Tensor::describe).toList()) + ".");
        sizes.put((int) c, known == 1 ? n : known);
      }
    for (int i = 0; i < operands.size(); i++)
      operands.set(i, operands.get(i).expand(terms.get(i).chars().map(sizes::get).toArray()));
  }

  private static Tensor summed(Tensor x, String names, String out) {
    return names.equals(out) ? x : arranged(x, names, out).to(x.getDtype());
  }

  /** Sums over the letters that are not wanted, and brings the others in their order. */
  private static Tensor arranged(Tensor x, String names, String out) {
    for (int d = names.length() - 1; d >= 0; d--)
      if (out.indexOf(names.charAt(d)) < 0) {
        x = x.sum(d);
        names = names.substring(0, d) + names.substring(d + 1);
      }
    int[] order = new int[out.length()];
    for (int i = 0; i < order.length; i++) order[i] = names.indexOf(out.charAt(i));
    return x.permute(order);
  }

  private static String kept(String a, String b, String later) {
    var s = new StringBuilder();
    for (char c : (a + b).toCharArray()) if (later.indexOf(c) >= 0 && s.indexOf(String.valueOf(c)) < 0) s.append(c);
    return s.toString();
  }

  private static Tensor pair(Tensor a, String an, Tensor b, String bn, String out) {
    var batch = new StringBuilder();
    var rows = new StringBuilder();
    var columns = new StringBuilder();
    var inner = new StringBuilder();
    for (char c : an.toCharArray()) (bn.indexOf(c) < 0 ? rows : out.indexOf(c) >= 0 ? batch : inner).append(c);
    for (char c : bn.toCharArray()) if (an.indexOf(c) < 0) columns.append(c);
    Tensor left = grouped(a, an, batch.toString(), rows.toString(), inner.toString());
    Tensor right = grouped(b, bn, batch.toString(), inner.toString(), columns.toString());
    String names = batch.toString() + rows + columns;
    int[] sizes = names.chars().map(c -> an.indexOf(c) >= 0 ? a.size(an.indexOf(c)) : b.size(bn.indexOf(c))).toArray();
    return arranged(left.bmm(right).reshape(sizes), names, out);
  }

  private static Tensor grouped(Tensor t, String names, String... groups) {
    int[] order = new int[names.length()];
    int[] sizes = new int[groups.length];
    int k = 0;
    for (int g = 0; g < groups.length; g++) {
      sizes[g] = 1;
      for (char c : groups[g].toCharArray()) {
        order[k++] = names.indexOf(c);
        sizes[g] *= t.size(names.indexOf(c));
      }
    }
    return t.permute(order).reshape(sizes);
  }

  /** Each element of the result by running through all values of all letters. */
  private static NdArray naive(Equation equation, List<NdArray> in) {
    Names names = Names.of(equation.text(), in.stream().map(NdArray::shape).toArray(int[][]::new));
    String all = kept(String.join("", names.terms()), "", String.join("", names.terms()));
    int[] sizes = new int[all.length()];
    for (int i = 0; i < in.size(); i++)
      for (int d = 0; d < in.get(i).shape().length; d++) {
        int at = all.indexOf(names.terms().get(i).charAt(d));
        sizes[at] = Math.max(sizes[at], in.get(i).shape()[d]);
      }
    NdArray out = NdArray.zeros(names.out().chars().map(c -> sizes[all.indexOf(c)]).toArray());
    NdArray.zeros(sizes).each((values, none) -> {
      double product = 1;
      for (int i = 0; i < in.size(); i++)
        product *= Oracles.broadcast(in.get(i), names.terms().get(i).chars().map(c ->
            values[all.indexOf(c)]).toArray());
      out.add(product, names.out().chars().map(c -> values[all.indexOf(c)]).toArray());
    });
    return out;
  }

  public static Tensor einsum(String equation, Tensor... operands) {
    if (operands.length == 0) throw new ShapeError("einsum: needs at least one tensor.");
    return Dispatch.call(EINSUM, new Equation(equation), operands);
  }
}
