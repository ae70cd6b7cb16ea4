// SPDX-License-Identifier: Apache-2.0
#include "config/command.hpp"
#include "options.hpp"
#include "reader.hpp"
#include "runtime/service.hpp"

int main(int argc, char** argv) {
    using namespace weir;
    config::Command command("serial-reader",
                            "Publishes a sensor's readings from a serial line over MQTT and keeps "
                            "them on disk while the broker is away.");
    serial_reader::Options options;
    options.declare(command);
    return runtime::run(argc, argv, command, [&](runtime::Service& service) {
        return serial_reader::run(options, service);
    });
}
