// A folder of prompt files, and a registry of it.
#pragma once

#include <tidegate/prompts/registry.h>
#include <tidegate/yaml/document.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tidegate::prompts {

class PromptFolder : public testing::Test {
  protected:
    PromptFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tidegate-prompts-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        std::filesystem::create_directories(path(""));
    }
    ~PromptFolder() override { std::filesystem::remove_all(folder_); }

    std::string path(const std::string& name) const { return folder_ + "/prompts/" + name; }

    void write(const std::string& name, const std::string& content) const {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        std::ofstream(path(name), std::ios::binary) << content;
    }

    // What is wrong lands in problems_, what was read in files_.
    std::shared_ptr<const Registry> load(const Registry* previous = nullptr) {
        problems_ = {};
        const yaml::Document document = yaml::parse(folder_ + "/main.yaml", "directory: prompts\n", problems_);
        auto registry = Registry::load(document.root()["directory"], served_, previous, problems_);
        files_ = document.files();
        return registry;
    }

    std::string folder_;
    std::map<std::string, std::string> served_;
    yaml::Problems problems_;
    std::vector<std::string> files_;
};

}  // namespace tidegate::prompts
