# A double of Vagrant that records what the Vagrantfile asks for, as JSON. Usage: double.rb VAGRANTFILE
require "json"
require "pathname"

# Takes every call, and keeps it by name.
class Recorder
  attr_reader :kept

  def initialize
    @kept = {}
  end

  def method_missing(name, *given, **options)
    key = name.to_s.delete_suffix("=")
    if given.empty? && options.empty?
      return @kept[key] ||= Recorder.new if %w[vm ssh].include?(key)

      raise NoMethodError, key
    end
    if name.end_with?("=")
      @kept[key] = given.first
    else
      (@kept[key] ||= []) << [*given, options]
      yield(*made(key, given)) if block_given?
    end
  end

  def respond_to_missing?(*)
    true
  end

  # Machines and providers, by name.
  def made(key, given)
    @made ||= {}
    one = [Recorder.new]
    one << Recorder.new if key == "provider"
    (@made[key] ||= {})[given.first] = one
    one
  end

  def to_json(*rest)
    (@kept.merge(@made ? { "made" => @made } : {})).to_json(*rest)
  end
end

module Vagrant
  CONFIG = Recorder.new

  def self.configure(_version)
    yield CONFIG
  end

  def self.source_root
    Pathname.new("/vagrant-source")
  end
end

begin
  load ARGV.first
rescue StandardError => e
  abort e.message
end
puts JSON.dump(Vagrant::CONFIG)
