# What `make install` puts below the prefix. The result needs neither the
# cache nor this working copy, and may be moved:
#
#   bin/                 mlx-audio, portproof
#   include/mlxaudio/    the public headers; those in nn/ need MLX's
#   lib/libmlxaudio.so   the library
#   lib/libmlxaudio_nn.so, libmlxaudio_probe.a
#                        what models outside this repository are built on
#   lib/mlxaudio/        what they run on: MLX as its wheel lays it out, with its
#                        headers (its own run path leads from mlx/lib to the
#                        libraries beside), oneDNN or OpenBLAS, the BLAS
#                        forwarder
#   lib/cmake/mlxaudio/  find_package(mlxaudio)
#   share/mlx-audio/     Whisper's vocabularies
#   share/portproof/     the workbench's recorder (Python)
#   share/man/man1/      mlx-audio(1)
#   share/bash-completion/completions/, share/zsh/site-functions/,
#   share/fish/vendor_completions.d/
#                        what shells complete command lines with
#   share/doc/mlx-audio/ licences

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

if(TARGET portproof)
  install(
    TARGETS portproof
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT portproof)
  install(
    DIRECTORY "${PROJECT_SOURCE_DIR}/portproof/recorder"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/portproof"
    COMPONENT portproof
    FILES_MATCHING
    PATTERN "*.py"
    PATTERN "__pycache__" EXCLUDE)
  if(PORTPROOF_WHEEL)
    # libclang looks for the compiler's own headers beside itself.
    get_filename_component(clang "${PORTPROOF_CLANG_LIBRARY}" DIRECTORY)
    install(
      FILES "${PORTPROOF_CLANG_LIBRARY}"
      DESTINATION lib
      RENAME libclang.so.13
      COMPONENT portproof)
    install(FILES "${clang}/LICENSE.TXT" DESTINATION lib COMPONENT portproof)
    install(
      DIRECTORY "${PORTPROOF_CLANG_INCLUDE}/../lib/clang/14.0.6/include"
      DESTINATION lib/clang/14.0.6
      COMPONENT portproof)
  endif()
endif()
if(NOT MLXAUDIO_BUILD_LIBRARY)
  return()
endif()

set(bundle "${CMAKE_INSTALL_LIBDIR}/mlxaudio")
file(RELATIVE_PATH bin_to_lib "/${CMAKE_INSTALL_BINDIR}"
     "/${CMAKE_INSTALL_LIBDIR}")
if(APPLE)
  set(origin "@loader_path")
else()
  set(origin "\$ORIGIN")
endif()

set_target_properties(
  mlxaudio mlxaudio_nn_shared
  PROPERTIES INSTALL_RPATH "${origin}/mlxaudio;${origin}/mlxaudio/mlx/lib")
install(
  TARGETS mlxaudio
  EXPORT mlxaudioTargets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(
  TARGETS mlxaudio_nn_shared mlxaudio_probe
  EXPORT mlxaudioNnTargets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/mlxaudio"
                  "${nn_include}/mlxaudio"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")

if(TARGET mlx-audio)
  set_target_properties(
    mlx-audio
    PROPERTIES
      INSTALL_RPATH
      "${origin}/${bin_to_lib}/mlxaudio;${origin}/${bin_to_lib}/mlxaudio/mlx/lib"
  )
  install(TARGETS mlx-audio RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")

  # The program itself writes its manual and completions, from its options.
  set(written "${PROJECT_BINARY_DIR}/share")
  add_custom_command(
    OUTPUT "${written}/mlx-audio.1" "${written}/mlx-audio.bash"
           "${written}/_mlx-audio" "${written}/mlx-audio.fish"
    COMMAND ${CMAKE_COMMAND} -E make_directory "${written}"
    COMMAND mlx-audio man > "${written}/mlx-audio.1"
    COMMAND mlx-audio completion bash > "${written}/mlx-audio.bash"
    COMMAND mlx-audio completion zsh > "${written}/_mlx-audio"
    COMMAND mlx-audio completion fish > "${written}/mlx-audio.fish"
    DEPENDS mlx-audio
    COMMENT "Writing the manual and the completions of shells"
    VERBATIM)
  add_custom_target(mlxaudio_pages ALL DEPENDS "${written}/mlx-audio.1")
  install(FILES "${written}/mlx-audio.1"
          DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
  install(
    FILES "${written}/mlx-audio.bash"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
    RENAME mlx-audio)
  install(FILES "${written}/_mlx-audio"
          DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
  install(FILES "${written}/mlx-audio.fish"
          DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
endif()

install(
  DIRECTORY "${mlx_root}/mlx/lib/"
  DESTINATION "${bundle}/mlx/lib"
  FILES_MATCHING
  PATTERN "*.so*"
  PATTERN "*.dylib"
  PATTERN "*.metallib")
foreach(folder include share)
  install(DIRECTORY "${mlx_root}/mlx/${folder}" DESTINATION "${bundle}/mlx")
endforeach()
file(GLOB mlx_bundled LIST_DIRECTORIES true "${mlx_root}/*.libs")
foreach(folder IN LISTS mlx_bundled)
  install(DIRECTORY "${folder}" DESTINATION "${bundle}")
endforeach()
if(MLXAUDIO_HAVE_ONEDNN)
  get_target_property(dnnl_file DNNL::dnnl IMPORTED_LOCATION_RELEASE)
  get_target_property(dnnl_soname DNNL::dnnl IMPORTED_SONAME_RELEASE)
  install(
    PROGRAMS "${dnnl_file}"
    DESTINATION "${bundle}"
    RENAME "${dnnl_soname}")
endif()
if(MLXAUDIO_OPENBLAS)
  install(PROGRAMS "${MLXAUDIO_OPENBLAS}" DESTINATION "${bundle}")
endif()
if(TARGET mlxaudio_blas)
  set_target_properties(mlxaudio_blas PROPERTIES INSTALL_RPATH "${origin}")
  install(TARGETS mlxaudio_blas LIBRARY DESTINATION "${bundle}")
endif()

install(FILES "${MLXAUDIO_VOCAB_DIR}/multilingual.tiktoken"
              "${MLXAUDIO_VOCAB_DIR}/gpt2.tiktoken"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/mlx-audio/whisper")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/mlx-audio")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/licenses"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/mlx-audio")

set(package "${CMAKE_INSTALL_LIBDIR}/cmake/mlxaudio")
install(
  EXPORT mlxaudioTargets
  NAMESPACE mlxaudio::
  DESTINATION "${package}")
install(
  EXPORT mlxaudioNnTargets
  NAMESPACE mlxaudio::
  DESTINATION "${package}")
file(STRINGS "${mlx_root}/mlx/include/mlx/version.h" mlx_version_lines
     REGEX "define MLX_VERSION_(MAJOR|MINOR|PATCH)")
string(REGEX MATCHALL "[0-9]+" mlx_version "${mlx_version_lines}")
list(JOIN mlx_version "." mlx_version)
set(mlx_bundle "${bundle}/mlx")
configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/mlxaudioConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/mlxaudioConfig.cmake"
  INSTALL_DESTINATION "${package}"
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_BINDIR mlx_bundle)
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/mlxaudioConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/mlxaudioConfig.cmake"
              "${PROJECT_BINARY_DIR}/mlxaudioConfigVersion.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/mlxaudioProbes.cmake"
        DESTINATION "${package}")
