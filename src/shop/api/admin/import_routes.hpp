// /v1/admin/imports and /v1/admin/exports: product files in and out.
#pragma once

#include "shop/api/operation.hpp"
#include "shop/flows/deps.hpp"
#include "shop/flows/import_products.hpp"

namespace securecart::shop::api {

class ImportRoutes {
 public:
  ImportRoutes(const flows::Deps& deps, flows::ProductImports& imports)
      : deps_(deps), imports_(imports) {}
  void mount(Operations& operations);

 private:
  Task<Result<Reply>> create(Call& call);
  Task<Result<Reply>> get(Call& call);
  Task<Result<Reply>> list(Call& call);
  Task<Result<Reply>> export_products(Call& call);

  const flows::Deps& deps_;
  flows::ProductImports& imports_;
};

}  // namespace securecart::shop::api
