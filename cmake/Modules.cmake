# securecart_module(FOLDER [THREADS] [DEPENDS folder...] [LIBRARIES target...])
# src/FOLDER/**.cpp becomes an OBJECT library, src/FOLDER/**_test.cpp one test program beside it.
# THREADS: what the tests do there crosses threads, so they run under TSan, too. What only decides
# on values, or awaits what others do on theirs, has nothing for it to see.
#
# With SECURECART_UNITY a module's files are compiled a few at a time: what many of them include is
# parsed, and its templates made, once for all of these. A first build takes half the time, which is
# what a newcomer's is; a change compiles its neighbours, too, so the builds of everyday work go
# without. Files of a module share its unnamed namespace then: their names differ.
option(SECURECART_UNITY "Compile the files of a module a few at a time" OFF)
set(unity_files 8)
set_property(GLOBAL PROPERTY SECURECART_MODULES "")

function(securecart_module folder)
  cmake_parse_arguments(ARG "THREADS" "" "DEPENDS;LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(NOT sources)
    set(sources ${CMAKE_SOURCE_DIR}/cmake/empty.cpp)
  endif()
  add_library(${name} OBJECT ${sources})
  set_target_properties(${name} PROPERTIES UNITY_BUILD ${SECURECART_UNITY}
                                           UNITY_BUILD_BATCH_SIZE ${unity_files})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
  target_link_libraries(${name} PUBLIC ${ARG_LIBRARIES} Threads::Threads)
  securecart_precompiled(${name} ${sources})
  set(closure ${name})
  foreach(dependency IN LISTS ARG_DEPENDS)
    string(REPLACE "/" "_" dependency ${dependency})
    target_link_libraries(${name} PUBLIC ${dependency})
    get_property(below GLOBAL PROPERTY SECURECART_CLOSURE_${dependency})
    list(APPEND closure ${below})
  endforeach()
  list(REMOVE_DUPLICATES closure)
  set_property(GLOBAL PROPERTY SECURECART_CLOSURE_${name} ${closure})
  set_property(GLOBAL APPEND PROPERTY SECURECART_MODULES ${name})
  if(tests)
    set_property(GLOBAL APPEND PROPERTY SECURECART_TESTED ${name})
    set_property(GLOBAL PROPERTY SECURECART_TESTS_${name} ${tests})
    if(ARG_THREADS)
      set_property(GLOBAL APPEND PROPERTY SECURECART_THREADED ${name})
    endif()
  endif()
endfunction()

find_package(Threads REQUIRED)

# What `make` builds by name: one stage of the tests needs one of these.
foreach(group IN ITEMS unit_tests threads_tests process_tests fleet_tests drill_tests
                       tidy_tests fuzzers benchmarks)
  add_custom_target(${group})
endforeach()

# `everything` is all modules but main.cpp, compiled once and shared by the program, the process
# tests and the benchmarks. (An OBJECT library's objects reach direct dependents only;
# this passes them on.) A module's unit tests link only the module and what it depends on, so they
# can be built, and run, while a module above them is broken.
function(securecart_program)
  get_property(modules GLOBAL PROPERTY SECURECART_MODULES)
  add_library(everything INTERFACE)
  target_link_libraries(everything INTERFACE ${modules} assets)
  add_custom_target(modules)
  add_dependencies(modules ${modules})
  foreach(module IN LISTS modules)
    target_sources(everything INTERFACE $<TARGET_OBJECTS:${module}>)
  endforeach()
  if(EXISTS ${CMAKE_SOURCE_DIR}/src/main.cpp)
    add_executable(securecart ${CMAKE_SOURCE_DIR}/src/main.cpp)
    target_link_libraries(securecart PRIVATE everything)
  endif()
  get_property(tested GLOBAL PROPERTY SECURECART_TESTED)
  foreach(name IN LISTS tested)
    get_property(tests GLOBAL PROPERTY SECURECART_TESTS_${name})
    get_property(closure GLOBAL PROPERTY SECURECART_CLOSURE_${name})
    securecart_test_program(${name}_tests unit ${tests})
    target_link_libraries(${name}_tests PRIVATE ${closure} assets)
  endforeach()
  get_property(threaded GLOBAL PROPERTY SECURECART_THREADED)
  foreach(name IN LISTS threaded)
    add_dependencies(threads_tests ${name}_tests)
    set_property(TEST ${name}_tests APPEND PROPERTY LABELS threads)
  endforeach()
endfunction()

# The paths of this checkout, in one object for tests and benchmarks.
add_library(places OBJECT ${CMAKE_SOURCE_DIR}/tests/support/places.cpp)
target_include_directories(places PRIVATE ${CMAKE_SOURCE_DIR})
target_compile_definitions(places PRIVATE SECURECART_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                          SECURECART_BINARY_DIR="${CMAKE_BINARY_DIR}")

function(securecart_test_program name label)
  add_executable(${name} ${ARGN} ${CMAKE_SOURCE_DIR}/tests/support/test_main.cpp)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE GTest::gtest GTest::gmock rapidcheck places)
  securecart_precompiled(${name} ${ARGN})
  add_dependencies(${label}_tests ${name})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 900)
  if(NOT label STREQUAL "unit")
    # Whole programs and engines: each has the machine to itself.
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
  endif()
endfunction()

# tests/*_test.cpp: tests that start the program itself, one test program a file; and tidy_test,
# which reads the sources and needs nothing above base/. Those named behind FLEETS start many
# processes and wait for most of their time: they have a label of their own, and no turn under the
# sanitizers. DRILLS start a region's engines and users: `make test-drill` runs them, `make test`
# does not.
function(securecart_process_tests folder)
  cmake_parse_arguments(ARG "" "" "FLEETS;DRILLS" ${ARGN})
  securecart_test_program(tidy_test tidy ${CMAKE_SOURCE_DIR}/${folder}/tidy_test.cpp)
  target_link_libraries(tidy_test PRIVATE base assets fmt::fmt)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*_test.cpp)
  list(FILTER files EXCLUDE REGEX "/tidy_test\\.cpp$")
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    set(label process)
    if(name IN_LIST ARG_FLEETS)
      set(label fleet)
    elseif(name IN_LIST ARG_DRILLS)
      set(label drill)
    endif()
    securecart_test_program(${name} ${label} ${file})
    target_link_libraries(${name} PRIVATE everything)
    if(TARGET securecart)
      add_dependencies(${name} securecart)
    endif()
  endforeach()
endfunction()

# The modules whose headers a file includes, and all below them, so that a fuzz target can be built,
# and run, without the rest of the house.
function(securecart_modules_of file result)
  get_property(modules GLOBAL PROPERTY SECURECART_MODULES)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(STRINGS ${file} lines REGEX "^#include \"")
  set(found)
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^#include \"(.*)/[^/]*$" "\\1" path ${line})
    string(REPLACE "/" "_" name ${path})
    while(NOT name IN_LIST modules AND name MATCHES "_")
      string(REGEX REPLACE "_[^_]*$" "" name ${name})
    endwhile()
    get_property(closure GLOBAL PROPERTY SECURECART_CLOSURE_${name})
    list(APPEND found ${closure})
  endforeach()
  list(REMOVE_DUPLICATES found)
  set(${result} ${found} PARENT_SCOPE)
endfunction()

function(securecart_fuzzers folder)
  if(NOT SECURECART_FUZZ)
    return()
  endif()
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*_fuzz.cpp)
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    securecart_modules_of(${file} modules)
    add_executable(${name} ${file})
    target_link_libraries(${name} PRIVATE ${modules} assets)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${name})
  endforeach()
endfunction()

function(securecart_benchmarks folder)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*_bench.cpp)
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    add_executable(${name} ${file})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE everything places)
    add_dependencies(benchmarks ${name})
  endforeach()
endfunction()
