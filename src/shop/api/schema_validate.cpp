#include <algorithm>
#include <unordered_set>

#include "shop/api/schema.hpp"

namespace securecart::shop::api {

namespace {

constexpr std::string_view type_names[] = {"null",     "true or false", "an integer",
                                           "a string", "a list",        "an object"};

std::uint8_t type_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return Schema::null;
    case json::kind::bool_:
      return Schema::boolean;
    case json::kind::int64:
    case json::kind::uint64:
      return Schema::integer;
    case json::kind::string:
      return Schema::string;
    case json::kind::array:
      return Schema::array;
    case json::kind::object:
      return Schema::object;
    case json::kind::double_:
      return 0;
  }
  return 0;
}

std::string names_of(std::uint8_t types) {
  std::string text;
  for (std::size_t bit = 0; bit < std::size(type_names); ++bit) {
    if ((types & (1U << bit)) != 0) {
      text.append(text.empty() ? "" : " or ").append(type_names[bit]);
    }
  }
  return text;
}

std::string name_of(const json::value& value) {
  return value.is_double() ? "a number with a decimal point or exponent" : names_of(type_of(value));
}

// RFC 3629: every byte but those that continue a character begins one.
std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }));
}

// Control characters but tab and line ends: no database, file or page wants them.
bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return (code < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || code == 0x7f;
  });
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count).append(" ").append(noun).append(count == 1 ? "" : "s");
}

class Validation {
 public:
  explicit Validation(std::size_t most) : most_(most) {}

  std::vector<FieldError> take() { return std::move(errors_); }
  bool full() const { return errors_.size() >= most_; }

  void check(const Schema& schema, const json::value& value) {
    if (full() || !check_type(schema, value)) {
      return;
    }
    check_choices(schema, value);
    switch (value.kind()) {
      case json::kind::int64:
      case json::kind::uint64:
        check_integer(schema, value);
        break;
      case json::kind::string:
        check_string(schema, value.get_string());
        break;
      case json::kind::array:
        check_array(schema, value.get_array());
        break;
      case json::kind::object:
        check_object(schema, value.get_object());
        break;
      default:
        break;
    }
    if (schema.reference != nullptr) {
      check(*schema.reference, value);
    }
    if (!schema.alternatives.empty()) {
      check_alternatives(schema, value);
    }
  }

 private:
  // The place in the document, grown on the way down and cut back on the way up.
  class Step {
   public:
    Step(Validation& validation, std::string_view name)
        : pointer_(validation.pointer_), size_(pointer_.size()) {
      pointer_.push_back('/');
      for (const char c : name) {  // RFC 6901 section 3
        if (c == '~' || c == '/') {
          pointer_.append(c == '~' ? "~0" : "~1");
        } else {
          pointer_.push_back(c);
        }
      }
    }
    ~Step() { pointer_.resize(size_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    std::string& pointer_;
    std::size_t size_;
  };

  void report(std::string what) {
    if (!full()) {
      errors_.push_back({pointer_.empty() ? "body" : pointer_, std::move(what)});
    }
  }

  bool check_type(const Schema& schema, const json::value& value) {
    if (schema.types == 0 || (schema.types & type_of(value)) != 0) {
      return true;
    }
    report("must be " + names_of(schema.types) + ", not " + name_of(value));
    return false;
  }

  void check_choices(const Schema& schema, const json::value& value) {
    if (schema.choices.empty() ||
        std::ranges::find(schema.choices, value) != schema.choices.end()) {
      return;
    }
    std::string what = schema.choices.size() == 1 ? "must be " : "must be one of ";
    for (std::size_t i = 0; i < schema.choices.size(); ++i) {
      what.append(i == 0 ? "" : ", ").append(to_string(schema.choices[i]));
    }
    report(std::move(what));
  }

  void check_integer(const Schema& schema, const json::value& value) {
    const bool huge = value.is_uint64();  // Boost.JSON: only beyond int64
    if (huge || value.get_int64() > schema.maximum) {
      report("must be at most " + std::to_string(schema.maximum));
    } else if (value.get_int64() < schema.minimum) {
      report("must be at least " + std::to_string(schema.minimum));
    }
  }

  void check_string(const Schema& schema, std::string_view text) {
    if (has_control_character(text)) {
      report("must not contain control characters");
    }
    if (schema.min_length > 0 || schema.max_length) {
      const std::size_t length = code_points(text);
      if (length < schema.min_length) {
        report(length == 0 ? "must not be empty"
                           : "must have at least " + counted(schema.min_length, "character"));
      }
      if (schema.max_length && length > *schema.max_length) {
        report("must have at most " + counted(*schema.max_length, "character") + ", not " +
               std::to_string(length));
      }
    }
    if (schema.format && !schema.format->accepts(text)) {
      report("must be " + schema.format->meaning());
    }
  }

  void check_array(const Schema& schema, const json::array& array) {
    if (array.size() < schema.min_items) {
      report("must have at least " + counted(schema.min_items, "item"));
    }
    if (schema.max_items && array.size() > *schema.max_items) {
      report("must have at most " + counted(*schema.max_items, "item") + ", not " +
             std::to_string(array.size()));
      return;
    }
    for (std::size_t i = 0; i < array.size() && !full(); ++i) {
      const Step step(*this, std::to_string(i));
      check(schema.items != nullptr ? *schema.items : anything(), array[i]);
    }
    if (schema.unique_items) {
      check_unique(array);
    }
  }

  void check_unique(const json::array& array) {
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (!seen.insert(to_string(array[i])).second) {
        const Step step(*this, std::to_string(i));
        report("is in the list already");
      }
    }
  }

  void check_object(const Schema& schema, const json::object& object) {
    if (object.size() < schema.min_properties) {
      report("must have at least " + counted(schema.min_properties, "member"));
    }
    if (schema.max_properties && object.size() > *schema.max_properties) {
      report("must have at most " + counted(*schema.max_properties, "member"));
      return;
    }
    for (const auto& member : object) {
      const Step step(*this, member.key());
      check_member(schema, member);
    }
    for (const Schema::Property& property : schema.properties) {
      if (property.required && !object.contains(property.name)) {
        const Step step(*this, property.name);
        report("is required");
      }
    }
  }

  void check_member(const Schema& schema, const json::key_value_pair& member) {
    const std::string_view name = member.key();
    const auto found = std::ranges::lower_bound(
        schema.properties, name, {},
        [](const auto& property) { return std::string_view(property.name); });
    if (found != schema.properties.end() && found->name == name) {
      check(*found->schema, member.value());
      return;
    }
    if (schema.closed) {
      report("is not known here; known are: " + known_names(schema));
      return;
    }
    if (has_control_character(name)) {
      report("must not have control characters in its name");
    }
    if (schema.names != nullptr) {
      check(*schema.names, json::value(name));
    }
    check(schema.additional != nullptr ? *schema.additional : anything(), member.value());
  }

  static std::string known_names(const Schema& schema) {
    std::string text;
    for (const Schema::Property& property : schema.properties) {
      text.append(text.empty() ? "" : ", ").append(property.name);
    }
    return text;
  }

  // Says what is wrong by the alternative that fits best: the one with the fewest complaints among
  // those of the value's own type.
  void check_alternatives(const Schema& schema, const json::value& value) {
    std::vector<FieldError> best;
    std::size_t fitting = 0;
    std::size_t of_type = 0;
    std::uint8_t types = 0;
    for (const Schema* alternative : schema.alternatives) {
      const std::uint8_t allowed = types_of(*alternative);
      types |= allowed;
      if (allowed != 0 && (allowed & type_of(value)) == 0) {
        continue;
      }
      Validation attempt(most_);
      attempt.pointer_ = pointer_;
      attempt.check(*alternative, value);
      fitting += attempt.errors_.empty() ? 1 : 0;
      if (of_type++ == 0 || attempt.errors_.size() < best.size()) {
        best = attempt.take();
      }
    }
    if (of_type == 0) {
      report("must be " + names_of(types) + ", not " + name_of(value));
    } else if (fitting == 0) {
      for (FieldError& error : best) {
        if (!full()) {
          errors_.push_back(std::move(error));
        }
      }
    } else if (schema.exactly_one && fitting > 1) {
      report("fits more than one of the alternatives");
    }
  }

  static std::uint8_t types_of(const Schema& schema) {
    return schema.types == 0 && schema.reference != nullptr ? types_of(*schema.reference)
                                                            : schema.types;
  }

  static const Schema& anything() {
    static const Schema schema;
    return schema;
  }

  std::size_t most_;
  std::string pointer_;
  std::vector<FieldError> errors_;
};

}  // namespace

std::vector<FieldError> validate(const Schema& schema, const json::value& value, std::size_t most) {
  Validation validation(most);
  validation.check(schema, value);
  return validation.take();
}

}  // namespace securecart::shop::api
