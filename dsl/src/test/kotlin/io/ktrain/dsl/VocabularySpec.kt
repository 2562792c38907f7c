package io.ktrain.dsl

import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.shouldBe
import io.ktrain.nn.Layers
import io.ktrain.nn.Loss
import io.ktrain.nn.Module
import io.ktrain.nn.Sequential
import java.lang.reflect.Modifier
import java.lang.reflect.ParameterizedType
import java.nio.file.Path
import java.util.jar.JarFile
import kotlin.io.path.isDirectory
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name

/** The public classes beside [one], from a folder of classes or a jar. */
private fun neighbours(one: Class<*>): List<Class<*>> {
  val home = Path.of(one.protectionDomain.codeSource.location.toURI())
  val folder = one.packageName.replace('.', '/')
  val files =
    if (home.isDirectory()) {
      home.resolve(folder).listDirectoryEntries().map { it.name }
    } else {
      JarFile(home.toFile()).use { jar -> jar.stream().map { it.name }.filter { it.startsWith("$folder/") }.toList() }
    }
  return files
    .map { it.substringAfterLast('/') }
    .filter { it.endsWith(".class") && '$' !in it && '-' !in it }
    .map { Class.forName("${one.packageName}.${it.removeSuffix(".class")}") }
    .filter { Modifier.isPublic(it.modifiers) }
}

/** What the words of [Layers] declare. */
private fun declaredClasses(): Set<Class<*>> =
  neighbours(Declared::class.java)
    .flatMap { it.methods.toList() }
    .filter { Modifier.isStatic(it.modifiers) && it.parameterTypes.firstOrNull() == Layers::class.java }
    .mapNotNull { (it.genericReturnType as? ParameterizedType)?.takeIf { type -> type.rawType == Declared::class.java } }
    .map { it.actualTypeArguments.single() }
    .map { (it as? ParameterizedType)?.rawType ?: it }
    .filterIsInstance<Class<*>>()
    .toSet()

class VocabularySpec : StringSpec({
  "every layer has its word" {
    val layers =
      neighbours(Module::class.java).filter { Module::class.java.isAssignableFrom(it) && !Modifier.isAbstract(it.modifiers) }
    layers shouldContain Sequential::class.java
    // A loss is a function first (crossEntropy(y, t)); as a child it is made by its class: val loss by CrossEntropyLoss().
    val (losses, others) = layers.partition { Loss::class.java.isAssignableFrom(it) }
    (others - declaredClasses()).map { it.simpleName }.shouldBeEmpty()
    losses.filter { it in declaredClasses() }.shouldBeEmpty()
  }

  "activations print and compute as PyTorch's" {
    val x = tensor(listOf(-2.0, -0.25, 0.0, 0.25, 2.0))
    val model = sequential {
      threshold(0.1, 20.0)
      hardshrink()
      softshrink(0.125)
      rrelu(0.125, 0.375)
      hardtanh(-2.0, 3.0)
      softmin(0)
    }
    model.map { it.toString() } shouldBe
      listOf(
        "Threshold(threshold=0.1, value=20.0)",
        "Hardshrink(0.5)",
        "Softshrink(0.125)",
        "RReLU(lower=0.125, upper=0.375)",
        "Hardtanh(min_val=-2.0, max_val=3.0)",
        "Softmin(dim=0)",
      )
    fun of(place: Int) = model[place](x).toDoubleArray().toList()
    of(0) shouldBe listOf(20.0, 20.0, 20.0, 0.25, 2.0)
    of(1) shouldBe listOf(-2.0, 0.0, 0.0, 0.0, 2.0)
    of(2) shouldBe listOf(-1.875, -0.125, 0.0, 0.125, 1.875)
    model.isTraining = false
    of(3) shouldBe listOf(-0.5, -0.0625, 0.0, 0.25, 2.0)
    of(4) shouldBe listOf(-2.0, -0.25, 0.0, 0.25, 2.0)
    model[5](x).argmax().item() shouldBe 0.0
  }

  "two inputs are compared by a layer" {
    val compare = object : Module() {
      val angle by cosineSimilarity()
      val distance by pairwiseDistance(p = 1.0, eps = 0.0)
    }
    val a = tensor(listOf(1.0, 0.0)).reshape(1, 2)
    val b = tensor(listOf(0.0, 3.0)).reshape(1, 2)
    compare.angle(a, b).item() shouldBe 0.0
    compare.distance(a, b).item() shouldBe 4.0
  }
})
