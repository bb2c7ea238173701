# One CMake target per folder of src/. The layer test (tests/style) keeps the includes honest.

find_package(fmt REQUIRED)
find_package(Threads REQUIRED)
if(ENVPM_TESTS)
    find_package(GTest REQUIRED)
endif()
if(ENVPM_UNITY_PRODUCT)
    find_package(Python3 REQUIRED COMPONENTS Interpreter)
endif()

add_library(envpm_options INTERFACE)
target_include_directories(envpm_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(envpm_options INTERFACE fmt::fmt Threads::Threads)
target_compile_definitions(envpm_options INTERFACE _GLIBCXX_ASSERTIONS
                           ENVPM_VERSION="${PROJECT_VERSION}")
target_compile_options(envpm_options INTERFACE
    -Wall -Wextra -Wpedantic
    $<IF:$<BOOL:$<TARGET_PROPERTY:ENVPM_SHADOWS>>,$<$<CXX_COMPILER_ID:GNU>:-Wshadow=local>,-Wshadow>
    -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual)
if(ENVPM_SANITIZE)
    # What is found ends the program, or a test would pass with it. Code that does not go on after a
    # finding also takes a quarter less to compile.
    target_compile_options(envpm_options INTERFACE -fsanitize=${ENVPM_SANITIZE}
                           -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(envpm_options INTERFACE -fsanitize=${ENVPM_SANITIZE})
    # Eighty programs, each with the sanitizers' own library: LLVM's linker takes a quarter of the
    # time for one.
    find_program(ENVPM_LLD ld.lld)
    if(ENVPM_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        target_link_options(envpm_options INTERFACE -fuse-ld=lld)
    endif()
endif()

# A test runs once: where the build is optimised, that is for what is tested.
add_library(envpm_test_options INTERFACE)
target_compile_options(envpm_test_options INTERFACE -O0 -U_FORTIFY_SOURCE)
# A fuzzer counts in what is tested, and undefined behaviour is looked for there: to do so in the
# tests is four tenths of their compilation.
if(ENVPM_SANITIZE MATCHES "fuzzer-no-link")
    target_compile_options(envpm_test_options INTERFACE -fno-sanitize=fuzzer-no-link,undefined)
endif()

# What a command runs once is compiled for size: mapped code counts as memory, and of the program's
# this saves a quarter (docs/decisions/0012-speed.md).
add_library(envpm_size_options INTERFACE)
target_compile_options(envpm_size_options INTERFACE $<$<CONFIG:Release>:-Os>)

# One precompiled header for the product, one for what of it is compiled for size, and one for the
# tests: without them the standard library and GoogleTest are the larger part of every compilation.
function(envpm_precompile target headers)
    if(NOT ENVPM_PRECOMPILED)
        return()
    endif()
    set(owner envpm_precompiled_${headers})
    if(NOT TARGET ${owner})
        file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${owner}.cpp
             CONTENT "// Nothing but headers.\n")
        add_library(${owner} STATIC ${PROJECT_BINARY_DIR}/${owner}.cpp)
        target_link_libraries(${owner} PRIVATE envpm_options)
        if(headers STREQUAL "tests")
            target_link_libraries(${owner} PRIVATE GTest::gmock GTest::gtest envpm_test_options)
            target_precompile_headers(${owner} PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
        elseif(headers STREQUAL "small")
            target_link_libraries(${owner} PRIVATE envpm_size_options)
        endif()
        target_precompile_headers(${owner} PRIVATE
            <algorithm> <array> <chrono> <cstdint> <filesystem> <functional> <map> <memory>
            <optional> <span> <string> <string_view> <variant> <vector> <fmt/format.h>)
    endif()
    target_precompile_headers(${target} REUSE_FROM ${owner})
endfunction()

# Compiles those sources together that mean alone what they mean together (batches.py): six tenths
# of the work, and fewer copies of what headers define.
function(envpm_batch target)
    if(NOT ENVPM_UNITY_PRODUCT)
        return()
    endif()
    set(batches ${PROJECT_SOURCE_DIR}/cmake/batches.py)
    execute_process(COMMAND ${Python3_EXECUTABLE} -B ${batches} 8 ${PROJECT_SOURCE_DIR}/src ${ARGN}
                    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
                    OUTPUT_VARIABLE numbers COMMAND_ERROR_IS_FATAL ANY)
    foreach(source number IN ZIP_LISTS ARGN numbers)
        set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${target}_${number})
    endforeach()
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${batches} ${ARGN})
endfunction()

# envpm_module(name [SMALL] SOURCES … HEADERS … TESTS … TEST_HEADERS … DEPENDS folders…
#              LIBRARIES targets…)
# SMALL is for folders whose code hardly counts in a command's time. TEST_HEADERS are read by tests
# only, the tests of other folders included.
function(envpm_module name)
    cmake_parse_arguments(PARSE_ARGV 1 M "SMALL" ""
                          "SOURCES;HEADERS;TESTS;TEST_HEADERS;DEPENDS;LIBRARIES")
    add_library(envpm_${name} STATIC ${M_SOURCES})
    target_sources(envpm_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/src
                   FILES ${M_HEADERS})
    list(TRANSFORM M_DEPENDS PREPEND envpm_)
    target_link_libraries(envpm_${name} PUBLIC envpm_options ${M_DEPENDS} PRIVATE ${M_LIBRARIES})
    set_target_properties(envpm_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
    if(M_SMALL)
        target_link_libraries(envpm_${name} PRIVATE envpm_size_options)
        envpm_precompile(envpm_${name} small)
    else()
        envpm_precompile(envpm_${name} product)
    endif()
    envpm_batch(envpm_${name} ${M_SOURCES})
    if(ENVPM_TESTS AND M_TESTS)
        add_executable(envpm_${name}_test ${M_TESTS} ${M_TEST_HEADERS})
        target_link_libraries(envpm_${name}_test PRIVATE envpm_${name} GTest::gmock GTest::gtest
                              GTest::gtest_main envpm_test_options)
        envpm_precompile(envpm_${name}_test tests)
        # Eight files are one compilation, a third of the work of eight. So the helpers of one
        # folder's tests have names of their own; a local variable may hide another file's helper.
        set_target_properties(envpm_${name}_test PROPERTIES UNITY_BUILD ${ENVPM_UNITY_TESTS}
                              UNITY_BUILD_BATCH_SIZE 8 ENVPM_SHADOWS ${ENVPM_UNITY_TESTS})
        add_test(NAME ${name} COMMAND envpm_${name}_test)
    endif()
endfunction()

# The tests of that folder run the real probe on made-up GPUs (tests/support/fake_gpu).
function(envpm_test_with_gpus name)
    if(ENVPM_TESTS)
        add_dependencies(envpm_${name}_test envpm-gpuprobe envpm_fake_cuda envpm_fake_nvml)
        target_compile_definitions(envpm_${name}_test PRIVATE
            GPUPROBE="$<TARGET_FILE:envpm-gpuprobe>" FAKE_GPU="${PROJECT_BINARY_DIR}/fake_gpu")
    endif()
endfunction()
