# What models outside this repository are built on: find_package(mlxaudio
# COMPONENTS nn). The open rooms and the kernels below them in one shared
# library, their headers below include/mlxaudio/nn, and what a program of probes
# is made of. It shares nothing with the library of finished models: a program
# that links both has each one's threads.

# The headers, under names that nobody else has: nn/x.h is mlxaudio/nn/x.h,
# ops/x.h is mlxaudio/nn/ops/x.h.
set(nn_include "${PROJECT_BINARY_DIR}/nn/include")
function(mlxaudio_publish target)
  foreach(header IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
    file(READ "${header}" text)
    get_filename_component(name "${header}" NAME)
    string(REPLACE "#include \"nn/" "#include \"mlxaudio/nn/" text "${text}")
    foreach(room core ops)
      string(REPLACE "#include \"${room}/" "#include \"mlxaudio/nn/${room}/"
                     text "${text}")
    endforeach()
    file(CONFIGURE OUTPUT "${nn_include}/${target}/${name}" CONTENT "${text}"
         @ONLY)
  endforeach()
endfunction()

file(GLOB nn_headers CONFIGURE_DEPENDS src/nn/*.h)
file(GLOB ops_headers CONFIGURE_DEPENDS src/ops/*.h)
list(FILTER ops_headers EXCLUDE REGEX "/check\\.h$") # needs fmt
mlxaudio_publish(mlxaudio/nn ${nn_headers})
mlxaudio_publish(mlxaudio/nn/ops ${ops_headers})
mlxaudio_publish(mlxaudio/nn/core "${PROJECT_SOURCE_DIR}/src/core/json.h"
                 "${PROJECT_SOURCE_DIR}/src/core/safetensors.h"
                 "${PROJECT_SOURCE_DIR}/src/core/tensor.h")
mlxaudio_publish(mlxaudio/nn "${PROJECT_SOURCE_DIR}/port/support/probe.h")

add_library(mlxaudio_nn_shared SHARED ${nn_headers})
add_library(mlxaudio::nn ALIAS mlxaudio_nn_shared)
target_include_directories(
  mlxaudio_nn_shared
  INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
            $<BUILD_INTERFACE:${nn_include}> $<INSTALL_INTERFACE:include>)
target_compile_features(mlxaudio_nn_shared INTERFACE cxx_std_20)
set_target_properties(
  mlxaudio_nn_shared
  PROPERTIES LINKER_LANGUAGE CXX
             EXPORT_NAME nn
             OUTPUT_NAME mlxaudio_nn
             VERSION ${PROJECT_VERSION}
             SOVERSION ${PROJECT_VERSION_MAJOR})
set(nn_rooms mlxaudio_nn mlxaudio_ops mlxaudio_kernels mlxaudio_core)
string(REPLACE ";" "," nn_rooms_listed "${nn_rooms}")
set_property(
  TARGET mlxaudio_nn_shared
  PROPERTY LINK_LIBRARY_OVERRIDE "WHOLE_ARCHIVE,${nn_rooms_listed}")
target_link_libraries(
  mlxaudio_nn_shared
  PRIVATE ${nn_rooms}
  INTERFACE mlx nlohmann_json::nlohmann_json)

# fmt is inside, so that a project of probes need not have it.
add_library(mlxaudio_probe STATIC port/support/probe.cpp)
add_library(mlxaudio::probe ALIAS mlxaudio_probe)
target_include_directories(
  mlxaudio_probe
  PRIVATE src port include
          $<TARGET_PROPERTY:fmt::fmt-header-only,INTERFACE_INCLUDE_DIRECTORIES>)
target_compile_definitions(mlxaudio_probe PRIVATE FMT_HEADER_ONLY)
set_target_properties(mlxaudio_probe PROPERTIES EXPORT_NAME probe)
target_link_libraries(
  mlxaudio_probe
  PUBLIC mlxaudio_nn_shared
  PRIVATE $<BUILD_INTERFACE:mlxaudio_warnings>)
