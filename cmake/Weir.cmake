# SPDX-License-Identifier: Apache-2.0
#
# The functions every room uses. A folder is a room; its CMakeLists.txt is mostly one line:
#   weir_lib(<name> [DEPS <libs>...] [LINKS <third-party targets>...])
#   weir_service([DEPS <libs>...] [LINKS <third-party targets>...])
#   weir_unit_test(<name> [DEPS <libs or service cores>...])
#   weir_pkg(<pkg-config module>)
#   weir_add_folders(<parent>)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")

find_program(WEIR_CCACHE ccache)
if(WEIR_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${WEIR_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${WEIR_CCACHE}")
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# What every file of ours is compiled with. Third-party headers are system headers, so that a
# warning is always about our own code. Designated initializers leave fields out on purpose (they
# are value-initialized), which GCC's -Wextra takes for a slip.
add_library(weir_flags INTERFACE)
target_compile_options(weir_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wno-missing-field-initializers -Werror)
target_include_directories(weir_flags INTERFACE "${PROJECT_SOURCE_DIR}/libs")
target_link_libraries(weir_flags INTERFACE Threads::Threads)
if(WEIR_SANITIZE)
  target_compile_options(weir_flags INTERFACE
    -fsanitize=${WEIR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(weir_flags INTERFACE -fsanitize=${WEIR_SANITIZE})
endif()
if(WEIR_FUZZ)
  target_compile_options(weir_flags INTERFACE -fsanitize=fuzzer-no-link)  # counts what was reached
endif()

# Imports a pkg-config module once as the target pkg::<module>.
function(weir_pkg module)
  if(NOT TARGET pkg::${module})
    string(MAKE_C_IDENTIFIER "PKG_${module}" prefix)
    pkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET GLOBAL ${module})
    add_library(pkg::${module} INTERFACE IMPORTED GLOBAL)
    target_link_libraries(pkg::${module} INTERFACE PkgConfig::${prefix})
  endif()
endfunction()

# A shared lib of ours: target <name>, every .cpp of its folder.
function(weir_lib name)
  cmake_parse_arguments(ARG "" "" "DEPS;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC weir_flags ${ARG_DEPS} PRIVATE ${ARG_LINKS})
endfunction()

# A service: the folder's name is the executable's. Everything but main.cpp is also the static
# lib <name>-core, so that unit tests link the very objects that are shipped.
function(weir_service)
  cmake_parse_arguments(ARG "" "" "DEPS;LINKS" ${ARGN})
  get_filename_component(name "${CMAKE_CURRENT_SOURCE_DIR}" NAME)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  list(REMOVE_ITEM sources "${CMAKE_CURRENT_SOURCE_DIR}/main.cpp")
  add_library(${name}-core STATIC ${sources})
  target_include_directories(${name}-core PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(${name}-core PUBLIC weir_flags ${ARG_DEPS} PRIVATE ${ARG_LINKS})
  add_executable(${name} main.cpp)
  target_link_libraries(${name} PRIVATE ${name}-core)
  install(TARGETS ${name} RUNTIME COMPONENT ${name})
endfunction()

# A Catch2 program of every .cpp in the folder, and one ctest test that runs it.
function(weir_unit_test name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  add_executable(${name}_test ${sources})
  target_link_libraries(${name}_test PRIVATE weir_flags weir_catch_main ${ARG_DEPS})
  add_test(NAME unit.${name} COMMAND ${name}_test)
endfunction()

# Adds every folder of `parent` that has a CMakeLists.txt: rooms are discovered, not listed.
function(weir_add_folders parent)
  file(GLOB lists CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${parent}/*/CMakeLists.txt")
  foreach(list IN LISTS lists)
    get_filename_component(folder "${list}" DIRECTORY)
    add_subdirectory("${folder}")
  endforeach()
endfunction()
