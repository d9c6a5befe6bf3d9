#include "shop/functions/run.hpp"

namespace securecart::shop::functions {

std::string_view to_string(Ending ending) {
  switch (ending) {
    case Ending::finished:
      return "finished";
    case Ending::threw:
      return "threw";
    case Ending::out_of_memory:
      return "out_of_memory";
    case Ending::output_too_large:
      return "output_too_large";
    case Ending::timed_out:
      return "timed_out";
    case Ending::crashed:
      return "crashed";
    case Ending::overloaded:
      return "overloaded";
  }
  return "crashed";
}

}  // namespace securecart::shop::functions
