package io.ktrain.script

import java.lang.reflect.InvocationTargetException
import java.net.URLClassLoader
import java.nio.file.Path

/** The class files of a script and of everything it imports, with the texts they were made from. */
internal class CompiledScript(
  val mainClass: String,
  /** The field that holds the value of the script's last expression, if it has one. */
  val resultField: String?,
  /** The script first, then its imports: absolute paths and texts. */
  val sources: Map<Path, String>,
  /** Jars and folders that `@file:DependsOn` resolved to. */
  val libraries: List<Path>,
  /** By path: `Mnist_ktrain.class`. */
  val classes: Map<String, ByteArray>,
)

/** A compiled script in a class loader of its own; it goes when the last object of the script does. */
internal class LoadedScript(val script: CompiledScript, parent: ClassLoader) {
  private val loader = object : ClassLoader(withLibraries(parent)) {
    override fun findClass(name: String): Class<*> {
      val bytes = script.classes[name.replace('.', '/') + ".class"] ?: throw ClassNotFoundException(name)
      return defineClass(name, bytes, 0, bytes.size)
    }
  }
  private val type: Class<*> = loader.loadClass(script.mainClass)

  /**
   * Names and types of all params, the imports' too, known before anything of the script runs. Null: a type params
   * cannot have, which is said where it is declared.
   */
  val params: Map<String, ParamType?> = LinkedHashMap<String, ParamType?>().also { all ->
    for (part in parts(type)) for (field in part.declaredFields) {
      if (field.type != Param::class.java || !field.name.endsWith(DELEGATE)) continue
      val name = field.name.removeSuffix(DELEGATE)
      val getters = setOf(name, "get" + name.replaceFirstChar(Char::uppercaseChar))
      val getter = part.declaredMethods.single { it.name in getters && it.parameterCount == 0 }
      all[name] = ParamType.of(getter.returnType)
    }
  }

  /** Runs the script's body. What it throws comes out as it is. */
  fun newInstance(context: ScriptContext): Any {
    val made = HashMap<Class<*>, Any>()
    fun make(part: Class<*>): Any {
      made[part]?.let { return it }
      val constructor = part.constructors.single()
      val arguments = constructor.parameterTypes.map { if (it == ScriptContext::class.java) context else make(it) }
      return constructor.newInstance(*arguments.toTypedArray()).also { made[part] = it }
    }
    try {
      return make(type)
    } catch (e: InvocationTargetException) {
      throw e.targetException
    }
  }

  /** The value of the last expression; null where there is none. */
  fun result(instance: Any): Any? = script.resultField?.let { name ->
    type.getDeclaredField(name).apply { isAccessible = true }.get(instance)
  }

  /** The top-level values of the script, in order. */
  fun values(instance: Any): Map<String, Any?> = type.declaredFields
    .filter { '$' !in it.name }
    .associate { it.isAccessible = true; it.name to it.get(instance) }

  /** A script's class and those of its imports, which its constructor takes; imports first. */
  private fun parts(part: Class<*>): Set<Class<*>> {
    val imports = part.constructors.single().parameterTypes.filter { it != ScriptContext::class.java }
    return imports.flatMapTo(LinkedHashSet(), ::parts) + part
  }

  private fun withLibraries(parent: ClassLoader): ClassLoader {
    val urls = script.libraries.map { it.toUri().toURL() }
    return if (urls.isEmpty()) parent else URLClassLoader(urls.toTypedArray(), parent)
  }

  private companion object {
    const val DELEGATE = "\$delegate"
  }
}
