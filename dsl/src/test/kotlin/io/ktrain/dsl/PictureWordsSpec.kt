package io.ktrain.dsl

import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.shouldBe
import io.ktrain.nn.Module
import io.ktrain.nn.Sequential
import io.ktrain.tensor.InterpolateMode
import io.ktrain.tensor.PaddingMode
import io.ktrain.tensor.Shape
import io.ktrain.tensor.Tensor

private class Upscaler : Module() {
  val wide by conv2d(3, 8, kernel = listOf(3, 5), padding = listOf(1, 2))
  val same by conv2d(8, 8, kernel = 3, padding = Same, groups = 8, paddingMode = PaddingMode.REFLECT)
  val norm by groupNorm(2, 8)
  val up by convTranspose2d(8, 4, kernel = 4, stride = 2, padding = 1)
  override fun forward(x: Tensor): Tensor = up(norm(same(wide(x))).relu())
}

class PictureWordsSpec : StringSpec({
  "layers of pictures are declared by PyTorch's words" {
    val model = Upscaler()
    model(randn(2, 3, 5, 6)).shape shouldBe Shape.of(2, 4, 10, 12)
    model.stateDict().keys.filter { it.endsWith("weight") } shouldBe
      listOf("wide.weight", "same.weight", "norm.weight", "up.weight")
    model.children().getValue("same").extraRepr() shouldBe
      "8, 8, kernel_size=(3, 3), stride=(1, 1), padding=same, groups=8, padding_mode=reflect"
  }

  "sizes left out come from the first input" {
    val model = sequential {
      conv2d(out = 6, kernel = 3, bias = false)
      batchNorm2d()
      prelu()
      maxPool2d(2, stride = 1)
      convTranspose2d(out = 2, kernel = 2)
      instanceNorm2d(affine = true)
    }
    model(randn(2, 3, 6, 6)).shape shouldBe Shape.of(2, 2, 4, 4)
    model.stateDict().getValue("0.weight").shape shouldBe Shape.of(6, 3, 3, 3)
    model.stateDict().getValue("1.running_var").shape shouldBe Shape.of(6)
    model.stateDict().getValue("5.weight").shape shouldBe Shape.of(2)
  }

  "signals and volumes have the same words" {
    fun Sequential.of(vararg shape: Int) = invoke(randn(*shape)).shape
    sequential { conv1d(2, 4, 3); batchNorm1d(4); maxPool1d(2); adaptiveAvgPool1d(3); dropout1d(0.1) }
      .of(2, 2, 12) shouldBe Shape.of(2, 4, 3)
    sequential { conv3d(1, 2, 3, padding = 1); batchNorm3d(2, momentum = null); avgPool3d(2); adaptiveMaxPool3d(1) }
      .of(2, 1, 4, 4, 4) shouldBe Shape.of(2, 2, 1, 1, 1)
    sequential { reflectionPad1d(2); constantPad1d(1, 0, value = 2.5); lpPool1d(2.0, 3) }
      .of(1, 1, 8) shouldBe Shape.of(1, 1, 4)
  }

  "pictures are made larger, cut up and put together" {
    sequential { upsample(2.0); pixelUnshuffle(2); channelShuffle(4); pixelShuffle(2) }
      .invoke(ones(1, 1, 3, 3)).shape shouldBe Shape.of(1, 1, 6, 6)
    sequential { unfold(2, stride = 2); fold(4, 4, kernel = 2, stride = 2) }
      .invoke(arange(16).to(f32).reshape(1, 1, 4, 4)).toFloatArray() shouldBe FloatArray(16) { it.toFloat() }
    interpolate(ones(1, 1, 4, 4), 2, 2, mode = InterpolateMode.BICUBIC, antialias = true).shape shouldBe
      Shape.of(1, 1, 2, 2)
    interpolate(ones(1, 1, 4), 1.5, mode = InterpolateMode.LINEAR).shape shouldBe Shape.of(1, 1, 6)
    pad(arange(3), 1, 2, mode = PaddingMode.CIRCULAR).toLongArray() shouldBe longArrayOf(2, 0, 1, 2, 0, 1)
  }
})
