# What every target of the project shares, and the three functions that make targets.

add_library(tidegate_options INTERFACE)
target_include_directories(tidegate_options INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_compile_options(tidegate_options INTERFACE
    -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
    -fPIE -fno-omit-frame-pointer -Xclang -fno-pch-timestamp)
target_compile_definitions(tidegate_options INTERFACE
    BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING   # frames of every size from the allocator, which is quick at it (docs/performance.md)
    BOOST_ASIO_NO_DEPRECATED
    BOOST_ASIO_SEPARATE_COMPILATION                # compiled once, in precompiled.cpp
    BOOST_BEAST_SEPARATE_COMPILATION
    SPDLOG_FMT_EXTERNAL)
target_link_options(tidegate_options INTERFACE -fuse-ld=lld -pie)
target_link_libraries(tidegate_options INTERFACE Boost::headers Threads::Threads OpenSSL::SSL OpenSSL::Crypto fmt::fmt spdlog::spdlog)

if(TIDEGATE_SANITIZE)
    target_compile_options(tidegate_options INTERFACE -fsanitize=${TIDEGATE_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(tidegate_options INTERFACE -fsanitize=${TIDEGATE_SANITIZE})
    # It opens a pipe to see whether memory can be read, and calls a valid object invalid when no descriptor is left.
    target_compile_options(tidegate_options INTERFACE -fno-sanitize=vptr)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(tidegate_options INTERFACE -fstack-protector-strong -D_FORTIFY_SOURCE=3)
    target_link_options(tidegate_options INTERFACE -Wl,-z,relro,-z,now)
endif()
if(TIDEGATE_FUZZ)
    target_compile_options(tidegate_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
# "generate": a build that writes what runs how often; a file: that, for the compiler to go by (script/build_profiled).
if(TIDEGATE_PROFILE STREQUAL "generate")
    target_compile_options(tidegate_options INTERFACE -fprofile-generate)
    target_link_options(tidegate_options INTERFACE -fprofile-generate)
elseif(TIDEGATE_PROFILE)
    target_compile_options(tidegate_options INTERFACE -fprofile-use=${TIDEGATE_PROFILE} -Wno-profile-instr-unprofiled
                           -Wno-profile-instr-out-of-date -Wno-backend-plugin -flto=thin)
    # What never ran leaves the functions that did: a call's code fills the processor's caches as it is.
    target_link_options(tidegate_options INTERFACE -flto=thin -fsplit-machine-functions)
endif()

# The heavy headers (Asio, the standard library), parsed once for all targets, and Asio's own code, compiled once.
add_library(tidegate_precompiled STATIC ${PROJECT_SOURCE_DIR}/script/cmake/precompiled.cpp)
target_link_libraries(tidegate_precompiled PUBLIC tidegate_options)
target_precompile_headers(tidegate_precompiled PRIVATE ${PROJECT_SOURCE_DIR}/script/cmake/precompiled.h)

add_library(tidegate_precompiled_test STATIC ${PROJECT_SOURCE_DIR}/script/cmake/precompiled_test.cpp)
target_link_libraries(tidegate_precompiled_test PUBLIC tidegate_precompiled GTest::gmock GTest::gtest_main)
target_precompile_headers(tidegate_precompiled_test PRIVATE ${PROJECT_SOURCE_DIR}/script/cmake/precompiled_test.h)

# tidegate_library(NAME LINKS lib… [ALONE source…]): all sources of the current folder as the library `tidegate_NAME`;
# the sources that ALONE names are never joined with others.
function(tidegate_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINKS;ALONE")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    add_library(tidegate_${name} STATIC ${sources})
    target_link_libraries(tidegate_${name} PUBLIC ${arg_LINKS} tidegate_precompiled)
    target_precompile_headers(tidegate_${name} REUSE_FROM tidegate_precompiled)
    # Several sources a compiler run, where only the time of a build counts (sanitizers in CI). Files named here have
    # helpers of the same name as a neighbour.
    set_target_properties(tidegate_${name} PROPERTIES UNITY_BUILD ${TIDEGATE_UNITY})
    foreach(source ${arg_ALONE})
        set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endforeach()
endfunction()

# tidegate_test(NAME LINKS lib…): all `*_test.cpp` (and helpers) of the current folder as one GoogleTest program.
function(tidegate_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINKS")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    add_executable(${name}_test ${sources})
    target_link_libraries(${name}_test PRIVATE ${arg_LINKS} tidegate_precompiled_test)
    target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_compile_definitions(${name}_test PRIVATE TIDEGATE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_precompile_headers(${name}_test REUSE_FROM tidegate_precompiled_test)
    add_test(NAME ${name} COMMAND ${name}_test)
endfunction()

# tidegate_fuzz(NAME LINKS lib…): tests/fuzz/NAME.cpp as a libFuzzer program; its corpus tests/fuzz/corpus/NAME is replayed as a test.
function(tidegate_fuzz name)
    if(NOT TIDEGATE_FUZZ)
        return()
    endif()
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINKS")
    add_executable(fuzz_${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/${name}.cpp)
    target_link_libraries(fuzz_${name} PRIVATE ${arg_LINKS} tidegate_precompiled)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_precompile_headers(fuzz_${name} REUSE_FROM tidegate_precompiled)
    add_test(NAME fuzz_${name}
             COMMAND fuzz_${name} -runs=0 -rss_limit_mb=2048 ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
endfunction()
