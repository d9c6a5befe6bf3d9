# securecart_precompiled(TARGET SOURCES...): these sources of the target find the common headers
# parsed (cmake/precompiled.hpp), where the preset wants that.
#
# Not CMake's own way of it: that names the header by its absolute path, so that no object in ccache
# serves another checkout. Here all paths are relative to the build folder, and ccache knows the
# header by the sum of its text (CCACHE_PCH_EXTSUM, set by the Makefile).
option(SECURECART_PCH "Parse common headers once a build (cmake/precompiled.hpp)" OFF)

if(SECURECART_PCH)
  set(precompiled ${CMAKE_BINARY_DIR}/precompiled.pch)
  file(RELATIVE_PATH header ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR}/cmake/precompiled.hpp)
  string(TOUPPER ${CMAKE_BUILD_TYPE} type)
  separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}")
  get_directory_property(options COMPILE_OPTIONS)  # of every target, set by Toolchain.cmake
  set(definitions "$<TARGET_PROPERTY:base,COMPILE_DEFINITIONS>")
  set(parse ${CMAKE_CXX_COMPILER} ${flags} ${CMAKE_CXX23_STANDARD_COMPILE_OPTION}
            ${options} "$<$<BOOL:${definitions}>:-D$<JOIN:${definitions},$<SEMICOLON>-D>>"
            -x c++-header ${header})
  add_custom_command(
    OUTPUT ${precompiled} ${precompiled}.sum
    COMMAND ${parse} -o precompiled.pch -Xclang -fno-pch-timestamp -fpch-instantiate-templates
            -MD -MF precompiled.d -MT precompiled.pch
    COMMAND ${parse} -E -P -o precompiled.ii
    COMMAND ${CMAKE_COMMAND} -E sha256sum precompiled.ii > precompiled.pch.sum
    COMMAND ${CMAKE_COMMAND} -E rm precompiled.ii
    DEPENDS ${CMAKE_SOURCE_DIR}/cmake/precompiled.hpp
    DEPFILE ${CMAKE_BINARY_DIR}/precompiled.d
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
    COMMENT "Parsing the common headers"
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(precompiled DEPENDS ${precompiled} ${precompiled}.sum)
endif()

function(securecart_precompiled target)
  if(SECURECART_PCH)
    target_compile_options(${target} PRIVATE "SHELL:-include-pch precompiled.pch")
    set_source_files_properties(${ARGN} PROPERTIES OBJECT_DEPENDS ${precompiled})
    add_dependencies(${target} precompiled)
  endif()
endfunction()
