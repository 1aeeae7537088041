# The shared library: all rooms in one, exporting what include/mlxaudio
# declares, which the engine defines. Programs and tests of this repository
# link the rooms themselves, since they need what is not exported.

file(GLOB mlxaudio_headers CONFIGURE_DEPENDS include/mlxaudio/*.h)
add_library(mlxaudio SHARED ${mlxaudio_headers})
add_library(mlxaudio::mlxaudio ALIAS mlxaudio)
target_include_directories(
  mlxaudio PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                  $<INSTALL_INTERFACE:include>)
target_compile_features(mlxaudio PUBLIC cxx_std_20)
set_target_properties(
  mlxaudio
  PROPERTIES LINKER_LANGUAGE CXX
             VERSION ${PROJECT_VERSION}
             SOVERSION ${PROJECT_VERSION_MAJOR})
target_link_libraries(
  mlxaudio PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,mlxaudio_engine>)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  # Open rooms are seen in the library for models outside this repository,
  # not here.
  target_link_options(
    mlxaudio
    PRIVATE
    -Wl,--exclude-libs,libmlxaudio_core.a:libmlxaudio_ops.a:libmlxaudio_nn.a)
endif()
