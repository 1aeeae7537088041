# One function for each kind of target, so that a room's CMakeLists.txt only
# names what it depends on. Sources are found by name: `*_test.cpp` is a test,
# every other `*.cpp` belongs to the room's library.

add_library(mlxaudio_warnings INTERFACE)
target_compile_options(
  mlxaudio_warnings
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
            $<$<BOOL:${MLXAUDIO_WERROR}>:-Werror>)
# At -O3, and where sanitizers are, g++ 12 warns of its own std::string and
# std::optional (GCC bugs 105329, 105651 and 80635).
target_compile_options(
  mlxaudio_warnings
  INTERFACE
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release,RelWithDebInfo>>:-Wno-restrict;-Wno-maybe-uninitialized>
)

# Programs lie in the build folder itself, tests in its folder tests/.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")

# mlxaudio_add_room(name [OPEN] DEPENDS public-targets... PRIVATE targets...)
# Library `mlxaudio_<name>` from the current folder, and its unit tests. Its
# symbols are hidden but for those marked MLXAUDIO_API, since the rooms make up
# the shared library. Those of an OPEN room are not: models outside this
# repository are built on it (cmake/Nn.cmake).
function(mlxaudio_add_room name)
  cmake_parse_arguments(arg "OPEN" "" "DEPENDS;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  list(FILTER sources EXCLUDE REGEX "_(test|bench|fuzz)\\.cpp$")
  set(target mlxaudio_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src
                                                ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(
      ${target}
      PUBLIC ${arg_DEPENDS}
      PRIVATE ${arg_PRIVATE} mlxaudio_warnings)
    if(arg_OPEN)
      # Seen from outside, and all the same not to be replaced from there.
      target_compile_options(
        ${target}
        PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-semantic-interposition>)
    else()
      set_target_properties(${target} PROPERTIES CXX_VISIBILITY_PRESET hidden)
    endif()
  else()
    add_library(${target} INTERFACE)
    target_include_directories(
      ${target} INTERFACE ${PROJECT_SOURCE_DIR}/src
                          ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(${target} INTERFACE ${arg_DEPENDS} ${arg_PRIVATE})
  endif()
  file(GLOB tests CONFIGURE_DEPENDS *_test.cpp)
  if(MLXAUDIO_BUILD_TESTS AND tests)
    mlxaudio_add_test(${name}_test SOURCES ${tests} DEPENDS ${target} LABELS
                      unit)
  endif()
endfunction()

# mlxaudio_add_test(name SOURCES ... DEPENDS ... LABELS ... [SLOW regex])
# Tests whose names match SLOW have that label instead.
# A GoogleTest program; ctest runs each of its cases by itself.
function(mlxaudio_add_test name)
  cmake_parse_arguments(arg "" "SLOW" "SOURCES;DEPENDS;LABELS" ${ARGN})
  if(NOT arg_SLOW)
    set(arg_SLOW "^$")
  endif()
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY
                                           "${PROJECT_BINARY_DIR}/tests")
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} GTest::gtest_main
                                        mlxaudio_warnings)
  target_compile_definitions(
    ${name} PRIVATE MLXAUDIO_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  # Half the time to compile; what is tested is optimised as ever.
  if(MLXAUDIO_TEST_OPTIMIZATION)
    target_compile_options(${name} PRIVATE ${MLXAUDIO_TEST_OPTIMIZATION})
  endif()
  if(MLXAUDIO_TEST_SHARDS)
    mlxaudio_add_shards(${name} "${arg_LABELS}")
    return()
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60)
  # gtest_discover_tests() takes a list of labels apart, so they are set after.
  set(script "${CMAKE_CURRENT_BINARY_DIR}/${name}_labels.cmake")
  file(
    WRITE "${script}"
    "foreach(case IN LISTS ${name}_TESTS)
  if(case MATCHES [[${arg_SLOW}]])
    set_tests_properties(\"\${case}\" PROPERTIES LABELS slow)
  else()
    set_tests_properties(\"\${case}\" PROPERTIES LABELS \"${arg_LABELS}\")
  endif()
endforeach()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${script}")
endfunction()

# The cases of a test program, dealt out to a few processes. With sanitizers a
# process takes longer to start than most cases take.
function(mlxaudio_add_shards name labels)
  math(EXPR last "${MLXAUDIO_TEST_SHARDS} - 1")
  foreach(shard RANGE ${last})
    add_test(NAME ${name}.${shard} COMMAND ${name})
    set_tests_properties(
      ${name}.${shard}
      PROPERTIES
        LABELS
        "${labels}"
        ENVIRONMENT
        "GTEST_TOTAL_SHARDS=${MLXAUDIO_TEST_SHARDS};GTEST_SHARD_INDEX=${shard};GTEST_FILTER=${MLXAUDIO_TEST_FILTER};GTEST_BRIEF=1"
    )
  endforeach()
endfunction()

# mlxaudio_add_program(name SOURCES ... DEPENDS ...)
# A program that is installed; it finds what it links beside itself.
function(mlxaudio_add_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} mlxaudio_warnings)
endfunction()
