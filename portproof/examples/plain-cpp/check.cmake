# SPDX-License-Identifier: MIT
# Builds this example with PORTPROOF in BUILD, verifies it, then breaks a copy of it and
# demands that the fault is found. Neither MLX nor Python is used.

function(must_do name)
  execute_process(
    COMMAND ${ARGN}
    RESULT_VARIABLE code
    OUTPUT_VARIABLE said
    ERROR_VARIABLE said)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${name} ended with ${code}:\n${said}")
  endif()
  set(said "${said}" PARENT_SCOPE)
endfunction()

function(build_in source build)
  must_do(configure ${CMAKE_COMMAND} -S ${source} -B ${build} -G Ninja
          -DPORTPROOF=${PORTPROOF})
  must_do(build ${CMAKE_COMMAND} --build ${build})
endfunction()

function(must_find text said)
  string(FIND "${said}" "${text}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "`${text}` is not in:\n${said}")
  endif()
endfunction()

build_in(${SOURCE} ${BUILD}/right)
must_do(verify ${PORTPROOF} --root ${SOURCE} verify tinyvad --no-record --build
        ${BUILD}/right)
must_find("10 of 10 components verified" "${said}")
must_do(bisect ${PORTPROOF} --root ${SOURCE} bisect tinyvad --build
        ${BUILD}/right)
must_find("agrees with the reference everywhere" "${said}")

# The order of two gates, which alters the cell and all that comes after it.
file(REMOVE_RECURSE ${BUILD}/copy)
file(COPY ${SOURCE}/ DESTINATION ${BUILD}/copy)
file(READ ${SOURCE}/src/model.cpp text)
string(REPLACE "(1 - z) * c + z * h[at]" "z * c + (1 - z) * h[at]" broken "${text}")
if(broken STREQUAL text)
  message(FATAL_ERROR "src/model.cpp has changed: choose another fault to plant")
endif()
file(WRITE ${BUILD}/copy/src/model.cpp "${broken}")
build_in(${BUILD}/copy ${BUILD}/wrong)
execute_process(
  COMMAND ${PORTPROOF} --root ${BUILD}/copy verify tinyvad --no-record --build
          ${BUILD}/wrong
  RESULT_VARIABLE code
  OUTPUT_VARIABLE said)
if(code EQUAL 0)
  message(FATAL_ERROR "a planted fault was not seen:\n${said}")
endif()
must_find("FAIL     tinyvad.model.Cell" "${said}")
must_find("pass     tinyvad.filters.energies" "${said}")
execute_process(
  COMMAND ${PORTPROOF} --root ${BUILD}/copy bisect tinyvad --build
          ${BUILD}/wrong
  RESULT_VARIABLE code
  OUTPUT_VARIABLE said)
must_find("First at fault: cell (tinyvad.model.Cell)" "${said}")
