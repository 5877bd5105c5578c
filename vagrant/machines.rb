# Vagrant's machines by map, profiles and vagrant/machines.yaml. Plain Ruby: the Vagrantfile hands it to Vagrant.
require "ipaddr"
require "yaml"

module IdrVagrant
  # Its text names file and key, and what was expected.
  class Wrong < StandardError; end

  PROVIDERS = %w[virtualbox libvirt lxc].freeze
  DATA = "vagrant/machines.yaml".freeze
  HOST = /\A(?<environment>[a-z][a-z0-9-]*?)-(?<role>[a-z]+)(-(?<number>[1-9][0-9]*))?\z/

  Machine = Struct.new(:name, :role, :address, :memory, :cpus, :volumes, :ports, keyword_init: true) do
    def master?
      role == "master"
    end

    def script
      "vagrant/#{master? ? 'master' : 'minion'}.sh"
    end
  end

  # Everything that map and data say, checked.
  class Site
    attr_reader :machines, :providers, :environment

    def initialize(root, map)
      @root = root
      @data = read(DATA)
      @providers = providers_of(@data)
      @profiles = Dir[File.join(root, "cloud.profiles.d/*.conf")].sort.map { |path| read(path) }.reduce({}, :merge)
      hosts = hosts_of(map)
      @environment = environment_of(map, hosts)
      path = "pillar/env/#{@environment}/environment.yaml"
      @network = network(read(path)["network"], path)
      @machines = [the_master] + hosts.map { |host| machine(map, **host) }
      two = @machines.group_by(&:address).values.find { |ones| ones.size > 1 }
      wrong("#{DATA}: addresses", "an address for each machine", two.map(&:name)) if two
    end

    def prefix
      @network.prefix
    end

    # An address that no machine has, for providers whose network wants one on the machine itself.
    def last_address
      IPAddr.new(@network.to_range.last.to_i - 1, Socket::AF_INET).to_s
    end

    # Wheels that the local cloud of this machine has already, when IDR_CACHE names its cache.
    def wheels
      folder = File.join(ENV["IDR_CACHE"], "wheels") if ENV["IDR_CACHE"]
      folder if folder && File.directory?(folder)
    end

    def master
      @machines.first
    end

    # As Salt Cloud writes it for the local cloud's hosts.
    def minion(machine)
      mine = machine.volumes.select { |volume| volume[:kind] == "own" }
      grains = { "memory" => machine.memory, "volumes" => mine.to_h { |one| [one[:name], "/dev/idr/#{one[:name]}"] } }
      read("etc/cloud.conf.d/minion.conf").fetch("minion")
                                          .merge("id" => machine.name, "master" => master.address, "grains" => grains)
    end

    private

    def read(path)
      found = YAML.safe_load(File.read(File.expand_path(path, @root)), aliases: true)
      found.is_a?(Hash) ? found : wrong(path, "a mapping", found)
    rescue SystemCallError, Psych::Exception => e
      raise Wrong, "#{path}: expected a file of YAML: #{e.message}"
    end

    def wrong(where, expected, found)
      raise Wrong, "#{where}: expected #{expected}, found #{found.inspect}"
    end

    def providers_of(data)
      found = data["providers"]
      expected = "the keys #{PROVIDERS.join(', ')}"
      wrong("#{DATA}: providers", expected, found) unless found.is_a?(Hash) && found.keys.sort == PROVIDERS.sort
      found.each do |name, one|
        where = "#{DATA}: providers: #{name}"
        wrong(where, "the keys box and share", one) unless one.is_a?(Hash) && one.keys.sort == %w[box share]
        good = one["box"].is_a?(String)
        wrong("#{where}: box", "the name of a box, such as debian/bookworm64", one["box"]) unless good
        wrong("#{where}: share", "nfs or bind", one["share"]) unless %w[nfs bind].include?(one["share"])
      end
    end

    def size(where, one)
      wrong(where, "the keys memory and cpus", one) unless one.is_a?(Hash) && one.keys.sort == %w[cpus memory]
      { "memory" => 256, "cpus" => 1 }.each do |name, least|
        number = one[name]
        good = number.is_a?(Integer) && number >= least
        wrong("#{where}: #{name}", "a whole number, at least #{least}", number) unless good
      end
      { memory: one["memory"], cpus: one["cpus"] }
    end

    def hosts_of(map)
      found = read(map).flat_map do |profile, entries|
        wrong("#{map}: #{profile}", "a list of hosts", entries) unless entries.is_a?(Array) && entries.any?
        entries.flat_map { |entry| entry.is_a?(Hash) ? entry.to_a : [[entry, nil]] }.map do |name, own|
          parsed = HOST.match(name) if name.is_a?(String)
          wrong("#{map}: #{profile}", "hosts named <environment>-<role>[-<number>]", name) unless parsed
          { name: name, profile: profile, own: own || {}, parsed: parsed }
        end
      end
      twice = found.map { |host| host[:name] }.tally.find { |_, times| times > 1 }
      wrong(map, "each host once", twice.first) if twice
      found
    end

    def environment_of(map, hosts)
      known = Dir[File.join(@root, "vagrant/pillar/env/*")].map { |path| File.basename(path) }.sort
      found = hosts.map { |host| host[:parsed][:environment] }.uniq
      return found.first if found.size == 1 && known.include?(found.first)

      wrong(map, "hosts of one environment that vagrant/pillar/env knows (#{known.join(', ')})", found)
    end

    def network(text, path)
      IPAddr.new(text)
    rescue StandardError
      wrong("#{path}: network", "a network such as 10.99.0.0/24", text)
    end

    def address(number, where)
      last = @network.to_range.last.to_i - @network.to_i - 2
      good = number.is_a?(Integer) && number.between?(1, last)
      wrong(where, "a number of an address of #{@network}/#{prefix}, 1 to #{last}", number) unless good
      IPAddr.new(@network.to_i + number, Socket::AF_INET).to_s
    end

    # By role and number, so that no host's address changes when another comes or goes.
    def address_of(parsed)
      first = @data["addresses"].is_a?(Hash) ? @data["addresses"][parsed[:role]] : nil
      address(first.is_a?(Integer) ? first + parsed[:number].to_i : first, "#{DATA}: addresses: #{parsed[:role]}")
    end

    def the_master
      given = size("#{DATA}: master", @data["master"])
      # where pillar says that its file server is
      Machine.new(name: "master", role: "master", address: address(1, "network"), volumes: [], ports: {}, **given)
    end

    def machine(map, name:, profile:, own:, parsed:)
      settings = profile_of(map, profile).merge(own)
      sizes = @data["sizes"]
      where = "#{DATA}: sizes: #{settings['size']}"
      given = size(where, sizes.is_a?(Hash) ? sizes[settings["size"]] : nil)
      Machine.new(name: name, role: parsed[:role], address: address_of(parsed),
                  volumes: volumes_of(name, profile, settings["volumes"] || []) + shared(name),
                  ports: parsed[:role] == "proxy" ? ports : {}, **given)
    end

    def profile_of(map, name, seen = [])
      found = @profiles[name]
      expected = "a profile of cloud.profiles.d (#{@profiles.keys.sort.join(', ')})"
      wrong(map, expected, name) unless found.is_a?(Hash) && !seen.include?(name)
      found["extends"] ? profile_of(map, found["extends"], [*seen, name]).merge(found) : found
    end

    def volumes_of(host, profile, entries)
      limit = @data["volume"]
      wrong("#{DATA}: volume", "a number of GB, at least 1", limit) unless limit.is_a?(Integer) && limit >= 1
      entries.map do |entry|
        name = entry["name"] if entry.is_a?(Hash)
        wrong("profile #{profile}: volumes", "a list of {name: ..., size: ...}", entry) unless name.is_a?(String)
        { name: name, file: "#{host}-#{name}", size: [entry["size"] || limit, limit].min, kind: "own" }
      end
    end

    # The local cloud's own list of who sees whose volume.
    def shared(host)
      path = "cloud.providers.d/local.conf"
      read(path).fetch("local").fetch("shares", []).flat_map do |share|
        match = Regexp.new("\\A(?:#{share['hosts'].gsub('(?P<', '(?<')})\\z").match(host)
        next [] unless match

        file = share["volume"].gsub(/\{(\w+)\}/) { match[Regexp.last_match(1)] }
        [{ name: "shared", file: file, size: @data["volume"], kind: "bind" }]
      end
    end

    def ports
      found = @data["ports"]
      good = found.is_a?(Hash) && found.flatten.all? { |port| port.is_a?(Integer) && port.between?(1, 65_535) }
      good ? found : wrong("#{DATA}: ports", "numbers of ports of this machine, and of the proxy", found)
    end
  end
end
