// SPDX-License-Identifier: Apache-2.0
#include "bridge.hpp"
#include "config/command.hpp"
#include "options.hpp"
#include "runtime/service.hpp"

int main(int argc, char** argv) {
    using namespace weir;
    config::Command command("mqtt-bridge",
                            "Carries messages from MQTT topics into a Kafka topic and acknowledges "
                            "each when Kafka has it.");
    mqtt_bridge::Options options;
    options.declare(command);
    return runtime::run(argc, argv, command, [&](runtime::Service& service) {
        return mqtt_bridge::Bridge(options, service).run();
    });
}
