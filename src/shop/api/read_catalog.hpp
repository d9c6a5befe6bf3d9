// Bodies that write the catalog (api/schemas/catalog.json), read onto an input: members that were
// not sent leave what the input says, so one reader serves POST (an empty input) and PATCH (the
// stored product as an input).
#pragma once

#include "base/json.hpp"
#include "shop/catalog/collections.hpp"
#include "shop/catalog/input.hpp"

namespace securecart::shop::api {

// `variants` and `images`, when sent, are all there will be; one with an `id` starts from what the
// input has under it. An id it does not have is left for the catalog to refuse.
void read_product(const json::object& body, catalog::ProductInput& input);
void read_variant(const json::object& body, catalog::VariantInput& input);
void read_image(const json::object& body, catalog::ImageInput& input);
void read_collection(const json::object& body, catalog::CollectionInput& input);

}  // namespace securecart::shop::api
