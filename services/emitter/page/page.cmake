# SPDX-License-Identifier: Apache-2.0
#
# The target `page`: the live page, ready to be served, in <build>/page/. Nothing is compiled; the
# modules are copied as they are, and `vendor.txt` names what comes from node_modules ("from to").

set(page_source ${CMAKE_CURRENT_LIST_DIR})
set(page_build ${CMAKE_BINARY_DIR}/page)
file(GLOB page_files RELATIVE ${page_source} CONFIGURE_DEPENDS
     ${page_source}/*.html ${page_source}/*.css ${page_source}/*.js ${page_source}/*.svg)
# The packages may be installed after CMake ran: this glob makes the next build look again.
file(GLOB page_packages CONFIGURE_DEPENDS ${page_source}/node_modules/.package-lock.json)

set(page_outputs)
function(page_copy from to)
  add_custom_command(
    OUTPUT ${page_build}/${to}
    COMMAND ${CMAKE_COMMAND} -E copy ${page_source}/${from} ${page_build}/${to}
    DEPENDS ${page_source}/${from}
    COMMENT "page/${to}")
  set(page_outputs ${page_outputs} ${page_build}/${to} PARENT_SCOPE)
endfunction()

if(page_packages)
  foreach(file IN LISTS page_files)
    page_copy(${file} ${file})
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page_source}/vendor.txt)
  file(STRINGS ${page_source}/vendor.txt page_vendor)
  foreach(line IN LISTS page_vendor)
    separate_arguments(line)
    page_copy(${line})
  endforeach()
  add_custom_target(page ALL DEPENDS ${page_outputs})
  install(DIRECTORY ${page_build} DESTINATION share/weir COMPONENT emitter)
else()
  add_custom_target(page ALL COMMAND ${CMAKE_COMMAND} -E echo
    "The live page is left out, for its packages are missing:"
    "run npm ci --prefix services/emitter/page")
endif()
