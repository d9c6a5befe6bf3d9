#include "shop/api/html.hpp"

#include "base/text.hpp"

namespace securecart::shop::api::html {

namespace {

// Replaces each pair of `mark` in escaped text by an element; an odd one out stays.
std::string mark_up(std::string text, std::string_view mark, std::string_view element) {
  std::size_t open = text.find(mark);
  while (open != std::string::npos) {
    const std::size_t close = text.find(mark, open + mark.size());
    if (close == std::string::npos) {
      break;
    }
    const std::string inner = text.substr(open + mark.size(), close - open - mark.size());
    const std::string whole =
        "<" + std::string(element) + ">" + inner + "</" + std::string(element) + ">";
    text.replace(open, close + mark.size() - open, whole);
    open = text.find(mark, open + whole.size());
  }
  return text;
}

class JsonWriter {
 public:
  explicit JsonWriter(bool coloured) : coloured_(coloured) {}

  std::string take() { return std::move(out_); }

  void write(const json::value& value, std::size_t depth) {
    if (const json::object* object = value.if_object()) {
      write_object(*object, depth);
    } else if (const json::array* array = value.if_array()) {
      write_array(*array, depth);
    } else {
      token(value.is_string() ? "s" : value.is_number() ? "n" : "l", to_string(value));
    }
  }

 private:
  void token(std::string_view kind, const std::string& text) {
    if (!coloured_) {
      out_.append(text);
      return;
    }
    out_.append("<span class=\"").append(kind).append("\">").append(escape(text)).append("</span>");
  }

  void line(std::size_t depth) { out_.append("\n").append(2 * depth, ' '); }

  void write_object(const json::object& object, std::size_t depth) {
    out_.push_back('{');
    bool first = true;
    for (const auto& member : object) {
      out_.append(first ? "" : ",");
      first = false;
      line(depth + 1);
      token("k", to_string(json::value(member.key())));
      out_.append(": ");
      write(member.value(), depth + 1);
    }
    if (!first) {
      line(depth);
    }
    out_.push_back('}');
  }

  void write_array(const json::array& array, std::size_t depth) {
    out_.push_back('[');
    const bool flat = array.size() <= 1 && (array.empty() || !array[0].is_structured());
    for (std::size_t i = 0; i < array.size(); ++i) {
      out_.append(i == 0 ? "" : ",");
      if (!flat) {
        line(depth + 1);
      }
      write(array[i], depth + 1);
    }
    if (!flat) {
      line(depth);
    }
    out_.push_back(']');
  }

  bool coloured_;
  std::string out_;
};

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out.append("&amp;");
        break;
      case '<':
        out.append("&lt;");
        break;
      case '>':
        out.append("&gt;");
        break;
      case '"':
        out.append("&quot;");
        break;
      case '\'':
        out.append("&#39;");
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

std::string phrase(std::string_view text) {
  return mark_up(mark_up(escape(text), "`", "code"), "**", "strong");
}

std::string prose(std::string_view text) {
  std::string out;
  std::string paragraph;
  bool in_list = false;
  const auto end_paragraph = [&] {
    if (!paragraph.empty()) {
      out.append("<p>").append(phrase(paragraph)).append("</p>");
    }
    paragraph.clear();
  };
  const auto end_list = [&] {
    out.append(in_list ? "</ul>" : "");
    in_list = false;
  };
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with("- ")) {
      end_paragraph();
      out.append(in_list ? "" : "<ul>");
      in_list = true;
      out.append("<li>").append(phrase(line.substr(2))).append("</li>");
      continue;
    }
    end_list();
    if (line.empty()) {
      end_paragraph();
    } else {
      paragraph.append(paragraph.empty() ? "" : " ").append(line);
    }
  }
  end_list();
  end_paragraph();
  return out;
}

std::string pretty_json(const json::value& value) {
  JsonWriter writer(false);
  writer.write(value, 0);
  return writer.take();
}

std::string coloured_json(const json::value& value) {
  JsonWriter writer(true);
  writer.write(value, 0);
  return writer.take();
}

}  // namespace securecart::shop::api::html
