// The keys `providers` and `models`.
#pragma once

#include "config/parse_server.h"

#include <tidegate/calls/variant.h>
#include <tidegate/config/snapshot.h>
#include <tidegate/yaml/cursor.h>

#include <map>
#include <memory>
#include <string>

namespace tidegate::config {

// By name. Null: it could not be made, which has been reported.
using Providers = std::map<std::string, std::shared_ptr<const calls::Provider>>;
using Models = std::map<std::string, std::shared_ptr<const calls::Model>, std::less<>>;

// Reads the simulators among the providers; the others are left alone.
std::map<std::string, simulator::Options> parse_simulators(const yaml::Cursor& providers);

Providers parse_providers(const yaml::Cursor& providers, const Outbound& outbound,
                          const SimulatorAddresses& simulators, calls::ProcessLimits& limits);

// Refuses aliases such as `latest` and models without a price, unless they say that it is meant.
Models parse_models(const yaml::Cursor& models, const Providers& providers, const Context& context);

// Whether a provider's model id names whatever is newest, in this dialect's way of saying so.
bool is_alias(dialect::Format format, const std::string& id);

}  // namespace tidegate::config
