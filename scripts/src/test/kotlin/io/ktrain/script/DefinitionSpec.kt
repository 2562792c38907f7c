package io.ktrain.script

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.PrintStream
import java.lang.classfile.ClassFile
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.createDirectories
import kotlin.io.path.exists
import kotlin.io.path.writeText
import org.jetbrains.kotlin.cli.common.ExitCode
import org.jetbrains.kotlin.cli.jvm.K2JVMCompiler

/** IDEs find the definition by its marker file alone; so does the plain Kotlin compiler, which needs no IDE to ask. */
internal class DefinitionSpec : FunSpec({
  val folder = tempdir().toPath()
  val script = folder.resolve("x.ktrain.kts")
  script.writeText("val lr by param(0.1)\nval model = sequential { linear(4, 2) }\n")
  val own = Path.of(KtrainScript::class.java.protectionDomain.codeSource.location.toURI()).toRealPath()
  val classPath = System.getProperty("java.class.path").split(File.pathSeparator).map(Path::of).filter { it.exists() }
    .map { it.toRealPath() }

  fun compile(out: Path, classPath: List<Path>): Pair<ExitCode, String> {
    val said = ByteArrayOutputStream()
    val code = K2JVMCompiler().exec(
      PrintStream(said), "-no-stdlib", "-no-reflect", "-jvm-target", "25",
      "-cp", classPath.joinToString(File.pathSeparator), "-d", "$out", "$script",
    )
    return code to said.toString()
  }

  test("the compiler knows a .ktrain.kts by the marker on the class path") {
    val out = folder.resolve("out").createDirectories()
    compile(out, classPath).let { (code, said) -> "$code $said" shouldBe "OK " }
    val type = ClassFile.of().parse(out.resolve("X_ktrain.class"))
    type.superclass().get().asInternalName() shouldBe "io/ktrain/script/KtrainScript"
  }
  test("and not without it") {
    val bare = folder.resolve("bare")
    Files.walk(own).use { files ->
      files.filter { Files.isRegularFile(it) && "META-INF/kotlin" !in it.toString() }.forEach {
        Files.copy(it, bare.resolve(own.relativize(it).toString()).also { to -> to.parent.createDirectories() })
      }
    }
    val out = folder.resolve("none").createDirectories()
    compile(out, classPath.map { if (it == own) bare else it }).first shouldBe ExitCode.COMPILATION_ERROR
    out.resolve("X_ktrain.class").exists() shouldBe false
  }
})
