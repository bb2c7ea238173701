#include "conda/msgpack.h"

#include "base/error.h"

#include <utility>

namespace envpm::conda {

namespace {

using Kind = PackedValue::Kind;

} // namespace

PackedValue MsgpackReader::next() {
    const auto code = static_cast<unsigned char>(take(1).front());
    if (code < 0x80) {
        return {Kind::number, code, {}};
    }
    if (code < 0x90) {
        return counted(Kind::map, code & 0x0fU);
    }
    if (code < 0xa0) {
        return counted(Kind::list, code & 0x0fU);
    }
    if (code < 0xc0) {
        return text(Kind::text, code & 0x1fU);
    }
    if (code >= 0xe0) {
        return {Kind::negative, static_cast<std::uint64_t>(std::int64_t{code} - 0x100), {}};
    }
    return by_code(code);
}

void MsgpackReader::skip_content(const PackedValue& head) {
    const auto values_of = [](const PackedValue& value) {
        return value.is(Kind::list) ? value.number : value.is(Kind::map) ? 2 * value.number : 0;
    };
    // Each value has at least a byte, so this many can be left only if that many bytes are.
    for (std::uint64_t left = values_of(head); left > 0; --left) {
        if (left > rest_.size()) {
            refuse("the data is cut short");
        }
        left += values_of(next());
    }
}

void MsgpackReader::refuse(std::string what) const {
    throw Error({std::move(what), subject_, {}}, ExitCode::network);
}

PackedValue MsgpackReader::by_code(unsigned code) {
    switch (code) {
    case 0xc0:
        return {};
    case 0xc2:
    case 0xc3:
        return {Kind::flag, code & 1U, {}};
    case 0xc7:
    case 0xc8:
    case 0xc9: // after the length comes the type
        return text(Kind::extension, big_endian(std::size_t{1} << (code - 0xc7)) + 1);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
        return text(Kind::extension, (std::uint64_t{1} << (code - 0xd4)) + 1);
    case 0xdc:
    case 0xdd:
        return counted(Kind::list, big_endian(std::size_t{2} << (code - 0xdc)));
    case 0xde:
    case 0xdf:
        return counted(Kind::map, big_endian(std::size_t{2} << (code - 0xde)));
    default:
        return numbers_and_texts(code);
    }
}

PackedValue MsgpackReader::numbers_and_texts(unsigned code) {
    switch (code) {
    case 0xc4:
    case 0xc5:
    case 0xc6:
        return text(Kind::bytes, big_endian(std::size_t{1} << (code - 0xc4)));
    case 0xca:
    case 0xcb: // nothing that is read here has a fraction: the value is left out
        take(std::size_t{4} << (code - 0xca));
        return {Kind::real, 0, {}};
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
        return {Kind::number, big_endian(std::size_t{1} << (code - 0xcc)), {}};
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
        return signed_number(std::size_t{1} << (code - 0xd0));
    case 0xd9:
    case 0xda:
    case 0xdb:
        return text(Kind::text, big_endian(std::size_t{1} << (code - 0xd9)));
    default:
        refuse("the data is damaged: it has a byte that begins no value");
    }
}

PackedValue MsgpackReader::counted(Kind kind, std::uint64_t count) {
    if (count > rest_.size() / (kind == Kind::map ? 2 : 1)) {
        refuse("the data is cut short");
    }
    return {kind, count, {}};
}

PackedValue MsgpackReader::text(Kind kind, std::uint64_t size_bytes) {
    return {kind, 0, take(size_bytes)};
}

PackedValue MsgpackReader::signed_number(std::size_t size_bytes) {
    const std::uint64_t bits = big_endian(size_bytes);
    const std::uint64_t sign = std::uint64_t{1} << (8 * size_bytes - 1);
    return (bits & sign) == 0 ? PackedValue{Kind::number, bits, {}}
                              : PackedValue{Kind::negative, (bits ^ sign) - sign, {}};
}

std::uint64_t MsgpackReader::big_endian(std::size_t size_bytes) {
    std::uint64_t value = 0;
    for (const char byte : take(size_bytes)) {
        value = value << 8U | static_cast<unsigned char>(byte);
    }
    return value;
}

std::string_view MsgpackReader::take(std::uint64_t size_bytes) {
    if (size_bytes > rest_.size()) {
        refuse("the data is cut short");
    }
    const std::string_view part = rest_.substr(0, size_bytes);
    rest_.remove_prefix(size_bytes);
    return part;
}

} // namespace envpm::conda
