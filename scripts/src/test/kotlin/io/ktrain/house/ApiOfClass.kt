package io.ktrain.house

import java.lang.classfile.Annotation
import java.lang.classfile.AnnotationValue
import java.lang.classfile.Attributes
import java.lang.classfile.ClassFile
import java.lang.classfile.ClassModel
import java.lang.classfile.MethodModel
import java.lang.constant.ClassDesc
import java.lang.reflect.AccessFlag
import kotlin.jvm.optionals.getOrNull
import kotlin.metadata.KmClass
import kotlin.metadata.KmFunction
import kotlin.metadata.KmProperty
import kotlin.metadata.Visibility
import kotlin.metadata.jvm.JvmMethodSignature
import kotlin.metadata.jvm.KotlinClassMetadata
import kotlin.metadata.jvm.getterSignature
import kotlin.metadata.jvm.setterSignature
import kotlin.metadata.jvm.signature
import kotlin.metadata.visibility

/**
 * The public face of one class file as text, erased types and all: what a caller compiled against it would break on.
 * Kotlin's `internal` is public in a class file; its own metadata tells them apart.
 */
internal class ApiOfClass(bytes: ByteArray) {
  private val model: ClassModel = ClassFile.of().parse(bytes)
  private val metadata: KotlinClassMetadata? = kotlinMetadata()
  private val hidden: Set<String> = functionSignatures { it.isHidden() }
  private val open: Set<String> = functionSignatures { !it.isHidden() }

  /** The binary name, such as `io.ktrain.nn.Module$Hook`. */
  val name: String = model.thisClass().asInternalName().replace('/', '.')

  fun lines(): List<String> {
    val fields = model.fields().filter { it.flags().flags().isOpen() }
      .map { "${words(it.flags().flags())}${it.fieldTypeSymbol().text()} ${it.fieldName()}" }
    val methods = model.methods()
      // A function with a reified type is synthetic in the class file, and public in Kotlin.
      .filter { it.flags().flags().isOpen() || signatureOf(it) in open }
      .filter { signatureOf(it) !in hidden && signatureOf(it) !in everyObjectHas }
      .filterNot { inner.containsMatchIn(it.methodName().stringValue()) }
      .map { "${words(it.flags().flags())}${declarationOf(it)}" }
    val members = (fields + methods).sorted().map { "  $it" }
    return listOf(header()) + members + listOf("}", "")
  }

  private fun header(): String {
    val flags = flagsInOuter() ?: model.flags().flags()
    val kind = when {
      AccessFlag.ANNOTATION in flags -> "@interface"
      AccessFlag.INTERFACE in flags -> "interface"
      AccessFlag.ENUM in flags -> "enum"
      else -> "class"
    }
    val superclass = model.superclass().getOrNull()?.asSymbol()?.text()?.takeUnless { it == "Object" }
    val parents = listOfNotNull(superclass) + model.interfaces().map { it.asSymbol().text() }
    val shown = if (kind == "class") flags else flags - setOf(AccessFlag.ABSTRACT, AccessFlag.FINAL)
    return words(shown) + kind + " " + model.thisClass().asSymbol().text() + parents.joinAfter(" : ") + " {"
  }

  private fun declarationOf(method: MethodModel): String {
    val type = method.methodTypeSymbol()
    val name = method.methodName().stringValue()
    val result = if (name == "<init>") "" else type.returnType().text() + " "
    return result + name + type.parameterList().joinToString(", ", "(", ")") { it.text() }
  }

  /** Whether it is public on its own; one nested in a class that is not is not. */
  fun isVisible(): Boolean {
    val flags = flagsInOuter() ?: model.flags().flags()
    val isNamed = model.findAttribute(Attributes.enclosingMethod()).isEmpty
    return isNamed && flags.isOpen() && metadata !is KotlinClassMetadata.SyntheticClass &&
      kotlinClass()?.let { !it.visibility.isHidden() } != false
  }

  /** A nested class has its real flags (protected, static) in the table of inner classes. */
  private fun flagsInOuter(): Set<AccessFlag>? = model.findAttribute(Attributes.innerClasses()).getOrNull()?.classes()
    ?.firstOrNull { it.innerClass() == model.thisClass() }?.flags()

  private fun functionSignatures(wanted: (Visibility) -> Boolean): Set<String> {
    val (functions, properties) = when (metadata) {
      is KotlinClassMetadata.Class -> metadata.kmClass.functions to metadata.kmClass.properties
      is KotlinClassMetadata.FileFacade -> metadata.kmPackage.functions to metadata.kmPackage.properties
      is KotlinClassMetadata.MultiFileClassPart -> metadata.kmPackage.functions to metadata.kmPackage.properties
      else -> emptyList<KmFunction>() to emptyList<KmProperty>()
    }
    val signatures = buildList {
      kotlinClass()?.constructors?.forEach { if (wanted(it.visibility)) add(it.signature) }
      functions.forEach { if (wanted(it.visibility)) add(it.signature) }
      properties.forEach { property ->
        if (wanted(property.getter.visibility)) add(property.getterSignature)
        if (property.setter?.let { wanted(it.visibility) } == true) add(property.setterSignature)
      }
    }
    return signatures.filterNotNull().map(JvmMethodSignature::toString).toSet()
  }

  private fun kotlinClass(): KmClass? = (metadata as? KotlinClassMetadata.Class)?.kmClass

  private fun kotlinMetadata(): KotlinClassMetadata? = model
    .findAttribute(Attributes.runtimeVisibleAnnotations()).getOrNull()?.annotations()
    ?.firstOrNull { it.classSymbol().descriptorString() == "Lkotlin/Metadata;" }
    ?.let { KotlinClassMetadata.readLenient(metadataOf(it)) }

  private fun metadataOf(annotation: Annotation): Metadata {
    val values = annotation.elements().associate { it.name().stringValue() to it.value() }
    fun int(name: String) = (values[name] as? AnnotationValue.OfInt)?.intValue()
    fun string(name: String) = (values[name] as? AnnotationValue.OfString)?.stringValue()
    fun array(name: String) = (values[name] as? AnnotationValue.OfArray)?.values().orEmpty()
    fun strings(name: String) = array(name).map { (it as AnnotationValue.OfString).stringValue() }.toTypedArray()
    val version = array("mv").map { (it as AnnotationValue.OfInt).intValue() }.toIntArray()
    return Metadata(
      kind = int("k") ?: 1,
      metadataVersion = version,
      data1 = strings("d1"),
      data2 = strings("d2"),
      extraString = string("xs").orEmpty(),
      packageName = string("pn").orEmpty(),
      extraInt = int("xi") ?: 0,
    )
  }

  private companion object {
    val everyObjectHas = setOf("equals(Ljava/lang/Object;)Z", "hashCode()I", "toString()Ljava/lang/String;")
    val inner = Regex("""\$|-impl0?$""")
    val shownWords = listOf("public", "protected", "abstract", "static", "final")

    fun signatureOf(method: MethodModel): String = method.methodName().stringValue() + method.methodType().stringValue()

    fun Set<AccessFlag>.isOpen(): Boolean =
      (AccessFlag.PUBLIC in this || AccessFlag.PROTECTED in this) && AccessFlag.SYNTHETIC !in this

    fun Visibility.isHidden(): Boolean = this != Visibility.PUBLIC && this != Visibility.PROTECTED

    fun words(flags: Set<AccessFlag>): String =
      shownWords.filter { word -> flags.any { it.name.lowercase() == word } }.joinToString("") { "$it " }

    fun List<String>.joinAfter(prefix: String): String = if (isEmpty()) "" else joinToString(", ", prefix)

    fun ClassDesc.text(): String {
      if (isArray) return componentType().text() + "[]"
      val name = if (packageName().isEmpty()) displayName() else "${packageName()}.${displayName()}"
      return name.removePrefix("java.lang.").takeIf { '.' !in it } ?: name
    }
  }
}
