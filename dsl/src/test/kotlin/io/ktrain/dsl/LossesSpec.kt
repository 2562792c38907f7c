package io.ktrain.dsl

import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.doubles.plusOrMinus
import io.kotest.matchers.shouldBe
import io.ktrain.nn.CrossEntropyLoss
import io.ktrain.nn.Module
import io.ktrain.tensor.Reduction
import io.ktrain.tensor.Tensor

private infix fun Tensor.shouldBeAbout(expected: Double) = item() shouldBe (expected plusOrMinus 1e-5)

private class Ranker : Module() {
  val table by embeddingBag(10, 4, paddingIdx = 0)
  val score by bilinear(4, 4, 1)
  val criterion by CrossEntropyLoss(ones(2), -100, 0.0, Reduction.MEAN)
}

internal class LossesSpec : StringSpec({
  val a = tensor(listOf(1.0, 2.0, 3.0))
  val b = tensor(listOf(0.5, 2.0, 5.0))
  val signs = tensor(listOf(1, -1, 1))

  "losses of elements take their settings by name" {
    l1Loss(a, b) shouldBeAbout 2.5 / 3
    smoothL1Loss(a, b, beta = 2.0, reduction = Reduction.SUM) shouldBeAbout 0.0625 + 1.0
    huberLoss(a, b, delta = 0.5, reduction = Reduction.SUM) shouldBeAbout 0.125 + 0.875
    bceLoss(tensor(listOf(0.5, 0.25)), tensor(listOf(1.0, 0.0))) shouldBeAbout 0.490415
    bceWithLogits(zeros(2), ones(2), weight = tensor(listOf(1.0, 3.0))) shouldBeAbout 1.386294
    klDiv(zeros(1, 2), tensor(listOf(listOf(0.5, 0.5))), reduction = Reduction.BATCHMEAN) shouldBeAbout -0.693147
    gaussianNllLoss(a, b, ones(3)) shouldBeAbout 4.25 / 6
    poissonNllLoss(zeros(2), ones(2)) shouldBeAbout 1.0
    softMarginLoss(zeros(2), tensor(listOf(1, -1))) shouldBeAbout 0.693147
    multilabelSoftMarginLoss(zeros(1, 3), ones(1, 3)) shouldBeAbout 0.693147
  }

  "losses by margins take their settings by name" {
    hingeEmbeddingLoss(a, signs, margin = 3.0, reduction = Reduction.SUM) shouldBeAbout 1.0 + 1.0 + 3.0
    marginRankingLoss(a, b, signs, margin = 0.5, reduction = Reduction.SUM) shouldBeAbout 0.0 + 0.5 + 2.5
    cosineEmbeddingLoss(a, a, tensor(-1), margin = 0.25) shouldBeAbout 0.75
    tripletMarginLoss(a, b, a, margin = 2.0, p = 1.0) shouldBeAbout 4.5
    tripletMarginWithDistanceLoss(a, b, a, margin = 2.0) { x, y -> (x - y).abs().sum() } shouldBeAbout 4.5
    multiMarginLoss(a, tensor(0), margin = 2.0) shouldBeAbout 7.0 / 3
    multilabelMarginLoss(a, tensor(listOf(0, -1, 2))) shouldBeAbout 5.0 / 3
    pairwiseDistance(a, b, p = 1.0) shouldBeAbout 2.5
    cosineSimilarity(a, a, dim = 0) shouldBeAbout 1.0
  }

  "ctc takes labels as rows or all in one vector" {
    val steps = logSoftmax(zeros(3, 2, 3), dim = 2)
    val lengths = tensor(listOf(3, 3))
    val rows = ctcLoss(steps, tensor(listOf(listOf(1, 2), listOf(2, 0))), lengths, tensor(listOf(2, 1)))
    val joined = ctcLoss(steps, tensor(listOf(1, 2, 2)), lengths, tensor(listOf(2, 1)))
    rows shouldBeAbout joined.item()
  }

  "a loss with weights is a module whose state has them" {
    val model = Ranker()
    model.stateDict().keys.toList() shouldBe listOf("table.weight", "score.weight", "score.bias", "criterion.weight")
    model.table(tensor(listOf(listOf(1, 0), listOf(0, 0)))).shape.toArray().toList() shouldBe listOf(2, 4)
    model.score(ones(3, 4), ones(3, 4)).shape.toArray().toList() shouldBe listOf(3, 1)
    model.criterion(zeros(1, 2), tensor(listOf(1))) shouldBeAbout 0.693147
  }
})
