# Every file below sql/, lua/, templates/, api/ and sample/ is embedded as bytes and found again by
# its path (base/assets.hpp). The web pages are embedded too once they are built (web/*/dist).
find_package(Threads REQUIRED)
set(asset_folders sql lua templates api sample web/storefront/dist web/admin/dist)
set(asset_files "")
foreach(folder IN LISTS asset_folders)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
       ${CMAKE_SOURCE_DIR}/${folder}/*)
  list(APPEND asset_files ${found})
endforeach()
list(SORT asset_files)

# The assembler's .incbin embeds a file without turning it into C++ text first.
set(assembly "${CMAKE_BINARY_DIR}/generated/assets.S")
set(table "${CMAKE_BINARY_DIR}/generated/assets_table.cpp")
set(assembly_text "    .section .rodata\n")
set(externs "")
set(rows "")
set(index 0)
foreach(file IN LISTS asset_files)
  string(APPEND assembly_text
         "    .global asset_${index}_begin\n    .global asset_${index}_end\nasset_${index}_begin:\n"
         "    .incbin \"${CMAKE_SOURCE_DIR}/${file}\"\nasset_${index}_end:\n    .byte 0\n")
  string(APPEND externs "extern \"C\" const char asset_${index}_begin[];\n"
                        "extern \"C\" const char asset_${index}_end[];\n")
  string(APPEND rows "    {\"${file}\", asset_${index}_begin, asset_${index}_end},\n")
  math(EXPR index "${index} + 1")
endforeach()
string(APPEND assembly_text "    .section .note.GNU-stack,\"\",@progbits\n")
file(CONFIGURE OUTPUT ${assembly} CONTENT "${assembly_text}" @ONLY)
file(CONFIGURE OUTPUT ${table} CONTENT
"#include \"base/assets.hpp\"\n${externs}
namespace securecart {
namespace {
struct Entry {
  std::string_view path;
  const char* begin;
  const char* end;
};
const Entry entries[] = {\n${rows}    {{}, nullptr, nullptr}};
}  // namespace
std::vector<Asset> embedded_assets() {
  std::vector<Asset> assets;
  for (const Entry& entry : entries) {
    if (entry.begin != nullptr) {
      assets.push_back({entry.path, {entry.begin, entry.end}});
    }
  }
  return assets;
}
}  // namespace securecart\n" @ONLY)

enable_language(ASM)
add_library(assets STATIC ${assembly} ${table})
target_include_directories(assets PRIVATE ${CMAKE_SOURCE_DIR}/src)
set_property(SOURCE ${assembly} PROPERTY OBJECT_DEPENDS "")
foreach(file IN LISTS asset_files)
  set_property(SOURCE ${assembly} APPEND PROPERTY OBJECT_DEPENDS ${CMAKE_SOURCE_DIR}/${file})
endforeach()
