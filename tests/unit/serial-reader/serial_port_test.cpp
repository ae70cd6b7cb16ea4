// SPDX-License-Identifier: Apache-2.0
//
// Goal: the port is opened raw, exclusively and with the settings asked for, and its loss is seen.
// Method: the slave side of a pseudo terminal, whose settings its master side can read.
#include "serial_port.hpp"

#include <termios.h>

#include <array>
#include <string>

#include "cable.hpp"
#include "catch.hpp"
#include "temporary_folder.hpp"

using namespace weir::serial_reader;

namespace {

SerialPort open_port(const std::string& path, std::uint32_t baud = 9600, Framing framing = {}) {
    auto port = SerialPort::open(path, baud, framing);
    REQUIRE(port.ok());
    return std::move(port).value();
}

std::string read(SerialPort& port) {
    std::array<char, 64> bytes{};
    const auto count = port.read(bytes);
    return count ? std::string(bytes.data(), *count) : "error: " + count.error().message;
}

bool has(tcflag_t flags, tcflag_t flag) { return (flags & flag) == flag; }

}  // namespace

TEST_CASE("framings are read and written as 8N1", "[serial_port]") {
    for (const char* text : {"8N1", "7E1", "8O2", "5N2", "6E1"}) {
        const auto framing = parse_framing(text);
        REQUIRE(framing.ok());
        CHECK(format_framing(*framing) == text);
    }
    for (const char* text : {"", "8N", "8N1 ", "9N1", "4N1", "8n1", "8M1", "8N0", "8N3", "N81"})
        CHECK_FALSE(parse_framing(text).ok());
}

TEST_CASE("standard rates are known, others are not", "[serial_port]") {
    for (const std::uint32_t baud : {50U, 300U, 9600U, 38400U, 57600U, 115200U, 921600U, 4000000U})
        CHECK(is_standard_baud(baud));
    for (const std::uint32_t baud : {0U, 1U, 9601U, 31250U, 4000001U})
        CHECK_FALSE(is_standard_baud(baud));
}

TEST_CASE("the settings of the line are those asked for", "[serial_port]") {
    const Cable cable;
    const SerialPort port = open_port(cable.name, 115200, *parse_framing("7E2"));
    termios settings = cable.settings();
    CHECK(cfgetispeed(&settings) == B115200);
    CHECK(cfgetospeed(&settings) == B115200);
    CHECK(has(settings.c_cflag, CSTOPB | CREAD | CLOCAL));
    CHECK_FALSE(has(settings.c_cflag, PARODD));
    CHECK_FALSE(has(settings.c_cflag, CRTSCTS));
    CHECK(has(settings.c_iflag, INPCK));
    CHECK((settings.c_iflag & (IGNPAR | ISTRIP | IXON | IXOFF | ICRNL | INLCR)) == 0);
    CHECK((settings.c_lflag & (ICANON | ECHO | ISIG)) == 0);
}

TEST_CASE("bytes arrive as they are, and nothing waits for more", "[serial_port]") {
    const Cable cable;
    cable.write("from before the port was opened\n");
    SerialPort port = open_port(cable.name);
    CHECK(read(port).empty());
    const std::string bytes("849.63\r\n\x03\x11\x13\x04\0\xFF", 14);
    cable.write(bytes);
    CHECK(read(port) == bytes);
    CHECK(read(port).empty());
}

TEST_CASE("a port in use is refused", "[serial_port]") {
    const Cable cable;
    const SerialPort port = open_port(cable.name);
    const auto second = SerialPort::open(cable.name, 9600, {});
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().message.find("another process") != std::string::npos);
}

TEST_CASE("what is no serial device is refused by name", "[serial_port]") {
    for (const char* path : {"/dev/null", "/nonexistent"}) {
        const auto port = SerialPort::open(path, 9600, {});
        REQUIRE_FALSE(port.ok());
        CHECK(port.error().message.find(path) != std::string::npos);
    }
}

TEST_CASE("a hang-up is an error, after what came before it", "[serial_port]") {
    Cable cable;
    SerialPort port = open_port(cable.name);
    cable.write("849.63\n");
    CHECK(read(port) == "849.63\n");
    cable.master = FileDescriptor();
    CHECK(read(port).starts_with("error: reading " + cable.name));
}

TEST_CASE("a path that leads elsewhere is noticed", "[serial_port]") {
    namespace fs = std::filesystem;
    const Cable first;
    const Cable second;
    const TemporaryFolder folder;
    const fs::path link = folder.path() / "tty";
    fs::create_symlink(first.name, link);
    const SerialPort port = open_port(link.string());
    CHECK(port.is_still_named());
    fs::remove(link);
    CHECK_FALSE(port.is_still_named());
    fs::create_symlink(second.name, link);
    CHECK_FALSE(port.is_still_named());
}
