# Finds what set-up unpacked: MLX's C++ SDK from its wheel and, on x86-64,
# oneDNN. `tools/setup.py` puts both under MLXAUDIO_SDK_DIR.

if(DEFINED ENV{MLXAUDIO_CACHE})
  set(mlxaudio_cache "$ENV{MLXAUDIO_CACHE}")
else()
  set(mlxaudio_cache "$ENV{HOME}/.cache/mlx-audio")
endif()
set(MLXAUDIO_SDK_DIR
    "${mlxaudio_cache}/sdk"
    CACHE PATH "Where set-up unpacked the SDKs")
set(MLXAUDIO_MLX
    "mlx-cpu-0.32.4"
    CACHE STRING "Which MLX SDK below MLXAUDIO_SDK_DIR to use")

set(mlx_cmake "${MLXAUDIO_SDK_DIR}/${MLXAUDIO_MLX}/mlx/share/cmake/MLX")
if(NOT EXISTS "${mlx_cmake}/MLXConfig.cmake")
  message(FATAL_ERROR "MLX's SDK is not in ${MLXAUDIO_SDK_DIR}/${MLXAUDIO_MLX}: "
                      "run `make setup` first")
endif()
find_package(MLX CONFIG REQUIRED PATHS "${mlx_cmake}" NO_DEFAULT_PATH)
set_target_properties(mlx PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES
                                     "${MLX_INCLUDE_DIRS}")

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  find_package(dnnl CONFIG REQUIRED
               PATHS "${MLXAUDIO_SDK_DIR}/onednn-2023.2.0/lib/cmake/dnnl"
               NO_DEFAULT_PATH)
  set(MLXAUDIO_HAVE_ONEDNN ON)
else()
  set(MLXAUDIO_HAVE_ONEDNN OFF)
endif()
