# mlxaudio_add_probes(model LIBRARIES targets...)
#
# The program `<model>_probes` from port/<model>/probes/*.cpp, which `portproof
# verify <model>` asks. LIBRARIES are those of the port. The program carries the
# hashes of the sources that it was built from; if one was edited after it was
# compiled, the build stops.
function(mlxaudio_add_probes model)
  cmake_parse_arguments(arg "" "" "LIBRARIES" ${ARGN})
  find_program(PORTPROOF portproof HINTS "${mlxaudio_BIN_DIR}")
  if(NOT PORTPROOF)
    message(FATAL_ERROR "portproof is neither in ${mlxaudio_BIN_DIR} nor on the "
                        "PATH: give the program by -DPORTPROOF")
  endif()
  set(program ${model}_probes)
  set(folder port/${model}/probes)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  if(NOT sources)
    message(FATAL_ERROR "${CMAKE_CURRENT_SOURCE_DIR}/${folder} has no *.cpp: "
                        "write the probes of ${model} first")
  endif()
  file(GLOB_RECURSE stamped CONFIGURE_DEPENDS ${folder}/*)
  set(objects)
  foreach(library IN LISTS arg_LIBRARIES)
    get_target_property(own ${library} SOURCES)
    get_target_property(at ${library} SOURCE_DIR)
    foreach(source IN LISTS own)
      cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${at}")
      list(APPEND stamped "${source}")
    endforeach()
    list(APPEND objects "$<TARGET_OBJECTS:${library}>")
  endforeach()
  set(list "${CMAKE_CURRENT_BINARY_DIR}/${program}_objects.txt")
  file(GENERATE OUTPUT "${list}" CONTENT "${objects}\n")
  set(stamp "${CMAKE_CURRENT_BINARY_DIR}/${program}_stamp.cpp")
  add_custom_command(
    OUTPUT "${stamp}"
    COMMAND "${PORTPROOF}" --root "${CMAKE_CURRENT_SOURCE_DIR}" stamp ${model}
            --out "${stamp}" --objects "${list}"
    DEPENDS ${arg_LIBRARIES} ${stamped} "${list}"
            port/${model}/reference.toml
    VERBATIM)
  add_executable(${program} ${sources} "${stamp}")
  target_link_libraries(${program} PRIVATE mlxaudio::probe ${arg_LIBRARIES})
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY
                                              "${PROJECT_BINARY_DIR}")
endfunction()
