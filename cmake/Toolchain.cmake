# Compiler settings shared by every target.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "SecureCart is built with Clang 19 (docs/adr/0001-toolchain.md). "
                      "Use a preset: cmake --preset dev")
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor
                    -Wold-style-cast -Wimplicit-fallthrough -Werror -fno-omit-frame-pointer)
# Asio and Beast compile once, in src/net/asio_source.cpp.
add_compile_definitions(BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                        BOOST_ASIO_NO_DEPRECATED SPDLOG_FMT_EXTERNAL)
add_link_options(-fuse-ld=lld)

set(SECURECART_SANITIZE "" CACHE STRING "address,undefined or thread; empty for none")
if(SECURECART_SANITIZE)
  add_compile_options(-fsanitize=${SECURECART_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SECURECART_SANITIZE})
endif()
# Compiling takes half as long again with these. ASan sees the bad pointers; the others need RTTI of
# both sides and look for mistakes that nobody makes without casts.
if(SECURECART_SANITIZE MATCHES "undefined")
  add_compile_options(-fno-sanitize=vptr,function,null,object-size,alignment)
endif()
# The fuzz targets share the objects of the asan build: one build less, and inputs meet ASan.
option(SECURECART_FUZZ "Build the fuzz targets (libFuzzer)" OFF)
if(SECURECART_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
