// SPDX-License-Identifier: Apache-2.0
#include <MQTTAsync.h>

#include <future>
#include <mutex>

#include "counting.hpp"

namespace weir::mqtt_counter {
namespace {

/// The counting client. Paho's callbacks run on its threads.
struct Client {
    MQTTAsync handle = nullptr;
    const Work& work;
    Tally& tally;
    std::promise<std::string> trouble{};
    std::once_flag over{};

    void fail(const std::string& reason) {
        std::call_once(over, [&] { trouble.set_value(reason); });
    }
};

int arrived(void* context, char* topic, int, MQTTAsync_message* message) {
    static_cast<Client*>(context)->tally.add();
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

void lost(void* context, char*) { static_cast<Client*>(context)->fail("lost the MQTT broker"); }

void refused(void* context, MQTTAsync_failureData5* answer) {
    static_cast<Client*>(context)->fail("the MQTT broker refuses, code " +
                                        std::to_string(answer->code));
}

void subscribed(void* context, MQTTAsync_successData5*) {
    static_cast<Client*>(context)->tally.subscribed();
}

void connected(void* context, MQTTAsync_successData5*) {
    auto* const client = static_cast<Client*>(context);
    MQTTAsync_responseOptions answer = MQTTAsync_responseOptions_initializer;
    answer.context = context;
    answer.onSuccess5 = subscribed;
    answer.onFailure5 = refused;
    const int code =
        MQTTAsync_subscribe(client->handle, client->work.filter.c_str(), 1, &answer);
    if (code != MQTTASYNC_SUCCESS) client->fail("cannot subscribe, code " + std::to_string(code));
}

void add(MQTTProperties& properties, MQTTPropertyCodes id, unsigned value) {
    MQTTProperty property{};
    property.identifier = id;
    if (id == MQTTPROPERTY_CODE_RECEIVE_MAXIMUM)
        property.value.integer2 = static_cast<unsigned short>(value);
    else
        property.value.integer4 = value;
    MQTTProperties_add(&properties, &property);
}

}  // namespace

std::string count_with_paho(const Work& work, Tally& tally) {
    constexpr unsigned for_ever = 0xFFFFFFFF;
    Client client{.work = work, .tally = tally};
    const std::string uri = "tcp://" + work.host + ":" + std::to_string(work.port);
    MQTTAsync_createOptions creation = MQTTAsync_createOptions_initializer5;
    MQTTAsync_createWithOptions(&client.handle, uri.c_str(), "mqtt-counter",
                                MQTTCLIENT_PERSISTENCE_NONE, nullptr, &creation);
    MQTTAsync_setCallbacks(client.handle, &client, lost, arrived, nullptr);
    MQTTProperties properties = MQTTProperties_initializer;
    add(properties, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, for_ever);
    add(properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, receive_max);
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer5;
    options.cleanstart = 0;
    options.connectProperties = &properties;
    options.context = &client;
    options.onSuccess5 = connected;
    options.onFailure5 = refused;
    const int code = MQTTAsync_connect(client.handle, &options);
    if (code != MQTTASYNC_SUCCESS) client.fail("cannot connect, code " + std::to_string(code));
    std::string trouble = client.trouble.get_future().get();
    MQTTAsync_destroy(&client.handle);
    MQTTProperties_free(&properties);
    return trouble;
}

}  // namespace weir::mqtt_counter
