// A folder of configuration files, and what loading them says.
#pragma once

#include <tidegate/config/snapshot.h>
#include <tidegate/metrics/metrics.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <gtest/gtest.h>

namespace tidegate::config {

class Loader {
  public:
    // Starts no simulator and knows no store but `served`.
    Loaded load(const std::string& path) {
        const Context context{
            .metrics = metrics_,
            .limits = limits_,
            .served_hashes =
                [this](const std::string&) { return Result<std::map<std::string, std::string>>(served); },
            .start_simulators =
                [this](const std::map<std::string, simulator::Options>& wanted) {
                    ++simulator_starts;
                    SimulatorAddresses addresses;
                    for (const auto& [name, options] : wanted)
                        addresses[name] = "127.0.0.1:" + std::to_string(simulator_port);
                    return addresses;
                },
        };
        return config::load(path, context);
    }

    std::map<std::string, std::string> served;
    int simulator_starts = 0;
    int simulator_port = 4321;

  private:
    metrics::Metrics metrics_{"", ""};
    calls::ProcessLimits limits_;
};

class ConfigFolder : public testing::Test {
  protected:
    ConfigFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tidegate-config-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~ConfigFolder() override { std::filesystem::remove_all(folder_); }

    std::string path(const std::string& name) const { return folder_ + "/" + name; }

    void write(const std::string& name, const std::string& content) const {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        std::ofstream(path(name), std::ios::binary) << content;
    }

    Loaded load(const std::string& content) {
        write("tidegate.yaml", content);
        return loader_.load(path("tidegate.yaml"));
    }

    // The problems, with file names relative to the folder.
    std::string problems_of(const std::string& content) {
        std::string text = load(content).problems.text();
        const std::string prefix = folder_ + "/";
        for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
            text.erase(at, prefix.size());
        return text;
    }

    std::string folder_;
    Loader loader_;
};

}  // namespace tidegate::config
