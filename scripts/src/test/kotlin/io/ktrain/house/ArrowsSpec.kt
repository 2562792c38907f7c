package io.ktrain.house

import com.tngtech.archunit.core.domain.JavaClass
import com.tngtech.archunit.core.domain.JavaClasses
import com.tngtech.archunit.core.importer.ClassFileImporter
import com.tngtech.archunit.core.importer.ImportOption
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses
import com.tngtech.archunit.library.dependencies.SliceAssignment
import com.tngtech.archunit.library.dependencies.SliceIdentifier
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeEmpty

/** The modules from the bottom up, and the packages that live in each. Arrows point down this list only. */
private val house: Map<String, List<String>> = linkedMapOf(
  "tensor" to listOf("tensor", "op", "autograd", "memory", "random", "backend", "nn", "optim", "format"),
  "cuda" to listOf("cuda"),
  "data" to listOf("data"),
  "train" to listOf("train"),
  "dsl" to listOf("dsl", "models"),
  "scripts" to listOf("script"),
).mapValues { (_, packages) -> packages.map { "io.ktrain.$it.." } }

/** A tensor, its ops, its tape and the port to a backend know each other by nature: they alone may form a cycle. */
private val core = setOf("io.ktrain.tensor", "io.ktrain.op", "io.ktrain.autograd", "io.ktrain.backend")

private object PackagesWithOneCore : SliceAssignment {
  override fun getIdentifierOf(type: JavaClass): SliceIdentifier =
    SliceIdentifier.of(if (type.packageName in core) "core" else type.packageName)

  override fun getDescription(): String = "packages, the core as one"
}

class ArrowsSpec : FunSpec({
  val classes: JavaClasses = ClassFileImporter()
    .withImportOption(ImportOption.DoNotIncludeTests())
    .withImportOption { !it.contains("-tests.jar") }
    .importPackages("io.ktrain")

  fun packages(module: String) = house.getValue(module).toTypedArray()

  house.keys.zipWithNext().forEach { (lower, _) ->
    test("nothing in $lower knows a module above it") {
      val above = house.keys.dropWhile { it != lower }.drop(1).flatMap(house::getValue).toTypedArray()
      noClasses().that().resideInAnyPackage(*packages(lower))
        .should().dependOnClassesThat().resideInAnyPackage(*above).check(classes)
    }
  }

  test("tensor is Java: no Kotlin, no third-party jar") {
    val jdk = arrayOf("java..", "javax..", "jdk..", "com.sun.management..")
    noClasses().that().resideInAnyPackage(*packages("tensor"))
      .should().dependOnClassesThat().resideOutsideOfPackages("io.ktrain..", "org.jspecify..", *jdk).check(classes)
  }

  test("cuda is Java over JCuda, which nothing else knows; nobody knows cuda") {
    noClasses().that().resideInAnyPackage(*packages("cuda"))
      .should().dependOnClassesThat().resideOutsideOfPackages("io.ktrain..", "jcuda..", "org.jspecify..", "java..")
      .check(classes)
    noClasses().that().resideOutsideOfPackages(*packages("cuda"))
      .should().dependOnClassesThat().resideInAnyPackage("jcuda..", *packages("cuda")).check(classes)
  }

  test("dsl names no backend") {
    noClasses().that().resideInAnyPackage(*packages("dsl"))
      .should().dependOnClassesThat().resideInAnyPackage("io.ktrain.backend..").check(classes)
  }

  test("the words know no network that is written in them") {
    noClasses().that().resideInAPackage("io.ktrain.dsl..")
      .should().dependOnClassesThat().resideInAPackage("io.ktrain.models..").check(classes)
  }

  test("no package but the core is in a cycle") {
    slices().assignedFrom(PackagesWithOneCore).should().beFreeOfCycles().check(classes)
  }

  test("every class stands in a package of the house") {
    val known = house.values.flatten().map { it.removeSuffix("..") }
    classes.filter { type -> known.none { type.packageName == it || type.packageName.startsWith("$it.") } }
      .map(JavaClass::getName).shouldBeEmpty()
  }
})
